"""What is left to the detectors of floods: failures that a flood has, of which each looks like a contact."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second
from rules.traffic.flooding import Flooding, Spells
from rules.traffic.learned import hashed
from rules.traffic.memory import placed
from rules.traffic.numbering import Numbering
from rules.traffic.scans.contact import ODD_KINDS, STRAY_KINDS, Kind
from rules.traffic.scans.settings import ScanSettings

_SOURCES: Final = 250  # of failures with one port of one host in one window: its clients, or a flood's forged ones
_HOSTS: Final = 4_096  # flooded by datagrams at once: 100 kB; beyond, those that are flooded least are not known
_FLOODS: Final = (("syn_flood", (Kind.SYN, Kind.CONNECT)), ("ack_flood", (*ODD_KINDS, *STRAY_KINDS)))
_SOURCES_OF_ONE: Final = 16  # that share a flood of segments to all ports, at most: more are told apart by no scan
_SEGMENTS: Final = tuple(kind for _, kinds in _FLOODS for kind in kinds)
_SAMPLED: Final = 16  # one contact of so many is looked at first
_SHORT_S: Final = 0.05  # a rate is of so long at least
_LATE_S: Final = 30.0  # from a datagram until it is known that nothing answers


class Flooded:
    """Knows the hosts that get floods of datagrams, for as long as what came of them is still told."""

    def __init__(self, settings: ScanSettings, numbering: Numbering) -> None:
        self._settings = settings
        self._numbering = numbering
        self._hosts = Spells(_HOSTS, settings.window_s + _LATE_S)
        self._many = np.zeros(0, np.uint64)  # hosts with many datagrams in the last window, in order
        self._begin = np.zeros(0, np.uint64)  # those of them that had few in the one before
        self._hurry = np.zeros(0, np.uint64)  # who began so many contacts with whom in the last window, hashed
        self._flooders = Spells(_HOSTS, settings.window_s + _LATE_S)  # of segments: who with whom, hashed

    @property
    def is_idle(self) -> bool:
        """Tell whether the last window had no host with many datagrams or segments."""
        return not len(self._many) and not len(self._begin) and not len(self._hurry)

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

    def without(self, rows: NDArray[np.void], second: Second, flooding: Flooding) -> NDArray[np.void]:
        """Leave out contacts (CONTACT) that are a flood's."""
        return self._without_segments(self._without_datagrams(rows, flooding), second, flooding)

    def _without_segments(self, rows: NDArray[np.void], second: Second, flooding: Flooding) -> NDArray[np.void]:
        """Leave out SYN, and segments out of nothing, of who floods all ports of a host; others may scan it."""
        flood = np.zeros(len(rows), np.bool_)
        for name, kinds in _FLOODS:
            flood |= flooding.among(name, rows["destination"], rows["at_ns"]) & np.isin(rows["kind"], kinds)
        least = self._settings.flood_per_s / _SOURCES_OF_ONE * max(second.length_s, 1e-3)
        if flood.any() and self._has_many(rows[flood], least):
            pairs = _pairs(rows[flood])
            groups, count = self._numbering.number(pairs)
            many = np.bincount(groups, minlength=count) >= least
            self._flooders.take(np.unique(pairs[many[groups]]), second.start, second.end)
        if not len(self._flooders):
            return rows
        segments = np.flatnonzero(np.isin(rows["kind"], _SEGMENTS))
        return np.delete(rows, segments[self._flooders.known(_pairs(rows[segments]))])

    def _without_datagrams(self, rows: NDArray[np.void], flooding: Flooding) -> NDArray[np.void]:
        """Leave out UDP contacts (CONTACT) with hosts while they got a flood of datagrams, or were said to."""
        hosts, at_ns = rows["destination"], rows["at_ns"]
        flood = flooding.among("udp_flood", hosts, at_ns) | self._hosts.among(hosts, at_ns)
        return rows[~(flood & (rows["kind"] == Kind.UDP))] if flood.any() else rows

    def without_beginning(self, rows: NDArray[np.void], second: Second) -> NDArray[np.void]:
        """Leave out pending contacts with hosts whose datagrams, or SYN, have just become many: a flood, soon told."""
        found, _ = placed(rows["destination"], self._begin)
        rows = np.delete(rows, found[rows["kind"][found] == Kind.UDP]) if len(found) else rows
        hurry, self._hurry = self._hurry, np.zeros(0, np.uint64)
        if not self._has_many(rows, self._settings.flood_per_s * _SHORT_S):
            return rows
        pairs = _pairs(rows)
        groups, count = self._numbering.number(pairs)
        first = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(first, groups, rows["at_ns"].astype(np.int64))
        lasted_s = np.maximum(second.end - first / 1e9, _SHORT_S)
        fast = (np.bincount(groups, minlength=count) >= self._settings.flood_per_s * lasted_s)[groups]
        fast &= np.isin(rows["kind"], _SEGMENTS) & ~np.isin(pairs, hurry)
        self._hurry = np.unique(pairs[fast])
        return rows[~fast]

    def _has_many(self, rows: NDArray[np.void], least: float) -> bool:
        """Tell whether anybody may have so many contacts with one host: by some of them, since it is rare."""
        if len(rows) < least:
            return False
        groups, _ = self._numbering.number(_pairs(rows[::_SAMPLED]))
        return bool(np.bincount(groups).max() >= least / _SAMPLED / 2)

    def without_many(self, rows: NDArray[np.void]) -> NDArray[np.void]:
        """Leave out failures (CONTACT) with one port of one host that very many sources have: down, or flooded."""
        if len(rows) < _SOURCES:
            return rows
        ends, _ = self._numbering.number(hashed(rows["destination"], rows["port"].astype(np.uint64)))
        counts = np.bincount(ends)
        return rows if counts.max() < _SOURCES else rows[counts[ends] < _SOURCES]


def _pairs(rows: NDArray[np.void]) -> NDArray[np.uint64]:
    return hashed(rows["source"], rows["destination"])
