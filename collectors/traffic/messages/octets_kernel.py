"""Numbers of network order out of a buffer, for compiled loops. None checks a bound: their callers do."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

U = np.uint64
MAPPED = U(0xFFFF_0000_0000)
_1, _2, _4, _8, _16, _24, _32 = (U(n) for n in (1, 2, 4, 8, 16, 24, 32))
_3 = U(3)


@njit(inline="always")
def u8(b: NDArray[np.uint8], p: np.uint64) -> np.uint64:
    """Return one octet."""
    return U(b[p])


@njit(inline="always")
def u16(b: NDArray[np.uint8], p: np.uint64) -> np.uint64:
    """Return two octets."""
    return (U(b[p]) << _8) | U(b[p + _1])


@njit(inline="always")
def u32(b: NDArray[np.uint8], p: np.uint64) -> np.uint64:
    """Return four octets."""
    return (U(b[p]) << _24) | (U(b[p + _1]) << _16) | (U(b[p + _2]) << _8) | U(b[p + _3])


@njit(inline="always")
def u48(b: NDArray[np.uint8], p: np.uint64) -> np.uint64:
    """Return six octets: a MAC address."""
    return (u16(b, p) << _32) | u32(b, p + _2)


@njit(inline="always")
def u64(b: NDArray[np.uint8], p: np.uint64) -> np.uint64:
    """Return eight octets."""
    return (u32(b, p) << _32) | u32(b, p + _4)
