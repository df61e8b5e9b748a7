"""From readings through the panel and netmon's own packs to what is foretold."""

from array import array

import numpy as np

from netmon.api import Event, Family, Finding, Kind, Part, Reading, Severity, Table
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
    assert abs(last.at - reached) < 90
    outcomes = [each.fields["netmon.prediction.outcome"] for each in said if isinstance(each, Event)]
    assert outcomes[0] == "open"
    assert "missed" not in outcomes
    assert outcomes.count("open") * 2 == len(outcomes)
