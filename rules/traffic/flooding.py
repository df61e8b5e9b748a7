"""Who is flooded: said by who judges floods, asked by those for whom each of a flood's packets looks like theirs.

A flood of datagrams to all ports looks like a scan, one of web requests like guessing. One attack is one finding: the
judges of scans and of guessing leave out what falls into a flood. Within one process and one window the judge of floods
comes first; detectors that are used by themselves know of no floods.
"""

from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rules.traffic.learned import hashed
from rules.traffic.memory import placed

_MOST: Final = 4_096  # addresses that are flooded in one way at once, 100 kB: a detector tells of 200 in a window
_KEEP_S: Final = 660.0  # after a flood: flows are reported when they are over, and guesses judged for ten minutes


class Flooding:
    """Knows by kind which addresses are flooded, and since when until when."""

    def __init__(self) -> None:
        self._kinds: dict[str, Spells] = {}

    def take(self, kind: str, hi: NDArray[np.uint64], lo: NDArray[np.uint64], since: float, until: float) -> None:
        """Take the addresses (halves, u8[n]) that have such a flood, seen in one window, since when until when."""
        if len(hi) or kind in self._kinds:
            self._kinds.setdefault(kind, Spells(_MOST, _KEEP_S)).take(hashed(hi, lo), since, until)

    def knows(self, kind: str) -> bool:
        """Tell whether anybody is remembered to have had such a flood: otherwise nobody need be asked for."""
        return len(self._kinds.get(kind, ())) > 0

    def among(self, kind: str, hosts: NDArray[np.uint64], at_ns: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell what happened to hosts (`learned.hashed`, u8[n]) at times (u8[n]) while they had such a flood."""
        known = self._kinds.get(kind)
        return np.zeros(len(hosts), np.bool_) if known is None else known.among(hosts, at_ns)

    def lasts(self, kind: str, hi: NDArray[np.uint64], lo: NDArray[np.uint64], at: float) -> NDArray[np.bool_]:
        """Tell which addresses (halves, u8[n]) have such a flood at a time."""
        if kind not in self._kinds:
            return np.zeros(len(hi), np.bool_)
        return self._kinds[kind].among(hashed(hi, lo), np.full(len(hi), _ns(at)))


@runtime_checkable
class HeedsFloods(Protocol):
    """A detector that says who is flooded, or asks for it."""

    flooding: Flooding


class Spells:
    """Hosts and since when until when something happened to them; those it was over for longest go first."""

    def __init__(self, most: int, keep_s: float) -> None:
        """Know at most so many, each for so long after it was over."""
        self._most = most
        self._keep_s = keep_s
        self._hosts = np.zeros(0, np.uint64)  # hashes, in order
        self._first_ns, self._last_ns = np.zeros(0, np.uint64), np.zeros(0, np.uint64)

    def __len__(self) -> int:
        return len(self._hosts)

    def known(self, hosts: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell of which hosts (`learned.hashed`, u8[n]) something is known."""
        return np.isin(hosts, self._hosts)

    def take(self, hosts: NDArray[np.uint64], since: float, until: float) -> None:
        """Take that it happened to these hosts, in Unix seconds; forget those whose time is over by `until`."""
        stay = self._last_ns > _ns(until - self._keep_s)
        if not len(hosts) and stay.all():
            return
        begin_ns, end_ns = _ns(since), _ns(until)
        every = np.concatenate([self._hosts[stay], hosts])
        first = np.concatenate([self._first_ns[stay], np.full(len(hosts), begin_ns)])
        last = np.concatenate([self._last_ns[stay], np.full(len(hosts), end_ns)])
        self._hosts, place = np.unique(every, return_inverse=True)
        self._first_ns = np.full(len(self._hosts), end_ns)
        self._last_ns = np.zeros(len(self._hosts), np.uint64)
        np.minimum.at(self._first_ns, place, first)
        np.maximum.at(self._last_ns, place, last)
        if len(self._hosts) > self._most:
            newest = np.sort(np.argsort(-self._last_ns.astype(np.int64), kind="stable")[: self._most])
            self._hosts, self._first_ns, self._last_ns = (
                column[newest] for column in (self._hosts, self._first_ns, self._last_ns)
            )

    def among(self, hosts: NDArray[np.uint64], at_ns: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell what fell to hosts (u8[n]) at times (u8[n]) while it happened."""
        told = np.zeros(len(hosts), np.bool_)
        found, place = placed(hosts, self._hosts)
        at = at_ns[found]
        told[found] = (at >= self._first_ns[place]) & (at < self._last_ns[place])
        return told


def _ns(at: float) -> np.uint64:
    return np.uint64(max(at, 0.0) * 1e9)
