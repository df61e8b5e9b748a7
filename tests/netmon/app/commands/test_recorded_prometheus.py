"""`netmon backtest` and `netmon forecast` on what a Prometheus remembers."""

import csv
import io
import json
import math
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import Result

from tests.support.processes import free_port
from tests.support.prometheus import prometheus
from tests.support.recorded import said


@pytest.fixture(scope="module")
def remembered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Prometheus that remembers two days of two temperatures and of a disk that fills; give its address."""
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("prometheus")
    now = math.floor(time.time() / 300) * 300
    lines = ["# TYPE netmon_temperature_celsius gauge"]
    times = [now - 2 * 86_400 + place * 300 for place in range(2 * 288)]
    for name in ("sw-1", "sw-2"):
        for place, at in enumerate(times):
            hot = name == "sw-2" and 100 <= place < 120
            lines.append(
                f'netmon_temperature_celsius{{instance="{name}",sensor="CPU"}} {90 if hot else 40 + place % 3} {at}'
            )
    lines.append("# TYPE netmon_storage_used_bytes gauge")
    lines += [
        f'netmon_storage_used_bytes{{instance="{name}",mountpoint="/"}} 93 {at}' for name in "abc" for at in times
    ]
    lines.append("# TYPE netmon_storage_size_bytes gauge")
    for name, size in (("a", 100), ("b", 200)):
        lines += [f'netmon_storage_size_bytes{{instance="{name}",mountpoint="/"}} {size} {at}' for at in times[9:]]
    lines.append("# TYPE netmon_disk_used_bytes gauge")  # for 30 days 1.5% a day, 90% now
    for place in range(30 * 288):
        lines.append(f'netmon_disk_used_bytes{{mountpoint="/srv"}} {45 + place / 192} {now - (30 * 288 - place) * 300}')
    (folder / "metrics").write_text("\n".join([*lines, "# EOF", ""]))
    make = [
        "promtool",
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(folder / "metrics"),
        str(folder / "tsdb"),
        "--max-block-duration=24h",
    ]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    with prometheus("global: {}\n", folder, "--storage.tsdb.retention.time=50y") as served:
        yield served._url.removesuffix("/api/v1")


def test_what_a_rule_would_have_said_of_what_prometheus_remembers(remembered: str) -> None:
    asked = (
        "backtest",
        "--from-prometheus",
        remembered,
        "--query",
        "netmon_temperature_celsius",
        "--range",
        "3d",
        "--step",
        "5m",
    )
    cool, hot = map(json.loads, said(*asked, "--rule", "temperature_high", "--format", "json").stdout.splitlines())
    assert cool["labels"] == {"__name__": "netmon_temperature_celsius", "instance": "sw-1", "sensor": "CPU"}
    assert cool["alerts"] == []
    (alert,) = hot["alerts"]
    began, ended = (datetime.fromisoformat(alert[name]).timestamp() for name in ("began", "ended"))
    assert ended - began == 19 * 300
    assert alert["summary"] == "sw-2 is too hot at CPU: 90.0 °C, the limit is 75.0 °C"
    table = said(*asked, "--rule", "temperature_high").output
    assert "sw-2 is too hot at CPU" in table
    assert "1 alert of temperature_high, " in table
    assert "; in 1 of 2 series" in table
    told = list(csv.DictReader(io.StringIO(said(*asked, "--rule", "temperature_high", "--format", "csv").stdout)))
    assert sum(int(row["alert"]) for row in told) == 19
    assert {row["series"] for row in told} == {
        f'netmon_temperature_celsius{{instance="{name}",sensor="CPU"}}' for name in ("sw-1", "sw-2")
    }


def test_limits_that_prometheus_remembers_too(remembered: str) -> None:
    query = ("--query", "netmon_storage_used_bytes", "--limit-query", "netmon_storage_size_bytes")
    asked = ("backtest", "--from-prometheus", remembered, *query, "--range", "3d", "--step", "5m", "--rule")
    found = said(*asked, "storage_nearly_full", "--format", "json")
    told = {one["labels"]["instance"]: one for one in map(json.loads, found.stdout.splitlines())}
    assert {name: len(one["alerts"]) for name, one in told.items()} == {"a": 1, "b": 0, "c": 0}
    assert told["a"]["alerts"][0]["summary"] == "/ of a is 93% full"
    first, began = (datetime.fromisoformat(text) for text in (told["a"]["from"], told["a"]["alerts"][0]["began"]))
    assert (began - first).total_seconds() == 10 * 300  # not before its size was known, and it must last
    nobody = 'netmon_storage_used_bytes{instance="c",mountpoint="/"}'
    assert found.stderr == f"--limit-query says nothing of {nobody}: it has no limit of its own here.\n"


def test_a_forecast_learns_from_the_weeks_before_the_range_and_judges_only_the_range(remembered: str) -> None:
    asked = ("backtest", "--from-prometheus", remembered, "--query", "netmon_disk_used_bytes", "--range", "6h")
    found = said(*asked, "--step", "5m", "--rule", "storage_filling", "--limit", "100", "--format", "json")
    told = json.loads(found.stdout)
    begin = datetime.fromisoformat(told["from"]).timestamp()
    assert told["readings"] <= 73
    (alert,) = told["alerts"]  # six hours alone tell nothing of days
    assert 0 <= datetime.fromisoformat(alert["began"]).timestamp() - begin < 6 * 3_600
    left_s = datetime.fromisoformat(alert["expected"]).timestamp() - time.time()
    assert 2 * 86_400 < left_s < 5 * 86_400  # from 90 to 95
    assert alert["summary"].startswith("/srv of - will be full in 3 days")


def test_series_are_named_by_what_tells_them_apart(remembered: str) -> None:
    asked = ("backtest", "--from-prometheus", remembered, "--query", "netmon_storage_used_bytes", "--range", "3d")
    shown = said(*asked, "--limit", "95", "--rule", "storage_nearly_full").output
    assert [line.split()[-2:] for line in shown.splitlines() if "full" in line and "of a " in line] == [["a", "/"]]


def test_forecasts_of_what_prometheus_remembers(remembered: str) -> None:
    asked = ("forecast", "--from-prometheus", remembered, "--query", "netmon_temperature_celsius", "--range", "2d")
    told = [json.loads(line) for line in said(*asked, "--limit", "200", "--format", "json").stdout.splitlines()]
    assert [one["labels"]["instance"] for one in told] == ["sw-1", "sw-2"]
    table = said(*asked, "--limit", "200").output
    assert {line[:8] for line in table.splitlines() if "CPU" in line} == {"sw-1 CPU", "sw-2 CPU"}


def test_what_prometheus_refuses(remembered: str) -> None:
    def asked(query: str, url: str = remembered) -> Result:
        return said("backtest", "--from-prometheus", url, "--query", query, "--range", "1h")

    wrong = asked("sum(")
    assert (wrong.exit_code, "Prometheus: bad_data: " in wrong.stderr) == (2, True)
    nothing = asked("no_such_metric")
    assert (nothing.exit_code, nothing.stderr) == (5, "Prometheus has no values of that query in that time.\n")
    away = asked("up", f"http://127.0.0.1:{free_port()}")
    assert (away.exit_code, "Connection refused" in away.stderr) == (3, True)


def test_secrets_come_from_files(tmp_path: Path) -> None:
    asked = ("backtest", "--from-prometheus", "http://127.0.0.1:1", "--query", "up", "--range", "1h")
    missing = said(*asked, "--bearer-token-file", tmp_path / "none")
    assert (missing.exit_code, f"{tmp_path}/none cannot be read" in missing.stderr) == (2, True)
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "password").write_text("pa55\n")
    both = said(
        *asked, "--bearer-token-file", tmp_path / "token", "--user", "me", "--password-file", tmp_path / "password"
    )
    assert (both.exit_code, "two ways in; keep one" in both.stderr) == (2, True)
    open_way = said(*asked[:2], "http://prometheus.example", *asked[3:], "--bearer-token-file", tmp_path / "token")
    assert "everybody on the way could read the secret; write https" in open_way.stderr
    assert "s3cret" not in both.output + open_way.output
