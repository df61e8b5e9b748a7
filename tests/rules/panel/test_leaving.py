"""What leaves is freed once, and who stays keeps the slot over a restart."""

from array import array

import numpy as np
import pytest

from rules.panel.settings import WatchSettings
from tests.support.panels import GONE, forecast, only, panel, poll, reading, table, values

DAY_S = 86_400.0


def test_a_target_that_left_frees_its_slots_once_and_others_get_them() -> None:
    watch = panel(forecast("gauge", over=1))
    poll(watch, 0, gauge=array("d", [1.0, 2.0]))
    watch.take(reading(table(0, {"gauge": array("d", [3.0])}), target="sw-2"))
    watch.forget("sw-1")
    watch.forget("never-seen")
    assert watch.tick(1).tolist() == [0, 1]
    assert watch.tick(2).tolist() == []
    assert (watch.series(0), watch.slots_of("sw-1").tolist(), watch.slots_of("sw-2").tolist()) == (None, [], [2])
    watch.take(reading(table(0, {"gauge": array("d", [4.0])}), target="sw-3"))
    assert sorted(values(watch)) == [3.0, 4.0]  # nothing of whom it was before
    watch.take(reading(table(0, {"gauge": array("d", [5.0])}), target="sw-4"))
    assert (watch.size, len(watch.slots_of("sw-4"))) == (4, 1)


def test_a_series_that_was_silent_for_a_day_of_watching_is_forgotten() -> None:
    watch = panel(forecast("gauge", over=1))
    poll(watch, 0, gauge=array("d", [1.0, 2.0]))
    watch.batches()
    freed: list[int] = []
    for now in range(0, int(DAY_S) + 200, 50):
        poll(watch, now, gauge=[GONE, 2.0])
        watch.batches()
        freed += watch.tick(now).tolist()
    assert freed == [0]
    poll(watch, DAY_S + 300, gauge=[1.0, 2.0])
    assert sorted(values(watch)) == [1.0, 2.0]


@pytest.mark.parametrize("step", [10 * DAY_S, -10 * DAY_S])
def test_a_clock_that_jumps_lets_nothing_be_forgotten(step: float) -> None:
    watch = panel(forecast("gauge", over=1))
    poll(watch, 0, gauge=array("d", [1.0]))
    watch.batches()
    freed = [watch.tick(now).tolist() for now in (0.0, 1.0, step, step + 1, 0.0, 1.0)]
    assert not any(freed)


def test_a_target_that_comes_again_begins_anew() -> None:
    watch = panel(forecast("count", over=1))
    poll(watch, 0, count=array("Q", [0]))
    watch.forget("sw-1")
    watch.batches()
    watch.tick(1)
    poll(watch, 10, count=array("Q", [10]))
    assert values(watch) == []
    poll(watch, 20, count=array("Q", [30]))
    assert values(watch) == [2.0]


def test_series_keep_their_slots_over_a_restart() -> None:
    old = panel(forecast("gauge", over=1))
    for name in ("sw-1", "sw-2", "sw-3"):
        old.take(reading(table(0, {"gauge": array("d", [1.0])}, [("", "ü")], "ab"), target=name))
    old.forget("sw-2")
    old.batches()
    old.tick(0)
    saved = {name: values.copy() for name, values in old.save().items()}
    new = panel(forecast("gauge", over=1))
    new.restore(saved)
    assert [new.series(slot) for slot in range(4)] == [old.series(slot) for slot in range(4)]
    assert (new.size, new.forecast_of(0)) == (3, None)
    for name in ("sw-4", "sw-3", "sw-1"):
        new.take(reading(table(0, {"gauge": array("d", [1.0])}, [("", "ü")], "ab"), target=name))
    assert sorted(only(new).slots.tolist()) == [0, 1, 2]
    assert [series.target for slot in range(3) if (series := new.series(slot))] == ["sw-1", "sw-4", "sw-3"]


def test_a_restored_series_that_does_not_come_again_is_forgotten() -> None:
    old = panel(forecast("gauge", over=1))
    poll(old, 0, gauge=array("d", [1.0]))
    new = panel(forecast("gauge", over=1), forget_after_s=100)
    new.restore(old.save())
    assert [slot for now in range(0, 240, 30) for slot in new.tick(now).tolist()] == [0]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[1]",
        b'[["a","b",["c"]]]',
        b'[["a","b",["c"],[]]]',
        b'[["a","b",["c"],[""]]]',
        b'[["a","b",[],[]],["a","b",[],[]]]',
        b"[null,null,null]",
        b"\xff",
    ],
)
def test_what_does_not_fit_is_not_taken_and_nothing_has_changed(raw: bytes) -> None:
    watch = panel(forecast("gauge", over=1), series_max=2)
    with pytest.raises(ValueError):  # noqa: PT011 - each says its own
        watch.restore({"series": np.frombuffer(raw, np.uint8)})
    with pytest.raises(ValueError, match="no series"):
        watch.restore({})
    poll(watch, 0, gauge=array("d", [1.0]))
    assert only(watch).slots.tolist() == [0]
    with pytest.raises(ValueError, match="before the first reading"):
        watch.restore(panel().save())


def test_a_pattern_that_cannot_be_read_is_a_fault() -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        WatchSettings(metrics=("(",))
