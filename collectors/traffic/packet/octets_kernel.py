"""Numbers out of octets in network order, for the compiled loops, and how these are compiled. Whoever calls has checked
that the octets are there.

All indices are unsigned 64-bit numbers: numba adds a branch for negative ones to every access otherwise.
"""

from typing import Any, Final

import numpy as np
from numba import njit

U = np.uint64

compiled: Final[Any] = njit(nogil=True, _nrt=False)  # type: ignore[call-overload]  # not in its types
"""For functions that make no arrays: without numba's counting of references. It is atomic, once for each array that is
handed on, and took half of a packet's time."""


@njit(inline="always")
def u8(buffer: Any, at: Any) -> Any:
    """Return one octet."""
    return U(buffer[at])


@njit(inline="always")
def u16(buffer: Any, at: Any) -> Any:
    """Return two octets."""
    return (U(buffer[at]) << U(8)) | U(buffer[at + U(1)])


@njit(inline="always")
def u32(buffer: Any, at: Any) -> Any:
    """Return four octets."""
    return (
        (U(buffer[at]) << U(24))
        | (U(buffer[at + U(1)]) << U(16))
        | (U(buffer[at + U(2)]) << U(8))
        | U(buffer[at + U(3)])
    )


@njit(inline="always")
def u48(buffer: Any, at: Any) -> Any:
    """Return six octets: a MAC address."""
    return (u16(buffer, at) << U(32)) | u32(buffer, at + U(2))


@njit(inline="always")
def u64(buffer: Any, at: Any) -> Any:
    """Return eight octets."""
    return (u32(buffer, at) << U(32)) | u32(buffer, at + U(4))
