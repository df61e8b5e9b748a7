"""How many connections each source has open with each web service of ours, and each service in all.

What a sensor's flows tell: those that were begun and completed, less those that ended. Connections that were open
before the sensor looked are not counted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks
from netmon.api.traffic import EndReason, FlowState, Second
from rules.traffic.floods.settings import HeldConnectionsSettings
from rules.traffic.learned import hashed

Service: TypeAlias = tuple[int, int, int]  # the server's halves, port
Pair: TypeAlias = tuple[int, int, int, int, int]  # the source's halves, then the service

Marks: TypeAlias = NDArray[np.uint64]
Counts: TypeAlias = NDArray[np.int64]

_Key = TypeVar("_Key", Service, Pair)


@dataclass(slots=True)
class Held:
    """Connections that are open."""

    mark: int  # of who holds them, in a window's counts
    open: int
    at: float  # when one was begun last
    since: float
    new: int = 0  # of those that are open, begun in the window at `at`, at most
    unserved: int = 0  # windows in a row in which those who hold many got nothing; of a service


class OpenConnections:
    """Follows the connections with web services."""

    def __init__(self, settings: HeldConnectionsSettings, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self.pairs: dict[Pair, Held] = {}
        self.services: dict[Service, Held] = {}
        self.dropped = 0  # sources and services that there was no room for

    def observe(self, second: Second) -> None:
        """Take one window of a sensor."""
        self._begin(self._counted(second.begun), second)
        # After those that were begun: many end in the window that they began in.
        over = self._counted(_over(second.ended))
        for table, counts in ((self.pairs, over.by_pair()), (self.services, over.by_service())):
            for held in table.values():
                held.open = max(0, held.open - counts.get(held.mark, 0))
        _forget(self.pairs, second.end - self._settings.forget_s)
        _forget(self.services, second.end - self._settings.forget_s)

    def by_service(self) -> Iterator[tuple[Service, Held, list[tuple[Pair, Held]]]]:
        """Give each service with what it has open, and its sources that are followed, the greatest first."""
        sources: dict[Service, list[tuple[Pair, Held]]] = {service: [] for service in self.services}
        for pair, held in self.pairs.items():
            if pair[2:] in sources:
                sources[pair[2:]].append((pair, held))
        for service, mine in sources.items():
            yield service, self.services[service], sorted(mine, key=lambda each: -each[1].open)

    def _begin(self, begun: "_Counted", second: Second) -> None:
        least = self._settings.begun
        services = begun.chosen(begun.services, least, self.services)
        completed = _completed(second.destinations, [service[:2] for service, _, _ in services])
        for service, mark, count in services:
            held = self._followed(self.services, service, mark, second)
            if held is not None:
                held.open += min(count, completed.get(service[:2], 0))
                held.at = second.end
        crowd = self._settings.together // 2
        crowded = np.array([held.mark for held in self.services.values() if held.open >= crowd], np.uint64)
        pairs = begun.chosen(begun.pairs, least, self.pairs, np.isin(begun.services, crowded))
        completed = _completed(second.sources, [pair[:2] for pair, _, _ in pairs])
        for pair, mark, count in pairs:
            held = self._followed(self.pairs, pair, mark, second)
            if held is not None:
                held.new = min(count, completed.get(pair[:2], 0))
                held.open += held.new
                held.at = second.end

    def _followed(self, table: dict[_Key, Held], key: _Key, mark: int, second: Second) -> Held | None:
        held = table.get(key)
        if held is None:
            if len(table) < self._settings.followed:
                held = table[key] = Held(mark, 0, second.end, second.start)
            else:
                self.dropped += 1
        return held

    def _counted(self, flows: NDArray[np.void]) -> "_Counted":
        """Return the flows with web services of ours, counted."""
        rows = np.flatnonzero((flows["protocol"] == 6) & np.isin(flows["destination_port"], self._settings.ports))
        if len(rows):
            rows = rows[self._networks.protected(flows["destination_hi"][rows], flows["destination_lo"][rows])]
        return _Counted(flows, rows)


class _Counted:
    """Flows, told apart by marks of source and service: by hash, of which two are equal once in a million years."""

    def __init__(self, flows: NDArray[np.void], rows: NDArray[np.intp]) -> None:
        self._flows, self._rows = flows, rows
        source, server = (
            hashed(flows[f"{end}_hi"][rows], flows[f"{end}_lo"][rows]) for end in ("source", "destination")
        )
        self.services = hashed(server, flows["destination_port"][rows].astype(np.uint64))
        self.pairs = hashed(source, self.services)

    def by_service(self) -> dict[int, int]:
        """Return how many flows there are by the service's mark."""
        return _numbers(*np.unique(self.services, return_counts=True))

    def by_pair(self) -> dict[int, int]:
        """Return how many flows there are by the mark of source and service."""
        return _numbers(*np.unique(self.pairs, return_counts=True))

    def chosen(
        self, marks: Marks, least: int, table: Mapping[_Key, Held], also: NDArray[np.bool_] | None = None
    ) -> list[tuple[_Key, int, int]]:
        """Return those of which there are so many, or that are followed, or that a flow in `also` is of.

        As (who, its mark, how many flows). What is told of a flood's sources is how many they are, not who.
        """
        unique, first, counts = np.unique(marks, return_index=True, return_counts=True)
        known = np.fromiter((held.mark for held in table.values()), np.uint64, len(table))
        wanted = (counts >= least) | np.isin(unique, known)
        if also is not None:
            wanted |= also[first]
        flows, whole = self._flows[self._rows[first[wanted]]], marks is self.pairs
        fields = _FIELDS if whole else _FIELDS[2:]
        keys = zip(*(flows[name].tolist() for name in fields), strict=True)
        return list(zip(keys, unique[wanted].tolist(), counts[wanted].tolist(), strict=True))


_FIELDS: Final = ("source_hi", "source_lo", "destination_hi", "destination_lo", "destination_port")


def _numbers(marks: Marks, counts: Counts) -> dict[int, int]:
    return dict(zip(marks.tolist(), counts.tolist(), strict=True))


def counted(rows: NDArray[np.void], address: tuple[int, int], column: str) -> int:
    """Return a count of one address in a table (ENDPOINT), 0 where it is not in it."""
    mine = rows[(rows["lo"] == np.uint64(address[1])) & (rows["hi"] == np.uint64(address[0]))]
    return int(mine[column].sum())


def _completed(rows: NDArray[np.void], addresses: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return how many handshakes addresses completed in this window: SYN alone holds nothing."""
    if not addresses:
        return {}
    asked = np.unique(np.array(addresses, np.uint64), axis=0)
    mine = rows[np.isin(hashed(rows["hi"], rows["lo"]), hashed(asked[:, 0], asked[:, 1]))]
    keys = zip(mine["hi"].tolist(), mine["lo"].tolist(), strict=True)
    return dict(zip(keys, mine["handshakes"].tolist(), strict=True))


def _over(flows: NDArray[np.void]) -> NDArray[np.void]:
    """Return the flows that are over, of those that were connections."""
    gone = flows["end_reason"] != EndReason.ACTIVE
    none: NDArray[np.void] = flows[gone & ~np.isin(flows["state"], (FlowState.ONE_WAY, FlowState.REFUSED))]
    return none


def _forget(table: dict[_Key, Held], before: float) -> None:
    for key in [key for key, held in table.items() if held.open == 0 or held.at <= before]:
        del table[key]
