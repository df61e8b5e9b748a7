"""`netmon attention`, and what `netmon incidents` tells of it, against a core that answers."""

import csv
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netmon.app.cli import main
from tests.support.desk_served import Core, core
from tests.support.unusual import METRIC, anomaly

COUNTER = "netmon_interface_receive_bytes_total"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Core]:
    with core(tmp_path) as running:
        now = time.time()
        running.desk.board.learn("sw-1", now - 130, anomaly(0.75))
        running.desk.board.learn("sw-2", now - 60, anomaly(0.9, metric=COUNTER, value=12.5e6, expected=1.5e6))
        running.desk.board.learn("sw-3", now - 7_000, anomaly(0.8))
        running.desk.say("LinkDown", "sw-1")
        yield running


def ask(running: Core, *arguments: str, **variables: str) -> Result:
    command = [*arguments, "--config", str(running.directory)]
    return CliRunner().invoke(main, command, env={"NETMON_LANG": "en", "COLUMNS": "200"} | variables)


def rows(said: Result) -> list[str]:
    assert said.exit_code == 0, said.output
    return [" ".join(line.split()) for line in said.output.splitlines() if line.strip()]


def test_what_is_unusual_now(served: Core) -> None:
    said = rows(ask(served, "attention"))
    assert len(said) == 4  # two, the head and its line
    assert said[2] == f"0.90 1 min ago sw-2 {COUNTER}{{ifName=xe-0/1,lane=1}} 12.5 M/s 1.5 M/s 1"
    assert said[3] == f"0.75 2 min 10 s ago sw-1 {METRIC}{{ifName=xe-0/1,lane=1}} -19.50 dBm -7.25 dBm 1"


def test_in_indonesian(served: Core) -> None:
    said = ask(served, "attention", NETMON_LANG="id").output
    assert "biasanya" in said
    assert "12.5 M/dtk" in said


@pytest.mark.parametrize(
    ("options", "targets"),
    [
        ([], ["sw-2", "sw-1"]),
        (["--since", "3h"], ["sw-2", "sw-3", "sw-1"]),
        (["--target", "sw-1"], ["sw-1"]),
        (["--limit", "1"], ["sw-2"]),
        (["--since", "1s"], []),
    ],
)
def test_for_programs(served: Core, options: list[str], targets: list[str]) -> None:
    said = ask(served, "attention", "--format", "json", *options).output.splitlines()
    assert [json.loads(line)["target"] for line in said] == targets
    read = list(csv.DictReader(io.StringIO(ask(served, "attention", "--format", "csv", *options).output)))
    assert [each["target"] for each in read] == targets


def test_how_many_are_left_out_is_told(served: Core) -> None:
    assert rows(ask(served, "attention", "--limit", "1"))[-1] == "1 of 2, the others less so"


def test_nothing_is_unusual(tmp_path: Path) -> None:
    with core(tmp_path) as running:
        said = ask(running, "attention")
        assert (said.exit_code, said.output) == (0, "Nothing is unusual.\n")


def test_exit_codes(served: Core, tmp_path: Path) -> None:
    assert ask(served, "attention", "--since", "soon").exit_code == 2
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "netmon.yaml").write_text(f"state_dir: {tmp_path / 'none'}\n")
    assert CliRunner().invoke(main, ["attention", "--config", str(tmp_path / "none")]).exit_code == 3


def test_a_narrow_terminal_shows_what_matters_most(served: Core) -> None:
    said = ask(served, "attention", COLUMNS="40").output
    assert "0.90" in said
    assert max(map(len, said.splitlines())) <= 40


def test_what_others_wrote_does_nothing_to_a_terminal_or_a_spreadsheet(served: Core) -> None:
    served.desk.board.learn("=cmd()", time.time(), anomaly(port="\x1b[2Jx"))
    assert "\x1b" not in ask(served, "attention").output
    assert "'=cmd()" in ask(served, "attention", "--format", "csv").output


def test_an_incident_tells_what_was_unusual_at_its_targets(served: Core) -> None:
    said = ask(served, "incidents", "I1").output
    assert said.index("LinkDown") < said.index("Unusual at its targets") < said.index(METRIC)
    assert COUNTER not in said
    whole = json.loads(ask(served, "incidents", "I1", "--json").output)
    assert ([each["target"] for each in whole["unusual"]], whole["unusual_count"]) == (["sw-1"], 1)


def test_an_incident_at_which_nothing_was_unusual_says_nothing_of_it(served: Core) -> None:
    served.desk.say("TooWarm", "sw-9")
    assert "Unusual" not in ask(served, "incidents", "I2").output
