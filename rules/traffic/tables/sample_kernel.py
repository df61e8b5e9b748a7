"""A uniform sample of a window's records, and the chance that it takes."""

from typing import Any

import numpy as np
from numba import njit

U = np.uint64
_1 = U(1)


@njit(inline="always")
def _draw(state: Any) -> Any:
    """Return the next random 64 bits (Marsaglia's xorshift)."""
    x = state.random
    x ^= x << U(13)
    x ^= x >> U(7)
    x ^= x << U(17)
    state.random = x
    return x


@njit(inline="always")
def unit(state: Any) -> Any:
    """Return a random number above 0 and below 1."""
    return (np.float64(_draw(state) >> U(11)) + 0.5) / 9007199254740992.0


@njit(inline="always")
def offer(sample: Any, record: Any, seen: Any, following: Any, state: Any) -> Any:
    """Offer the record that `seen` others came before; return the number of the next that is taken.

    A reservoir by skips (Li 1994, algorithm L), so that most records cost one comparison.
    """
    room = U(len(sample))
    if seen != following:
        return following
    if seen < room:
        sample[seen] = record
        following += _1
        if following == room:
            state.weight = np.exp(np.log(unit(state)) / np.float64(room))
            following = seen + _1 + U(np.log(unit(state)) / np.log1p(-state.weight))
        return following
    sample[_draw(state) % room] = record
    state.weight *= np.exp(np.log(unit(state)) / np.float64(room))
    skip = np.log(unit(state)) / np.log1p(-state.weight)
    return seen + _1 + U(min(skip, 1e18))
