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


def test_readings_that_are_all_missing() -> None:
    given = "timestamp,value\n0,\n1,nan\n"
    told = json.loads(said("forecast", "-", "--limit", "1", "--format", "json", given=given).stdout)
    assert (told["last"], told["last_at"], told["p50"]) == (None, None, None)
    assert said("forecast", "-", "--limit", "1", given=given).exit_code == 0
    assert said("backtest", "-", "--format", "csv", given=given).stdout.splitlines()[1:] == ["0,,,0", "1,nan,,0"]
    assert "2 of them missing" in said("backtest", "-", given=given).output
