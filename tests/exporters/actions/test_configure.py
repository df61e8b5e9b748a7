"""Other settings while attacks go on: what they do not allow ends, and what is done by other means begins anew."""

import json
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from exporters.actions.actor import Actor
from netmon.api import Event
from tests.exporters.actions.test_actor import Core
from tests.exporters.actions.test_decide import finding, settings
from tests.support.waiting import eventually


@asynccontextmanager
async def acting(**given: Any) -> AsyncIterator[tuple[Actor, Core]]:
    """Give an actor that really acts."""
    core = Core()
    actor = Actor(settings(**{"dry_run": False} | given), core, CollectorRegistry(), source="sensor-1")
    await actor.start()
    try:
        yield actor, core
    finally:
        await actor.stop()


def told(core: Core) -> list[tuple[object, object, object]]:
    return [tuple(event.fields[f] for f in ("event.action", "event.reason", "netmon.dry_run")) for event in core.events]  # type: ignore[misc]


def victims(file: Path) -> list[str]:
    return [one["destination"] for one in json.loads(file.read_text())]


def announcing(file: Path, **more: object) -> dict[str, object]:
    return {"file": file, "format": "json", **more}


def script(directory: Path, name: str) -> dict[str, object]:
    """Return the settings of a program that writes down when it is run, and for what."""
    file = directory / name
    body = f"with open({str(directory / 'ran')!r}, 'a') as ran: print({name!r}, told['action'], file=ran)"
    file.write_text(f"#!{sys.executable} -IS\nimport json, sys\ntold = json.load(sys.stdin)\n{body}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return {"command": [str(file)]}


async def test_what_may_not_be_cut_off_any_more_is_given_back_and_the_rest_stays(tmp_path: Path) -> None:
    routes = tmp_path / "routes"
    async with acting(announcement=announcing(routes)) as (actor, core):
        actor.send([finding(), finding("192.0.2.8"), finding("192.0.2.9", "udp_flood")])
        actor.configure(settings(announcement=announcing(routes), dry_run=False, never=["192.0.2.7/32"]))
        assert victims(routes) == ["192.0.2.8/32", "192.0.2.9/32"]
        assert told(core)[3:] == [
            ("end", "the settings changed", "false"),
            ("refused", "its victim is in a prefix that is never to be cut off", "false"),
        ]
        actor.configure(settings(announcement=announcing(routes), dry_run=False, rules=["udp_flood"]))
        assert victims(routes) == ["192.0.2.9/32"]
        assert [one[0] for one in told(core)[5:]] == ["end"]  # of a rule that is not acted on: nothing is refused


async def test_the_same_settings_again_change_nothing(tmp_path: Path) -> None:
    given = settings(announcement=announcing(tmp_path / "routes"), dry_run=False, allow=[])
    async with acting(announcement=announcing(tmp_path / "routes"), allow=[]) as (actor, core):
        actor.configure(given, [ip_network("192.0.2.0/24")])
        actor.send([finding(), finding("198.51.100.1")])
        before = (tmp_path / "routes").stat().st_ino
        actor.configure(given, [ip_network("192.0.2.0/24")])
        actor.send([finding(), finding("198.51.100.1")])
        assert [one[0] for one in told(core)] == ["begin", "refused"]
        assert (tmp_path / "routes").stat().st_ino == before
        actor.configure(given)  # the prefix is not protected any more
        assert [one[0] for one in told(core)] == ["begin", "refused", "end", "refused"]
        assert victims(tmp_path / "routes") == []


async def test_switched_on_off_and_dry(tmp_path: Path) -> None:
    routes = announcing(tmp_path / "routes")
    async with acting(announcement=routes, enabled=False) as (actor, core):
        actor.send([finding()])
        actor.configure(settings(announcement=routes))
        assert not (tmp_path / "routes").exists()
        actor.send([finding()])
        actor.configure(settings(announcement=routes, dry_run=False))
        assert victims(tmp_path / "routes") == ["192.0.2.7/32"]
        actor.configure(settings(announcement=routes))
        assert victims(tmp_path / "routes") == []
        actor.configure(settings(announcement=routes, enabled=False))
        actor.send([finding("192.0.2.8")])
    changed = "the settings changed"
    assert told(core) == [
        ("begin", "the finding began", "true"),
        ("end", changed, "true"),
        ("begin", "the finding began", "false"),
        ("end", changed, "false"),
        ("begin", "the finding began", "true"),
        ("end", changed, "true"),
    ]


async def test_routes_move_to_another_file_and_leave_none_behind(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    async with acting(announcement=announcing(old)) as (actor, _):
        actor.send([finding(), finding("192.0.2.8", cleared=True), finding("192.0.2.9")])
        actor.send([finding("192.0.2.9", cleared=True)])
        actor.configure(settings(announcement=announcing(new), dry_run=False))
        assert victims(old) == []
        assert victims(new) == ["192.0.2.7/32"]  # the other attack is over, and was only held a little longer
        actor.configure(settings(announcement=None, script={"command": ["/bin/true"]}, dry_run=False))
        assert victims(new) == []


async def test_a_file_of_exabgp_withdraws_what_another_next_hop_was_announced_with(tmp_path: Path) -> None:
    file = tmp_path / "routes"
    given: dict[str, Any] = {"file": file, "route": "blackhole"}
    async with acting(announcement=given) as (actor, _):
        actor.send([finding()])
        actor.configure(settings(announcement=given | {"next_hop": "192.0.2.254"}, dry_run=False))
        lines = [line.split() for line in file.read_text().splitlines()]
        assert [(words[0], words[4]) for words in lines] == [("withdraw", "192.0.2.1"), ("announce", "192.0.2.254")]


async def test_a_file_without_routes_has_the_form_that_is_set(tmp_path: Path) -> None:
    file = tmp_path / "routes"
    async with acting(announcement=announcing(file)) as (actor, _):
        assert victims(file) == []
        actor.configure(settings(announcement=announcing(file, format="bird"), dry_run=False))
        assert file.read_text().startswith("# Made by netmon")


async def test_a_file_that_could_not_be_emptied_is_emptied_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporters.actions.actor._TICK_S", 0.02)
    folder = tmp_path / "folder"
    folder.mkdir()
    async with acting(announcement=announcing(folder / "routes")) as (actor, _):
        actor.send([finding()])
        folder.rename(tmp_path / "away")
        actor.configure(settings(announcement=announcing(tmp_path / "routes"), dry_run=False))
        assert victims(tmp_path / "routes") == ["192.0.2.7/32"]
        (tmp_path / "away").rename(folder)
        await eventually(lambda: victims(folder / "routes") == [])
        assert victims(tmp_path / "routes") == ["192.0.2.7/32"]


async def test_what_an_earlier_run_left_is_withdrawn_also_where_it_could_not_be_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporters.actions.actor._TICK_S", 0.02)
    file = tmp_path / "folder" / "routes"
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "routes").write_text("announce route 192.0.2.7/32 next-hop 192.0.2.1\n")
    async with acting(announcement={"file": file}):
        (tmp_path / "away").rename(file.parent)
        await eventually(lambda: file.read_text() == "withdraw route 192.0.2.7/32 next-hop 192.0.2.1\n")


async def test_the_program_that_began_it_ends_it(tmp_path: Path) -> None:
    first, second = script(tmp_path, "first"), script(tmp_path, "second")
    async with acting(announcement=None, script=first) as (actor, core):
        actor.send([finding()])
        actor.configure(settings(announcement=None, script=second, dry_run=False))
        await eventually(lambda: [one[0] for one in told(core)].count("script_begin") == 2)
        actor.configure(settings(announcement=None, script=second | {"timeout_s": 9}, dry_run=False))  # the same means
    ran = (tmp_path / "ran").read_text().splitlines()
    assert ran == ["first begin", "first end", "second begin", "second end"]
    assert all(isinstance(event, Event) for event in core.events)
