"""From incidents to real receivers: order, limits, failures, a stop in the middle, and the metrics of it all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from exporters.notify import AppriseCourier
from netmon.api import Courier, Message, Rejected, Retryable, Severity
from netmon.core.notices.changes import NoticeChange
from netmon.core.notices.dispatch import Dispatcher
from netmon.core.notices.planner import Planner
from netmon.core.notices.settings import NotifySettings
from netmon.core.notices.words import Notice
from tests.support.notices import START, Board, Seen, incident, settings
from tests.support.receivers import mail_server, webhook
from tests.support.waiting import eventually

TO_ANDI = {"steps": [{"notify": "person:andi"}]}


class Desk:
    """What the core does around a planner: records changes, holds back what is not recorded, wakes the sender."""

    def __init__(self, chosen: NotifySettings) -> None:
        self.planner = Planner(chosen)
        self.alerts = Board()
        self.told: Callable[[], None] = lambda: None
        self.now = START
        self.recorded: list[NoticeChange] = []
        self.held: set[str] = set()

    def due(self, now: float) -> Sequence[Notice]:
        return [notice for notice in self.planner.due(now) if notice.id not in self.held]

    def settle_notices(self, notices: Sequence[NoticeChange], _now: float) -> object:
        self.recorded += notices
        self.told()
        return None

    def open(self, *numbers: int, severity: Severity = Severity.CRITICAL) -> None:
        """Let incidents open, and their group wait pass."""
        new = [incident(number, severity) for number in numbers]
        self.alerts.all |= {one.id: one for one in new}
        self.settle_notices(self.planner.observe([Seen(one) for one in new], self.alerts, self.now), self.now)
        self.tick(10)

    def tick(self, seconds: float) -> None:
        self.now += seconds
        self.settle_notices(self.planner.tick(self.now, self.alerts), self.now)


class Wire:
    """A courier whose every message waits until the test lets it go."""

    name = "wire"

    def __init__(self) -> None:
        self.begun: list[Message] = []
        self.waiting: dict[str, asyncio.Future[None]] = {}
        self.most = 0

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def deliver(self, message: Message) -> None:
        self.begun.append(message)
        self.waiting[message.id] = asyncio.get_running_loop().create_future()
        self.most = max(self.most, len(self.waiting))
        try:
            await self.waiting[message.id]
        finally:
            del self.waiting[message.id]


@asynccontextmanager
async def sending(desk: Desk, courier: Courier, registry: CollectorRegistry | None = None) -> AsyncIterator[Dispatcher]:
    one = Dispatcher(desk, courier, registry or CollectorRegistry(), lambda: desk.now)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()
        await one.stop()


async def test_one_after_the_other_on_a_channel_and_side_by_side_on_others() -> None:
    desk, wire = Desk(settings([{"steps": [{"notify": ["person:andi", "person:budi"]}]}])), Wire()
    async with sending(desk, wire):
        desk.open(1, 2)
        await eventually(lambda: len(wire.waiting) == 2)
        assert [(m.recipient, m.incidents) for m in wire.begun] == [("andi", ("I1",)), ("budi", ("I1",))]
        wire.waiting[wire.begun[1].id].set_result(None)
        await eventually(lambda: len(wire.begun) == 3)
        assert (wire.begun[2].recipient, wire.begun[2].incidents) == ("budi", ("I2",))
        wire.waiting[wire.begun[0].id].set_result(None)
        await eventually(lambda: len(wire.begun) == 4)
        for future in wire.waiting.values():
            future.set_result(None)
        await eventually(lambda: not desk.planner.tables.notices)


async def test_no_more_at_once_than_the_settings_say() -> None:
    names = [f"p{number}" for number in range(10)]
    desk, wire = (
        Desk(settings([{"steps": [{"notify": [f"person:{n}" for n in names]}]}], names, retry={"max_concurrent": 3})),
        Wire(),
    )
    async with sending(desk, wire):
        desk.open(1)
        for count in range(3, 11):
            await eventually(lambda count=count: len(wire.begun) == count)  # type: ignore[misc]
            next(iter(wire.waiting.values())).set_result(None)
        await eventually(lambda: len(wire.waiting) == 2)
        for future in wire.waiting.values():
            future.set_result(None)
        await eventually(lambda: not desk.planner.tables.notices)
    assert wire.most == 3


async def test_what_is_not_recorded_yet_waits() -> None:
    desk, wire = Desk(settings([TO_ANDI])), Wire()
    async with sending(desk, wire):
        desk.held = {"N1"}
        desk.open(1)
        desk.open(2)
        await eventually(lambda: wire.begun)
        assert wire.begun[0].id == "N2"
        desk.held = set()
        wire.waiting["N2"].set_result(None)
        await eventually(lambda: "N1" in wire.waiting)
        wire.waiting["N1"].set_result(None)
        await eventually(lambda: not desk.planner.tables.notices)


@pytest.mark.parametrize(
    ("error", "reason", "channel", "problem"),
    [
        (Retryable("busy"), "retryable", "telegram", "busy"),
        (Rejected("no such chat"), "rejected", "email", "no such chat"),
        (ZeroDivisionError("s3cret"), "bug", "telegram", "netmon failed: ZeroDivisionError"),
    ],
)
async def test_failures_are_noted_by_kind(error: Exception, reason: str, channel: str, problem: str) -> None:
    desk, wire, registry = Desk(settings([TO_ANDI])), Wire(), CollectorRegistry()
    async with sending(desk, wire, registry):
        desk.open(1)
        await eventually(lambda: wire.waiting)
        wire.waiting["N1"].set_exception(error)
        await eventually(lambda: registry.get_sample_value("netmon_notify_failed_total", {"reason": reason}))
        notice = desk.planner.tables.notices["N1"]
        assert (notice.channel, notice.problem, notice.attempts) == (channel, problem, 1)
        if channel == "email":
            await eventually(lambda: wire.waiting)
            wire.waiting["N1"].set_result(None)


async def test_the_other_side_says_when_to_come_back() -> None:
    desk, wire = Desk(settings([TO_ANDI])), Wire()
    async with sending(desk, wire):
        desk.open(1)
        await eventually(lambda: wire.waiting)
        wire.waiting["N1"].set_exception(Retryable("slow down", after_s=120))
        await eventually(lambda: desk.planner.tables.notices["N1"].attempts)
        assert desk.planner.tables.notices["N1"].due_at == desk.now + 120


async def test_a_courier_that_never_comes_back_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.core.notices.dispatch._GRACE_S", 0.05)
    desk, wire, registry = Desk(settings([TO_ANDI], retry={"deadline_s": 1})), Wire(), CollectorRegistry()
    async with sending(desk, wire, registry):
        desk.open(1)
        await eventually(lambda: registry.get_sample_value("netmon_notify_failed_total", {"reason": "timeout"}))
    assert desk.planner.tables.notices["N1"].problem == "not taken in time"


async def test_what_was_under_way_at_a_stop_is_sent_again_after_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.core.notices.dispatch._GRACE_S", 0.05)
    chosen = settings([TO_ANDI])
    desk, wire = Desk(chosen), Wire()
    async with sending(desk, wire):
        desk.open(1, 2)
        await eventually(lambda: wire.waiting)
    later, again, registry = Desk(chosen), Wire(), CollectorRegistry()
    for change in desk.recorded:
        later.planner.apply(change)
    later.alerts, later.now = desk.alerts, desk.now + 60
    async with sending(later, again, registry):
        for _ in range(2):
            await eventually(lambda: again.waiting)
            next(iter(again.waiting.values())).set_result(None)
            await asyncio.sleep(0)
        await eventually(lambda: not later.planner.tables.notices)
    assert [message.incidents for message in again.begun] == [("I1",), ("I2",)]
    assert registry.get_sample_value("netmon_notify_resumed_total") == 2
    assert registry.get_sample_value("netmon_notify_sent_total", {"why": "opened"}) == 2


async def test_a_flood_reaches_people_over_mail_and_webhook_within_their_limits() -> None:
    async with mail_server() as mailbox:
        with webhook() as hook:
            mail = f"mailto://127.0.0.1:{mailbox.port}?from=netmon@example.net&to=andi@example.net"
            also = {
                "andi": {"language": "id", "channels": {"email": {"url": mail}}},
                "budi": {"channels": {"hook": {"url": f"json://127.0.0.1:{hook.port}/"}}},
            }
            both = {"steps": [{"notify": ["person:andi", "person:budi"]}]}
            desk, registry = Desk(settings([both], people=(), also=also)), CollectorRegistry()
            courier = AppriseCourier(desk.planner.settings.urls())
            await courier.start()
            async with sending(desk, courier, registry):
                desk.open(*range(3_000))
                await eventually(lambda: not desk.planner.tables.notices, within_s=30)
            await courier.stop()
    assert len(mailbox.mails) == len(hook.posts) == 10  # half of max_critical at once
    assert "2991 insiden lagi" in mailbox.mails[-1]["Subject"]
    assert "2991 more incidents" in hook.posts[-1]["title"]
    assert registry.get_sample_value("netmon_notify_folded_total") == 2 * 2_991
    assert registry.get_sample_value("netmon_notify_waiting") == 0
    assert registry.get_sample_value("netmon_notify_queued") == 0
    assert registry.get_sample_value("netmon_notify_delay_seconds_count") == 20


async def test_a_mail_server_that_is_away_is_overcome_by_the_next_channel() -> None:
    with webhook() as hook:
        also = {
            "andi": {
                "channels": {
                    "email": {"url": "mailto://127.0.0.1:1?from=n@example.net&to=andi@example.net"},
                    "hook": {"url": f"json://127.0.0.1:{hook.port}/"},
                }
            }
        }
        desk = Desk(settings([TO_ANDI], people=(), also=also, retry={"first_s": 1, "per_channel": 2}))
        courier = AppriseCourier(desk.planner.settings.urls())
        await courier.start()
        async with sending(desk, courier) as dispatcher:
            desk.open(1)
            await eventually(lambda: desk.planner.tables.notices["N1"].attempts == 1)
            desk.now += 2
            dispatcher._wake.set()
            await eventually(lambda: hook.posts)
            await eventually(lambda: not desk.planner.tables.notices)
        await courier.stop()
    assert "sw-1" in hook.posts[0]["title"]
