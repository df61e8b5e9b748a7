"""What devices of one model have alike, kept once: indexes, names of ports, label texts, which columns are missing.

500 switches of a few models differ in their numbers and in what their operator wrote. Without this, the rest would take
twice the room of the numbers.
"""

from collections.abc import Hashable, Sized
from functools import lru_cache
from typing import Protocol, TypeVar

MAX_LENGTH = 512  # of what is kept here, in items: a longer table has few of its like
_KEPT = 4_096  # things lately seen; nearly all are in use by a device anyhow, so that each costs 100 octets here


class _Shareable(Hashable, Sized, Protocol):
    """A tuple, or a frozenset, of what never changes."""


_T = TypeVar("_T", bound=_Shareable)


@lru_cache(maxsize=_KEPT)
def _first(thing: Hashable) -> Hashable:
    return thing


def same(thing: _T) -> _T:
    """Return the equal object that was seen before, or this one."""
    return _first(thing) if len(thing) <= MAX_LENGTH else thing  # type: ignore[return-value]  # what came equal to it
