"""`netmon status`: what it says and what it exits with."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netmon.api import Severity
from netmon.app.cli import main
from tests.support.command import netmon as run_netmon
from tests.support.daemon import daemon, write_config
from tests.support.desk_served import Core, core


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Core]:
    with core(tmp_path) as running:
        running.desk.say("LinkDown", "sw-1", Severity.CRITICAL)
        yield running


def status(running: Core, *options: str, **variables: str) -> Result:
    arguments = ["status", "--config", str(running.directory), *options]
    return CliRunner().invoke(main, arguments, env={"NETMON_LANG": "en", "COLUMNS": "120"} | variables)


def rows(said: Result) -> list[str]:
    return [" ".join(line.split()) for line in said.output.splitlines()]


def test_all_is_well(served: Core) -> None:
    said = status(served)
    assert said.exit_code == 0, said.output
    assert rows(said)[:4] == [
        "All is well with netmon.",
        "alerts 1 firing, 0 acknowledged, 0 pending",
        f"ledger {len(served.desk.records)} records",
        "index in step with the ledger",
    ]


def test_what_is_wrong_is_said_and_is_the_exit_code(served: Core) -> None:
    served.desk.problems = ("the disk is full", "a name with \x1b[31mcolour")
    said = status(served)
    assert said.exit_code == 1
    assert rows(said)[:2] == ["Something is wrong with netmon itself:", "- the disk is full"]
    assert "\x1b" not in said.output
    assert "Ada masalah pada netmon sendiri:" in status(served, NETMON_LANG="id").output


def test_for_programs(served: Core) -> None:
    served.desk.problems = ("the disk is full",)
    said = status(served, "--json")
    assert said.exit_code == 1
    found = json.loads(said.output)
    assert (found["ok"], found["problems"], found["alerts"]["firing"]) == (False, ["the disk is full"], 1)


def test_no_daemon_is_three(tmp_path: Path) -> None:
    said = run_netmon("status", "--config", tmp_path, NETMON_STATE_DIR=str(tmp_path))
    assert (said.returncode, said.stdout) == (3, "")
    assert "no netmon daemon answers" in said.stderr


def test_of_a_daemon(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {})
    with daemon(directory, port) as running:
        running.wait_ready()
        said = run_netmon("status", "--config", directory, "--json")
        assert said.returncode == 0, said.stderr
        found = json.loads(said.stdout)
        assert found["ledger_size"] >= 2  # its first segment and its start
        assert found["problems"] == []
