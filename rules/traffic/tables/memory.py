"""Memory for what is looked up at random: from a cache line on, on huge pages where the kernel has them.

numpy asks for huge pages (madvise) where an array has 4 MB or more; they begin at multiples of 2 MB alone.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

_LINE: Final = 64
_HUGE: Final = 1 << 21


def laid_out(shapes: Sequence[tuple[int, DTypeLike]]) -> list[NDArray[Any]]:
    """Return an array of zeros for each number of rows and dtype, side by side: few pages hold them all."""
    sizes = [count * np.dtype(dtype).itemsize for count, dtype in shapes]
    starts = np.cumsum([0, *(-(-size // _LINE) * _LINE for size in sizes)])
    boundary = _HUGE if starts[-1] >= _HUGE else _LINE
    octets = np.zeros(int(starts[-1]) + boundary, np.uint8)  # what is not used of it takes no memory
    first = -octets.ctypes.data % boundary
    places = [first + int(start) for start in starts[:-1]]
    return [
        octets[place : place + size].view(dtype) for place, size, (_, dtype) in zip(places, sizes, shapes, strict=True)
    ]
