"""How long a batch is waited for: as long as it takes to be worth its calls, and never until a buffer is full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.traffic.flows.gathering import Gathering

LARGE, SMALL = 32 << 20, 212_992  # what is asked for, and what Linux gives who may not have it


def paced(datagrams: int, took_s: float, *, most_s: float = 0.05, granted: int = LARGE) -> Gathering:
    gathering = Gathering(most_s, 512)
    gathering.granted(granted)
    gathering.came(1, 100.0)
    gathering.came(datagrams, 100.0 + took_s)
    return gathering


@pytest.mark.parametrize(
    ("datagrams", "took_s", "granted", "waits_s"),
    [
        (400, 0.01, LARGE, 0.0096),  # 40,000 a second: three quarters of a mailbox
        (100, 0.01, LARGE, 0.0384),
        (10, 0.01, LARGE, 0.05),  # at most
        (10, 10.0, LARGE, 0.0),  # one a second: no other would come
        (400, 0.01, SMALL, 0.000325),  # an eighth of the buffer
        (10, 0.01, SMALL, 0.0052),  # what a burst of half a million records a second leaves
        (400, 0.01, 0, 0.0),
    ],
)
def test_the_wait(datagrams: int, took_s: float, granted: int, waits_s: float) -> None:
    assert paced(datagrams, took_s, granted=granted).wait_s == pytest.approx(waits_s, rel=0.01, abs=1e-6)


def test_nothing_is_waited_for_before_the_pace_is_known_or_where_it_is_not_wanted() -> None:
    first = Gathering(0.05, 512)
    first.came(512, 100.0)
    assert first.wait_s == 0
    assert paced(400, 0.01, most_s=0).wait_s == 0


TOOK_S = st.one_of(st.floats(-1, 0), st.floats(1e-9, 100))  # a clock tells nanoseconds apart


@given(st.integers(0, 1024), TOOK_S, st.integers(0, 1 << 30), st.floats(0, 0.1))
def test_what_comes_meanwhile_finds_room(datagrams: int, took_s: float, granted: int, most_s: float) -> None:
    wait_s = paced(datagrams, took_s, granted=granted, most_s=most_s).wait_s
    assert 0 <= wait_s <= most_s
    if took_s > 0:
        assert wait_s * datagrams / took_s <= min(512, granted / 2_048 / 8) * 1.001 + 1e-6
