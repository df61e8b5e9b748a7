"""Words out of octets, as a call that LLVM puts in its place: numba's own way doubles what compiling takes."""

from typing import Any

import numpy as np

from collectors.traffic.packet.octets_kernel import compiled, u32

U = np.uint64


@compiled
def word(buffer: Any, at: Any) -> Any:
    """Return four octets as a number."""
    return u32(buffer, at)


@compiled
def wide(buffer: Any, at: Any) -> Any:
    """Return eight octets as a number."""
    return (word(buffer, at) << U(32)) | word(buffer, at + U(4))
