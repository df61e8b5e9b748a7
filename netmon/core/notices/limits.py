"""How many messages a person gets, and which of what waits goes by itself or is counted in one. Pure.

In any `per_s` seconds at most `max` messages go to a person. Half of them may go at once; after that one goes each
2 · per_s / max seconds, so that in a long storm nobody waits a whole window for the next word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Room:
    """How many messages may go now, and after how many seconds there is room for one."""

    messages: int
    wait_s: float


def room(sent_at: Sequence[float], under_way: int, most: int, per_s: float, now: float) -> Room:
    """Return the room for one more of `most` messages in `per_s` seconds; those under way count as sent now."""
    recent = [at for at in sent_at if now - per_s < at <= now]
    in_window = most - len(recent) - under_way
    if in_window <= 0:
        until_s = recent[0] + per_s - now if recent and under_way < most else per_s
        return Room(0, until_s)
    level, pace = _level(recent, most, per_s, now)
    free = int(level + 1e-9) - under_way
    if free <= 0:
        return Room(0, (1 + under_way - level) / pace if pace else per_s)
    return Room(min(in_window, free), 0)


def _level(recent: Sequence[float], most: int, per_s: float, now: float) -> tuple[float, float]:
    """Return what a token bucket holds that half of the messages fill, and the other half flow into over the window."""
    size, pace = (most + 1) // 2, (most // 2) / per_s
    level, last = float(size), recent[0] if recent else now
    for at in recent:
        level = min(size, level + (at - last) * pace) - 1
        last = at
    return min(size, level + (now - last) * pace), pace


def share(urgent: Sequence[T], others: Sequence[T], room_urgent: int, room_others: int) -> tuple[list[T], list[T]]:
    """Return (those that go by themselves, those that are counted in one message); worst first in, worst first out.

    `room_urgent` counts all messages, as does `room_others`, which is never larger. What is in neither list waits.
    """
    if len(urgent) > room_urgent:
        if room_urgent <= 0:
            return [], []
        return list(urgent[: room_urgent - 1]), [*urgent[room_urgent - 1 :], *others]
    left = room_others - len(urgent)
    if len(others) <= left:
        return [*urgent, *others], []
    if left <= 0:
        return list(urgent), []
    return [*urgent, *others[: left - 1]], list(others[left - 1 :])
