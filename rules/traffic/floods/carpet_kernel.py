"""Compiled: what carpets come to, prefix by prefix, without looking at each prefix by itself."""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.floods.rates_kernel import ones
from rules.traffic.tables.prefetch import prefetch

_AHEAD: Final = 8  # rows that are asked for before they are read


@njit(cache=True, nogil=True)
def spread(
    table: Any,
    places: Any,
    groups: Any,
    wanted: Any,
    rates: Any,
    alone: Any,
    least: Any,
    sums: Any,
    met: Any,
    octets: Any,
    peers: Any,
) -> None:
    """Sum who gets so much of it, for each of the prefixes that are wanted.

    `table`: ENDPOINT; `places` (i4[n]): the rows there of addresses, `groups` (u4[n]) their prefixes, `rates` (f8[n])
    what they get, `alone` (bool[n]): who is told of by himself; `wanted` (i4[prefixes]): the row of a prefix in what
    follows, -1 of one that nobody asks for. Of those who are not told of alone: adds to `sums` (f8[wanted, 2]) the
    rates and takes the highest, to `met` (i4[wanted, 257]) how many addresses have so many bits set in the sketch of
    their flows. Of all: adds to `octets` (u8[wanted]), and to `peers` (u8[wanted, 8]) the bits of their sketches.
    """
    for i in range(len(places)):
        at = wanted[groups[i]]
        if at < 0 or rates[i] < least:
            continue
        if i + _AHEAD < len(places):
            for line in range(0, 256, 64):
                prefetch(table, np.int64(places[i + _AHEAD]), line)
        row = table[places[i]]
        octets[at] += np.uint64(row.bytes)
        for word in range(8):
            peers[at, word] |= row.peers[word]
        if alone[i]:
            continue
        sums[at, 0] += rates[i]
        sums[at, 1] = max(sums[at, 1], rates[i])
        met[at, ones(row.flows)] += 1
