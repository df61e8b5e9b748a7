"""Findings on their way to the core: programs run, routes announced, everything told, nothing in a dry run."""

import json
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from exporters.actions.actor import Actor
from netmon.api import Event, Finding
from tests.exporters.actions.test_decide import finding, settings
from tests.support.waiting import eventually


class Core:
    """Takes what comes."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.events: list[Event] = []

    def send(self, things: Sequence[Finding | Event]) -> None:
        """Sort them."""
        self.findings += [one for one in things if isinstance(one, Finding)]
        self.events += [one for one in things if isinstance(one, Event)]

    def said(self) -> list[object]:
        """Return what was done, in order."""
        return [event.fields["event.action"] for event in self.events]


def _actor(core: Core, registry: CollectorRegistry, clock: Any = None, **given: Any) -> Actor:
    return Actor(settings(**given), core, registry, source="sensor-1", **({"clock": clock} if clock else {}))


def _script(tmp_path: Path, body: str) -> list[str]:
    file = tmp_path / "act"
    file.write_text(f"#!{sys.executable} -IS\nimport json, os, sys, time\ntold = json.load(sys.stdin)\n{body}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return [str(file), str(tmp_path), "; echo $HOME"]


async def test_a_dry_run_does_nothing_and_tells_everything(tmp_path: Path) -> None:
    core, file, ran = Core(), tmp_path / "routes", tmp_path / "ran"
    script = {"command": _script(tmp_path, "open(sys.argv[1] + '/ran', 'w')")}
    actor = _actor(core, CollectorRegistry(), script=script, announcement={"file": file})
    await actor.start()
    actor.send([finding()])
    await actor.stop()
    assert core.said() == ["begin", "end"]
    assert [event.fields["netmon.dry_run"] for event in core.events] == ["true", "true"]
    assert core.events[0].category == "action"
    assert core.events[0].fields["destination.address"] == "192.0.2.7"
    assert len(core.findings) == 1
    assert not file.exists()
    assert not ran.exists()


async def test_what_is_switched_off_passes_everything_on_and_tells_nothing(tmp_path: Path) -> None:
    core, file = Core(), tmp_path / "routes"
    actor = _actor(core, CollectorRegistry(), announcement={"file": file}, enabled=False, dry_run=False)
    await actor.start()
    actor.send([finding(), finding("198.51.100.1")])
    await actor.stop()
    assert len(core.findings) == 2
    assert core.events == []
    assert not file.exists()


async def test_a_route_stands_while_the_attack_lasts_and_falls_at_the_stop(tmp_path: Path) -> None:
    core, file, now = Core(), tmp_path / "routes", [1000.0]
    announcement = {"file": file, "route": "blackhole", "format": "json"}
    actor = _actor(core, CollectorRegistry(), lambda: now[0], announcement=announcement, dry_run=False, least_s=5)
    await actor.start()
    actor.send([finding(), finding("198.51.100.1"), finding("192.0.2.8")])
    assert [one["destination"] for one in json.loads(file.read_text())] == ["192.0.2.7/32", "192.0.2.8/32"]
    assert sorted(map(str, core.said())) == ["begin", "begin", "refused"]
    actor.send([finding(cleared=True)])
    now[0] += 6
    await eventually(lambda: len(json.loads(file.read_text())) == 1)
    await actor.stop()
    assert json.loads(file.read_text()) == []
    assert [event.fields["event.reason"] for event in core.events[-2:]] == ["the attack is over", "netmon stops"]


async def test_a_program_gets_the_finding_and_no_shell(tmp_path: Path) -> None:
    core, registry = Core(), CollectorRegistry()
    body = (
        "open(f'{sys.argv[1]}/{told[\"action\"]}', 'w').write("
        "json.dumps([told, sys.argv[2], sorted(os.environ)]))\nsys.exit(told['action'] == 'end')"
    )
    actor = _actor(core, registry, script={"command": _script(tmp_path, body)}, announcement=None, dry_run=False)
    await actor.start()
    actor.send([finding()])
    await eventually(lambda: "script_begin" in core.said())
    await actor.stop()
    told, argument, environment = json.loads((tmp_path / "begin").read_text())
    assert told["finding"]["evidence"]["target"] == "192.0.2.7"
    assert told["finding"]["key"] == "syn_flood/192.0.2.7"
    assert argument == "; echo $HOME"
    assert {"LC_ALL", "PATH"} >= {name for name in environment if name != "LC_CTYPE"}
    assert [(event.fields["event.action"], event.fields["event.reason"]) for event in core.events] == [
        ("begin", "the finding began"),
        ("script_begin", "success"),
        ("end", "netmon stops"),
        ("script_end", "failure"),
    ]
    assert registry.get_sample_value("netmon_action_scripts_total", {"outcome": "success"}) == 1


async def test_a_program_that_hangs_is_ended_and_two_of_one_finding_never_run_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporters.actions.actor._TICK_S", 0.02)  # so that the end comes while the first hangs
    core = Core()
    body = (
        "import fcntl\nmine = open(f'{sys.argv[1]}/running', 'w')\n"
        "fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)\nif told['action'] == 'begin': time.sleep(60)"
    )
    script = {"command": _script(tmp_path, body), "timeout_s": 1}
    now = [0.0]
    actor = _actor(
        core, CollectorRegistry(), lambda: now[0], script=script, announcement=None, dry_run=False, least_s=0
    )
    await actor.start()
    actor.send([finding()])
    actor.send([finding(cleared=True)])
    await eventually(lambda: "script_end" in core.said())
    await actor.stop()
    assert [event.fields["event.reason"] for event in core.events if "script" in str(event.fields["event.action"])] == [
        "timeout",
        "success",  # nobody had the lock
    ]


async def test_what_cannot_be_started_or_has_no_room_is_told(tmp_path: Path) -> None:
    core = Core()
    script = {"command": [str(tmp_path / "missing")], "queue": 1, "at_once": 1}
    actor = _actor(core, CollectorRegistry(), script=script, announcement=None, dry_run=False)
    await actor.start()
    actor.send([finding(f"192.0.2.{number}") for number in range(3)])
    await eventually(lambda: core.said().count("script_begin") == 2)
    await actor.stop()
    reasons = [event.fields["event.reason"] for event in core.events]
    assert reasons.count("no_room") >= 1
    assert "not_started" in reasons
