"""Numbers out of octets in network order, for the compiled loops, and how these are compiled. Whoever calls has checked
that the octets are there.

All indices are unsigned 64-bit numbers: numba adds a branch for negative ones to every access otherwise.
"""

import sys
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

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


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Return a pointer to the octets of `array[index]`."""
    values = context.make_array(kind)(context, builder, array)
    return builder.bitcast(builder.gep(values.data, [index]), cgutils.voidptr_t)


def _load64(typing_context: Any, buffer: Any, at: Any) -> Any:
    """Return the eight octets at `at` as one number in network order: one load, wherever it begins."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        octets = _pointer(context, builder, signature.args[0], *arguments)
        word = builder.load(builder.bitcast(octets, ir.PointerType(ir.IntType(64))), align=1)
        return builder.bswap(word) if sys.byteorder == "little" else word

    return types.uint64(buffer, at), generate


def _put64(typing_context: Any, rows: Any, row: Any, offset: Any, word: Any) -> Any:
    """Write eight octets `offset` octets into `rows[row]`, in the host's order: several fields at once."""
    del typing_context

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        octets = builder.gep(_pointer(context, builder, signature.args[0], *arguments[:2]), [arguments[2]])
        builder.store(arguments[3], builder.bitcast(octets, ir.PointerType(ir.IntType(64))), align=1)
        return context.get_dummy_value()

    return types.void(rows, row, offset, word), generate


load64: Final[Any] = intrinsic(_load64)
put64: Final[Any] = intrinsic(_put64)
