"""How the loops of the flow table are compiled."""

from typing import Any, Final

from numba import njit

OPTIONS: Final[dict[str, Any]] = {"nogil": True, "_nrt": False}
"""Without numba's counting of references: the loops make no arrays, and atomic counting of those that one function
hands to the next took more than half of the time."""

compiled: Final[Any] = njit(**OPTIONS)
"""For what others call; it is compiled into them. What Python calls is in entry_kernel.py."""

inlined: Final[Any] = njit(forceinline=True, **OPTIONS)
"""For what is called for every packet, from one place: a call hands every array on in seven words."""
