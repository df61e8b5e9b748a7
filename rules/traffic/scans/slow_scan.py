"""Slow scans by sequential hypothesis testing: Threshold Random Walk (Jung, Paxson, Berger, Balakrishnan 2004).

Two groups of each source walk: the ports of one host, and the hosts with one port. Each first contact moves the walk,
up where it failed, down where it succeeded; at the upper bound it is a scan, at the lower one the group is ordinary and
begins anew. A group is begun by a failure, so that sources without failures cost nothing.
"""

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks
from rules.traffic.numbering import Numbering
from rules.traffic.scans.contact import CONTACT, TCP, UDP, Kind, Outcome
from rules.traffic.scans.matter import is_ours
from rules.traffic.scans.network_sweep import needed
from rules.traffic.scans.settings import ScanSettings
from rules.traffic.scans.udp_scan import UNSURE
from rules.traffic.scans.walks_kernel import GROUP, OWNER, STATE, walk

NAME = "slow_scan"
_MEMBERS: Final = 128  # first contacts remembered of a group: above every threshold, 1 kB
_ROWS: Final = 24  # failures of a group that are kept whole, to tell of them: 1.7 kB
_ONE_ANSWERS: Final = 8  # of so many neighbours, at most: one may have begun too late to be known as silent
_WALKING: Final = np.zeros(256, np.bool_)
_WALKING[[Kind.SYN, Kind.CONNECT, Kind.UDP, Kind.ICMP]] = True
_FAILING: Final = np.zeros(256, np.bool_)
_FAILING[[Outcome.FAILED, Outcome.HALF]] = True


@dataclass(frozen=True, slots=True)
class Group:
    """A host's ports, or a port's hosts, as one source tries them, where that may be a scan."""

    row: int
    source: int  # hashed
    one_host: bool
    failed: NDArray[np.void]  # CONTACT: the first of its failures


class Walks:
    """The groups that walk. At most `settings.groups`: who was silent longest goes first."""

    def __init__(self, settings: ScanSettings, numbering: Numbering, networks: Networks) -> None:
        self._settings = settings
        self._networks = networks
        self._numbering = numbering
        count = settings.groups
        self._groups = np.zeros(count + 1, GROUP)
        self._owners = np.zeros(count + 2, OWNER)  # one more than there are groups: it has its first one made
        self._groups["newer"] = np.arange(1, count + 2)
        self._owners["newer"] = np.arange(1, count + 3)
        self._groups["newer"][-1] = self._owners["newer"][-1] = 0
        self._indices = [np.zeros(1 << (4 * count).bit_length(), np.uint64) for _ in range(2)]
        self._members = np.zeros((count + 1, _MEMBERS), np.uint64)
        self._kept = np.zeros((count + 1, _ROWS), CONTACT)
        state = np.zeros(1, STATE)
        state["seed"] = numbering.seed
        state["up"] = log((1 - settings.theta1) / (1 - settings.theta0))
        state["down"] = log(settings.theta1 / settings.theta0)
        state["high"] = log((1 - settings.beta) / settings.alpha)
        state["low"] = log(settings.beta / (1 - settings.alpha))
        state["forget_s"] = settings.forget_s
        state["free"] = state["free_owner"] = 1
        self._state = state
        self.skipped = 0  # failures that did not walk, for want of time

    def __len__(self) -> int:
        return int(self._state["groups"][0])

    @property
    def dropped(self) -> int:
        """Return how many groups were forgotten for want of room."""
        return int(self._state["dropped"][0])

    def take(self, failed: NDArray[np.void], opened: NDArray[np.void], now: float) -> list[Group]:
        """Take contacts (CONTACT) that failed and that were answered; return the groups that may be scans."""
        if not len(failed) and not len(self):
            return []
        rows = np.flatnonzero(_WALKING[failed["kind"]] & _FAILING[failed["outcome"]])
        most = self._settings.rows_per_window
        if len(rows) > most:
            self.skipped += len(rows) - most
            rows = rows[self._busiest(failed["source"][rows], most)]
        failed = failed[rows]
        crossed = np.zeros(2 * len(failed), np.uint32)
        tables = (self._groups, self._indices[0], self._owners, self._indices[1], self._members, self._kept)
        count = walk(*tables, self._state, failed, opened, most // 4, now, crossed)
        return [self._group(row) for row in crossed[: int(count)].tolist() if self._is_scan(row)]

    def answered(self, group: Group, contacts: NDArray[np.uint64]) -> bool:
        """Take contacts of a group that were begun and did not fail; tell whether it still is a scan."""
        row = self._groups[group.row]
        members = int(row["members"])
        fresh = np.setdiff1d(contacts, self._members[group.row, :members])
        room = fresh[: _MEMBERS - members]
        self._members[group.row, members : members + len(room)] = room
        row["members"] += len(room)
        row["walk"] += float(self._state["down"][0]) * len(fresh)
        return bool(row["walk"] >= self._state["high"][0]) and self._is_scan(group.row)

    def _group(self, row: int) -> Group:
        group = self._groups[row]
        failed = self._kept[row, : int(group["kept"])].copy()
        return Group(row, int(group["source"]), bool(group["one_host"]), failed)

    def _is_scan(self, row: int) -> bool:
        settings, group, first = self._settings, self._groups[row], self._kept[row, 0]
        failures = int(group["failures"])
        if group["one_host"]:
            return failures >= settings.slow_ports
        port, protocol = int(first["port"]), int(first["protocol"])
        if protocol == UDP and (port in UNSURE or port >= 1024):
            return False
        enough = needed(settings, port, settings.slow_hosts) if protocol == TCP else settings.slow_hosts
        plain = protocol == TCP and enough == settings.slow_hosts
        silent = _ONE_ANSWERS * (int(group["members"]) - failures) <= failures
        if plain and silent and self._is_near(row, failures):
            enough = min(enough, settings.near_hosts)
        together = failures >= settings.concentration * int(self._owners[int(group["owner"])]["failures"])
        return failures >= enough and together

    def _is_near(self, row: int, failures: int) -> bool:
        """Tell whether all that a group failed with are hosts of ours, of one network (/24, IPv6: /64).

        Who looks for what is there tries neighbours. Peers that are gone, and dead mail servers, are all over the
        world; who asks what is there has answers of some.
        """
        kept = self._kept[row, : min(failures, _ROWS)]
        hi, lo = kept["destination_hi"], kept["destination_lo"]
        near = (hi == hi[0]).all() and (hi[0] != 0 or (lo >> np.uint64(8) == lo[0] >> np.uint64(8)).all())
        return bool(near) and is_ours((int(hi[0]), int(lo[0])), self._networks)

    def _busiest(self, sources: NDArray[np.uint64], most: int) -> NDArray[np.intp]:
        """Return so many rows by how many their source has, the most first: a flood of forged sources has one each."""
        groups, _ = self._numbering.number(sources)
        return highest(np.bincount(groups)[groups], most)


def highest(numbers: NDArray[np.int64], most: int) -> NDArray[np.intp]:
    """Return where so many of the highest numbers stand, the highest first; equal ones in their order."""
    least = np.partition(numbers, len(numbers) - most)[len(numbers) - most]
    more, same = np.flatnonzero(numbers > least), np.flatnonzero(numbers == least)
    return np.concatenate((more[np.argsort(-numbers[more], kind="stable")], same[: most - len(more)]))
