"""The core's end over real sockets: order, back pressure, what is malformed, twice, or said before a stop."""

import asyncio
from contextlib import AsyncExitStack

import pytest
import uvloop

from netmon.api import Receipt, Unavailable
from netmon.core import codec
from netmon.core.link import wire
from tests.support.intake import SENDER, Link, Peer, batch
from tests.support.link import QUICK, Numbered, check_intake, finding, findings, serial_of
from tests.support.waiting import eventually


async def test_over_a_real_socket(link: Link) -> None:
    async with link.intake(), link.uplink() as uplink:
        for first in range(0, 5_000, 100):
            uplink.send(findings(first, 100))
            await asyncio.sleep(0)
        await eventually(lambda: uplink.pending == 0)
        assert link.core.serials() == list(range(5_000))
        assert link.count("received_total", source="collector") == 5_000
        assert link.count("stored_total", source="collector") == 5_000
        check_intake(link.registry)


def test_on_the_loop_of_the_daemon(link: Link) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(test_over_a_real_socket(link))


async def test_a_core_that_comes_and_goes(link: Link) -> None:
    async with link.uplink() as uplink:
        for round_number in range(10):
            uplink.send(findings(100 * round_number, 50))
            async with link.intake():
                uplink.send(findings(100 * round_number + 50, 50))
                await eventually(lambda: uplink.pending == 0)
        assert link.core.serials() == list(range(1_000))


async def test_many_senders_at_once(link: Link) -> None:
    async with link.intake(), AsyncExitStack() as stack:
        uplinks = [await stack.enter_async_context(link.uplink(f"collector-{n}")) for n in range(5)]
        for first in range(0, 500, 10):
            for uplink in uplinks:
                uplink.send(findings(first, 10))
        await eventually(lambda: not any(uplink.pending for uplink in uplinks))
        assert all(link.core.serials(uplink.sender) == list(range(500)) for uplink in uplinks)
        assert link.count("senders") == 5
        assert {name: link.count("stored_total", source=f"collector-{name}") for name in range(5)} == dict.fromkeys(
            range(5), 500
        )


async def test_one_that_is_malformed_costs_only_itself(link: Link) -> None:
    async with link.intake():
        peer = await Peer.welcomed(link)
        good = [codec.encode(finding(serial)) for serial in range(3)]
        peer.say(wire.Batch(1, [good[0], b"{", good[1], b"[" * 9_000, b'{"finding":null}', b"", good[2], b"\xff"]))
        assert await peer.hear() == wire.Ack(8)
        assert [(number, serial_of(thing)) for number, thing in link.core.taken[SENDER]] == [(1, 0), (3, 1), (7, 2)]
        assert link.count("dropped_total", source="collector", reason="malformed") == 5
        peer.say(wire.Batch(9, [b"x"]))
        assert await peer.hear() == wire.Ack(9)
        check_intake(link.registry)
        await peer.close()


async def test_numbers_with_gaps_are_kept(link: Link) -> None:
    async with link.intake():
        peer = await Peer.welcomed(link)
        peer.say(batch(5, 0, 1), batch(1_000, 2))
        assert [await peer.hear(), await peer.hear()] == [wire.Ack(6), wire.Ack(1_000)]
        await peer.close()
        assert [number for number, _ in link.core.taken[SENDER]] == [5, 6, 1_000]


async def test_what_comes_twice_is_stored_once(link: Link) -> None:
    async with link.intake():
        for _ in range(2):
            peer = await Peer.welcomed(link)
            peer.say(batch(1, 0, 1, 2))
            assert await peer.hear() == wire.Ack(3)
            await peer.close()
        peer = await Peer.connect(link)
        peer.say(wire.Hello(SENDER, 1))
        assert await peer.hear() == wire.Welcome(3, QUICK.batches_in_flight, 1_000, 1 << 20)
        await peer.close()
        assert link.core.serials() == [0, 1, 2]
        assert link.count("dropped_total", source="collector", reason="duplicate") == 3


async def test_a_core_that_cannot_stops_reading_and_still_hears(link: Link) -> None:
    open_again = asyncio.Event()

    async def wait(_sender: str, _things: Numbered) -> None:
        await open_again.wait()

    link.core.obstacle = wait
    settings = QUICK.model_copy(update={"batch_max_records": 10})
    async with link.intake(settings), link.uplink(settings=settings) as uplink:
        uplink.send(findings(0, 5_000))
        await uplink.flush()  # to the spool
        await eventually(lambda: link.count("pending_records", source="collector") == 40)
        check_intake(link.registry)
        link.clock = 2_000.0
        await eventually(lambda: link.server.heard == {uplink.sender: 2_000.0})
        assert (uplink.pending, link.core.calls) == (5_000, 1)
        open_again.set()
        await eventually(lambda: uplink.pending == 0)
        assert link.core.serials() == list(range(5_000))


async def test_a_core_that_says_it_cannot_is_asked_again(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.core.link.taking.RETRY_S", 0.01)
    failures = 3

    async def fail(_sender: str, _things: Numbered) -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise Unavailable("no room on the disk")

    link.core.obstacle = fail
    async with link.intake(), link.uplink() as uplink:
        uplink.send(findings(0, 10))
        await eventually(lambda: uplink.pending == 0)
        assert link.core.serials() == list(range(10))
        assert link.count("retries_total", why="unavailable") == 3


async def test_a_flood_is_with_the_core_within_a_second_or_two(link: Link) -> None:
    async with link.intake(), link.uplink() as uplink:
        uplink.send(findings(0, 50_000))
        await eventually(lambda: uplink.pending == 0, 10)  # a busy machine; a quiet one takes 0.3 s
        assert link.core.serials() == list(range(50_000))
        assert link.count("stored_total", source="collector") == 50_000


async def test_a_sender_that_leaves_has_what_it_said_stored(link: Link) -> None:
    open_again = asyncio.Event()

    async def wait(_sender: str, _things: Numbered) -> None:
        await open_again.wait()

    link.core.obstacle = wait
    async with link.intake():
        peer = await Peer.welcomed(link)
        peer.say(batch(1, 0), batch(2, 1), batch(3, 2))
        await peer.close()
        await eventually(lambda: link.count("pending_records", source="collector") == 3)
        again = await Peer.connect(link)
        again.say(wire.Hello(SENDER, 1))
        assert await again.hear() == wire.Refused("the core still has things of this sender in hand")
        await again.close()
        open_again.set()
        await eventually(lambda: link.core.serials() == [0, 1, 2])
        await (await Peer.welcomed(link)).close()


async def test_a_stop_settles_every_count(link: Link) -> None:
    async def never(_sender: str, _things: Numbered) -> None:
        await asyncio.Event().wait()

    link.core.obstacle = never
    async with link.intake():
        peer = await Peer.welcomed(link)
        peer.say(batch(1, 0, 1), *(batch(number, 0) for number in range(3, 20)))
        await eventually(lambda: link.count("pending_records", source="collector") > 4)
        await peer.close()
        server_stop = asyncio.create_task(link.server.stop())
        for task in tuple(link.server._serving):
            task.cancel()
        await server_stop
        assert link.count("pending_records", source="collector") == 0
        assert link.count("dropped_total", source="collector", reason="stopped") >= 5
        check_intake(link.registry)


async def test_a_stop_lets_the_core_finish(link: Link) -> None:
    async with link.intake(), link.uplink() as uplink:
        began = asyncio.Event()
        go_on = asyncio.Event()

        async def slow(_sender: str, _things: Numbered) -> None:
            began.set()
            await go_on.wait()

        link.core.obstacle = slow
        uplink.send(findings(0, 10))
        await began.wait()
        stopping = asyncio.create_task(link.server.stop())
        await asyncio.sleep(0)
        go_on.set()
        await stopping
        assert link.core.serials() == list(range(10))


async def test_a_receipt_that_does_not_add_up_still_balances(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    async def take(_sender: str, things: Numbered) -> Receipt:
        return Receipt(len(things), 1)

    monkeypatch.setattr(link.core, "take", take)  # a bug of the core
    async with link.intake():
        peer = await Peer.welcomed(link)
        peer.say(batch(1, 0, 1, 2))
        assert await peer.hear() == wire.Ack(3)
        assert link.count("dropped_total", source="collector", reason="unaccounted") == 2
        await peer.close()
