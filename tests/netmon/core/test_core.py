"""The core as a whole: what is said becomes a record, an alert, a message, once, over restarts and bad disks."""

import asyncio
import errno
import math
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from netmon.api import Event, Finding, Matcher, NewSilence, Query, State, Unavailable, Unrecorded
from netmon.core import codec
from netmon.core.clock import boottime
from netmon.core.core import Inventory
from netmon.core.ledger.files import Disk
from tests.support.core import Bench, event, finding
from tests.support.waiting import eventually


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_finding_becomes_a_record_an_alert_an_incident_and_a_message(bench: Bench) -> None:
    async with bench.core() as core:
        receipt = await core.take("poller-00000000", [(1, finding())])
        assert (receipt.received, receipt.stored, receipt.dropped) == (1, 1, {})
        (alert,) = core.desk.alerts()
        assert (alert.state, alert.site, alert.source) == (State.FIRING, "kota", "poller-00000000")
        assert core.desk.incident(alert.incident).targets == ("sw-1",)
        assert bench.sink.told[-1] == alert
        await eventually(lambda: bench.post.delivered)
        assert bench.post.delivered[0].recipient == "budi"
    (said,) = bench.kinds("finding")
    assert (said.target, said.key, said.data["summary"]) == ("sw-1", "poller-00000000:1", "a of sw-1 is down")
    whats = [record.data.get("what") for record in bench.kinds("alert", "incident")]
    assert {"firing", "opened"} <= set(whats)
    act = [record for record in bench.records() if record.seq >= said.seq][: 1 + len(whats)]
    assert all(record.more for record in act[:-1])  # one act: they survive together


async def test_what_a_sender_numbered_is_taken_once_also_by_the_next_core(bench: Bench) -> None:
    async with bench.core() as core:
        await core.take("poller-00000000", [(1, event(1)), (2, event(2))])
        again = await core.take("poller-00000000", [(2, event(2)), (3, event(3))])
        assert (again.stored, again.dropped) == (1, {"duplicate": 1})
    async with bench.core() as core:
        again = await core.take("poller-00000000", [(3, event(3)), (4, event(4))])
        assert (again.stored, again.dropped) == (1, {"duplicate": 1})
        assert (await core.take("other-00000000", [(3, event(3))])).stored == 1
    told = [record.data["fields"]["event.id"] for record in bench.kinds("event")]
    assert told == [1, 2, 3, 4, 3]
    assert bench.kinds("event")[0].data["raw"] == "cmF3IP8="


@pytest.mark.parametrize("snapshot", [True, False])
async def test_alerts_survive_a_restart_without_repeating_themselves(bench: Bench, *, snapshot: bool) -> None:
    async with bench.core() as core:
        await core.take("p-00000000", [(1, finding()), (2, finding("b", "sw-2"))])
        await eventually(lambda: len(bench.post.delivered) == 2)
        await core.desk.acknowledge([core.desk.alerts()[0].id], "budi", "on my way")
        before = core.desk.alerts(), core.desk.incidents()
    messages, records = list(bench.post.delivered), len(bench.kinds("alert", "incident", "notification"))
    if not snapshot:
        (bench.folder / "core.json").unlink()
    async with bench.core() as core:
        assert (core.desk.alerts(), core.desk.incidents()) == before
        receipt = await core.take("p-00000000", [(3, finding())])
        assert receipt.dropped == {"repeated": 1}
        await core.minder.look(time.time(), boottime())
        assert bench.post.delivered == messages
    assert len(bench.kinds("alert", "incident", "notification")) == records


async def test_a_snapshot_of_another_ledger_is_not_believed(bench: Bench, tmp_path: Path) -> None:
    async with bench.core() as core:
        await core.take("p-00000000", [(1, finding())])
    shutil.rmtree(tmp_path / "ledger")
    async with bench.core() as core:
        assert core.desk.alerts() == []


async def test_a_torn_snapshot_costs_time_only(bench: Bench) -> None:
    async with bench.core() as core:
        await core.take("p-00000000", [(1, finding())])
        before = core.desk.alerts()
    path = bench.folder / "core.json"
    path.write_bytes(path.read_bytes()[:100])
    async with bench.core() as core:
        assert core.desk.alerts() == before


async def test_what_an_operator_does_is_in_the_ledger_with_the_name(bench: Bench) -> None:
    async with bench.core() as core:
        await core.take("p-00000000", [(1, finding())])
        (alert,) = core.desk.alerts()
        (acked,) = await core.desk.acknowledge([alert.id[:5]], "siti", "cable cut")
        assert (acked.state, acked.acknowledged_by) == (State.ACKNOWLEDGED, "siti")
        now = time.time()
        silence = await core.desk.silence(NewSilence((Matcher("site", "kota"),), now, now + 60, "works"), "siti")
        assert core.desk.alert(alert.id).muted_by == (silence.id,)
        await core.desk.end_silence(silence.id, "budi")
        found = await core.desk.history(Query(kinds=("action",), newest_first=False))
    assert [(r["source"], r["data"]["what"]) for r in found] == [  # type: ignore[index]
        ("user siti", "acknowledge"),
        ("user siti", "silence"),
        ("user budi", "end_silence"),
    ]


async def test_while_the_disk_is_full_people_are_told_and_operators_refused_and_nothing_is_lost(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = False
    write = Disk.write

    def maybe(self: Disk, fd: int, data: bytes, at: int) -> None:
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, fd, data, at)

    monkeypatch.setattr(Disk, "write", maybe)
    async with bench.core() as core:
        await core.take("p-00000000", [(1, event(1))])
        full = True
        waiting = asyncio.create_task(core.take("p-00000000", [(2, finding())]))
        await eventually(lambda: not core.status().ok)
        assert "space" in core.status().problems[0]
        await core.minder.look(time.time(), boottime())
        rules = {alert.rule for alert in bench.sink.told}
        assert rules == {"link_down", "netmon_ledger_unwritable"}
        await eventually(lambda: len(bench.post.delivered) == 2)
        with pytest.raises(Unavailable, match="cannot be written"):
            await core.desk.acknowledge([core.desk.alerts()[0].id], "budi")
        assert not waiting.done()  # it is not acknowledged
        full = False
        assert (await waiting).stored == 1
        await core.minder.look(time.time(), boottime())
        assert core.desk.alerts()[0].rule
        await core.desk.acknowledge([core.desk.alerts()[0].id], "budi")
    assert [record.data["fields"]["event.id"] for record in bench.kinds("event")] == [1]
    assert {record.data["rule"] for record in bench.kinds("finding")} == rules
    assert len(bench.kinds("finding")) == 3  # the full disk, said and cleared


async def test_a_sender_that_goes_silent_is_an_alert_until_it_is_back(bench: Bench) -> None:
    async with bench.core() as core:
        now, second = time.time(), boottime()
        core.minder.silent_s = lambda: {"poller.desa-00000000": 0.0}
        await core.minder.look(now, second)
        core.minder.silent_s = dict
        await core.minder.look(now + 19, second + 19)
        assert core.desk.alerts() == []
        await core.minder.look(now + 21, second + 21)
        (alert,) = core.desk.alerts()
        assert (alert.rule, alert.target, alert.state) == ("netmon_collector_stopped", "poller.desa", State.FIRING)
        core.minder.silent_s = lambda: {"poller.desa-00000000": 0.0}
        await core.minder.look(now + 30, second + 30)
        await core.minder.look(now + 31, second + 31)
        assert core.desk.alert(alert.id).state is State.RESOLVED


async def test_a_core_that_was_away_still_expects_who_sent_before(bench: Bench) -> None:
    async with bench.core() as core:
        core.minder.silent_s = lambda: {"poller.desa-00000000": 0.0}
        await core.minder.look(time.time(), boottime())
    async with bench.core() as core:
        await core.minder.look(time.time() + 30, boottime() + 30)
        assert [alert.target for alert in core.desk.alerts()] == ["poller.desa"]


async def test_a_step_of_the_clock_is_recorded_and_expires_nothing(bench: Bench) -> None:
    async with bench.core() as core:
        await core.take("p-00000000", [(1, finding())])
        now, second = time.time(), boottime()
        await core.minder.look(now, second)
        await core.minder.look(now + 3601, second + 1)
        assert core.desk.alerts()[0].state is State.FIRING
        await core.minder.look(now + 2, second + 2)
        assert core.desk.alerts()[0].state is State.FIRING
    steps = [record.data["seconds"] for record in bench.kinds("system") if record.data["what"] == "clock stepped"]
    assert steps == pytest.approx([3600, -3600], abs=0.1)


async def test_alerts_of_targets_that_left_the_inventory_are_over_and_those_of_other_systems_are_not(
    bench: Bench,
) -> None:
    async with bench.core() as core:
        await core.take("p-00000000", [(1, finding()), (2, finding("b", "sw-2"))])
        await core.desk.submit([finding("c", "sw-9")], "prometheus")
        inventory = core._inventory
        core.retarget(Inventory(frozenset({"sw-2"}), inventory.site_of, inventory.matchers_of))
        states = {alert.target: alert.state for alert in core.desk.alerts()}
    assert states == {"sw-1": State.RESOLVED, "sw-2": State.FIRING, "sw-9": State.FIRING}


async def test_a_duplicate_is_acknowledged_only_when_its_first_is_on_disk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench.core() as core:
        say, calls = core.affairs.alerts.say, 0

        def fails_once(*args: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise RuntimeError("a bug")
            return say(*args, **more)

        monkeypatch.setattr(core.affairs.alerts, "say", fails_once)
        numbered: list[tuple[int, Finding | Event]] = [(1, event(1)), (2, finding("a")), (3, finding("b"))]
        with pytest.raises(RuntimeError):
            await core.take("p-00000000", numbered)
        again = await core.take("p-00000000", numbered)
        assert (again.stored, again.dropped) == (1, {"duplicate": 2})
        assert core.ledger.sources["p-00000000"] == 3
    keys = [record.key for record in bench.kinds("event", "finding")]
    assert keys == [f"p-00000000:{number}" for number in (1, 2, 3)]


async def test_numbers_that_json_lacks_are_told_by_name_and_survive(bench: Bench) -> None:
    odd = replace(finding(), evidence={"value": math.nan, "limit": math.inf, "other": 1.5})
    timeless = replace(finding("b"), at=math.nan)
    async with bench.core() as core:
        receipt = await core.take("p-00000000", [(1, odd), (2, timeless)])
        assert (receipt.stored, receipt.dropped) == (1, {"malformed": 1})
    (bench.folder / "core.json").unlink()
    async with bench.core() as core:
        (alert,) = core.desk.alerts()
        assert alert.evidence == {"value": "nan", "limit": "inf", "other": 1.5}
    assert codec.decode(codec.encode(odd)) == replace(odd, evidence={"value": "nan", "limit": "inf", "other": 1.5})


async def test_new_evidence_of_a_known_matter_is_recorded_once_a_minute(tmp_path: Path) -> None:
    bench, now = Bench(tmp_path), 2e9

    async with bench.core(lambda: now) as core:
        for second, value in ((0, 1), (10, 2), (61, 2), (62, 3), (122, 3)):
            now = 2e9 + second
            said = replace(finding(), evidence={"value": value})
            await core.desk.submit([said], "prometheus")
    values = [record.data["evidence"]["value"] for record in bench.kinds("finding")]
    assert values == [1, 2, 3]


async def test_an_answer_does_not_wait_for_a_disk_that_hangs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.core.desk.COMMIT_TIMEOUT_S", 0.2)
    hang, sync = threading.Event(), Disk.sync
    monkeypatch.setattr(Disk, "sync", lambda self, fd: (hang.wait(10), sync(self, fd)))
    hang.set()
    async with bench.core() as core:
        await core.desk.submit([finding()], "prometheus")
        hang.clear()
        with pytest.raises(Unrecorded):
            await core.desk.acknowledge([core.desk.alerts()[0].id], "budi")
        with pytest.raises(Unrecorded):
            await core.desk.submit([finding("b")], "prometheus")
        assert {alert.state for alert in core.desk.alerts()} == {State.ACKNOWLEDGED, State.FIRING}
        hang.set()
    assert [record.data["what"] for record in bench.kinds("action")] == ["acknowledge"]


async def test_a_silence_made_while_a_look_takes_long_is_not_ended_by_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netmon.core.minder._AT_ONCE", 1)
    async with bench.core() as core:
        await core.take("p-00000000", [(n, finding(f"k{n}")) for n in range(1, 30)])
        now = time.time()
        first = await core.desk.silence(NewSilence((Matcher("site", "kota"),), now, now + 600, "works"), "siti")
        look = asyncio.create_task(
            core.minder.look(now, boottime())
        )  # it began a moment ago, and has many turns to take
        await asyncio.sleep(0)
        later = time.time()
        made = await core.desk.silence(NewSilence((Matcher("alertname", "x"),), later, later + 600, "more"), "siti")
        await look
        assert {silence.id for silence in core.desk.silences()} == {first.id, made.id}
        assert {alert.muted_by for alert in core.desk.alerts()} == {(first.id,)}
    ended = [record for record in bench.kinds("silence") if record.data["what"] == "ended"]
    assert ended == []
