"""Who is on call, by the rota's own wall clock."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from netmon.core.notices.oncall import Rota, next_time

JAKARTA = "Asia/Jakarta"
PEOPLE = ["andi", "budi", "citra"]


def at(text: str, zone: str = JAKARTA) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def rota(**fields: object) -> Rota:
    return Rota.model_validate({"people": PEOPLE, "start": "2026-01-05"} | fields)  # a Monday


@pytest.mark.parametrize(
    ("moment", "person"),
    [
        ("2026-01-05 08:00", "andi"),
        ("2026-01-05 07:59", "citra"),  # before the first turn it goes round backwards
        ("2026-01-12 07:59", "andi"),
        ("2026-01-12 08:00", "budi"),
        ("2026-01-19 12:00", "citra"),
        ("2026-01-26 08:00", "andi"),
    ],
)
def test_weeks(moment: str, person: str) -> None:
    assert rota().on_call(at(moment), JAKARTA) == person


def test_the_first_turn_begins_with_the_first_handover_after_the_start() -> None:
    assert rota(start="2026-01-07").on_call(at("2026-01-12 08:00"), JAKARTA) == "andi"


@pytest.mark.parametrize(
    ("every", "moment", "person"),
    [
        ("day", "2026-01-05 19:59", "citra"),
        ("day", "2026-01-05 20:00", "andi"),
        ("day", "2026-01-06 20:00", "budi"),
        ("3 days", "2026-01-08 19:59", "andi"),
        ("3 days", "2026-01-08 20:00", "budi"),
    ],
)
def test_days(every: str, moment: str, person: str) -> None:
    assert rota(every=every, handover="20:00").on_call(at(moment), JAKARTA) == person


def test_a_rota_has_a_time_zone_of_its_own() -> None:
    eastern = rota(timezone="Asia/Jayapura")
    assert eastern.on_call(at("2026-01-05 08:00", "Asia/Jayapura"), JAKARTA) == "andi"
    assert eastern.on_call(at("2026-01-12 07:00", JAKARTA), JAKARTA) == "budi"  # 09:00 there


def test_daylight_saving_moves_no_handover() -> None:
    berlin = rota(timezone="Europe/Berlin", start="2026-03-02", every="day", handover="08:00")
    turns = [berlin.on_call(at(f"2026-03-{day} 08:00", "Europe/Berlin"), "UTC") for day in (28, 29, 30)]
    assert turns == ["citra", "andi", "budi"]
    assert berlin.on_call(at("2026-03-29 07:59", "Europe/Berlin"), "UTC") == "citra"


def test_somebody_stands_in() -> None:
    with_override = rota(
        overrides=[
            {"from": "2026-01-06 12:00", "until": "2026-01-06 18:00", "person": "dewi"},
            {"from": "2026-01-07T00:00:00Z", "until": "2026-01-07T01:00:00Z", "person": "eka"},
        ]
    )
    assert with_override.on_call(at("2026-01-06 11:59"), JAKARTA) == "andi"
    assert with_override.on_call(at("2026-01-06 12:00"), JAKARTA) == "dewi"
    assert with_override.on_call(at("2026-01-06 18:00"), JAKARTA) == "andi"
    assert with_override.on_call(at("2026-01-07 07:30"), JAKARTA) == "eka"
    assert with_override.named() == {*PEOPLE, "dewi", "eka"}


@given(st.floats(min_value=at("2020-01-01 00:00"), max_value=at("2035-01-01 00:00")))
def test_turns_are_as_long_as_the_settings_say(moment: float) -> None:
    week, days = rota(), rota(every="2 days", handover="00:00")
    assert week.on_call(moment + 21 * 86_400, JAKARTA) == week.on_call(moment, JAKARTA)
    assert week.on_call(moment + 7 * 86_400, JAKARTA) == PEOPLE[(PEOPLE.index(week.on_call(moment, JAKARTA)) + 1) % 3]
    assert days.on_call(moment + 6 * 86_400, JAKARTA) == days.on_call(moment, JAKARTA)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"handover": "8 o'clock"}, "is no time of a handover; write it as in 'Monday 08:00', or '08:00'"),
        ({"handover": "Montag 08:00"}, "is no time of a handover"),
        ({"handover": "08:00"}, "handover names no weekday, and turns are weeks; write it as in 'Monday 08:00'"),
        ({"handover": "Monday 08:00", "every": "day"}, "handover names a weekday, and turns are 'day' long"),
        ({"every": "0 days"}, "'0 days' is no length of a turn; write day, week, or a number as in '3 days'"),
        ({"timezone": "Asia/Jakart"}, "'Asia/Jakart' is no time zone; write one such as Asia/Jakarta"),
        (
            {"overrides": [{"from": "2026-01-07", "until": "2026-01-06", "person": "andi"}]},
            "until is not after from; exchange them",
        ),
        (
            {"overrides": [{"from": "2026-01-07T00:00Z", "until": "2026-01-08 00:00", "person": "andi"}]},
            "until has a UTC offset and from has none",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        rota(**fields)
    assert said in str(caught.value)


def test_the_next_of_several_times_of_day() -> None:
    times = (time(7), time(16))
    assert next_time(times, JAKARTA, at("2026-01-05 06:00")) == at("2026-01-05 07:00")
    assert next_time(times, JAKARTA, at("2026-01-05 07:00")) == at("2026-01-05 16:00")
    assert next_time(times, JAKARTA, at("2026-01-05 16:30")) == at("2026-01-06 07:00")


@given(
    st.integers(min_value=1_700_000_000, max_value=2_000_000_000), st.sampled_from(["Europe/Berlin", JAKARTA, "UTC"])
)
def test_the_next_time_of_day_is_never_more_than_a_day_and_an_hour_away(now: int, zone: str) -> None:
    found = next_time((time(2, 30),), zone, now)  # Berlin skips it once a year
    assert 0 < found - now <= 25 * 3600
    assert found % 60 == 0
