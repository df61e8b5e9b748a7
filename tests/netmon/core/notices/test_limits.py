"""How many messages may go, and which of what waits."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from netmon.core.notices.limits import Room, room, share

PER_S = 600.0


def test_half_of_them_go_at_once_and_the_others_one_by_one() -> None:
    assert room((), 0, 10, PER_S, 0) == Room(5, 0)
    assert room((0, 0), 3, 10, PER_S, 0).messages == 0
    five = (0.0,) * 5
    assert round(room(five, 0, 10, PER_S, 119).wait_s, 6) == 1
    assert room(five, 0, 10, PER_S, 120) == Room(1, 0)
    assert room(five, 1, 10, PER_S, 120).messages == 0


def test_the_window_is_the_last_word() -> None:
    ten = (0.0,) * 5 + (120.0, 240.0, 360.0, 480.0, 598.0)
    assert room(ten, 0, 10, PER_S, 599) == Room(0, 1)
    assert room(ten, 5, 10, PER_S, 700).messages == 0
    assert room((), 1, 1, PER_S, 0) == Room(0, PER_S)
    assert room((0.0,), 0, 1, PER_S, 1) == Room(0, 599)


@given(st.integers(1, 30), st.lists(st.tuples(st.floats(0, 400), st.integers(0, 50)), max_size=60))
def test_no_window_ever_holds_more(most: int, arrivals: list[tuple[float, int]]) -> None:
    sent: deque[float] = deque()
    now, waiting = 0.0, 0
    for gap, count in arrivals:
        now, waiting = now + gap, waiting + count
        found = room(sent, 0, most, PER_S, now)
        assert (found.messages > 0) == (found.wait_s == 0)
        if found.wait_s:
            assert room(sent, 0, most, PER_S, now + found.wait_s + 1e-3).messages >= 1
        going = min(found.messages, waiting)
        sent.extend([now] * going)
        waiting -= going
    assert all(sum(at - PER_S < other <= at for other in sent) <= most for at in sent)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 20), st.integers(0, 20))
def test_what_goes_fits_and_nothing_waits_that_could_be_counted(
    urgent: int, others: int, more: int, normal: int
) -> None:
    room_urgent = normal + more
    hot, cold = [("u", n) for n in range(urgent)], [("o", n) for n in range(others)]
    single, together = share(hot, cold, room_urgent, normal)
    assert len(single) + bool(together) <= room_urgent
    assert len(together) != 1
    gone = [*single, *together]
    assert len(gone) == len(set(gone))
    assert gone == (hot + cold)[: len(gone)]
    if together:
        assert len(gone) == urgent + others
    if room_urgent:
        assert gone[:1] == hot[:1] or not hot
