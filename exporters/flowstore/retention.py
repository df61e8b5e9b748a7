"""Which hours have to go. Pure."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

Limit: TypeAlias = Literal["days", "bytes"]


class Gone(NamedTuple):
    """An hour that is to be removed, and the limit that it is over."""

    hour: int
    limit: Limit


def to_remove(sizes: Mapping[int, int], keep_hours: int, max_bytes: int) -> list[Gone]:
    """Return the hours (since 1970) to remove, the oldest first.

    Hours are counted and not told by the clock, so that a clock that is wrong deletes nothing: the newest `keep_hours`
    that have files stay, as far as `max_bytes` goes. The newest hour of all is being written and stays.
    """
    oldest_first = sorted(sizes)
    gone = [Gone(hour, "days") for hour in oldest_first[: max(0, len(oldest_first) - keep_hours)]]
    rest = oldest_first[len(gone) :]
    total = sum(sizes[hour] for hour in rest)
    for hour in rest[:-1]:
        if total <= max_bytes:
            break
        total -= sizes[hour]
        gone.append(Gone(hour, "bytes"))
    return gone
