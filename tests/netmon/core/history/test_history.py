"""Values in, periods out, and the same again after a restart."""

from pathlib import Path

import numpy as np
import pytest

from netmon.api import ConfigError
from netmon.api.columns import Series
from netmon.core.history.periods import DAY_S, FIVE_MINUTES_S
from tests.support.history import MIDNIGHT, Shelf, batch, count, history, run, shelf


def test_a_period_closes_after_its_grace_and_is_on_disk_then(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(2), grace_s=60)
    for i in range(10):
        kept.add(batch(MIDNIGHT + 30 * i, [i, 5.0]))
    assert kept.tick(MIDNIGHT + 359.9) == []
    assert kept.flush() == []
    assert kept.tick(MIDNIGHT + 360) + kept.flush()
    (rollup,) = kept.past(FIVE_MINUTES_S, 0)
    assert (rollup.begins, rollup.length_s) == (MIDNIGHT, 300)
    assert rollup.slots.tolist() == [0, 1]
    assert rollup.counts.tolist() == [10, 10]
    assert rollup.minimum.tolist() == [0.0, 5.0]
    assert rollup.mean.tolist() == [4.5, 5.0]
    assert rollup.maximum.tolist() == [9.0, 5.0]
    assert rollup.p95.tolist() == [pytest.approx(8.55), 5.0]
    kept.close()


def test_only_what_has_a_bound_is_kept(tmp_path: Path) -> None:
    kept, registry = history(tmp_path, shelf(1))
    kept.add(batch(MIDNIGHT, [1.0], bound=float("nan")))
    assert kept.tick(MIDNIGHT + DAY_S) + kept.flush() == []
    assert count(registry, "netmon_history_values_total") == 0
    kept.close()


def test_a_day_goes_on_after_a_restart_in_its_middle(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(2))
    run(kept, MIDNIGHT, MIDNIGHT + DAY_S / 2, 150, [10.0, 1.0])
    kept.close()
    kept, _ = history(tmp_path, Shelf(["sw000001", "sw000000"]))  # other slots now
    closed = run(kept, MIDNIGHT + DAY_S / 2, MIDNIGHT + DAY_S + 700, 150, [3.0, 20.0])
    (day,) = [one for one in closed if one.length_s == DAY_S]
    assert (day.begins, day.slots.tolist()) == (MIDNIGHT, [1, 0])
    assert day.counts.tolist() == [576, 576]
    assert day.mean.tolist() == [15.0, 2.0]
    assert day.maximum.tolist() == [20.0, 3.0]
    kept.close()


def test_a_stop_in_the_middle_of_a_period_loses_nothing_of_it(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(2))
    run(kept, MIDNIGHT, MIDNIGHT + 150, 30, [1.0, 10.0])
    kept.close()
    kept, _ = history(tmp_path, shelf(2))
    run(kept, MIDNIGHT + 150, MIDNIGHT + 300, 30, [2.0, 20.0])
    kept.close()
    kept, _ = history(tmp_path, shelf(2))  # long after
    (rollup,) = kept.tick(MIDNIGHT + 7_200) + kept.flush()
    assert (rollup.counts.tolist(), rollup.mean.tolist()) == ([10, 10], [1.5, 15.0])
    kept.close()


def test_a_day_that_ended_while_nobody_was_there_closes_at_the_start(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(1))
    run(kept, MIDNIGHT, MIDNIGHT + 3_600, 100, [10.0])
    kept.close()
    for expected in ([FIVE_MINUTES_S, DAY_S], []):  # and only once
        kept, _ = history(tmp_path, shelf(1))
        closed = kept.tick(MIDNIGHT + 3 * DAY_S) + kept.flush()
        assert [one.length_s for one in closed] == expected
        kept.close()


def test_what_ended_while_nobody_was_there_is_of_the_past_where_the_start_knows_the_time(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(1))
    run(kept, MIDNIGHT, MIDNIGHT + 3_600, 100, [10.0])
    kept.close()
    kept.open(MIDNIGHT + DAY_S + 100)
    assert [one.counts.tolist() for one in kept.past(DAY_S, 0)] == [[36]]
    assert kept.tick(MIDNIGHT + DAY_S + 101) + kept.flush() == []
    kept.close()


def test_a_clock_set_back_writes_no_period_twice(tmp_path: Path) -> None:
    kept, registry = history(tmp_path, shelf(1))
    first = run(kept, MIDNIGHT, MIDNIGHT + 7_200, 100, [1.0])
    again = run(kept, MIDNIGHT + 3_600, MIDNIGHT + 10_800, 100, [2.0])
    begins = [one.begins for one in first + again]
    assert len(begins) == len(set(begins))
    past = list(kept.past(FIVE_MINUTES_S, 0))
    assert [one.begins for one in past] == sorted(begins)
    assert {one.mean[0] for one in past} == {1.0, 2.0}
    assert count(registry, "netmon_history_dropped_values_total", reason="late") > 0
    kept.close()


def test_a_clock_that_was_a_year_ahead_costs_nothing_of_today(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(1))
    run(kept, MIDNIGHT + 365 * DAY_S, MIDNIGHT + 365 * DAY_S + 900, 100, [1.0])
    closed = run(kept, MIDNIGHT, MIDNIGHT + 1_000, 100, [2.0])
    assert [one.begins for one in closed if one.mean[0] == 2.0] == [MIDNIGHT, MIDNIGHT + 300]
    assert [one.begins for one in kept.past(FIVE_MINUTES_S, 0, MIDNIGHT + DAY_S)] == [MIDNIGHT, MIDNIGHT + 300]
    kept.close()


def test_a_day_that_closed_early_because_the_clock_was_ahead_closes_again(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(1))
    noon = MIDNIGHT + DAY_S / 2
    closed = run(kept, MIDNIGHT, noon, 300, [1.0])
    closed += run(kept, noon + 30 * DAY_S, noon + 30 * DAY_S + 900, 300, [7.0])
    closed += run(kept, noon, MIDNIGHT + DAY_S + 400, 300, [3.0])
    days = [(one.begins, int(one.counts[0])) for one in closed if one.length_s == DAY_S]
    assert days == [(MIDNIGHT, 144), (MIDNIGHT, 287)]  # what was read in the second of the step is of no time
    for _ in range(2):
        (day,) = kept.past(DAY_S, 0, MIDNIGHT + DAY_S)
        assert day.counts.tolist() == [287]
        assert day.mean.tolist() == [pytest.approx((144 + 143 * 3) / 287)]
        kept.close()
        kept.open()
    kept.close()


def test_values_of_another_time_are_counted_and_dropped(tmp_path: Path) -> None:
    kept, registry = history(tmp_path, shelf(1))
    kept.tick(MIDNIGHT)
    for at, reason in ((MIDNIGHT + 900, "future"), (MIDNIGHT - 7_200, "late")):
        kept.add(batch(at, [1.0]))
        assert count(registry, "netmon_history_dropped_values_total", reason=reason) == 1
    kept.close()


def test_a_period_that_closed_before_a_restart_takes_no_more(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(2))
    run(kept, MIDNIGHT, MIDNIGHT + 700, 100, [1.0])
    kept.close()
    kept, registry = history(tmp_path, shelf(2))
    kept.add(batch(MIDNIGHT + 100, [5.0, 5.0]))
    assert count(registry, "netmon_history_dropped_values_total", reason="late") == 2
    kept.close()


def test_values_of_two_periods_may_come_in_one_batch(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(2))
    mixed = batch(MIDNIGHT, [1.0, 2.0])
    mixed.at[0] += 300
    kept.add(mixed)
    closed = kept.tick(MIDNIGHT + 660) + kept.flush()
    assert [(one.begins - MIDNIGHT, one.slots.tolist()) for one in closed] == [(0, [1]), (300, [0])]
    kept.close()


def test_a_slot_that_another_series_got_tells_nothing_of_the_old_one(tmp_path: Path) -> None:
    book = shelf(2)
    kept, _ = history(tmp_path, book)
    kept.add(batch(MIDNIGHT, [1.0, 2.0]))
    kept.free(np.array([1, 7], np.int32))
    book.there[1] = Series("other", "used")
    kept.add(batch(MIDNIGHT + 1, [9.0], [1]))
    (rollup,) = kept.tick(MIDNIGHT + 400) + kept.flush()
    assert dict(zip(rollup.slots.tolist(), rollup.mean.tolist(), strict=True)) == {0: 1.0, 1: 9.0}
    kept.close()
    kept, _ = history(tmp_path, Shelf(["sw000001"]))
    (rollup,) = kept.past(FIVE_MINUTES_S, 0)
    assert rollup.mean.tolist() == [2.0]
    kept.close()


def test_the_past_may_be_read_while_values_come(tmp_path: Path) -> None:
    book = shelf(3)
    kept, _ = history(tmp_path, book)
    run(kept, MIDNIGHT, MIDNIGHT + 1_000, 100, [1.0, 2.0, 3.0])
    kept.close()
    kept, _ = history(tmp_path, book)
    past = kept.past(FIVE_MINUTES_S, 0)
    first = next(past)
    kept.free(np.array([2], np.int32))
    book.there[2] = Series("other", "used")
    kept.add(batch(MIDNIGHT + 1_000, [9.0], [2]))
    assert first.slots.tolist() == [0, 1, 2]
    assert [one.mean.tolist() for one in past] == [[1.0, 2.0, 3.0]]
    assert [one.slots.tolist() for one in kept.past(FIVE_MINUTES_S, 0)] == [[0, 1], [0, 1]]
    kept.close()


def test_tables_are_capped_and_say_what_they_dropped(tmp_path: Path) -> None:
    kept, registry = history(tmp_path, shelf(120), series_max=100, values_max=1_000)
    for i in range(11):
        kept.add(batch(MIDNIGHT + i, [1.0] * 120))
    assert count(registry, "netmon_history_dropped_values_total", reason="series_max") == 220
    assert count(registry, "netmon_history_dropped_values_total", reason="values_max") == 100
    (rollup,) = kept.tick(MIDNIGHT + 400) + kept.flush()
    assert (len(rollup.slots), rollup.counts.sum()) == (100, 1_000)
    kept.close()


def test_only_one_may_write(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(1))
    with pytest.raises(ConfigError, match="another process writes this history"):
        history(tmp_path, shelf(1))
    kept.close()
    history(tmp_path, shelf(1))[0].close()


def test_the_oldest_files_go(tmp_path: Path) -> None:
    kept, registry = history(tmp_path, shelf(1), keep_days=1)
    run(kept, MIDNIGHT, MIDNIGHT + 2 * DAY_S + 700, 300, [1.0])
    assert [one.begins for one in kept.past(DAY_S, 0)] == [MIDNIGHT + DAY_S]
    hours = [one.begins for one in kept.past(FIVE_MINUTES_S, 0)]
    assert hours[0] == MIDNIGHT + 2 * DAY_S - 26 * 3_600
    assert count(registry, "netmon_history_deleted_files_total", length_s="86400") == 1
    kept.close()


def test_the_files_stay_below_their_size(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(1_000), hours_max_bytes=1 << 20)
    run(kept, MIDNIGHT, MIDNIGHT + 86_000, 300, [1.0] * 1_000)
    size = sum(path.stat().st_size for path in (tmp_path / "history/hours").iterdir())
    assert (1 << 20) * 0.7 < size <= 1 << 20
    kept.close()


async def test_it_starts_and_stops_on_another_thread(tmp_path: Path) -> None:
    kept, _ = history(tmp_path, shelf(1))
    await kept.stop()
    await kept.start()
    run(kept, MIDNIGHT, MIDNIGHT + 700, 100, [1.0])
    await kept.stop()
    assert list((tmp_path / "history/hours").iterdir())
