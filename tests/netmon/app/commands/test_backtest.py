"""`netmon backtest` and `netmon forecast`: on files, on standard input, on what a Prometheus remembers."""

import csv
import io
import json
import math
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netmon.app.cli import main
from netmon.app.csvseries import parse
from netmon.app.hindsight import names
from netmon.app.packs import load_packs
from rules.baselines.replay import replay
from rules.baselines.settings import BaselineSettings
from tests.support.command import netmon
from tests.support.processes import free_port
from tests.support.prometheus import prometheus

NAB = Path("../shared/fixtures/nab")
T0 = 1_795_305_600.0  # 2026-11-22 00:00:00 UTC


def said(*arguments: str | Path, given: str | bytes = "", language: str = "en") -> Result:
    command = [*map(str, arguments)]
    return CliRunner().invoke(main, command, input=given, env={"NETMON_LANG": language, "COLUMNS": "200"})


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rows(values: list[float | str], step_s: float = 3_600) -> str:
    lines = [f"{stamp(T0 + place * step_s)},{value}" for place, value in enumerate(values)]
    return "\n".join(["timestamp,value", *lines, ""])


def odd() -> list[float | str]:
    """Return a quiet series with a jump at 1500 and a missing value."""
    quiet = [round(10 + float(value), 3) for value in np.random.default_rng(1).normal(0, 0.1, 1_600)]
    return [*quiet[:1_500], 60.0, *quiet[1_501:1_550], "", *quiet[1_551:]]


@pytest.fixture
def nab() -> Path:
    path = NAB / "realKnownCause/ambient_temperature_system_failure.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def test_csv_of_a_real_series_is_what_the_rule_says_and_nothing_is_rewritten(nab: Path) -> None:
    found = said("backtest", nab, "--rule", "baseline", "--format", "csv")
    assert (found.exit_code, found.stderr) == (0, "")
    given, told = nab.read_text().splitlines(), found.stdout.splitlines()
    assert told[0] == "timestamp,value,score,alert"
    assert [line.rsplit(",", 2)[0] for line in told] == given
    series = parse("x", nab.read_bytes())
    scores, alerts = replay(series.at, series.values, BaselineSettings())
    cells = [line.split(",") for line in told[1:]]
    assert [float(cell[2]) for cell in cells] == scores.tolist()
    assert [int(cell[3]) for cell in cells] == alerts.astype(int).tolist()
    assert 0 < alerts.sum() < 50


def test_a_table_and_json_of_a_real_series(nab: Path) -> None:
    table = said("backtest", nab)
    assert re.search(r"^2013-12-22 18:00Z +1 h +0\.66 +86\.0949$", table.output, re.MULTILINE)
    assert re.search(
        r"^\d+ alerts of baseline, 0\.\d+ a week; 7267 readings, 0 of them missing, over 328 d 15 h$",
        table.output,
        re.MULTILINE,
    )
    assert "alert dari baseline" in said("backtest", nab, language="id").output
    (told,) = map(json.loads, said("backtest", nab, "--format", "json").stdout.splitlines())
    assert (told["rule"], told["labels"], told["readings"], told["missing"]) == ("baseline", {}, 7267, 0)
    assert (told["from"], told["to"]) == ("2013-07-04T00:00:00Z", "2014-05-28T15:00:00Z")
    shown = {line.split("Z ")[0].replace(" ", "T") for line in table.output.splitlines() if "Z " in line}
    assert {each["began"][:16] for each in told["alerts"]} == shown


def test_the_beginning_of_a_file_is_scored_as_in_the_whole() -> None:
    values = odd()
    whole = said("backtest", "-", "--format", "csv", given=rows(values)).stdout.splitlines()
    part = said("backtest", "-", "--format", "csv", given=rows(values[:1_501])).stdout.splitlines()
    assert whole[: len(part)] == part
    assert part[-1].endswith(",1")


def test_missing_values_have_no_score_and_rows_stay_where_they_stood() -> None:
    lines = rows(odd()).splitlines()
    plain = said("backtest", "-", "--format", "csv", given="\n".join(lines)).stdout.splitlines()
    assert plain[1_551] == f"{stamp(T0 + 1_550 * 3_600)},,,0"
    turned = said("backtest", "-", "--format", "csv", given="\n".join([lines[0], *reversed(lines[1:])]))
    assert turned.stdout.splitlines() == [plain[0], *reversed(plain[1:])]
    assert "all are judged in the order of time" in turned.stderr


def test_a_limit_of_a_pack() -> None:
    given = rows([60.0, 90, 90, 90, 60, 60])
    told = said("backtest", "-", "--rule", "temperature_high", "--label", "sensor=CPU", given=given)
    assert "error     - is too hot at CPU: 90.0 °C, the limit is 75.0 °C" in told.output
    assert "1 alert of temperature_high; 6 readings, 0 of them missing, over 5 h" in told.output
    ours = said(
        "backtest", "-", "--rule", "temperature_high", "--limit", "95", "--label", "instance=sw-1", "--format", "json",
        given=given,
    )  # fmt: skip
    assert json.loads(ours.stdout)["alerts"] == []
    found = said("backtest", "-", "--rule", "temperature_high", "--format", "csv", given=given)
    assert [line.split(",")[1:] for line in found.stdout.splitlines()[1:]] == [
        ["60.0", "60.0", "0"],
        ["90", "90.0", "0"],  # for_s: it must last
        ["90", "90.0", "1"],
        ["90", "90.0", "1"],
        ["60", "60.0", "0"],
        ["60", "60.0", "0"],
    ]


def test_a_forecast_of_a_pack_in_both_languages() -> None:
    noise = np.random.default_rng(3).normal(0, 1e9, 22 * 24)
    values = [round(4e11 + hour * 1e9 + float(noise[hour])) for hour in range(22 * 24)]
    arguments = ("backtest", "-", "--rule", "storage_filling", "--limit", "1e12", "--label", "mountpoint=/srv")
    told = said(*arguments, "--format", "json", "--label", "instance=nas", given=rows(list(values)))
    (alert,) = json.loads(told.stdout)["alerts"]
    assert (alert["ended"], alert["severity"]) == (None, "warning")
    reached = T0 + (9.5e11 - 4e11) / 1e9 * 3_600
    assert datetime.fromisoformat(alert["expected"]).timestamp() == pytest.approx(reached, abs=3 * 86_400)
    assert alert["summary"].startswith("/srv of nas will be full in ")
    indonesian = said(*arguments, given=rows(list(values)), language="id").output
    assert re.search(r"sampai akhir +peringatan +/srv pada - akan penuh dalam", indonesian)


def test_packs_and_settings_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    says = "severity: info, summary: {en: high, id: tinggi}"
    pack = f"name: own\nlimits:\n  - {{name: tide_high, metric: tide, over: 2, {says}}}\n"
    (tmp_path / "packs" / "own.yaml").write_text(pack)
    (tmp_path / "netmon.yaml").write_text("language: id\nbaselines: {threshold: 0.999}\n")
    series = rows([1.0, 3, 1])
    arguments = ("backtest", "-", "--config", tmp_path, "--rule")
    assert "tinggi" in said(*arguments, "tide_high", given=series, language="").output
    assert said(*arguments, "baseline", given=rows(odd())).output.startswith("0 alerts of baseline")
    assert "no pack has" in said("backtest", "-", "--rule", "tide_high", given=series).stderr
    (tmp_path / "netmon.yaml").write_text("baselines: {threshold: 7}\n")
    wrong = said(*arguments, "baseline", given=series)
    assert (wrong.exit_code, f"`netmon check {tmp_path}` says why" in wrong.stderr) == (2, True)
    (tmp_path / "netmon.yaml").write_text("language: en\n")
    (tmp_path / "packs" / "own.yaml").write_text("name: own\nlimit: []\n")
    wrong = said(*arguments, "tide_high", given=series)
    assert (wrong.exit_code, "own.yaml:2:1: " in wrong.stderr) == (2, True)


NEEDS = "storage_full is a share of the thing's own limit, which the series does not tell"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("backtest",), "give a FILE (- is standard input) or --from-prometheus, one of the two"),
        (("backtest", "-", "--from-prometheus", "http://x"), "one of the two"),
        (("backtest", "-", "--query", "up"), "go with --from-prometheus"),
        (("backtest", "--from-prometheus", "http://x"), "--from-prometheus needs --query and --range"),
        (("backtest", "--from-prometheus", "x", "--query", "up", "--range", "1d"), "not the address of a Prometheus"),
        (("backtest", "--from-prometheus", "http://x", "--query", "up", "--range", "x"), "'x' is no duration"),
        (
            ("backtest", "--from-prometheus", "http://x", "--query", "up", "--range", "30d", "--step", "1s"),
            "more than 200000 readings of a series; write --step 13s or more",
        ),
        (
            ("backtest", "--from-prometheus", "http://x.example", "--query", "up", "--range", "1d", "--user", "me"),
            "username and password belong together",
        ),
        (("backtest", "-", "--rule", "storage_ful"), "(did you mean storage_full?)"),
        (("backtest", "-", "--rule", "storage_full"), NEEDS),
        (("backtest", "-", "--rule", "device_unreachable"), "counts polls that brought nothing"),
        (("backtest", "-", "--limit", "5"), "baseline is not a share of a thing's own limit: leave --limit out"),
        (("backtest", "-", "--rule", "ups_overload", "--limit", "5"), "leave --limit out"),
        (
            ("backtest", "-", "--rule", "storage_full", "--limit-query", "x"),
            "--limit-query goes with --from-prometheus",
        ),
        (("backtest", "-", "--label", "x"), "'x' is no label"),
        (("backtest", "/nowhere/x.csv"), "/nowhere/x.csv: No such file or directory"),
        (("backtest", "/"), "/: Is a directory"),
        (("forecast", "-"), "--limit"),
        (("forecast", "-", "--limit", "nan"), "--limit is to be a finite number"),
        (("forecast", "-", "--limit", "5"), "-:0:0: there is no reading; write a line `timestamp,value`"),
    ],
)
def test_what_makes_no_sense(arguments: tuple[str, ...], told: str) -> None:
    found = said(*arguments)
    assert (found.exit_code, found.stdout) == (2, "")
    assert told in found.stderr


def test_what_people_should_know_of_a_result() -> None:
    series = rows([1.0] * 30)
    found = said("backtest", "-", "--rule", "link_receive_errors", given=series)
    assert (
        "The readings are 1 h apart; link_receive_errors says nothing of readings more than 5 min apart."
        in found.stderr
    )
    found = said("backtest", "-", "--rule", "link_receive_errors", "--label", "ifAlias=", given=series)
    assert 'link_receive_errors does not speak of {ifAlias=""}: its patterns exclude the label ifAlias.' in found.stderr
    assert (found.exit_code, found.stdout.split(";")[0]) == (0, "0 alerts of link_receive_errors")
    found = said("backtest", "-", "--rule", "inodes_short", "--limit", "1000", given=series)
    assert "what the rule asks of node_filesystem_files." in found.stderr


# ── forecast ──


def test_a_forecast_as_json() -> None:
    noise = np.random.default_rng(5).normal(0, 0.3, 40)
    values = [round(20 + day + float(noise[day]), 3) for day in range(40)]
    (told,) = map(
        json.loads,
        said(
            "forecast", "-", "--limit", "80", "--format", "json", given=rows(list(values), 86_400)
        ).stdout.splitlines(),
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
    shown = said("forecast", "-", "--limit", "80", given=rows(list(values), 86_400)).output
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


# ── anything at all ──

TIMES = st.one_of(st.integers(0, 2 * 10**9), st.integers(10**11, 10**14)).map(str) | st.just("253370764799")
VALUES = st.floats(-1e30, 1e30).map(repr) | st.integers(-9, 9).map(str) | st.sampled_from(["", "x", "1e-300", "-0"])
RULES = (
    "temperature_high",
    "link_receive_errors",
    "clock_unsynchronised",
    "interface_flapping",
    "storage_filling",
    "certificate_expiring",
    "ups_battery_emptying",
    "uplink_traffic_unusual",
    "link_receive_filling",
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(TIMES, VALUES).map(",".join), max_size=40).map(
        lambda lines: "\n".join(["timestamp,value", *lines])
    )
    | st.binary(max_size=60),
    st.sampled_from(["baseline", *RULES]),
    st.sampled_from(["table", "csv", "json"]),
    st.floats(-1e30, 1e30),
)
def test_any_file_has_a_result_or_a_fault(given: str | bytes, rule: str, form: str, bound: float) -> None:
    limit = ("--limit", repr(bound)) if rule in {"storage_filling", "link_receive_filling"} else ()
    for found in (
        said("backtest", "-", "--rule", rule, "--format", form, *limit, given=given),
        said("forecast", "-", "--limit", repr(bound), "--format", "table" if form == "csv" else form, given=given),
    ):
        assert found.exit_code in {0, 2}, found.stderr
        assert found.exception is None or isinstance(found.exception, SystemExit)
        assert (found.exit_code == 2) == bool(found.stderr and not found.stdout)
        if form == "json" and found.exit_code == 0:
            json.loads(found.stdout, parse_constant=pytest.fail)


def test_the_rules_that_were_tried_are_there() -> None:
    assert set(RULES) <= set(names(load_packs(None)))


# ── Prometheus ──


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
    (folder / "metrics").write_text("\n".join([*lines, "# EOF", ""]))
    make = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "metrics"), str(folder / "tsdb")]
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


def test_forecasts_of_what_prometheus_remembers(remembered: str) -> None:
    asked = ("forecast", "--from-prometheus", remembered, "--query", "netmon_temperature_celsius", "--range", "2d")
    told = [json.loads(line) for line in said(*asked, "--limit", "200", "--format", "json").stdout.splitlines()]
    assert [one["labels"]["instance"] for one in told] == ["sw-1", "sw-2"]
    assert 'instance="sw-2"' in said(*asked, "--limit", "200").output


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


def test_as_people_start_it(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(rows([60.0, 90, 90, 60]))
    done = netmon("backtest", path, "--rule", "temperature_high")
    assert (done.returncode, done.stderr) == (0, "")
    assert "x is too hot at" in done.stdout
    assert netmon("forecast", path, "--limit", "95").returncode == 0
    for command in ("backtest", "forecast"):
        assert "Exit status: 0, whether something was said or not" in " ".join(netmon(command, "--help").stdout.split())
