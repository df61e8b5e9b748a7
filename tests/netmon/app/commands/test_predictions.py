"""`netmon predictions` against a core that answers."""

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from netmon.app.cli import main
from netmon.app.packs import load_packs
from tests.netmon.core.predictions.test_tally import fields, missed
from tests.support.desk_served import Core, core

DAY_S = 86_400.0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Core]:
    with core(tmp_path) as running:
        now = time.time()
        tally = running.desk.tally
        ahead: dict[str, Any] = {
            "made_at": now - 60,
            "p10": now + 8 * DAY_S,
            "p50": now + 9 * DAY_S + 60,
            "p90": now + 11 * DAY_S,
        }
        tally.learn("db-1", now, fields("open-1", series='used{mountpoint="/"}', **ahead))
        tally.learn("sw-1", now, fields("open-2", rule="link_will_saturate", series="bits", **ahead))
        for identity, outcome, days in (("hit-1", "hit", 40), ("false-1", "false", 3)):
            made = now - days * DAY_S
            past: dict[str, Any] = {"made_at": made, "p10": made + 60, "p50": made + 7_200, "p90": made + 9_000}
            reached: dict[str, Any] = {"reached_at": made + 7_500} if outcome == "hit" else {}
            tally.learn("db-1", made, fields(identity, **past))
            tally.learn("db-1", made + 7_500, fields(identity, outcome, **past, **reached))
        tally.learn("db-1", now, missed("m-1"))
        yield running


def predictions(running: Core, *arguments: str, **variables: str) -> Result:
    command = ["predictions", *arguments, "--config", str(running.directory)]
    said = CliRunner().invoke(main, command, env={"NETMON_LANG": "en", "COLUMNS": "200"} | variables)
    assert said.exit_code == 0, said.output
    return said


def rows(said: Result) -> list[str]:
    return [" ".join(line.split()) for line in said.output.splitlines() if line.strip()]


def test_what_is_foretold(served: Core) -> None:
    said = rows(predictions(served))
    assert len(said) == 4  # two and the head
    assert said[2].startswith("open in 9 d ")
    assert "disk_will_fill db-1 / 1 min ago" in said[2]


def test_in_indonesian(served: Core) -> None:
    assert "dalam 9 d" in predictions(served, NETMON_LANG="id").output
    assert "presisi" in predictions(served, "--report", NETMON_LANG="id").output


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], ["open-1", "open-2"]),
        (["--rule", "link*"], ["open-2"]),
        (["--target", "db-1"], ["open-1"]),
        (["--all"], ["open-1", "open-2", "false-1", "hit-1"]),
        (["--all", "--since", "10d"], ["open-1", "open-2", "false-1"]),
        (["--all", "--limit", "1"], ["open-1"]),
    ],
)
def test_for_programs(served: Core, options: list[str], ids: list[str]) -> None:
    lines = predictions(served, "--format", "json", *options).output.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids
    read = list(csv.DictReader(io.StringIO(predictions(served, "--format", "csv", *options).output)))
    assert [each["id"] for each in read] == ids


def test_the_report(served: Core) -> None:
    lines = predictions(served, "--report", "--format", "json").output.splitlines()
    disk, link = map(json.loads, lines)
    assert (disk["rule"], disk["hit"], disk["false"], disk["missed"], disk["open"]) == ("disk_will_fill", 1, 1, 1, 1)
    assert (disk["precision"], disk["recall"]) == (0.5, 0.5)
    assert (disk["median_lead_s"], disk["median_error_s"]) == (7_500, 300)
    assert (link["precision"], link["recall"], link["median_lead_s"]) == (None, None, None)
    shown = rows(predictions(served, "--report"))
    assert shown[2] == "disk_will_fill 1 1 0 0 1 0 0 1 50% 50% 2 h 5 min 5 min"
    assert shown[3].endswith(" - - - -")


def test_the_report_of_some_time(served: Core) -> None:
    (line,) = predictions(
        served, "--report", "--since", "10d", "--rule", "disk_will_fill", "--format", "csv"
    ).output.split("\n")[1:-1]
    assert line.rstrip() == "disk_will_fill,1,0,0,0,1,0,0,1,0,0.0,0.0,,"


def test_nothing_yet(tmp_path: Path) -> None:
    with core(tmp_path) as running:
        assert predictions(running).output == "Nothing is foretold.\n"
        assert predictions(running, "--report").output == "No prediction was made yet.\n"


def test_a_time_that_is_none_is_refused(served: Core) -> None:
    command = ["predictions", "--since", "soon", "--config", str(served.directory)]
    assert CliRunner().invoke(main, command).exit_code == 2


def test_a_narrow_terminal_shows_what_matters_most(served: Core) -> None:
    said = predictions(served, COLUMNS="50").output
    assert "in 9 d" in said
    assert max(len(line) for line in said.splitlines()) <= 50


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_series_is_shown_by_what_tells_it_apart_and_told_whole_to_programs(served: Core, width: int) -> None:
    now = time.time()
    told: dict[str, Any] = {"rule": "optical_power_falling", "made_at": now, "p10": now + DAY_S, "p50": now + DAY_S}
    named = [
        f'light_dbm{{sensor="Te1/1/{one} Receive Power Sensor",ifIndex="2{one}",ifName="Te1/1/{one}"}}' for one in "12"
    ]
    for number, series in enumerate(named):
        served.desk.tally.learn("sw-7", now, fields(f"light-{number}", series=series, p90=now + 2 * DAY_S, **told))
    shown = predictions(served, "--target", "sw-7", COLUMNS=str(width)).output
    assert [line for line in shown.splitlines() if "ifIndex" in line or "Sensor" in line] == []
    for port in ("Te1/1/1", "Te1/1/2"):
        (line,) = [line for line in shown.splitlines() if port in line.split()]
        assert "optical" in line
    lines = predictions(served, "--target", "sw-7", "--format", "json").output.splitlines()
    assert sorted(json.loads(line)["series"] for line in lines) == named


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize(("width", "columns"), [(140, 13), (100, 10), (80, 8)])
def test_names_of_rules_stay_whole(served: Core, width: int, columns: int, language: str) -> None:
    now = time.time()
    made = now - 9 * DAY_S
    for number, rule in enumerate(each.name for pack in load_packs(None) for each in pack.forecasts):
        told: dict[str, Any] = {"rule": rule, "made_at": made, "p10": made, "p50": now - DAY_S / 2, "p90": now}
        served.desk.tally.learn("db-1", made, fields(f"long-{number}", **told))
        served.desk.tally.learn("db-1", now, fields(f"long-{number}", "hit", reached_at=now, **told))
    shown = predictions(served, "--report", COLUMNS=str(width), NETMON_LANG=language).output.splitlines()
    (line,) = [line for line in shown if "optical_power_falling" in line]
    assert len(re.split(r"  +", line.strip())) == columns
    assert max(map(len, shown)) <= width


def test_what_others_wrote_does_nothing_to_a_terminal_or_a_spreadsheet(served: Core) -> None:
    now = time.time()
    served.desk.tally.learn("=cmd()", now, fields("evil", series="\x1b[2Jx", p50=now, made_at=now))
    assert "\x1b[2J" not in predictions(served).output
    assert "'=cmd()" in predictions(served, "--format", "csv").output
