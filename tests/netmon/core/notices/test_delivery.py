"""What follows a failed attempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import Notices, Severity
from netmon.core.notices.delivery import Failure, after_failure, backoff_s, channels_of
from netmon.core.notices.settings import Retry
from netmon.core.notices.words import Notice, Way

RETRY = Retry()
NOTICE = Notice("N1", "andi", "a", Notices.OPENED, Severity.ERROR, ("I1",), 0.0, 0.0, 86_400.0)


def test_three_attempts_a_channel_then_the_next_at_once_then_slowly_from_the_first() -> None:
    notice, now, path = NOTICE, 0.0, []
    for _ in range(9):
        path.append((notice.channel, round(notice.due_at - now)))
        now = max(now, notice.due_at)
        notice = after_failure(notice, Failure("down"), ("a", "b"), RETRY, now)
    channels = [channel for channel, _ in path]
    assert channels == ["a", "a", "a", "b", "b", "b", "a", "a", "a"]
    assert path[3][1] == 0
    assert notice.escalated
    assert notice.state is Way.QUEUED


def test_refusals_leave_only_the_other_channels() -> None:
    notice = after_failure(NOTICE, Failure("no", rejected=True), ("a", "b"), RETRY, 10)
    assert (notice.channel, notice.due_at, notice.refused) == ("b", 10, ("a",))
    assert after_failure(notice, Failure("no", rejected=True), ("a", "b"), RETRY, 11).state is Way.FAILED


def test_it_is_given_up_when_its_time_is_over() -> None:
    assert after_failure(NOTICE, Failure("down"), ("a",), RETRY, 86_399).state is Way.QUEUED
    assert after_failure(NOTICE, Failure("down"), ("a",), RETRY, 86_400).state is Way.FAILED


def test_a_channel_that_left_the_settings_is_left() -> None:
    assert after_failure(NOTICE, Failure("down"), ("b",), RETRY, 0).channel == "b"
    assert after_failure(NOTICE, Failure("down"), (), RETRY, 0).state is Way.FAILED


@given(st.integers(1, 200), st.text(max_size=5))
def test_waiting_grows_to_its_cap_and_is_the_same_each_time(attempts: int, name: str) -> None:
    base = min(RETRY.max_s, RETRY.first_s * 2 ** (attempts - 1))
    assert 0.75 * base <= backoff_s(name, attempts, RETRY) <= 1.25 * base
    assert backoff_s(name, attempts, RETRY) == backoff_s(name, attempts, RETRY)


def test_two_messages_do_not_come_back_together() -> None:
    assert len({backoff_s(f"N{number}", 5, RETRY) for number in range(100)}) > 90


@pytest.mark.parametrize(
    ("wanted", "expected"), [((), ("a", "b")), (("b",), ("b",)), (("x", "a"), ("a",)), (("x",), ("a", "b"))]
)
def test_channels(wanted: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert channels_of(wanted, ("a", "b")) == expected
