"""From readings through the panel and netmon's own packs to what is foretold."""

from array import array

import numpy as np

from netmon.api import Event, Family, Finding, Kind, Part, Reading, Severity, Table
from netmon.api.columns import Rollup
from netmon.app.packs import load_packs
from rules.forecasts.rule import Forecasts
from rules.forecasts.settings import ForecastSettings
from rules.panel.panel import Panel
from rules.panel.settings import WatchSettings

T0 = 1_780_012_800.0
FAMILIES = (
    Family("netmon_storage_used_bytes", Kind.GAUGE, "Used.", upper_limit="netmon_storage_size_bytes"),
    Family("netmon_storage_size_bytes", Kind.GAUGE, "Size."),
)
ROWS = (("/",), ("/srv",))


def reading(at: float, used: list[float]) -> Reading:
    columns = (array("d", used), array("d", [1e12, 1e12]))
    table = Table(FAMILIES, ("mountpoint",), ROWS, ("1", "2"), columns, at)
    return Reading("db-1", "host", at, 0.1, (Part("storage", (table,), 0.1),))


def test_a_disk_that_runs_full_within_the_hour() -> None:
    panel = Panel(load_packs(None), WatchSettings())
    rule = Forecasts(panel, ForecastSettings())
    said: list[Finding | Event] = []
    noise = np.random.default_rng(1).normal(0, 1e8, 1_000)
    for poll in range(240):  # an hour of peace, then 300 MB a second on one of two
        at = T0 + 30.0 * poll
        used = 4e11 + max(0.0, at - T0 - 3_600) * 3e8 + noise[poll]
        panel.take(reading(at, [5e11 + noise[-poll - 1], used]))
        for batch in panel.batches():
            said += rule.step(batch)
        said += rule.tick(at + 1)
    findings = [each for each in said if isinstance(each, Finding)]
    assert {each.key for each in findings} == {"storage_filling/db-1//srv"}
    first, last = findings[0], findings[-1]
    assert first.severity is Severity.ERROR
    assert "{" not in first.summary + first.summaries["id"]
    assert first.evidence["limit"] == 0.95e12
    reached = T0 + 3_600 + 5.5e11 / 3e8
    assert first.at < reached - 600
    assert last.cleared
    assert 120 <= last.at - reached < 210  # the limit's own alert had two minutes to speak
    outcomes = [each.fields["netmon.prediction.outcome"] for each in said if isinstance(each, Event)]
    assert outcomes[0] == "open"
    assert "missed" not in outcomes
    assert outcomes.count("open") * 2 == len(outcomes)


def growing(panel: Panel, rule: Forecasts, polls: range) -> list[Finding | Event]:
    """Poll a disk that takes 1% more each day, hour by hour, and close its days."""
    said: list[Finding | Event] = []
    for hour in polls:
        at = T0 + 3_600.0 * hour
        panel.take(reading(at, [5e11, 5e11 + hour / 24 * 1e10]))
        for batch in panel.batches():
            said += rule.step(batch)
        if hour % 24 == 23:
            rule.learn(day(panel, T0 + 86_400.0 * (hour // 24), 5e11 + hour / 24 * 1e10))
        for second in range(3):
            said += rule.tick(at + 1 + second)
    return said


def day(panel: Panel, begins: float, used: float) -> Rollup:
    slots = np.array(
        [slot for slot in range(panel.size) if panel.forecast_of(slot) or not panel.is_met(slot)], np.int32
    )
    mountpoints = [dict(series.labels)["mountpoint"] for slot in slots if (series := panel.series(int(slot)))]
    values = np.array([used if mountpoint == "/srv" else 5e11 for mountpoint in mountpoints], np.float32)
    return Rollup(begins, 86_400, slots, np.full(len(slots), 24, np.uint32), values, values, values, values)


def test_what_was_foretold_stands_over_a_restart_until_the_series_comes_again() -> None:
    panel = Panel(load_packs(None), WatchSettings())
    rule = Forecasts(panel, ForecastSettings())
    made = [one for one in growing(panel, rule, range(30 * 24)) if isinstance(one, Event)]
    assert [one.fields["netmon.prediction.outcome"] for one in made] == ["open"]

    later = Panel(load_packs(None), WatchSettings())
    later.restore(panel.save())
    again = Forecasts(later, ForecastSettings())
    again.restore(rule.save())
    now = T0 + 30 * 86_400.0
    for number in range(30):  # the past is told before any series has come
        again.learn(day(later, T0 + number * 86_400.0, 5e11 + (24 * number + 23) / 24 * 1e10))
    assert list(again.tick(now)) == []
    said = growing(later, again, range(30 * 24, 31 * 24))
    assert [one for one in said if isinstance(one, Event)] == []  # neither void nor made again
    assert len(again.account) == 1
    later.configure(load_packs(None), WatchSettings())  # a reload: again nothing is known until they come
    assert list(again.tick(now + 86_401)) == []
    assert len(again.account) == 1
