"""Who of ours talks to which network outside, and pairs that came once or a few times: both in bounded tables."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.hidden.beacon_kernel import WAYS, YOUNG, note
from rules.traffic.hidden.sides import Address, Keys, Records, Rows, network_of
from rules.traffic.learned import hashed

_CELLS: Final = 8
"""Hosts for each network for which the table of networks has as many rows as asked for; with more it has fewer."""


class Acquaintances:
    """`young`: the pairs of a few contacts, at most `pairs` of them. `common`: hosts that a network is known by."""

    def __init__(self, pairs: int, networks: int, common: int) -> None:
        rows = max(WAYS, networks * _CELLS // max(common, _CELLS) // WAYS * WAYS)
        self.young = np.zeros(max(WAYS, pairs // WAYS * WAYS), YOUNG)
        self._names = np.zeros(rows, np.uint64)  # of networks
        self._seen = np.zeros(rows)
        self._hosts = np.zeros((rows, common), np.uint64)
        self._last = np.zeros((rows, common))  # when each was seen last
        self.dropped = 0  # pairs forgotten for want of room

    def take(  # noqa: PLR0913, PLR0917 - a window's contacts
        self,
        flows: Records,
        rows: Rows,
        edges: Rows,
        numbers: Keys,
        grown: NDArray[np.bool_],
        now: float,
        apart_s: float,
    ) -> tuple[NDArray[np.int64], Records]:
        """Take the contacts of pairs; see `beacon_kernel.note`. Returns `handled` and `risen`."""
        handled, risen = np.empty(len(numbers), np.int64), np.empty(len(numbers), YOUNG)
        flows = np.require(flows, requirements=["C", "W"])
        tables = (self.young, self._names, self._seen, self._hosts, self._last)
        self.dropped += note(flows, rows, edges, numbers, grown, now, apart_s, *tables, handled, risen)
        return handled, risen

    def users(self, address: Address, since: float) -> int:
        """Return how many hosts of ours talked to the network of an address since a time, as far as it is known."""
        hi, lo = network_of(address)
        number = hashed(np.array([hi], np.uint64), np.array([lo], np.uint64)) | np.uint64(1)
        first = int(number[0] >> np.uint64(32)) % (len(self._names) // WAYS) * WAYS
        for row in range(first, first + WAYS):
            if self._names[row] == number[0]:
                gone = self._last[row] < since
                self._hosts[row, gone] = 0
                return int(np.count_nonzero(self._hosts[row]))
        return 0
