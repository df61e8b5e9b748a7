"""How many connections each source has open with each web service of ours, and each service in all.

What a sensor's flows tell: those that were begun and completed, less those that ended. Connections that were open
before the sensor looked are not counted. All in columns: a spoofed flood of many servers begins with thousands of
services in a window, of which each looks for a moment as if it had a connection.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks
from netmon.api.traffic import Second
from rules.traffic.floods.open_kernel import connections
from rules.traffic.floods.settings import HeldConnectionsSettings
from rules.traffic.learned import hashed
from rules.traffic.memory import placed
from rules.traffic.numbering import Numbering

Marks: TypeAlias = NDArray[np.uint64]
Counts: TypeAlias = NDArray[np.int64]
Rows: TypeAlias = NDArray[np.intp]

HELD: Final = np.dtype(
    [
        ("mark", "u8"),  # of who holds them, hashed: two are equal once in a million years
        ("service", "u8"),  # mark of the service that a source has them with
        ("source_hi", "u8"),  # 0 of a service
        ("source_lo", "u8"),
        ("destination_hi", "u8"),
        ("destination_lo", "u8"),
        ("open", "i8"),
        ("new", "i8"),  # of those that are open, begun in the window at `at`, at most; of a source
        ("closing", "i8"),  # ends that its source has sent in this window and the one before: of what is no more open
        ("closed", "i8"),  # those of this window
        ("unserved", "i8"),  # windows in a row in which those who hold many got nothing; of a service
        ("at", "f8"),  # when one was begun last
        ("since", "f8"),
        ("destination_port", "u8"),
    ]
)
"""Connections that are open: of a source with a service, or of a service in all."""
_OF_SERVICE: Final = ("destination_hi", "destination_lo", "destination_port")
_OF_PAIR: Final = ("source_hi", "source_lo", *_OF_SERVICE)


class Holders:
    """Who has connections open (HELD), in the order in which they were met. At most so many."""

    def __init__(self, most: int) -> None:
        self.rows = np.zeros(0, HELD)
        self._most = most
        self._order = np.zeros(0, np.intp)  # of the rows by their marks
        self.dropped = 0  # those that there was no room for

    def find(self, marks: Marks) -> Rows:
        """Return the row of each mark, -1 where there is none."""
        found = np.full(len(marks), -1, np.intp)
        near, place = placed(marks, self.rows["mark"][self._order])
        found[near] = self._order[place]
        return found

    def add(self, fresh: NDArray[np.void]) -> None:
        """Follow those (HELD) that are not followed, as far as there is room."""
        room = self._most - len(self.rows)
        self.dropped += max(len(fresh) - room, 0)
        if len(fresh) and room > 0:
            self._keep(np.concatenate([self.rows, fresh[:room]]))

    def end(self, marks: Marks) -> None:
        """Take off connections that are over, by the marks of who held them."""
        if len(self.rows):
            _, place = placed(marks, self.rows["mark"][self._order])
            gone = np.bincount(place, minlength=len(self.rows))
            self.rows["open"][self._order] = np.maximum(self.rows["open"][self._order] - gone, 0)

    def forget(self, before: float) -> None:
        """Forget who has none, or began none since."""
        stay = (self.rows["open"] != 0) & (self.rows["at"] > before)
        if not stay.all():
            self._keep(self.rows[stay])

    def _keep(self, rows: NDArray[np.void]) -> None:
        self.rows = rows
        self._order = np.argsort(rows["mark"], kind="stable")


class _Flows(NamedTuple):
    """Flows with web servers: their rows in the window's, and the marks of their services and pairs."""

    rows: NDArray[np.uint32]
    services: Marks
    pairs: Marks

    def only(self, mine: NDArray[np.bool_] | Rows) -> "_Flows":
        return _Flows(self.rows[mine], self.services[mine], self.pairs[mine])


class OpenConnections:
    """Follows the connections with web services."""

    def __init__(self, settings: HeldConnectionsSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._numbering = Numbering()
        self._web = np.zeros(65_536, np.uint8)
        self._web[[port for port in settings.ports if 0 <= port < len(self._web)]] = 1
        self._pairs = Holders(settings.followed)
        self._services = Holders(settings.followed)

    @property
    def pairs(self) -> NDArray[np.void]:
        """Return the sources with services that have some open (HELD), without those that are being closed.

        A flow is told as ended when no packet of it is awaited any more, which is two seconds after its last one.
        """
        rows = self._pairs.rows.copy()
        rows["open"] = np.maximum(rows["open"] - rows["closing"], 0)
        return rows

    @property
    def services(self) -> NDArray[np.void]:
        """Return the services that have some open (HELD)."""
        return self._services.rows

    @property
    def dropped(self) -> int:
        """Return how many sources and services there was no room for."""
        return self._pairs.dropped + self._services.dropped

    def observe(self, second: Second) -> None:
        """Take one window of a sensor."""
        self._begin(second)
        if len(self._services.rows) or len(self._pairs.rows):
            # After those that were begun: many end in the window that they began in.
            over = self._flows(second.ended, over=True)
            self._pairs.end(over.pairs)
            self._services.end(over.services)
        self._close(second)
        for holders in (self._pairs, self._services):
            holders.forget(second.end - self._settings.forget_s)

    def _close(self, second: Second) -> None:
        """Count what ends the sources with many connections have sent: FIN, or RST."""
        rows = self._pairs.rows
        many = np.flatnonzero(rows["open"] >= self._settings.many_each)
        ends = np.zeros(len(rows), np.int64)
        for column in ("fin", "rst") if len(many) else ():
            ends[many] += counts_of(second.sources, column, rows["source_hi"][many], rows["source_lo"][many])
        rows["closing"] = rows["closed"] + ends
        rows["closed"] = ends

    def services_of(self, pairs: NDArray[np.void]) -> Rows:
        """Return the row of each source's service, -1 where it is not followed."""
        return self._services.find(pairs["service"])

    def _begin(self, second: Second) -> None:
        flows = self._flows(second.begun, over=False)
        if not len(flows.rows):
            return
        groups, first, counts = self._grouped(flows.services)
        hi, lo = (second.begun[name][flows.rows[first]] for name in ("destination_hi", "destination_lo"))
        own = self._networks.protected(hi, lo)
        row = self._services.find(flows.services[first])
        chosen = np.flatnonzero(own & ((counts >= self._settings.begun) | (row >= 0)))
        row[chosen] = self._followed(self._services, flows.only(first), chosen, second)
        self._opened(self._services.rows, row[chosen], counts[chosen], second.destinations, second.end)
        crowd = np.append(self._services.rows["open"] >= self._settings.together // 2, False)  # of row -1
        self._begin_pairs(flows.only(own[groups]), (own & crowd[row])[groups[own[groups]]], second)

    def _begin_pairs(self, flows: _Flows, crowded: NDArray[np.bool_], second: Second) -> None:
        """Follow sources that begin several, all of those of a service that has a crowd, and count."""
        _, first, counts = self._grouped(flows.pairs)
        row = self._pairs.find(flows.pairs[first])
        chosen = np.flatnonzero((counts >= self._settings.begun) | (row >= 0) | crowded[first])
        row = self._followed(self._pairs, flows.only(first), chosen, second)
        self._opened(self._pairs.rows, row, counts[chosen], second.sources, second.end)

    def _flows(self, flows: NDArray[np.void], *, over: bool) -> _Flows:
        """Return the flows with web servers; `over`: of those that were connections and are over."""
        rows, marks = np.empty(len(flows), np.uint32), np.empty((2, len(flows)), np.uint64)
        count = int(connections(np.ascontiguousarray(flows), self._web, over, rows, marks[0], marks[1]))
        return _Flows(rows[:count], marks[0, :count], marks[1, :count])

    def _grouped(self, marks: Marks) -> tuple[NDArray[np.uint32], Rows, Counts]:
        """Return the number of each mark, where each number is met first, and how often."""
        groups, count = self._numbering.number(marks)
        first = np.zeros(count, np.intp)
        first[groups[::-1]] = np.arange(len(groups) - 1, -1, -1)
        return groups, first, np.bincount(groups, minlength=count)

    def _followed(self, holders: Holders, flows: _Flows, chosen: Rows, second: Second) -> Rows:
        """Return the rows of those that are chosen, -1 where there is no room; who is new is followed from now on."""
        marks = flows.pairs if holders is self._pairs else flows.services
        unknown = chosen[holders.find(marks[chosen]) < 0]
        unknown = unknown[np.argsort(marks[unknown])]
        fresh = np.zeros(len(unknown), HELD)
        for name in _OF_PAIR if holders is self._pairs else _OF_SERVICE:
            fresh[name] = second.begun[name][flows.rows[unknown]]
        fresh["mark"], fresh["service"] = marks[unknown], flows.services[unknown]
        fresh["at"], fresh["since"] = second.end, second.start
        holders.add(fresh)
        return holders.find(marks[chosen])

    def _opened(self, held: NDArray[np.void], rows: Rows, counts: Counts, table: NDArray[np.void], at: float) -> None:
        """Count those that were begun and completed: SYN alone holds nothing."""
        rows, counts = rows[rows >= 0], counts[rows >= 0]
        side = "source" if held is self._pairs.rows else "destination"
        completed = counts_of(table, "handshakes", held[f"{side}_hi"][rows], held[f"{side}_lo"][rows])
        new = np.minimum(counts, completed)
        held["open"][rows] += new
        held["new"][rows] = new
        held["at"][rows] = at


def counts_of(table: NDArray[np.void], column: str, hi: Marks, lo: Marks) -> Counts:
    """Return a count of each of some addresses in a table (ENDPOINT), 0 where it is not in it."""
    if not len(hi):
        return np.zeros(0, np.int64)
    some = np.flatnonzero(table[column])
    known, one, each = np.unique(hashed(hi, lo), return_index=True, return_inverse=True)
    near, place = placed(hashed(table["hi"][some], table["lo"][some]), known)
    rows = some[near]
    mine = (table["hi"][rows] == hi[one[place]]) & (table["lo"][rows] == lo[one[place]])
    counts = np.zeros(len(known), np.int64)
    counts[place[mine]] = table[column][rows[mine]]
    return counts[each]
