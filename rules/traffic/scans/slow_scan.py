"""Slow scans by sequential hypothesis testing: Threshold Random Walk (Jung, Paxson, Berger, Balakrishnan 2004).

Two groups of each source walk: the ports of one host, and the hosts with one port. Each first contact moves the walk,
up where it failed, down where it succeeded; at the upper bound it is a scan, at the lower one the group is ordinary and
begins anew. A group is begun by a failure, so that sources without failures cost nothing.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log

import numpy as np
from numpy.typing import NDArray

from rules.traffic.scans.contacts import TCP, UDP, Kind, Outcome
from rules.traffic.scans.network_sweep import needed
from rules.traffic.scans.settings import ScanSettings
from rules.traffic.scans.udp_scan import UNSURE

NAME = "slow_scan"
_MEMBERS = 128  # first contacts remembered of a group: above every threshold, 9 kB
_ROWS = 24  # failures of a group that are kept whole, to tell of them: 6 kB
_WALKING = (Kind.SYN, Kind.CONNECT, Kind.UDP, Kind.ICMP)


@dataclass(slots=True)
class Group:
    """A host's ports, or a port's hosts, as one source tries them."""

    source: int
    one_host: bool
    walk: float = 0.0  # natural logarithm of the likelihood ratio
    members: set[int] = field(default_factory=set)
    failures: int = 0
    failed: list[np.void] = field(default_factory=list)  # CONTACT rows, the first of them
    last: float = 0.0


class Walks:
    """The groups that walk. At most `settings.groups`: who was silent longest goes first."""

    def __init__(self, settings: ScanSettings) -> None:
        self._settings = settings
        self._up = log((1 - settings.theta1) / (1 - settings.theta0))
        self._down = log(settings.theta1 / settings.theta0)
        self._high = log((1 - settings.beta) / settings.alpha)
        self._low = log(settings.beta / (1 - settings.alpha))
        self._groups: OrderedDict[tuple[int, bool, int], Group] = OrderedDict()
        self._failures: OrderedDict[int, int] = OrderedDict()  # by source
        self._sources: dict[int, int] = {}  # groups by source
        self.dropped = 0  # groups forgotten for want of room
        self.skipped = 0  # failures that did not walk, for want of time

    def __len__(self) -> int:
        return len(self._groups)

    def take(self, rows: NDArray[np.void], now: float) -> Iterator[Group]:
        """Take contacts that came to an end; give the groups that may be scans."""
        failed = rows[np.isin(rows["outcome"], (Outcome.FAILED, Outcome.HALF)) & np.isin(rows["kind"], _WALKING)]
        if len(failed) > self._settings.rows_per_window:
            self.skipped += len(failed) - self._settings.rows_per_window
            failed = _busiest(failed)[: self._settings.rows_per_window]
        crossed: dict[tuple[int, bool, int], Group] = {}
        for row in failed:
            source = int(row["source"])
            self._failures[source] = self._failures.get(source, 0) + 1
            self._failures.move_to_end(source)
            for key in _keys(row)[: 1 if row["outcome"] == Outcome.HALF else 2]:
                group = self._fail(key, row, now)
                if group.walk >= self._high:
                    crossed[key] = group
        good = rows[(rows["outcome"] == Outcome.GOOD)]
        if self._sources and len(good):
            known = np.fromiter(self._sources, np.uint64, len(self._sources))
            for row in good[np.isin(good["source"], known)][: self._settings.rows_per_window // 4]:
                for key in _keys(row):
                    self._succeed(key, int(row["contact"]))
        self._forget(now)
        yield from (group for key, group in crossed.items() if key in self._groups and self._is_scan(group))

    def answered(self, group: Group, contacts: NDArray[np.uint64]) -> bool:
        """Take contacts of a group that were begun and did not fail; tell whether it still is a scan."""
        fresh = {int(each) for each in np.unique(contacts)} - group.members
        group.members |= set(list(fresh)[:_MEMBERS])
        group.walk += self._down * len(fresh)
        return group.walk >= self._high

    def _fail(self, key: tuple[int, bool, int], row: np.void, now: float) -> Group:
        group = self._groups.get(key)
        if group is None or now - group.last > self._settings.forget_s:
            if group is None:
                self._sources[key[0]] = self._sources.get(key[0], 0) + 1
            group = self._groups[key] = Group(key[0], key[1])
        self._groups.move_to_end(key)
        group.last = now
        contact = int(row["contact"])
        if contact not in group.members and len(group.members) < _MEMBERS:
            group.members.add(contact)
            group.failures += 1
            if len(group.failed) < _ROWS:
                group.failed.append(row.copy())
            group.walk += self._up
        return group

    def _succeed(self, key: tuple[int, bool, int], contact: int) -> None:
        group = self._groups.get(key)
        if group is None or contact in group.members:
            return
        if len(group.members) < _MEMBERS:
            group.members.add(contact)
        group.walk += self._down
        if group.walk <= self._low:
            self._remove(key)

    def _is_scan(self, group: Group) -> bool:
        settings, first = self._settings, group.failed[0]
        if group.one_host:
            return group.failures >= settings.slow_ports
        port, protocol = int(first["port"]), int(first["protocol"])
        if protocol == UDP and (port in UNSURE or port >= 1024):
            return False
        enough = needed(settings, port, settings.slow_hosts) if protocol == TCP else settings.slow_hosts
        together = group.failures >= settings.concentration * self._failures.get(group.source, 0)
        return group.failures >= enough and together

    def _remove(self, key: tuple[int, bool, int]) -> None:
        del self._groups[key]
        self._sources[key[0]] -= 1
        if not self._sources[key[0]]:
            del self._sources[key[0]]
            self._failures.pop(key[0], None)

    def _forget(self, now: float) -> None:
        while self._groups:
            key, group = next(iter(self._groups.items()))
            late = now - group.last > self._settings.forget_s
            if not late and len(self._groups) <= self._settings.groups:
                return
            self.dropped += not late
            self._remove(key)


def _keys(row: np.void) -> tuple[tuple[int, bool, int], ...]:
    source, protocol = int(row["source"]), int(row["protocol"])
    port = (source, False, int(row["port"]) << 8 | protocol)
    return ((source, True, int(row["destination"]) ^ protocol), port) if protocol in {TCP, UDP} else (port,)


def _busiest(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return rows by how many their source has, the most first: a flood of forged sources has one each."""
    _, inverse, counts = np.unique(rows["source"], return_inverse=True, return_counts=True)
    return rows[np.argsort(-counts[inverse], kind="stable")]
