"""What needs no trend: certificates and batteries."""

from typing import Any

import pytest

from netmon.api import Severity
from rules.forecasts import words
from tests.support.foretold import DAY_S, T0, World, declared

CERTIFICATE = declared(
    name="certificate_expires",
    metric="probe_ssl_earliest_cert_expiry",
    read="time_left",
    over=None,
    summary={"en": "{target} expires {left}, on {value}", "id": "{target} kedaluwarsa {left}, pada {value}"},
    tiers=[{"within_s": 3 * DAY_S, "severity": "critical"}, {"within_s": 21 * DAY_S, "severity": "warning"}],
)
BATTERY = declared(
    name="battery_runs_out",
    metric="netmon_ups_battery_remaining_seconds",
    remaining=True,
    over=None,
    where={"netmon_ups_on_battery": {"equals": 1}},
    summary={"en": "{target} is without power {left}", "id": "{target} tanpa daya {left}"},
    tiers=[{"within_s": 600, "severity": "critical"}, {"within_s": 3_600, "severity": "error"}],
)


def test_a_certificate_is_said_by_tier_until_it_is_renewed() -> None:
    world = World([CERTIFICATE])
    expiry = T0 + 30 * DAY_S
    world.run(29 * DAY_S, 1_800, lambda _: expiry)
    first = world.findings[0]
    assert first.at == T0 + 9 * DAY_S
    assert first.severity is Severity.WARNING
    assert first.summary == "t0 expires in 21 days, on 2026-06-28T00:00:00Z"
    assert first.summaries["id"] == "t0 kedaluwarsa dalam 21 hari, pada 2026-06-28T00:00:00Z"
    assert first.impact is not None
    assert first.impact.p10 == first.impact.p50 == first.impact.p90 == expiry
    assert "limit" not in first.evidence
    critical = next(each for each in world.findings if each.severity is Severity.CRITICAL)
    assert critical.at == T0 + 27 * DAY_S
    assert not any(each.cleared for each in world.findings)
    world.run(DAY_S, 1_800, lambda _: expiry + 90 * DAY_S)
    assert [each.cleared for each in world.findings[-2:]] == [False, True]
    assert world.events == []


def test_an_unverified_certificate_says_nothing() -> None:
    world = World([CERTIFICATE])
    world.run(3_600, 60, lambda _: -6.2e10)
    assert world.said == []


def test_a_battery_counts_down_and_is_over_when_the_power_is_back() -> None:
    world = World([BATTERY])
    world.run(1_800, 15, lambda s: 2_000.0 - s)
    assert world.findings[0].severity is Severity.ERROR
    assert world.findings[0].summary == "t0 is without power in 33 minutes"
    assert world.findings[-1].severity is Severity.CRITICAL
    for _ in range(8):  # back on mains: the condition no longer holds, and nothing comes
        world.wait(15)
    assert [each.cleared for each in world.findings[-2:]] == [False, True]
    said = len(world.findings)
    world.wait(600)
    assert len(world.findings) == said


def test_a_battery_that_is_not_in_use_says_nothing() -> None:
    world = World([BATTERY])
    world.in_use = False
    world.run(60, 15, lambda _: 500.0)
    assert world.said == []
    world.in_use = True
    world.run(60, 15, lambda _: 500.0)
    world.in_use = False
    world.run(60, 15, lambda _: 520.0)
    assert [each.cleared for each in world.findings] == [False, True]
    assert world.findings[-1].at == T0 + 120


def test_what_is_open_survives_a_restart() -> None:
    world = World([BATTERY])
    world.run(120, 15, lambda s: 2_000.0 - s)
    world.restart()
    world.run(30, 15, lambda s: 2_000.0 - s)
    for _ in range(8):
        world.wait(15)
    assert [each.cleared for each in world.findings] == [False, True]


@pytest.mark.parametrize(
    ("seconds", "english", "indonesian"),
    [
        (20, "in less than a minute", "kurang dari satu menit lagi"),
        (70, "in 1 minute", "dalam 1 menit"),
        (40 * 60, "in 40 minutes", "dalam 40 menit"),
        (2 * 3_600, "in 2 hours", "dalam 2 jam"),
        (30 * 3_600, "in 30 hours", "dalam 30 jam"),
        (9 * DAY_S + 3_000, "in 9 days", "dalam 9 hari"),
    ],
)
def test_times_as_people_say_them(seconds: float, english: str, indonesian: str) -> None:
    assert words.left(seconds, "en") == english
    assert words.left(seconds, "id") == indonesian


@pytest.mark.parametrize(("ahead", "text"), [(3_600, "2026-05-29 01:00 UTC"), (9 * DAY_S, "2026-06-07")])
def test_the_minute_is_said_where_it_is_near(ahead: float, text: str) -> None:
    assert words.date(T0 + ahead, T0) == text


def test_unknown_placeholders_stay_empty() -> None:
    told: dict[str, Any] = {"summary": {"en": "{nothing}{share}|", "id": "|"}}
    world = World([declared(**told)])
    world.past([95.0 + day for day in range(-50, 0)])
    world.run(600, 60, lambda _: 95.0)
    assert world.findings[0].summary == "95%|"
