"""What the real rules say of a recorded series, told as spells."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netmon.api import Severity
from netmon.api.columns import Rollup
from netmon.app import hindsight
from netmon.app.csvseries import Recording
from netmon.app.hindsight import RuleSettings, Spell, Verdict, by_baseline, by_declaration
from netmon.app.packs import load_packs
from netmon.app.repolled import Declared, _Periods
from rules.baselines.replay import replay
from rules.baselines.settings import BaselineSettings
from rules.forecasts.settings import ForecastSettings
from rules.pack import Anomaly, Forecast, Limit
from tests.support.history import MIDNIGHT, batch, history, shelf

T0 = MIDNIGHT
SETTINGS = RuleSettings(BaselineSettings(), ForecastSettings())
TEXTS = {"en": "{value} of {target} at {port}", "id": "{value} pada {target} di {port}"}
NAN = float("nan")


def recording(values: Sequence[float], step_s: float = 60, **labels: str) -> Recording:
    at = T0 + np.arange(len(values), dtype=np.float64) * step_s
    texts = [str(value) for value in values]
    return Recording(at, np.array(values, np.float64), np.arange(len(values)), texts, texts, labels)


def limit(**more: Any) -> Limit:
    given = {"name": "hot", "metric": "heat_celsius", "severity": "error", "summary": TEXTS, "labels": ["port"]}
    return Limit.model_validate(given | more)


def said(declared: Declared, series: Recording, own: float = NAN) -> Verdict:
    return by_declaration(declared, series, "sw-1", np.full(len(series), own), SETTINGS, lambda _: None)


def minutes(spell: Spell) -> tuple[float, float | None]:
    return (spell.began - T0) / 60, None if spell.ended is None else (spell.ended - T0) / 60


def test_a_limit_with_duration_and_hysteresis() -> None:
    #          0   1   2   3   4   5   6   7   8   9  10  11
    values = [60, 90, 60, 90, 90, 90, 78, 90, 70, 60, 90, 95.0]
    verdict = said(limit(over=80, hysteresis=0.05, for_s=60), recording(values, port="a"))
    assert [minutes(spell) for spell in verdict.spells] == [(4, 8), (11, None)]
    assert verdict.alerts.nonzero()[0].tolist() == [4, 5, 6, 7, 11]
    assert verdict.scores.tolist() == values
    first = verdict.spells[0]
    assert (first.severity, first.value) == (Severity.ERROR, 90)
    assert first.summaries == {"en": "90.0 °C of sw-1 at a", "id": "90.0 °C pada sw-1 di a"}


@pytest.mark.parametrize("step_s", [5, 60, 3_600, 86_400])
def test_it_does_not_matter_how_far_apart_readings_are(step_s: float) -> None:
    verdict = said(limit(over=80), recording([60, 90, 90, 90, 60, 60], step_s))
    (spell,) = verdict.spells
    assert (spell.began, spell.ended) == (T0 + step_s, T0 + 4 * step_s)


def test_a_missing_reading_changes_nothing_and_a_long_silence_ends_it() -> None:
    verdict = said(limit(over=80), recording([90, NAN, NAN, 90, 60]))
    assert [minutes(spell) for spell in verdict.spells] == [(0, 4)]
    at = T0 + 60.0 * np.array([0, 1, 2, 1_000, 1_001])
    apart = Recording(at, np.array([60, 90, 90, 90, 60.0]), np.arange(5), [], [])
    assert [minutes(spell) for spell in said(limit(over=80), apart).spells] == [(1, 2), (1_000, 1_001)]


def test_shares_of_the_things_own_limit() -> None:
    declared = limit(of_upper_limit=0.5)
    assert [minutes(spell) for spell in said(declared, recording([10, 60, 10]), 100).spells] == [(1, 2)]
    assert not said(declared, recording([10, 60, 10]), 200).spells
    assert hindsight.takes_limit(declared) == (True, True)
    assert hindsight.takes_limit(limit(of_upper_limit=0.5, over=7)) == (True, False)
    assert hindsight.takes_limit(limit(over=7)) == (False, False)
    free = limit(metric="node_filesystem_files_free", bound_by="node_filesystem_files", of_lower_limit=0.1)
    assert [minutes(spell) for spell in said(free, recording([50, 5, 50]), 100).spells] == [(1, 2)]


def test_counters() -> None:
    counted = np.cumsum([0, 60, 60, 6_000, 6_000, 60, 60.0])
    rate = limit(metric="bytes_total", read="rate", over=50)
    assert [minutes(spell) for spell in said(rate, recording(counted.tolist())).spells] == [(3, 5)]
    increase = limit(metric="errors_total", read="increase", window_s=120, over=5_000)
    assert [minutes(spell) for spell in said(increase, recording(counted.tolist())).spells] == [(3, 6)]
    assert hindsight.blind_beyond_s(rate) == 900
    assert hindsight.blind_beyond_s(increase) == 120
    assert hindsight.blind_beyond_s(limit(over=1)) is None


def test_what_only_other_series_could_tell_is_taken_to_hold() -> None:
    declared = limit(over=80, where={"fan": {"equals": 1}}, match={"alias": "uplink"}, unless={"port": "^x"})
    assert len(said(declared, recording([60, 90, 60])).spells) == 1
    assert len(said(declared, recording([60, 90, 60], alias="uplink 1", port="a")).spells) == 1
    assert hindsight.misfit(declared, {}) is None
    assert hindsight.misfit(declared, {"alias": "uplink 1", "port": "a"}) is None
    assert hindsight.misfit(declared, {"alias": "desk"}) == "alias"
    assert hindsight.misfit(declared, {"port": "x1"}) == "port"
    assert not said(declared, recording([60, 90, 60], alias="desk")).spells


def test_a_forecast_over_days_comes_before_its_limit() -> None:
    declared = Forecast.model_validate(
        {
            "name": "filling",
            "metric": "used_bytes",
            "of_upper_limit": 0.95,
            "summary": {"en": "{left}", "id": "{left}"},
            "tiers": [{"within_s": 3 * 86_400, "severity": "error"}, {"within_s": 7 * 86_400, "severity": "warning"}],
        }
    )
    noise = np.random.default_rng(4).normal(0, 0.2, 30 * 24)
    values = 40 + np.arange(30 * 24) * (2 / 24) + noise  # 95 after 27.5 days
    verdict = said(declared, recording(values.tolist(), 3_600), 100)
    reached = T0 + 27.5 * 86_400
    spell = verdict.spells[0]
    assert 5 < (reached - spell.began) / 86_400 < 9
    assert spell.expected == pytest.approx(reached, abs=2 * 86_400)
    assert spell.severity is Severity.ERROR  # it sharpened
    assert spell.ended == pytest.approx(reached, abs=86_400)
    flat = said(declared, recording((40 + noise).tolist(), 3_600), 100)
    assert not flat.spells


def test_a_certificate_and_an_anomaly() -> None:
    packs = load_packs(None)
    certificate = hindsight.find(packs, "certificate_expiring")
    assert certificate is not None
    expires = T0 + 31 * 86_400
    verdict = said(certificate, recording([expires] * (20 * 24), 3_600))
    (spell,) = verdict.spells
    assert (spell.began, spell.ended, spell.expected) == (T0 + 86_400, None, expires)
    assert spell.severity is Severity.WARNING
    anomaly = Anomaly.model_validate({"name": "odd", "metric": "load", "severity": "info", "summary": TEXTS})
    values = [*(10 + np.random.default_rng(1).normal(0, 0.1, 2_000)), *[40.0] * 4, *[10.0] * 20]
    spells = said(anomaly, recording(values, 300)).spells
    assert T0 + 2_000 * 300 in [spell.began for spell in spells]
    assert len(spells) < 10


def test_a_text_has_no_hole_where_a_series_has_no_labels() -> None:
    verdict = said(limit(over=80), recording([90]))
    assert verdict.spells[0].summaries == {
        "en": "90.0 °C of sw-1 at heat_celsius",
        "id": "90.0 °C pada sw-1 di heat_celsius",
    }
    named = limit(over=80, summary={"en": "{port} {alias} {{x}} {share}", "id": "{port}"})
    assert hindsight.filled(named, {"alias": "uplink"}) == {"alias": "uplink"}
    assert hindsight.filled(named, {"other": "y"}) == {"other": "y", "port": "heat_celsius"}
    whole = limit(over=80, summary={"en": "{target}: {value} of {limit}", "id": "{target}"})
    assert hindsight.filled(whole, {}) == {}


def test_the_past_is_learnt_and_nothing_is_said_of_it() -> None:
    packs = load_packs(None)
    declared = hindsight.find(packs, "link_receive_filling")
    assert declared is not None
    assert hindsight.past_days(declared) == 56
    assert hindsight.past_days(hindsight.find(packs, "storage_full")) == 0
    assert hindsight.past_days(hindsight.find(packs, "certificate_expiring")) == 0
    assert hindsight.past_days(None) == 0
    now = T0 + 40 * 86_400
    at = np.arange(T0, now + 6 * 3_600, 300.0)
    rates = (4e8 + (at - T0) / 86_400 * 1e7) / 8  # bytes a second: from 40% of 1 Gbit/s, 1% more each day
    counted = np.cumsum(rates * 300.0)
    live = at >= now
    series = Recording(at[live], counted[live], np.arange(live.sum()), [], [])
    past = at[~live], counted[~live]
    limits = np.full(len(series), 1e9)
    told = by_declaration(declared, series, "sw-1", limits, SETTINGS, lambda _: None, past)
    (spell,) = told.spells
    assert spell.began >= now
    assert len(told.alerts) == len(series)
    assert not by_declaration(declared, series, "sw-1", limits, SETTINGS, lambda _: None).spells


def test_names() -> None:
    packs = load_packs(None)
    assert {"storage_nearly_full", "storage_filling", "uplink_traffic_unusual"} <= set(hindsight.names(packs))
    assert hindsight.find(packs, "device_unreachable") is None


def test_baseline_spells() -> None:
    values = [*(10 + np.random.default_rng(1).normal(0, 0.1, 2_000)), 40.0, 41.0, *[10.0] * 500, 90.0]
    series = recording(values, 300)
    (verdict,) = by_baseline([series], BaselineSettings(), lambda _: None)
    scores, alerts = replay(series.at, series.values, BaselineSettings())
    assert np.array_equal(verdict.scores, scores)
    assert np.array_equal(verdict.alerts, alerts)
    (jump,) = [spell for spell in verdict.spells if spell.began == series.at[2_000]]
    assert jump.ended is not None
    assert jump.score == scores[2_000 : int((jump.ended - T0) / 300) + 1].max()
    last = verdict.spells[-1]
    assert (last.began, last.ended, last.value) == (series.at[-1], None, 90.0)


def test_many_series_at_once_are_scored_as_each_by_itself() -> None:
    rng = np.random.default_rng(7)
    several = []
    for number in range(6):
        at = (
            T0 + np.sort(rng.integers(0, 400, 900).astype(np.float64)) * 300
        )  # many times are there twice, or in several series
        values = rng.normal(10, 1, len(at)) + 20 * (rng.random(len(at)) < 0.01)
        values[rng.random(len(at)) < 0.05] = NAN
        several.append(Recording(at, values, np.arange(len(at)), [], [], {"number": str(number)}))
    heard: list[int] = []
    verdicts = by_baseline(several, BaselineSettings(), heard.append)
    assert sum(heard) == 6 * 900
    for series, verdict in zip(several, verdicts, strict=True):
        scores, alerts = replay(series.at, series.values, BaselineSettings())
        assert np.array_equal(verdict.scores, scores, equal_nan=True)
        assert np.array_equal(verdict.alerts, alerts)
        assert np.nanmax(scores) > 0


def test_all_readings_are_counted() -> None:
    heard: list[int] = []
    series = recording([1.0] * 1_234)
    by_declaration(limit(over=80), series, "sw-1", np.full(1_234, NAN), SETTINGS, heard.append)
    assert sum(heard) == 1_234


def test_periods_are_those_of_the_history(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    times = T0 + np.cumsum(rng.uniform(20, 200, 3_000))
    values = rng.normal(50, 9, len(times))
    kept, _ = history(tmp_path, shelf(1))
    periods, ours, theirs = _Periods(), list[Rollup](), list[Rollup]()
    for at, value in zip(times.tolist(), values.tolist(), strict=True):
        ours += periods.over(at)
        theirs += kept.tick(at) + kept.flush()
        for keeper in (periods, kept):
            keeper.add(batch(at, [value]))
    theirs += kept.tick(times[-1] + 90_000) + kept.flush()
    ours += periods.over(times[-1] + 90_000)
    assert len(ours) > 900
    np.testing.assert_allclose(sorted(map(_told, ours)), sorted(map(_told, theirs)), rtol=1e-6)


def _told(rollup: Rollup) -> tuple[float, ...]:
    told = (rollup.counts, rollup.minimum, rollup.mean, rollup.maximum, rollup.p95)
    return (rollup.length_s, rollup.begins, *(float(column[0]) for column in told))
