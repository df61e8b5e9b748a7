"""Time that a ledger has lived through: what its clock says, but no jump of the clock counts. Pure.

A clock that is wrong says that years have passed. A ledger that was written through those years has a segment for each
day, so between two segments at most `JUMP_S` count, however far the clock went; and a step back counts as nothing.
"""

from collections.abc import Iterable
from typing import Final

JUMP_S: Final = 2 * 86_400.0  # segments begin daily; a daemon that had nothing to write may skip a day


def lived_s(before: float, after: float) -> float:
    """Return how much of the time between two moments by the clock (Unix seconds) counts."""
    return min(max(after - before, 0.0), JUMP_S)


def lived_since(moments: Iterable[float], now: float) -> list[float]:
    """Return for each moment, in their order, how many seconds have been lived since then."""
    ages: list[float] = []
    age = 0.0
    for moment in reversed([*moments]):
        age += lived_s(moment, now)
        now = moment
        ages.append(age)
    return ages[::-1]
