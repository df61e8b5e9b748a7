"""Alerts against a real Alertmanager with a receiver that counts: none lost, none doubled."""

import time
from collections import Counter
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from exporters.alertmanager.exporter import AlertmanagerExporter
from exporters.alertmanager.wire import unix_seconds
from netmon.api import Severity, State
from tests.exporters.alertmanager.conftest import Runs, Starts
from tests.support.alertmanager import Alertmanager, Receiver, agrees
from tests.support.desk import FakeDesk
from tests.support.waiting import eventually


async def told(receiver: Receiver, status: str, **expected: int) -> None:
    """Wait until the receiver was told this and nothing else with this status."""
    want = Counter({name.replace("__", "/").replace("_", "-"): count for name, count in expected.items()})
    await eventually(lambda: receiver.told(status) >= want, 15)
    assert receiver.told(status) == want


async def logged(manager: Alertmanager, groups: int) -> None:
    """Wait until its notification log on disk has so many groups."""
    await eventually(lambda: manager.notified_on_disk() >= groups)


def later(now: dict[str, str], first: dict[str, str], seconds: float) -> bool:
    """Tell whether one was updated that much later than the other."""
    return unix_seconds(now["updatedAt"]) - unix_seconds(first["updatedAt"]) > seconds


async def test_fires_and_ends(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    manager = await start()
    await run(manager, external_url="https://netmon.example.net")
    desk.say(
        "LinkDown",
        "sw-1",
        Severity.CRITICAL,
        labels={"ifName": "Te1/1"},
        summaries={"id": "Sambungan putus"},
        evidence={"rx_power_dbm": -31.25},
        runbook="https://runbook.example.net/link",
    )
    await told(receiver, "firing", LinkDown__sw_1=1)
    (alert,) = await manager.alerts()
    assert alert["labels"] == {
        "alertname": "LinkDown",
        "ifName": "Te1/1",
        "instance": "sw-1",
        "severity": "critical",
    }
    assert alert["annotations"] == {
        "summary": "LinkDown on sw-1",
        "summary_id": "Sambungan putus",
        "description": "rx_power_dbm: -31.25",
        "runbook_url": "https://runbook.example.net/link",
        "netmon_alert_id": desk.alerts()[0].id,
        "netmon_incident": "I1",
    }
    assert alert["generatorURL"] == f"https://netmon.example.net/alerts/{desk.alerts()[0].id}"
    desk.say("LinkDown", "sw-1", Severity.CRITICAL, labels={"ifName": "Te1/1"}, cleared=True)
    await told(receiver, "resolved", LinkDown__sw_1=1)
    assert await manager.alerts() == []


async def test_said_again_before_it_ends_there(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    manager = await start()
    await run(manager)
    desk.say("LinkDown", "sw-1")
    await told(receiver, "firing", LinkDown__sw_1=1)
    (first,) = await manager.alerts()
    # Four resend intervals later it would have ended by itself.
    await agrees(manager.alerts, lambda now: now and now[0]["endsAt"] > first["endsAt"] and later(now[0], first, 4))
    assert receiver.told("firing") == Counter({"LinkDown/sw-1": 1})
    assert receiver.told("resolved") == Counter()


async def test_ends_there_by_itself_when_we_are_gone(
    run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver
) -> None:
    manager = await start()
    exporter = await run(manager)
    desk.say("LinkDown", "sw-1")
    await told(receiver, "firing", LinkDown__sw_1=1)
    await exporter.stop()
    await told(receiver, "resolved", LinkDown__sw_1=1)


async def test_pending_is_not_sent_and_acknowledged_is(
    run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver
) -> None:
    manager = await start()
    await run(manager)
    fires = desk.say("LinkDown", "sw-1")
    desk.put([replace(desk.say("Cpu", "sw-2"), state=State.PENDING)])
    await desk.acknowledge([fires.id], "budi", "on my way")
    await agrees(manager.alerts, lambda now: now and "netmon_acknowledged" in now[0]["annotations"])
    (alert,) = await manager.alerts()
    assert alert["labels"]["instance"] == "sw-1"
    assert alert["annotations"]["netmon_acknowledged"] == "budi: on my way"
    await told(receiver, "firing", LinkDown__sw_1=1)


async def test_another_severity_ends_the_old_one(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    manager = await start()
    await run(manager)
    desk.say("Cpu", "sw-1", Severity.WARNING)
    await told(receiver, "firing", Cpu__sw_1=1)
    desk.say("Cpu", "sw-1", Severity.CRITICAL)
    await told(receiver, "resolved", Cpu__sw_1=1)
    assert [each["labels"]["severity"] for each in await manager.alerts()] == ["critical"]


async def test_killed_and_started_again_with_its_data(
    run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver
) -> None:
    """Its notification log survives, so nobody is told twice; what happened meanwhile is told."""
    manager = await start()
    await run(manager)
    for target in ("sw-1", "sw-2"):
        desk.say("LinkDown", target)
    await told(receiver, "firing", LinkDown__sw_1=1, LinkDown__sw_2=1)
    await logged(manager, 2)
    manager.end()
    desk.say("LinkDown", "sw-2", cleared=True)
    desk.say("LinkDown", "sw-3")
    await manager.start()
    await told(receiver, "resolved", LinkDown__sw_2=1)
    await told(receiver, "firing", LinkDown__sw_1=1, LinkDown__sw_2=1, LinkDown__sw_3=1)
    await agrees(manager.firing, lambda now: now == {"LinkDown/sw-1", "LinkDown/sw-3"})


async def test_killed_right_after_it_took_an_end(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    """It answered 200, told nobody and died: as Prometheus does, we say for a while what is over."""
    manager = await start()
    exporter = await run(manager)
    desk.say("LinkDown", "sw-1")
    await told(receiver, "firing", LinkDown__sw_1=1)
    await logged(manager, 1)
    desk.say("LinkDown", "sw-1", cleared=True)
    await eventually(lambda: exporter.waiting == 0)
    manager.end()
    if receiver.told("resolved"):
        pytest.skip("it told so before it could be killed")
    await manager.start()
    await told(receiver, "resolved", LinkDown__sw_1=1)


async def test_killed_and_its_data_lost(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    """It knows of nothing: it is told everything again, and tells people again what still fires, once."""
    manager = await start()
    await run(manager)
    desk.say("LinkDown", "sw-1")
    desk.say("LinkDown", "sw-2")
    await told(receiver, "firing", LinkDown__sw_1=1, LinkDown__sw_2=1)
    manager.end()
    manager.forget()
    desk.say("LinkDown", "sw-2", cleared=True)
    await manager.start()
    await told(receiver, "firing", LinkDown__sw_1=2, LinkDown__sw_2=1)
    assert await manager.firing() == {"LinkDown/sw-1"}


async def test_two_and_one_of_them_away(
    run: Runs, start: Starts, desk: FakeDesk, registry: CollectorRegistry, receiver: Receiver
) -> None:
    here, away = await start(), await start()
    away.end()
    await run(here, away)
    for number in range(20):
        desk.say("LinkDown", f"sw-{number}")
    await eventually(lambda: sum(receiver.told("firing").values()) == 20)
    assert len(await here.firing()) == 20
    name = away.url.removeprefix("http://")
    assert registry.get_sample_value("netmon_alertmanager_queue_alerts", {"alertmanager": name}) == 20
    desk.say("LinkDown", "sw-0", cleared=True)
    await away.start()
    await agrees(away.firing, lambda now: len(now) == 19)
    assert registry.get_sample_value("netmon_alertmanager_queue_alerts", {"alertmanager": name}) == 0
    failed = registry.get_sample_value(
        "netmon_alertmanager_failures_total", {"alertmanager": name, "reason": "unreachable"}
    )
    assert failed is not None
    assert failed > 0
    await eventually(lambda: sum(receiver.told("firing").values()) == 39)  # 19 by the second one, which shares nothing
    await told(receiver, "resolved", LinkDown__sw_0=1)


async def test_a_new_life_of_ours_ends_what_the_old_one_told(
    run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver
) -> None:
    """Killed with alerts told: one resolved, one that changed its labels, one forgotten by the desk, one that lasts."""
    manager = await start()
    first = await run(manager, resend_s=100)  # so that nothing ends by itself
    for target in ("resolved", "changed", "forgotten", "lasting"):
        desk.say("LinkDown", target)
    await eventually(lambda: sum(receiver.told("firing").values()) == 4)
    kill(first)
    desk.sinks.clear()
    desk.say("LinkDown", "resolved", cleared=True)
    desk.say("LinkDown", "changed", Severity.CRITICAL)
    desk.drop(desk.say("LinkDown", "forgotten", cleared=True).id)
    await run(manager, resend_s=100)
    await told(receiver, "resolved", LinkDown__resolved=1, LinkDown__changed=1, LinkDown__forgotten=1)
    await told(
        receiver,
        "firing",
        LinkDown__resolved=1,
        LinkDown__changed=2,  # two label sets
        LinkDown__forgotten=1,
        LinkDown__lasting=1,
    )
    assert await manager.firing() == {"LinkDown/changed", "LinkDown/lasting"}


def kill(exporter: AlertmanagerExporter) -> None:
    """End it as SIGKILL does: nothing more is said or written."""
    for task in exporter._tasks:
        task.cancel()
    exporter._tasks = []


async def test_the_end_survives_both_deaths(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver) -> None:
    manager = await start()
    first = await run(manager, resend_s=100)
    desk.say("LinkDown", "sw-1")
    await told(receiver, "firing", LinkDown__sw_1=1)
    await logged(manager, 1)
    manager.end()
    desk.say("LinkDown", "sw-1", cleared=True)
    kill(first)
    await manager.start()
    await run(manager, resend_s=100)
    await told(receiver, "resolved", LinkDown__sw_1=1)


@pytest.mark.parametrize("step_s", [3600, -3600])
async def test_our_clock_is_set(run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver, step_s: float) -> None:
    """Ours alone: it goes on by its own clock, and nothing ends there."""
    offset = 0.0
    desk.now = lambda: time.time() + offset
    manager = await start()
    await run(manager)
    desk.say("LinkDown", "sw-1")
    await told(receiver, "firing", LinkDown__sw_1=1)
    (first,) = await manager.alerts()
    offset = step_s
    await agrees(manager.alerts, lambda now: now == [] or later(now[0], first, 4))
    assert await manager.firing() == {"LinkDown/sw-1"}
    desk.say("LinkDown", "sw-1", cleared=True)
    await told(receiver, "resolved", LinkDown__sw_1=1)
    await told(receiver, "firing", LinkDown__sw_1=1)


async def test_what_the_desk_does_not_show_stays_as_told(
    run: Runs, start: Starts, desk: FakeDesk, receiver: Receiver
) -> None:
    manager = await start()
    exporter = await run(manager)
    ledger = replace(desk.say("LedgerDown", "core"), expires_s=None)
    desk.drop(ledger.id)
    other = replace(ledger, id="feedfeedfeed", labels={**ledger.labels, "instance": "gone"}, expires_s=1.5)
    exporter.changed([ledger, other])
    await eventually(lambda: receiver.told("resolved")["LedgerDown/gone"] == 1)  # not told again
    assert await manager.firing() == {"LedgerDown/core"}
    exporter.changed([replace(ledger, state=State.RESOLVED, resolved_at=time.time())])
    await told(receiver, "resolved", LedgerDown__core=1, LedgerDown__gone=1)


async def test_ten_thousand_at_once(run: Runs, start: Starts, desk: FakeDesk) -> None:
    manager = await start(group_by="alertname")
    exporter = await run(manager, resend_s=60)
    one = desk.say("LinkDown", "sw-0")
    alerts = [
        replace(one, id=f"{number:012x}", labels={**one.labels, "instance": f"sw-{number}"}) for number in range(10_000)
    ]
    begun = time.monotonic()
    desk.put(alerts)
    assert time.monotonic() - begun < 0.1  # told, not yet sent
    await eventually(lambda: exporter.waiting == 0, 30)
    took_s = time.monotonic() - begun
    assert len(await manager.alerts()) == 10_000
    assert took_s < 10
