"""What the forecasts' rule says over days of simulated time."""

from math import pi, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api import Severity
from netmon.api.columns import Batch
from netmon.core.codec import decode, encode
from tests.support.foretold import DAY_S, T0, World, declared

DAYS = declared(horizons=["days"])


def growing(start: float, per_day: float, length: int = 50) -> list[float]:
    """Return days that grow, unevenly but the same each time."""
    return [start + per_day * (day + 0.8 * ((day * 7) % 5 - 2)) for day in range(-length, 0)]


def disk(start: float, per_day: float) -> "World":
    world = World([DAYS])
    world.past(growing(start, per_day))
    return world


def test_a_disk_that_fills_is_foretold_and_the_prediction_is_scored() -> None:
    world = disk(90.0, 1.0)
    world.run(13 * DAY_S, 1_800, lambda s: 90.0 + s / DAY_S)
    first, last = world.findings[0], world.findings[-1]
    assert (first.rule, first.key, first.severity) == ("disk_will_fill", "disk_will_fill/t0//srv", Severity.WARNING)
    assert first.labels == {"mountpoint": "/srv"}
    assert first.impact is not None
    assert first.impact.p10 <= T0 + 10 * DAY_S <= first.impact.p90
    assert first.summary.startswith("/srv of t0 is full in ")
    assert "days (2026-06-" in first.summary
    assert first.summaries["id"].startswith("/srv pada t0 penuh dalam ")
    assert first.evidence["horizon"] == "days"
    assert first.evidence["slope_per_day"] == pytest.approx(1.0, rel=0.1)
    assert Severity.ERROR in {each.severity for each in world.findings}
    assert last.cleared
    assert last.at == pytest.approx(T0 + 10 * DAY_S, abs=3_600)
    assert not any(each.cleared for each in world.findings[:-1])
    assert world.outcomes[0] == "open"
    scored = [each for each in world.events if each["outcome"] != "open"]
    assert scored[0]["outcome"] == "hit"
    assert {each["outcome"] for each in scored} <= {"hit", "early"}
    assert scored[0]["lead_s"] > 8 * DAY_S
    assert [each["first"] for each in scored] == [1] + [0] * (len(scored) - 1)
    assert {each["id"] for each in scored} == {each["id"] for each in world.events if each["outcome"] == "open"}


def test_what_lasts_is_said_again_but_seldom() -> None:
    world = disk(92.0, 1.0)
    world.run(DAY_S, 300, lambda s: 92.0 + s / DAY_S)
    times = [each.at for each in world.findings]
    assert min(np.diff(times)) >= 900
    assert max(np.diff(times)) <= 1_200
    expires_s = world.findings[0].expires_s
    assert expires_s is not None
    assert expires_s > 1_200


@pytest.mark.parametrize(
    "value",
    [lambda _: 80.0, lambda s: 80 + 3 * sin(2 * pi * s / DAY_S), lambda s: 80 + 3 * sin(2 * pi * s / DAY_S / 7)],
    ids=["constant", "daily", "weekly"],
)
def test_what_only_swings_is_not_foretold(value: object) -> None:
    assert callable(value)
    world = World([declared()])
    world.past([max(value(-(day - h / 24) * DAY_S) for h in range(24)) for day in range(50, 0, -1)])
    world.run(3 * DAY_S, 600, value)
    assert world.said == []


def test_a_runaway_log_is_foretold_from_minutes() -> None:
    world = World([declared()])
    world.past([40.0 + 0.01 * (day % 3) for day in range(50)])
    noise = np.random.default_rng(3).normal(0, 0.05, 10_000)
    world.run(3_600, 15, lambda s: 40.0 + noise[int(s / 15)])
    assert world.said == []
    world.run(3_000, 15, lambda s: 40.0 + (s - 3_600) / 40 + noise[int(s / 15)])  # full after 2,400 s
    first = world.findings[0]
    assert first.evidence["horizon"] == "minutes"
    assert first.severity is Severity.ERROR
    assert first.at - T0 < 3_600 + 1_500
    assert "minutes" in first.summary
    assert "menit" in first.summaries["id"]
    assert world.findings[-1].cleared
    opened = [each for each in world.events if each["outcome"] == "open"]
    assert opened[0]["first"] == 1
    assert "hit" in world.outcomes
    assert "missed" not in world.outcomes


def test_a_link_is_judged_by_its_days_not_by_single_peaks() -> None:
    link = declared(name="link_will_saturate", metric="netmon_interface_receive_bits_per_second", horizons=["days"])
    world = World([link])
    world.past(growing(92.0, 0.8))
    world.run(2 * DAY_S, 600, lambda s: 101.0 if s % DAY_S < 1_800 else 93.0 if s % DAY_S < DAY_S / 2 else 40.0)
    assert world.findings
    assert not any(each.cleared for each in world.findings)
    assert set(world.outcomes) == {"open"}


def test_a_link_that_ramps_within_the_hour_is_judged_by_its_polls() -> None:
    link = declared(metric="netmon_interface_receive_bytes_total", read="rate", horizons=["minutes", "days"])
    world = World([link])
    world.past([45.0 + (day % 7) for day in range(50)])
    noise = np.random.default_rng(5).normal(0, 0.3, 10_000)
    world.run(3_600, 30, lambda s: 40.0 + noise[int(s / 30)])
    world.run(3_600, 30, lambda s: 40.0 + (s - 3_600) / 40 + noise[int(s / 30)])  # full after 2,400 s
    scored = [each for each in world.events if each["outcome"] != "open"]
    assert {each["horizon"] for each in world.events} == {"minutes"}
    assert scored
    assert {each["outcome"] for each in scored} <= {"hit", "early", "late"}
    assert [each.cleared for each in world.findings].count(True) == 1
    assert world.findings[-1].cleared


def test_falling_light_is_foretold_downwards() -> None:
    light = declared(
        name="light_fades", metric="netmon_optical_rx_power_dbm", over=None, under=-20.0, horizons=["hours", "days"]
    )
    world = World([light])
    world.past([-15 - 0.08 * (day + 0.5 * ((day * 7) % 5 - 2)) for day in range(50)])
    world.run(2 * DAY_S, 900, lambda s: -19 - 0.08 * s / DAY_S)
    first = world.findings[0]
    assert first.rule == "light_fades"
    assert "-19" in first.summary
    assert first.evidence["slope_per_day"] == pytest.approx(-0.08, rel=0.2)


def test_a_clean_up_averts() -> None:
    world = disk(95.0, 1.0)
    world.run(DAY_S, 900, lambda s: 95.0 + s / DAY_S)
    assert world.outcomes == ["open"]
    said = len(world.findings)
    world.run(2 * DAY_S, 900, lambda _: 60.0)
    assert world.outcomes == ["open", "averted"]
    assert [each.cleared for each in world.findings[said:]] == [True]
    assert world.findings[-1].at - T0 < DAY_S + 3_600


def test_one_poll_beyond_the_limit_is_an_outlier() -> None:
    world = disk(95.0, 1.0)
    world.run(3_600, 300, lambda s: 120.0 if s == 1_800 else 95.0)
    assert not any(each.cleared for each in world.findings)
    assert world.outcomes == ["open"]


def test_a_trend_that_ends_is_taken_back_as_false() -> None:
    world = disk(90.0, 1.0)
    world.run(DAY_S, 1_800, lambda _: 90.0)
    assert world.outcomes == ["open"]
    world.run(40 * DAY_S, 1_800, lambda _: 90.0)
    assert world.findings[-1].cleared
    assert world.outcomes.count("false") == world.outcomes.count("open") > 0
    assert set(world.outcomes) == {"open", "false"}


def test_a_series_that_is_silent_is_neither_said_nor_over() -> None:
    world = disk(95.0, 1.0)
    world.run(3_600, 300, lambda _: 95.0)
    said = len(world.said)
    for _ in range(48):
        world.wait(1_800)
    assert len(world.said) == said


def test_a_prediction_whose_series_never_came_back_is_void() -> None:
    world = disk(98.0, 1.0)
    world.run(3_600, 300, lambda _: 98.0)
    for _ in range(40):
        world.wait(DAY_S)
    assert world.outcomes == ["open", "void"]


def test_freed_slots_are_forgotten() -> None:
    world = disk(95.0, 1.0)
    world.run(3_600, 300, lambda _: 95.0)
    world.rule.free(np.array([0], np.int32))
    world.wait(1)
    assert world.outcomes == ["open", "void"]
    assert len(world.rule) == 0
    world.run(3_600, 300, lambda _: 95.0)  # another series under the same slot has no past
    assert world.outcomes == ["open", "void"]


@pytest.mark.parametrize("after", [1, 2, 5])
def test_a_restart_changes_nothing(after: int) -> None:
    plain, cut = disk(90.0, 1.0), disk(90.0, 1.0)
    for world in (plain, cut):
        world.run(after * DAY_S, 1_800, lambda s: 90.0 + s / DAY_S)
        if world is cut:
            world.restart()
        world.run((13 - after) * DAY_S, 1_800, lambda s: 90.0 + s / DAY_S)
    assert [each["id"] for each in cut.events] == [each["id"] for each in plain.events]
    assert cut.outcomes == plain.outcomes
    assert cut.findings[-1].cleared
    assert cut.findings[-1].at == plain.findings[-1].at


def test_what_does_not_fit_is_refused_and_changes_nothing() -> None:
    world = disk(95.0, 1.0)
    world.run(3_600, 300, lambda _: 95.0)
    kept = dict(world.rule.save())
    for name, wrong in {
        "days": kept["days"][:, :5],
        "polls": kept["polls"].astype(np.float64),
        "at": kept["at"][:0],
        "slot": np.array([-3], np.int32),
        "open": np.frombuffer(b'{"matters": 3}', np.uint8),
    }.items():
        with pytest.raises(ValueError, match=r"."):
            world.rule.restore({**kept, name: wrong})
        with pytest.raises(ValueError, match=r"."):
            world.rule.restore({other: array for other, array in kept.items() if other != name})
    assert len(world.rule) == 1
    assert len(world.rule.account) == 1


def test_what_two_series_tell_of_one_thing_is_one_matter() -> None:
    one = declared(horizons=["days"], labels=[])
    world = World([one, one])
    world.panel.same_target = True
    for slot in (0, 1):
        world.past(growing(95.0, 1.0), slot)
    for step in range(10 * 24):
        world.poll({0: 95.0 + step / 24, 1: 95.0 + step / 24})
        world.wait(1_500)
        world.wait(2_100)
    assert {each.key for each in world.findings} == {"disk_will_fill/t0"}
    assert [each.cleared for each in world.findings].count(True) == 1
    assert "missed" not in world.outcomes
    assert world.outcomes.count("open") * 2 == len(world.outcomes)


def test_a_reload_that_takes_a_declaration_ends_what_was_foretold_by_it() -> None:
    world = disk(95.0, 1.0)
    world.run(3_600, 300, lambda _: 95.0)
    said = len(world.findings)
    world.panel.forecasts[0] = None
    world.rule.configure(world.settings)
    world.run(3_600, 300, lambda _: 95.0)
    assert world.outcomes == ["open", "void"]
    assert len(world.findings) == said  # it expires
    world.panel.forecasts[0] = DAYS
    world.rule.configure(world.settings)
    world.past(growing(95.0, 1.0))
    world.run(3_600, 300, lambda _: 95.0)
    assert world.outcomes == ["open", "void", "open"]


def test_everything_has_a_cap_and_a_count() -> None:
    world = World([DAYS] * 5, series_max=3, matters_max=2, account={"open_max": 1})
    for slot in range(5):
        world.past(growing(95.0, 1.0), slot)
    world.poll(dict.fromkeys(range(5), 95.0))
    world.wait(60)
    assert len(world.rule) == 3
    assert world.rule.dropped == {"series_max": 2, "matters_max": 1, "open_max": 1}
    assert len({each.key for each in world.findings}) == 2


def test_whoever_is_not_asked_at_once_is_asked_later() -> None:
    world = World([DAYS] * 30, full_per_tick=4, screens_per_tick=7)
    for slot in range(30):
        world.past(growing(95.0, 1.0), slot)
    world.poll(dict.fromkeys(range(30), 95.0))
    counts = []
    for _ in range(12):
        world.wait(1)
        counts.append(len({each.key for each in world.findings}))
    assert counts[0] == 4
    assert max(np.diff(counts)) <= 4
    assert counts[-1] == 30
    assert world.rule.waiting == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-1e300, 1e300) | st.sampled_from([0.0, 1.0, 99.9, 100.0, 1e-300]),
            st.sampled_from([1.0, 60.0, 300.0, 4_000.0, -50.0, -1e7, DAY_S * 1.0]),
        ),
        max_size=60,
    )
)
def test_whatever_comes_in_nothing_breaks_and_what_is_said_can_be_kept(polls: list[tuple[float, float]]) -> None:
    world = World([declared(), declared(name="falls", over=None, under=0.0)])
    world.past([0.0, 1e300, -1e300] * 10)
    for value, seconds in polls:
        world.poll({0: value, 1: value})
        world.wait(seconds)
    for each in world.said:
        assert decode(encode(each)).at == each.at
    world.restart()


def test_a_value_without_a_bound_tells_nothing() -> None:
    world = World([DAYS, None])
    nothing = np.full(2, np.nan)
    batch = Batch(np.array([0, 1], np.int32), np.full(2, T0), np.ones(2), nothing, np.zeros(2, np.bool_))
    assert list(world.rule.step(batch)) == []
