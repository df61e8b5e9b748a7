"""What a daemon that acts says in its own log: a line for each event, also where nobody is there to hear of it."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from tests.exporters.actions.test_actor import Core, _actor, _script
from tests.exporters.actions.test_decide import finding
from tests.support.waiting import eventually

Lines = list[MutableMapping[str, Any]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs() as captured:
        yield captured


def _said(lines: Lines, event: str) -> Lines:
    return [line for line in lines if line["event"] == event]


async def test_routes_announced_and_withdrawn_and_refusals_are_told_once(tmp_path: Path, lines: Lines) -> None:
    announcement = {"file": tmp_path / "routes", "route": "blackhole"}
    actor = _actor(Core(), CollectorRegistry(), announcement=announcement, dry_run=False)
    await actor.start()
    for _ in range(3):
        actor.send([finding(), finding("198.51.100.1")])  # said again while they last
    await actor.stop()
    known = {"finding": "syn_flood/192.0.2.7", "target": "web", "dry_run": False}
    (begins,) = _said(lines, "an action begins")
    assert begins.items() >= (known | {"route": "blackhole", "to": "192.0.2.7/32", "attack": "A flood"}).items()
    (over,) = _said(lines, "an action is over")
    assert over.items() >= (known | {"route": "blackhole", "to": "192.0.2.7/32", "why": "netmon stops"}).items()
    (refused,) = _said(lines, "an attack is not acted on")
    assert refused["finding"] == "syn_flood/198.51.100.1"
    assert refused["why"] == "its victim is in no prefix that may be cut off"
    assert (begins["log_level"], over["log_level"], refused["log_level"]) == ("info", "info", "warning")
    assert len(lines) == 3


async def test_a_dry_run_says_that_it_is_one(tmp_path: Path, lines: Lines) -> None:
    actor = _actor(Core(), CollectorRegistry(), announcement={"file": tmp_path / "routes"})
    await actor.start()
    actor.send([finding()])
    await actor.stop()
    assert [(line["event"], line["route"], line["dry_run"]) for line in lines] == [
        ("an action begins", "flowspec", True),
        ("an action is over", "flowspec", True),
    ]


async def test_runs_of_a_program_are_told_with_how_they_ended(tmp_path: Path, lines: Lines) -> None:
    core = Core()
    script = {"command": _script(tmp_path, "sys.exit(told['action'] == 'end')")}
    actor = _actor(core, CollectorRegistry(), script=script, announcement=None, dry_run=False)
    await actor.start()
    actor.send([finding()])
    await eventually(lambda: "script_begin" in core.said())
    await actor.stop()
    known = {"finding": "syn_flood/192.0.2.7", "program": script["command"][0]}
    (ran,) = _said(lines, "an action's program has run")
    assert ran.items() >= (known | {"action": "begin"}).items()
    (failed,) = _said(lines, "an action's program failed")
    assert failed.items() >= (known | {"action": "end", "code": 1}).items()
    assert [line["program"] for line in lines] == [known["program"]] * 4  # both of these, and begin and end


async def test_a_program_that_cannot_be_run_or_has_no_room_is_told(tmp_path: Path, lines: Lines) -> None:
    core = Core()
    script = {"command": [str(tmp_path / "missing")], "queue": 1, "at_once": 1}
    actor = _actor(core, CollectorRegistry(), script=script, announcement=None, dry_run=False)
    await actor.start()
    actor.send([finding(f"192.0.2.{number}") for number in range(3)])
    await eventually(lambda: core.said().count("script_begin") == 2)
    await actor.stop()
    missing = _said(lines, "an action's program cannot be started")
    assert {line["finding"] for line in missing} >= {"syn_flood/192.0.2.0", "syn_flood/192.0.2.1"}
    full = _said(lines, "an action's program is not run: as many as may wait already")
    assert ("syn_flood/192.0.2.2", "begin") in {(line["finding"], line["action"]) for line in full}


@pytest.mark.parametrize("form", ["exabgp", "bird", "json"])
async def test_routes_that_a_killed_run_left_are_told_when_they_are_withdrawn(
    tmp_path: Path, lines: Lines, form: str
) -> None:
    file = tmp_path / "routes"
    announcement = {"file": file, "format": form}
    told = "routes that an earlier run left are withdrawn"
    fresh = _actor(Core(), CollectorRegistry(), announcement=announcement, dry_run=False)
    await fresh.start()
    fresh.send([finding()])
    left = file.read_text()
    await fresh.stop()
    assert _said(lines, told) == []  # there was nothing
    for before, count in ((file.read_text(), 0), (left, 1)):  # stopped well, and killed
        file.write_text(before)
        again = _actor(Core(), CollectorRegistry(), announcement=announcement, dry_run=False)
        await again.start()
        await again.stop()
        assert len(_said(lines, told)) == count


async def test_a_file_that_can_be_written_again_is_told(
    tmp_path: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporters.actions.actor._TICK_S", 0.02)
    folder = tmp_path / "later"
    actor = _actor(Core(), CollectorRegistry(), announcement={"file": folder / "routes"}, dry_run=False)
    await actor.start()
    actor.send([finding()])
    assert _said(lines, "announcements cannot be written")
    assert not _said(lines, "announcements are written again")
    folder.mkdir()
    await eventually(lambda: bool(_said(lines, "announcements are written again")))
    await actor.stop()
    assert len(_said(lines, "announcements are written again")) == 1
