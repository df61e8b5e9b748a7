"""`netmon backtest` on files and standard input."""

import json
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netmon.app.csvseries import parse
from netmon.app.hindsight import names
from netmon.app.packs import load_packs
from rules.baselines.replay import replay
from rules.baselines.settings import BaselineSettings
from tests.support.command import netmon
from tests.support.recorded import T0, rows, said, stamp

NAB = Path("../shared/fixtures/nab")


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
    told = said(*arguments, "--format", "json", "--label", "instance=nas", given=rows(values))
    (alert,) = json.loads(told.stdout)["alerts"]
    assert (alert["ended"], alert["severity"]) == (None, "warning")
    reached = T0 + (9.5e11 - 4e11) / 1e9 * 3_600
    assert datetime.fromisoformat(alert["expected"]).timestamp() == pytest.approx(reached, abs=3 * 86_400)
    assert alert["summary"].startswith("/srv of nas will be full in ")
    indonesian = said(*arguments, given=rows(values), language="id").output
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
        (("forecast", "-", "--limit", "5"), "-:1:1: there is no reading; write a line `timestamp,value`"),
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


def test_as_people_start_it(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(rows([60.0, 90, 90, 60]))
    done = netmon("backtest", path, "--rule", "temperature_high")
    assert (done.returncode, done.stderr) == (0, "")
    assert "x is too hot at" in done.stdout
    assert netmon("forecast", path, "--limit", "95").returncode == 0
    for command in ("backtest", "forecast"):
        assert "Exit status: 0, whether something was said or not" in " ".join(netmon(command, "--help").stdout.split())


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
