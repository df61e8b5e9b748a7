"""What is left to the detectors of floods: failures that a flood has, of which each looks like a contact."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second
from rules.traffic.flooding import Flooding, Spells
from rules.traffic.learned import hashed
from rules.traffic.memory import placed
from rules.traffic.numbering import Numbering
from rules.traffic.scans.contact import Kind
from rules.traffic.scans.settings import ScanSettings

_SOURCES: Final = 250  # of failures with one port of one host in one window: its clients, or a flood's forged ones
_HOSTS: Final = 4_096  # flooded by datagrams at once: 100 kB; beyond, those that are flooded least are not known
_LATE_S: Final = 30.0  # from a datagram until it is known that nothing answers


class Flooded:
    """Knows the hosts that get floods of datagrams, for as long as what came of them is still told."""

    def __init__(self, settings: ScanSettings, numbering: Numbering) -> None:
        self._settings = settings
        self._numbering = numbering
        self._hosts = Spells(_HOSTS, settings.window_s + _LATE_S)
        self._many = np.zeros(0, np.uint64)  # hosts with many datagrams in the last window, in order
        self._begin = np.zeros(0, np.uint64)  # those of them that had few in the one before

    def take(self, second: Second) -> None:
        """Learn of a window who gets so many datagrams that they are a flood, whatever else they look like."""
        table = second.destinations
        rate = table["udp"] / max(second.length_s, 1e-3)
        much = np.flatnonzero(rate >= self._settings.udp_flood_per_s / 10)  # a window that a flood begins or ends in
        if not len(much) and not len(self._hosts) and not len(self._many):
            return
        much = much[np.argsort(-rate[much], kind="stable")][:_HOSTS]
        many = hashed(table["hi"][much], table["lo"][much])
        self._begin, self._many = np.setdiff1d(many, self._many), np.unique(many)
        fresh = many[(rate[much] >= self._settings.udp_flood_per_s) | self._hosts.known(many)]
        self._hosts.take(fresh, second.start - second.length_s, second.end)

    def without_datagrams(self, rows: NDArray[np.void], flooding: Flooding) -> NDArray[np.void]:
        """Leave out UDP contacts (CONTACT) with hosts while they got a flood of datagrams, or were said to."""
        hosts, at_ns = rows["destination"], rows["at_ns"]
        flood = flooding.among("udp_flood", hosts, at_ns) | self._hosts.among(hosts, at_ns)
        return rows[~(flood & (rows["kind"] == Kind.UDP))] if flood.any() else rows

    def without_beginning(self, rows: NDArray[np.void]) -> NDArray[np.void]:
        """Leave out pending UDP contacts with hosts whose datagrams have just become many: a flood, or soon told."""
        found, _ = placed(rows["destination"], self._begin)
        return np.delete(rows, found[rows["kind"][found] == Kind.UDP]) if len(found) else rows

    def without_many(self, rows: NDArray[np.void]) -> NDArray[np.void]:
        """Leave out failures (CONTACT) with one port of one host that very many sources have: down, or flooded."""
        if len(rows) < _SOURCES:
            return rows
        ends, _ = self._numbering.number(hashed(rows["destination"], rows["port"].astype(np.uint64)))
        counts = np.bincount(ends)
        return rows if counts.max() < _SOURCES else rows[counts[ends] < _SOURCES]
