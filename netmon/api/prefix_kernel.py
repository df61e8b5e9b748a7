"""Where one address lies among prefixes, for loops that are compiled: plain Python that numba takes in as it is.

Nothing here imports numba: who compiles does, `njit(inline="always")(longest)`.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

U = np.uint64
_16, _8, _32, _ONE = U(16), U(8), U(32), U(1)
_LOW_16, _LOW_8, _IPV4 = U(0xFFFF), U(0xFF), U(0xFFFF)


class Lookup(NamedTuple):
    """The tables of a `PrefixMap`, as `longest` reads them."""

    top: NDArray[np.int32]  # by the first two octets of an IPv4 address
    middle: NDArray[np.int32]  # by the third, shape (n, 256)
    edges: NDArray[np.uint64]  # where ranges begin, shape (n, 2), the first at address 0
    owners: NDArray[np.int32]  # of the ranges


def longest(lookup: Lookup, hi: np.uint64, lo: np.uint64) -> Any:
    """Return the place of the longest prefix that an address lies in, -1 where none fits."""
    if hi == U(0) and lo >> _32 == _IPV4:
        found = lookup.top[lo >> _16 & _LOW_16]
        if found >= -1:
            return found
        found = lookup.middle[U(-2 - found), lo >> _8 & _LOW_8]
        if found >= -1:
            return found
    first, behind = U(0), U(len(lookup.owners))
    while behind - first > _ONE:
        half = (first + behind) >> _ONE
        high = lookup.edges[half, U(0)]
        if high < hi or (high == hi and lookup.edges[half, U(1)] <= lo):
            first = half
        else:
            behind = half
    return lookup.owners[first]
