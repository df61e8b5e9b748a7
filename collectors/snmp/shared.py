"""What devices of one model have alike, kept once: indexes, names of ports, label texts, which columns are missing.

500 switches of a few models differ in their numbers and in what their operator wrote. Without this, all the rest would
take more room than the numbers.
"""

from collections.abc import Hashable
from math import inf
from typing import Final, TypeVar

_T = TypeVar("_T", bound=Hashable)

_LIMIT: Final = 8 << 20  # octets; most of it is in use by devices anyhow, so that this costs their places in a dict
_LARGE: Final = 1 << 18  # octets: one that is larger has few of its like


class Pool:
    """Equal things as one object: tuples and frozensets, nested or not, of texts, octets and what never changes.

    What was seen lately is known, up to `limit` octets, so a device that makes up new names at each poll cannot fill
    our memory. What is no longer known lives on where it is used.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        self.used = 0  # octets, roughly
        self._limit = limit
        self._known: dict[Hashable, tuple[Hashable, int]] = {}  # thing → itself and its octets; the latest last

    def same(self, thing: _T) -> _T:
        """Return the equal object that was seen before, or this one."""
        size = _octets(thing)
        if size > min(_LARGE, self._limit):
            return thing
        known = self._known.pop(thing, None)
        if known is None:
            known = (thing, int(size))
            self.used += known[1]
        self._known[known[0]] = known
        while self.used > self._limit:
            self.used -= self._known.pop(next(iter(self._known)))[1]
        return known[0]  # type: ignore[return-value]  # it is equal to the thing


def _octets(thing: object) -> float:
    """Return roughly what a thing takes, more than any limit for what equals something of another type: 1.0 is 1."""
    if isinstance(thing, tuple | frozenset):
        return 100 + 8 * len(thing) + sum(map(_octets, thing))
    if isinstance(thing, float):
        return inf
    return 50 + len(thing) if isinstance(thing, str | bytes) else 50


same: Final = Pool().same
"""The pool of this process."""
