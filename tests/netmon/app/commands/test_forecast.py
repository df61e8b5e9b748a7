"""`netmon forecast` on files and standard input."""

import json
import re
from datetime import datetime

import numpy as np
import pytest

from tests.support.recorded import T0, rows, said, stamp


def test_a_forecast_as_json() -> None:
    noise = np.random.default_rng(5).normal(0, 0.3, 40)
    values = [round(20 + day + float(noise[day]), 3) for day in range(40)]
    (told,) = map(
        json.loads,
        said("forecast", "-", "--limit", "80", "--format", "json", given=rows(values, 86_400)).stdout.splitlines(),
    )
    assert list(told) == ["p10", "p50", "p90", "limit", "rising", "last", "last_at", "periods"]
    times = [datetime.fromisoformat(told[name]).timestamp() for name in ("p10", "p50", "p90")]
    assert times == sorted(times)
    assert times[1] == pytest.approx(T0 + 60 * 86_400, abs=4 * 86_400)
    assert all(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told[name]) for name in ("p10", "p50", "p90", "last_at")
    )
    assert (told["limit"], told["rising"], told["last"], told["periods"]) == (80, True, values[-1], "days")
    assert told["last_at"] == stamp(T0 + 39 * 86_400)
    shown = said("forecast", "-", "--limit", "80", given=rows(values, 86_400)).output
    assert told["p50"][:16].replace("T", " ") in shown


def test_a_flat_series_and_one_that_is_there() -> None:
    flat = rows([50.0 + place % 2 for place in range(40)], 86_400)
    told = json.loads(said("forecast", "-", "--limit", "80", "--format", "json", given=flat).stdout)
    assert (told["p10"], told["p50"], told["p90"], told["periods"]) == (None, None, None, None)
    assert "not foretold" in said("forecast", "-", "--limit", "80", given=flat).output
    told = json.loads(said("forecast", "-", "--limit", "40", "--rising", "--format", "json", given=flat).stdout)
    assert (told["p50"], told["rising"]) == (told["last_at"], True)
    assert not json.loads(said("forecast", "-", "--limit", "40", "--format", "json", given=flat).stdout)["rising"]
    assert not json.loads(said("forecast", "-", "--limit", "80", "--falling", "--format", "json", given=flat).stdout)[
        "rising"
    ]
    assert "tercapai" in said("forecast", "-", "--limit", "40", "--rising", given=flat, language="id").output


def test_the_direction_is_shown_and_said_where_it_is_a_guess() -> None:
    full = rows([95.0 + place % 2 for place in range(40)], 86_400)
    found = said("forecast", "-", "--limit", "90", given=full)
    assert "90 falling" in found.stdout
    assert "--rising" in found.stderr
    for asked in ("--rising", "--falling"):
        assert not said("forecast", "-", "--limit", "90", asked, given=full).stderr
    assert "90 rising" in said("forecast", "-", "--limit", "90", "--rising", given=full).stdout
    assert not said("forecast", "-", "--limit", "99", given=full).stderr
    assert "dianggap" in said("forecast", "-", "--limit", "90", given=full, language="id").stderr


def test_a_past_that_is_too_short_to_tell_is_said() -> None:
    found = said("forecast", "-", "--limit", "90", given=rows([1.0, 2.0, 3.0], 3_600))
    assert "not foretold" in found.stdout
    assert "(2 h)" in found.stderr
    assert "35 d" in found.stderr
    longer = said("forecast", "-", "--limit", "90", given=rows([50.0] * 40, 86_400))
    assert "not foretold" in longer.stdout
    assert not longer.stderr


def test_a_limit_that_only_some_courses_reach_is_uncertain_not_far() -> None:
    steps = np.random.default_rng(1).normal(0, 1.0, 56).cumsum()
    values = [round(50 + float(step), 3) for step in steps]
    given = rows(values, 86_400)
    limit = str(round(max(values) + 2, 3))
    told = json.loads(said("forecast", "-", "--limit", limit, "--format", "json", given=given).stdout)
    assert told["p10"] is not None
    assert told["p50"] is None
    assert "uncertain" in said("forecast", "-", "--limit", limit, given=given).stdout
    assert "belum pasti" in said("forecast", "-", "--limit", limit, given=given, language="id").stdout


def test_readings_that_are_all_missing() -> None:
    given = "timestamp,value\n0,\n1,nan\n"
    told = json.loads(said("forecast", "-", "--limit", "1", "--format", "json", given=given).stdout)
    assert (told["last"], told["last_at"], told["p50"]) == (None, None, None)
    assert said("forecast", "-", "--limit", "1", given=given).exit_code == 0
    assert said("backtest", "-", "--format", "csv", given=given).stdout.splitlines()[1:] == ["0,,,0", "1,nan,,0"]
    assert "2 of them missing" in said("backtest", "-", given=given).output
