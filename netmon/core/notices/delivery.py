"""What becomes of a message that could not be delivered: another attempt, another channel, or none. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from netmon.core.notices.settings import Retry
from netmon.core.notices.words import Notice, Way

_PROBLEM_MAX: Final = 1_000  # characters of what another program says, in a record of ours


def channels_of(wanted: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...]:
    """Return the channels that a message may take, in order: those wanted that the person has, else all of theirs."""
    return tuple(name for name in wanted if name in theirs) or tuple(theirs)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, in words without secrets. `retry_at`: not before (Unix seconds), if the other side says.

    `rejected`: this channel will never take it.
    """

    problem: str
    retry_at: float | None = None
    rejected: bool = False


def after_failure(notice: Notice, failure: Failure, channels: Sequence[str], retry: Retry, now: float) -> Notice:
    """Return a notice as it is after a failed attempt: queued again, or given up."""
    refused = tuple(dict.fromkeys((*notice.refused, notice.channel))) if failure.rejected else notice.refused
    attempts, failures = notice.attempts + 1, notice.failures + 1
    tried = replace(
        notice, attempts=attempts, failures=failures, refused=refused, problem=failure.problem[:_PROBLEM_MAX]
    )
    left = [name for name in channels if name not in refused]
    if not left or now >= notice.give_up_at:
        return replace(tried, state=Way.FAILED)
    if notice.channel in left and failures < retry.per_channel:
        due_at = now + backoff_s(notice.id, attempts, retry)
        return replace(tried, due_at=max(due_at, failure.retry_at or due_at))
    return _elsewhere(tried, channels, left, retry, now)


def _elsewhere(tried: Notice, channels: Sequence[str], left: Sequence[str], retry: Retry, now: float) -> Notice:
    """Take the next channel: at once while there is one that was not tried, and slowly when all were."""
    at = channels.index(tried.channel) if tried.channel in channels else -1
    after = [name for name in channels[at + 1 :] if name in left]
    if after:
        due_at = now + backoff_s(tried.id, tried.attempts, retry) if tried.escalated else now
        return replace(tried, channel=after[0], failures=0, due_at=due_at)
    due_at = now + backoff_s(tried.id, tried.attempts, retry)
    return replace(tried, channel=left[0], failures=0, due_at=due_at, escalated=True)


def backoff_s(notice: str, attempts: int, retry: Retry) -> float:
    """Return how long to wait after so many attempts: doubled each time, a quarter up or down by the notice's id.

    The same notice waits the same each time it is computed, and two notices do not come back at the same moment.
    """
    base = min(retry.max_s, retry.first_s * 2.0 ** min(attempts - 1, 30))
    digest = sha256(f"{notice}/{attempts}".encode()).digest()
    return base * (0.75 + int.from_bytes(digest[:4], "big") / 2**33)
