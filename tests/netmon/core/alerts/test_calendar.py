"""When entries of the calendar have their windows, in their own time zones, and where clocks skip and repeat."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies
from pydantic import ValidationError

from netmon.core.alerts.calendar import around
from netmon.core.alerts.settings import AlertSettings, CalendarEntry


def entry(**given_: Any) -> CalendarEntry:
    plain: dict[str, Any] = {"name": "work", "scope": ["site:kota"], "reason": "work", "start": "22:00"}
    if "end" not in given_:
        plain |= {"duration_s": 3600}
    return CalendarEntry.model_validate(plain | given_)


def at(text: str, zone: str = "Asia/Jakarta") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def shown(seconds: float, zone: str = "Asia/Jakarta") -> str:
    return datetime.fromtimestamp(seconds, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def next_starts(given_: CalendarEntry, text: str, count: int = 3) -> list[str]:
    now, found = at(text), []
    for _ in range(count):
        _, window = around(given_, now)
        if window is None:
            break
        found.append(shown(window.starts_at))
        now = window.starts_at
    return found


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({}, ["2026-11-22 22:00", "2026-11-23 22:00", "2026-11-24 22:00"]),
        ({"weekdays": ["monday", "friday"]}, ["2026-11-23 22:00", "2026-11-27 22:00", "2026-11-30 22:00"]),
        ({"monthly": [1, -1]}, ["2026-11-30 22:00", "2026-12-01 22:00", "2026-12-31 22:00"]),
        ({"monthly": [31]}, ["2026-12-31 22:00", "2027-01-31 22:00", "2027-03-31 22:00"]),
        ({"dates": ["2028-02-29", "2026-12-25", "2020-01-01"]}, ["2026-12-25 22:00", "2028-02-29 22:00"]),
    ],
)
def test_days(days: dict[str, Any], expected: list[str]) -> None:
    assert next_starts(entry(**days), "2026-11-22 12:00") == expected


@pytest.mark.parametrize(("zone", "utc"), [("Asia/Jakarta", 15), ("Asia/Makassar", 14), ("Asia/Jayapura", 13)])
def test_each_zone_of_indonesia(zone: str, utc: int) -> None:
    _, window = around(entry(timezone=zone), at("2026-11-22 12:00"))
    assert window is not None
    assert datetime.fromtimestamp(window.starts_at, UTC).hour == utc


def test_an_end_at_or_before_the_start_is_on_the_next_day() -> None:
    opened, after = around(entry(start="23:00", end="01:00"), at("2026-11-23 00:59"))
    assert [(shown(window.starts_at), shown(window.ends_at)) for window in opened] == [
        ("2026-11-22 23:00", "2026-11-23 01:00")
    ]
    assert after is not None
    assert shown(after.starts_at) == "2026-11-23 23:00"
    assert around(entry(start="23:00", end="01:00"), at("2026-11-23 01:00"))[0] == []


def test_long_windows_overlap() -> None:
    opened, _ = around(entry(duration_s=3 * 86_400), at("2026-11-23 12:00"))
    assert [window.id for window in opened] == ["work@2026-11-20", "work@2026-11-21", "work@2026-11-22"]


# In Berlin clocks went from 02:00 to 03:00 on 29 March 2026, and from 03:00 back to 02:00 on 25 October 2026.
@pytest.mark.parametrize(
    ("day", "times", "hours"),
    [
        ("2026-03-29", {"start": "01:00", "end": "04:00"}, 2),
        ("2026-03-29", {"start": "01:00", "duration_s": 3 * 3600}, 3),
        ("2026-10-25", {"start": "01:00", "end": "04:00"}, 4),
        ("2026-10-25", {"start": "01:00", "duration_s": 3 * 3600}, 3),
        ("2026-03-29", {"start": "02:30", "end": "03:15"}, 0),  # the gap swallows it
    ],
)
def test_where_clocks_change(day: str, times: dict[str, Any], hours: float) -> None:
    berlin = entry(timezone="Europe/Berlin", **times)
    _, window = around(berlin, at(f"{day} 00:30", "Europe/Berlin"))
    assert window is not None
    assert window.id == f"work@{day}"
    assert window.ends_at - window.starts_at == hours * 3600


@given(
    now=strategies.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)),  # noqa: DTZ001  # made UTC below
    zone=strategies.sampled_from(["Asia/Jakarta", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    start=strategies.times(),
    end=strategies.times(),
)
def test_open_windows_hold_now_and_the_next_is_to_come(now: datetime, zone: str, start: Any, end: Any) -> None:
    made = entry(start=f"{start:%H:%M}", end=f"{end:%H:%M}", timezone=zone)
    moment = now.replace(tzinfo=UTC).timestamp()
    opened, after = around(made, moment)
    assert after is not None
    assert moment < after.starts_at <= moment + timedelta(hours=25).total_seconds()
    assert len(opened) <= 2
    for window in opened:
        assert window.starts_at <= moment < window.ends_at
        assert window.ends_at - window.starts_at <= 25 * 3600


def test_yaml_reads_a_time_without_quotes_as_minutes() -> None:
    assert entry(start=1320).start == "22:00"


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"start": "24:00"}, "pattern"),
        ({"start": "9:00"}, "pattern"),
        ({"end": "23:00", "duration_s": 60}, "either an end or a duration_s"),
        ({"duration_s": None}, "either an end or a duration_s"),
        ({"weekdays": ["monday"], "monthly": [1]}, "one of these"),
        ({"monthly": [0]}, "there is no day 0"),
        ({"timezone": "Asia/Atlantis"}, "no time zone"),
        ({"timezone": "../etc/passwd"}, "no time zone"),
        ({"name": "a/b"}, "pattern"),
        ({"scope": []}, "at least 1"),
        ({"every": "day"}, "Extra inputs"),
    ],
)
def test_entries_that_make_no_sense(wrong: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        entry(**wrong)


def test_names_are_given_once() -> None:
    both = [entry().model_dump(), entry().model_dump()]
    with pytest.raises(ValidationError, match="more than one maintenance window is called work"):
        AlertSettings.model_validate({"maintenance": both})
