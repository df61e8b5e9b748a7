"""Reboot, wrap and reset told apart: sysUpTime (RFC 3418), ifCounterDiscontinuityTime (RFC 2863)."""

from array import array
from collections.abc import Sequence

import pytest

from collectors.snmp.counters import Break, Counts, Reading, Track, Uptime, carry_on, restarted
from netmon.api import Column, Missing, Reason, Value

DAY = 8_640_000  # hundredths of a second
WRAP = 2**32


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (Uptime(1_000_000, 0), Uptime(1_003_000, 30), False),  # half a minute later
        (Uptime(1_000_000, 0), Uptime(1_000_000, 30), False),  # an agent whose clock stands for a moment
        (Uptime(1_000_000, 0), Uptime(500, 30), True),  # restarted five seconds ago
        (Uptime(3_000, 0), Uptime(100, 1), True),  # restarted although it was young
        (Uptime(1_000, 0), Uptime(180_000, 3_600), True),  # restarted half an hour ago, older than it was then
        (Uptime(1_000_000, 0), Uptime(1_000_000 + DAY, 86_400), False),
        (Uptime(WRAP - 1_000, 0), Uptime(2_000, 30), False),  # 497 days are over
        (Uptime(WRAP - 1_000, 0), Uptime(DAY - 1_000, 86_400), False),  # the same, polled a day later
        (Uptime(WRAP - 30 * DAY, 0), Uptime(500, 60), True),  # far from its end: restarted
        (Uptime(500_000, 10), Uptime(499_900, 10), False),  # two reads that overtook each other
        (Uptime(1_000_000, 0, boots=7), Uptime(1_003_000, 30, boots=8), True),  # engineBoots of version 3
        (Uptime(1_000_000, 0, boots=7), Uptime(1_003_000, 30, boots=7), False),
        (Uptime(1_000_000, 0, boots=None), Uptime(1_003_000, 30, boots=8), False),  # not known before
    ],
)
def test_a_restart_is_what_neither_time_nor_the_wrap_explains(before: Uptime, now: Uptime, told: bool) -> None:
    assert restarted(before, now) is told


ROWS = [("1", "Gi1"), ("2", "Gi2")]


def read(
    values: Sequence[Value | Missing],
    *,
    at: float = 30.0,
    rows: Sequence[tuple[str, ...]] = ROWS,
    marks: Sequence[Value | Missing] = (),
    epoch: int = 0,
    modulus: int = WRAP,
    limit: float | None = None,
) -> Reading:
    numbers = [value for value in values if isinstance(value, int)]
    column: Column = array("Q", numbers) if len(numbers) == len(values) else list(values)
    return Reading(rows, column, marks, epoch, at, modulus, lambda _: limit)


def follow(*readings: Reading) -> tuple[list[list[Value | Missing]], dict[Break, int]]:
    counts, track = Counts(), None
    seen: list[list[Value | Missing]] = []
    for reading in readings:
        column, track = carry_on(track, reading, counts)
        seen.append(list(column))
    return seen, counts.seen


def test_a_counter_that_grows_is_left_alone() -> None:
    assert follow(read([10, 20], at=0), read([15, 20]), read([15, 21], at=60)) == ([[10, 20], [15, 20], [15, 21]], {})


def test_a_32_bit_counter_goes_on_past_its_end_again_and_again() -> None:
    values, breaks = follow(
        read([WRAP - 5, 1], at=0), read([10, 2]), read([11, 3], at=60), read([5, 4], at=90), read([6, 5], at=120)
    )
    assert [row[0] for row in values] == [WRAP - 5, WRAP + 10, WRAP + 11, 2 * WRAP + 5, 2 * WRAP + 6]
    assert [row[1] for row in values] == [1, 2, 3, 4, 5]
    assert breaks == {Break.WRAP: 2}


def test_a_fall_that_the_line_is_too_slow_for_is_a_reset() -> None:
    slow = 1_250_000  # octets a second: 10 Mbit/s
    values, breaks = follow(read([4_000_000, 1], at=0, limit=slow), read([100, 2], limit=slow))
    assert values[1] == [100, 2]
    assert breaks == {Break.DECREASE: 1}


def test_a_64_bit_counter_does_not_wrap_in_a_lifetime() -> None:
    values, breaks = follow(read([2**63, 1], at=0, modulus=2**64), read([7, 2], modulus=2**64))
    assert values[1] == [7, 2]
    assert breaks == {Break.DECREASE: 1}


def test_after_a_restart_every_counter_begins_anew_and_carries_nothing_on() -> None:
    values, breaks = follow(read([WRAP - 5, 9], at=0), read([10, 9]), read([20, 9], at=60, epoch=1))
    assert values[1:] == [[WRAP + 10, 9], [20, 9]]
    assert breaks == {Break.WRAP: 1}


def test_the_discontinuity_time_resets_its_own_row_only() -> None:
    values, breaks = follow(
        read([WRAP - 5, WRAP - 5], at=0, marks=[0, 0]),
        read([10, 10], marks=[0, 0]),
        read([3, 11], at=60, marks=[777, 0]),
    )
    assert values[2] == [3, WRAP + 11]
    assert breaks == {Break.WRAP: 2, Break.DISCONTINUITY: 1}


def test_a_renumbered_port_takes_its_carry_along_and_lends_it_to_nobody() -> None:
    values, _ = follow(
        read([WRAP - 5, 50], at=0, rows=[("1", "Gi1"), ("2", "Gi2")]),
        read([10, 60], rows=[("1", "Gi1"), ("2", "Gi2")]),
        read([70, 20], at=60, rows=[("1", "Gi2"), ("2", "Gi1")]),
    )
    assert values[1] == [WRAP + 10, 60]
    assert values[2] == [70, 20]  # other names under these indexes: other counters


def test_a_row_that_comes_or_goes_disturbs_no_other() -> None:
    values, _ = follow(
        read([WRAP - 5, 50], at=0),
        read([10, 60]),
        read([11], at=60, rows=[("1", "Gi1")]),
        read([12, 4], at=90, rows=[("1", "Gi1"), ("3", "Gi3")]),
    )
    assert values[2:] == [[WRAP + 11], [WRAP + 12, 4]]


def test_a_reading_that_is_missing_stays_missing_and_the_others_go_on() -> None:
    lost = Missing(Reason.TIMEOUT)
    values, _ = follow(read([WRAP - 5, 50], at=0), read([lost, 60]), read([10, 61], at=60))
    assert values[1] == [lost, 60]
    assert values[2] == [WRAP + 10, 61]


def test_what_was_carried_outlives_a_reading_that_lacks_the_row() -> None:
    lost = Missing(Reason.TIMEOUT)
    raw: list[Value | Missing] = [WRAP - 296, 100, 3_000_000_000, lost, 3_000_100_000]
    values, breaks = follow(*(read([value, 1], at=30.0 * poll) for poll, value in enumerate(raw)))
    carried = [WRAP - 296, WRAP + 100, WRAP + 3_000_000_000, lost, WRAP + 3_000_100_000]
    assert [row[0] for row in values] == carried
    assert breaks == {Break.WRAP: 1}


def test_what_was_carried_outlives_a_table_that_was_cut_off() -> None:
    values, _ = follow(
        read([WRAP - 5, WRAP - 5], at=0), read([10, 10]), read([11], at=60, rows=ROWS[:1]), read([12, 12], at=90)
    )
    assert values[3] == [WRAP + 12, WRAP + 12]


def test_a_row_that_comes_back_is_judged_by_the_time_since_it_was_read() -> None:
    lost, slow = Missing(Reason.TIMEOUT), 10.0  # octets a second
    first, gap = read([WRAP - 500, 1], at=0, limit=slow), [read([lost, 1], at=at, limit=slow) for at in (30, 60)]
    assert follow(first, *gap, read([300, 1], at=90, limit=slow))[0][3][0] == WRAP + 300
    assert follow(first, *gap, read([900, 1], at=90, limit=slow))[0][3][0] == 900  # 1,400 octets in 90 s: a reset


def test_a_row_that_was_missing_while_the_device_restarted_begins_anew() -> None:
    lost = Missing(Reason.TIMEOUT)
    values, _ = follow(
        read([WRAP - 5, 1], at=0), read([10, 1]), read([lost, 1], at=60, epoch=1), read([20, 2], at=90, epoch=1)
    )
    assert values[3] == [20, 2]


def test_a_discontinuity_time_that_was_not_read_has_not_moved() -> None:
    lost = Missing(Reason.TIMEOUT)
    values, breaks = follow(
        read([WRAP - 5, 1], at=0, marks=[7, 7]),
        read([10, 1], marks=[7, 7]),
        read([11, 1], at=60, marks=[lost, 7]),
        read([12, 1], at=90, marks=[]),
        read([13, 1], at=120, marks=[7, 7]),
        read([14, 1], at=150, marks=[]),
        read([15, 1], at=180, marks=[8, 7]),
    )
    assert [row[0] for row in values[2:]] == [WRAP + 11, WRAP + 12, WRAP + 13, WRAP + 14, 15]
    assert breaks == {Break.WRAP: 1, Break.DISCONTINUITY: 1}


def test_a_row_that_is_gone_for_good_is_forgotten() -> None:
    track, counts = None, Counts()
    for reading in (read([WRAP - 5, 1], at=0), read([10, 1])):
        _, track = carry_on(track, reading, counts)
    polls = 0
    while track is not None and (polls == 0 or track.lost):
        polls += 1
        _, track = carry_on(track, read([1], at=30.0 + polls, rows=ROWS[1:]), counts)
        assert polls < 1_000
    assert polls > 100
    column, _ = carry_on(track, read([11, 1], at=9_000), counts)
    assert list(column) == [11, 1]


def test_rows_with_ever_new_names_are_remembered_up_to_a_cap_and_the_carried_ones_counted() -> None:
    track, counts = None, Counts()
    for value in (WRAP - 5, 10):
        _, track = carry_on(track, read([value, 1], at=value % 7), counts)
    for poll in range(10):
        names = [(str(poll), str(row)) for row in range(1_000)]
        _, track = carry_on(track, read([1] * 1_000, at=60.0 + poll, rows=names), counts)
        assert track is not None
        assert len(track.lost) <= 4_096
    assert counts.seen == {Break.WRAP: 1, Break.DISCONTINUITY: 1}


def test_a_track_is_packed() -> None:
    _, track = carry_on(None, read([1, 2]), Counts())
    assert isinstance(track, Track)
    assert (track.raw.typecode, track.carried) == ("Q", None)


def test_what_was_carried_is_packed_once_a_counter_has_wrapped() -> None:
    _, track = carry_on(None, read([WRAP - 5, 2]), Counts())
    _, track = carry_on(track, read([1, 3], at=30), Counts())
    assert track is not None
    assert track.carried is not None
    assert (track.carried.typecode, list(track.carried)) == ("Q", [WRAP, 0])
