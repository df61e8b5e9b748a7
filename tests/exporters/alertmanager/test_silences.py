"""Silences against real Alertmanagers: each stands once on either side, whoever is killed in between."""

import asyncio
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from exporters.alertmanager.wire import timestamp
from netmon.api import Matcher, NewMaintenance, NewSilence, Silence
from tests.exporters.alertmanager.conftest import Runs, Starts
from tests.support.alertmanager import Receiver, agrees
from tests.support.desk import FakeDesk
from tests.support.processes import free_port
from tests.support.waiting import eventually


def new(desk: FakeDesk, *matchers: Matcher, lasts_s: float = 3600, reason: str = "fiber work") -> NewSilence:
    now = desk.now()
    return NewSilence(matchers or (Matcher("instance", "sw-1"),), now, now + lasts_s, reason)


def open_here(desk: FakeDesk) -> list[Silence]:
    return [each for each in desk.silences() if each.ends_at > desk.now()]


def in_an_hour() -> str:
    return timestamp(time.time() + 3600)


async def test_ours_goes_there_and_ends_there(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    manager = await start()
    await run(manager)
    made = await desk.silence(
        new(desk, Matcher("instance", "sw-.*", is_regex=True), Matcher("severity", "critical", is_equal=False)), "budi"
    )
    (held,) = await agrees(manager.silences, lambda now: now)
    assert held["createdBy"] == "budi"
    assert held["comment"].startswith("fiber work [netmon:S1@")
    assert {(m["name"], m["value"], m["isRegex"], m["isEqual"]) for m in held["matchers"]} == {
        ("instance", "sw-.*", True, True),
        ("severity", "critical", False, False),
    }
    desk.say("LinkDown", "sw-1")
    desk.say("LinkDown", "other")
    await eventually(lambda: receiver.told("firing")["LinkDown/other"])
    assert receiver.told("firing")["LinkDown/sw-1"] == 0
    await desk.end_silence(made.id, "budi")
    await agrees(manager.silences, lambda now: now == [])
    await eventually(lambda: receiver.told("firing")["LinkDown/sw-1"] == 1)
    assert len(desk.silences()) == 1


async def test_theirs_comes_here_and_ends_here(run: Runs, start: Starts, desk: FakeDesk) -> None:
    manager = await start()
    exporter = await run(manager)
    held = await manager.silence(in_an_hour())
    await eventually(desk.silences)
    (made,) = desk.silences()
    label = manager.url.removeprefix("http://")
    assert (made.author, made.reason, made.origin) == (f"siti (via {label})", "fiber work", label)
    assert made.matchers == (Matcher("instance", "sw-1"),)
    assert abs(made.ends_at - time.time() - 3600) < 10
    await twice(exporter)
    assert len(await manager.silences()) == 1  # no echo
    assert len(desk.silences()) == 1
    await manager.expire(held)
    await eventually(lambda: not open_here(desk))
    assert desk.silences()[0].ended_by == made.origin


async def test_one_of_theirs_that_is_ended_here(run: Runs, start: Starts, desk: FakeDesk) -> None:
    manager = await start()
    await run(manager)
    await manager.silence(in_an_hour())
    await eventually(desk.silences)
    await desk.end_silence(desk.silences()[0].id, "budi")
    await agrees(manager.silences, lambda now: now == [])


async def test_one_of_ours_that_is_ended_there(run: Runs, start: Starts, desk: FakeDesk) -> None:
    manager = await start()
    await run(manager)
    await desk.silence(new(desk), "budi")
    (held,) = await agrees(manager.silences, lambda now: now)
    await manager.expire(held["id"])
    await eventually(lambda: not open_here(desk))


async def test_prolonged_there(run: Runs, start: Starts, desk: FakeDesk) -> None:
    manager = await start()
    exporter = await run(manager)
    await desk.silence(new(desk), "budi")
    (held,) = await agrees(manager.silences, lambda now: now)
    later = time.time() + 7200
    changed = {key: held[key] for key in ("id", "matchers", "startsAt", "createdBy", "comment")}
    assert await manager.silence(timestamp(later), **changed) == held["id"]
    await eventually(lambda: [abs(each.ends_at - later) < 1 for each in open_here(desk)] == [True])
    label = manager.url.removeprefix("http://")
    assert open_here(desk)[0].author == f"budi (via {label})"  # nobody there can act in budi's name
    await twice(exporter)
    assert len(await manager.silences()) == 1
    assert len(open_here(desk)) == 1


async def test_another_scope_there(run: Runs, start: Starts, desk: FakeDesk) -> None:
    """Alertmanager ends the one and makes another, with our mark in its comment."""
    manager = await start()
    exporter = await run(manager)
    await desk.silence(new(desk), "budi")
    (held,) = await agrees(manager.silences, lambda now: now)
    wider = {**held["matchers"][0], "value": "sw-.*", "isRegex": True}
    changed = {key: held[key] for key in ("id", "startsAt", "createdBy", "comment")} | {"matchers": [wider]}
    await manager.silence(held["endsAt"], **changed)
    await eventually(lambda: [each.matchers[0].value for each in open_here(desk)] == ["sw-.*"])
    await twice(exporter)
    assert [each["matchers"][0]["value"] for each in await manager.silences()] == ["sw-.*"]
    assert open_here(desk)[0].reason == "fiber work"  # without the mark


async def test_killed_between_making_it_and_noting_so(run: Runs, start: Starts, desk: FakeDesk, tmp_path: Path) -> None:
    manager = await start()
    first = await run(manager)
    await desk.silence(new(desk), "budi")
    await manager.silence(in_an_hour(), comment="theirs")
    await agrees(manager.silences, lambda now: len(now) == 2)
    await eventually(lambda: len(desk.silences()) == 2)
    for task in first._tasks:
        task.cancel()
    first._tasks = []
    memory = tmp_path / "state" / "alertmanager" / "silences.json"
    text = memory.read_text()
    memory.write_text(text[: text.index('"links"')] + '"links":{},"started":{}}')
    second = await run(manager)
    await twice(second)
    assert len(await manager.silences()) == 2
    assert len(desk.silences()) == 2
    await desk.end_silence(desk.silences()[1].id, "budi")
    await agrees(manager.silences, lambda now: [each["createdBy"] for each in now] == ["budi"])


async def test_it_lost_its_data(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    """Both come back, its own too; and nobody hears of what is silenced."""
    manager = await start()
    await run(manager)
    await desk.silence(new(desk), "budi")
    await manager.silence(in_an_hour(), comment="theirs")
    await eventually(lambda: len(desk.silences()) == 2)
    await agrees(manager.silences, lambda now: len(now) == 2)
    desk.say("LinkDown", "sw-1")
    manager.end()
    manager.forget()
    await manager.start()
    await agrees(manager.silences, lambda now: len(now) == 2)
    await agrees(manager.firing, lambda now: now == {"LinkDown/sw-1"})
    desk.say("LinkDown", "other")
    await eventually(lambda: receiver.told("firing")["LinkDown/other"] == 1)
    assert receiver.told("firing")["LinkDown/sw-1"] == 0
    assert len(open_here(desk)) == 2
    assert {each["createdBy"] for each in await manager.silences()} == {"budi", "siti"}  # its own name goes back to it


async def test_maintenance_is_a_silence_there(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    manager = await start()
    await run(manager)
    now = desk.now()
    scope = ("device:sw-1", "device:sw-2")
    made = await desk.maintain(NewMaintenance(scope, now, now + 3600, "splicing", "ring east"), "budi")
    held = await agrees(manager.silences, lambda now: len(now) == 2)
    assert {each["matchers"][0]["value"] for each in held} == {"sw-1", "sw-2"}
    assert held[0]["comment"].startswith("ring east: splicing [netmon:M1/")
    desk.say("LinkDown", "sw-1")
    desk.say("LinkDown", "other")
    await eventually(lambda: receiver.told("firing")["LinkDown/other"] == 1)
    assert receiver.told("firing")["LinkDown/sw-1"] == 0
    assert desk.silences() == []
    await manager.expire(held[0]["id"])  # one part, by hand: it stays ended
    await desk.end_maintenance(made.id, "budi")
    await agrees(manager.silences, lambda now: now == [])


async def test_a_mute_is_there_before_its_alert(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    manager = await start()
    await run(manager, silence_poll_s=600)
    await agrees(manager.silences, lambda now: now == [])
    await desk.silence(new(desk), "budi")
    desk.say("LinkDown", "sw-1")
    await agrees(manager.firing, lambda now: now == {"LinkDown/sw-1"})
    assert len(await manager.silences()) == 1
    assert receiver.told("firing") == {}


async def test_two_that_know_nothing_of_each_other(run: Runs, start: Starts, desk: FakeDesk) -> None:
    """The desk is the hub between them."""
    one, two = await start(), await start()
    exporter = await run(one, two)
    held = await one.silence(in_an_hour())
    await agrees(two.silences, lambda now: len(now) == 1)
    await twice(exporter)
    assert len(await one.silences()) == 1
    assert len(desk.silences()) == 1
    label = one.url.removeprefix("http://")
    assert [each["createdBy"] for each in await two.silences()] == [f"siti (via {label})"]
    await one.expire(held)
    await agrees(two.silences, lambda now: now == [])


async def test_a_cluster_shares_silences(run: Runs, start: Starts, desk: FakeDesk) -> None:
    ports = [free_port(), free_port()]
    quick = ("--cluster.gossip-interval=50ms", "--cluster.pushpull-interval=1s", "--cluster.settle-timeout=1s")
    addresses = [f"127.0.0.1:{port}" for port in ports]
    one = await start(options=(f"--cluster.listen-address={addresses[0]}", *quick))
    two = await start(options=(f"--cluster.listen-address={addresses[1]}", f"--cluster.peer={addresses[0]}", *quick))
    exporter = await run(one, two)
    await desk.silence(new(desk, Matcher("site", "south")), "budi")
    await two.silence(in_an_hour(), comment="theirs")
    await agrees(one.silences, lambda now: len(now) == 2)
    await agrees(two.silences, lambda now: len(now) == 2)
    await eventually(lambda: len(desk.silences()) == 2)
    one.end()
    await desk.silence(new(desk, Matcher("site", "north")), "budi")
    await agrees(two.silences, lambda now: len(now) == 3)
    await one.start()
    # Until it has found its peers again it stands alone and may be given its silences a second time: they are one here.
    await agrees(one.silences, lambda now: len(kinds(now)) == 3, 20)
    await twice(exporter)
    assert kinds(await two.silences()) == kinds(await one.silences())
    assert len(desk.silences()) == 3
    for silence in desk.silences():
        await desk.end_silence(silence.id, "budi")
    for member in (one, two):  # and end as one
        await agrees(member.silences, lambda now: not [each for each in now if each["status"]["state"] == "active"], 20)


def kinds(silences: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return what silences match, each once."""
    return {str(sorted(each["matchers"], key=str)) for each in silences}


async def test_the_ledger_cannot_be_written(run: Runs, start: Starts, desk: FakeDesk) -> None:
    manager = await start()
    exporter = await run(manager)
    desk.refuses = "the disk is full"
    await manager.silence(in_an_hour())
    await twice(exporter)
    assert desk.silences() == []
    desk.refuses = ""
    await eventually(desk.silences)


async def test_amtool_reads_ours(run: Runs, start: Starts, desk: FakeDesk) -> None:
    if shutil.which("amtool") is None:
        pytest.skip("amtool is not installed")
    manager = await start()
    await run(manager)
    await desk.silence(new(desk), "budi")
    await agrees(manager.silences, lambda now: now)
    desk.say("LinkDown", "sw-1")
    await agrees(manager.firing, lambda now: now)
    url = f"--alertmanager.url={manager.url}"
    silences = await output("amtool", url, "silence", "query")
    assert 'instance="sw-1"' in silences
    assert "budi" in silences
    assert "LinkDown" in await output("amtool", url, "alert", "query", "-s")


async def output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode()


async def twice(exporter: Any) -> None:
    """Return when the exporter has looked at all silences twice more: what repetition breaks is broken by then."""
    for _ in range(2):
        exporter._looked.clear()
        exporter._look.set()
        await exporter._looked.wait()
