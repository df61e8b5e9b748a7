"""Who speaks to the core: rules, garbage, versions, silence, and how many there may be."""

import asyncio
import os

import pytest

from netmon.core.link import wire
from tests.support.intake import SENDER, Link, Peer, batch
from tests.support.link import QUICK, finding
from tests.support.waiting import eventually


async def test_more_sources_than_labels_share_one(link: Link) -> None:
    async with link.intake(QUICK.model_copy(update={"max_senders": 2})):
        for name in "abcd":
            async with link.uplink(name) as uplink:
                uplink.send([finding(0)])
                await eventually(lambda up=uplink: up.pending == 0)  # type: ignore[misc] # mypy cannot infer a default
        assert [link.count("stored_total", source=name) for name in ("a", "b", "other")] == [1, 1, 2]


async def test_a_new_connection_of_a_sender_ends_the_old(link: Link) -> None:
    async with link.intake():
        old = await Peer.welcomed(link)
        new = await Peer.welcomed(link)
        assert await old.hear() is None
        new.say(batch(1, 0))
        assert await new.hear() == wire.Ack(1)
        assert link.count("senders") == 1
        await old.close()
        await new.close()


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([wire.Heartbeat()], "malformed"),
        ([wire.Batch(1, [b"{}"])], "malformed"),
        ([wire.Hello(SENDER, 1), wire.Hello(SENDER, 1)], "malformed"),
        ([wire.Hello(SENDER, 1), wire.Ack(1)], "malformed"),
        ([wire.Hello(SENDER, 1), batch(1, 0, 1), batch(2, 2)], "malformed"),  # numbers that go back
        ([wire.Hello(SENDER, 1), wire.Batch(1, [b"{}"] * 1_001)], "malformed"),
        ([wire.Hello(SENDER, 1, version=2)], "refused"),
        ([wire.Hello("collector", 1)], "refused"),
        ([wire.Hello("../../etc-00000000", 1)], "refused"),
        ([wire.Hello(SENDER, 1)], "silent"),
        ([], "silent"),
    ],
)
async def test_who_breaks_the_rules_is_cut_off(link: Link, frames: list[wire.Frame], reason: str) -> None:
    settings = QUICK.model_copy(update={"dead_after_s": 0.2, "connect_timeout_s": 0.2})
    async with link.intake(settings):
        peer = await Peer.connect(link)
        peer.say(*frames)
        while await peer.hear() is not None:
            pass
        await peer.close()
        await eventually(lambda: link.count("ended_connections_total", reason=reason) == 1)
        assert link.core.serials() in ([], [0, 1])
        await (await Peer.welcomed(link, "other-00000002")).close()


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 5_000, os.urandom(1 << 20), b"\0\0\0\5", b"\0"]
)
async def test_garbage_on_the_socket(link: Link, garbage: bytes) -> None:
    async with link.intake(), link.uplink() as uplink:
        peer = await Peer.connect(link)
        try:
            peer.writer.write(garbage)
            await peer.writer.drain()
            peer.writer.write_eof()
            assert await peer.hear() is None
        except OSError:
            pass  # cut off before it was all said
        finally:
            peer.writer.close()
        uplink.send([finding(0)])
        await eventually(lambda: uplink.pending == 0)


async def test_a_version_that_is_not_spoken_is_named(link: Link) -> None:
    async with link.intake():
        peer = await Peer.connect(link)
        peer.say(wire.Hello(SENDER, 1, version=2))
        assert await peer.hear() == wire.Refused("version 2 of the link is not spoken here; 1 is")
        assert await peer.hear() is None
        await peer.close()
        assert link.count("refused_connections_total", reason="version") == 1


async def test_senders_are_capped(link: Link) -> None:
    async with link.intake(QUICK.model_copy(update={"max_senders": 2})):
        peers = [await Peer.welcomed(link, f"collector-0000000{n}") for n in range(2)]
        third = await Peer.connect(link)
        third.say(wire.Hello("collector-00000002", 1))
        assert await third.hear() == wire.Refused("2 senders are connected already")
        for peer in (*peers, third):
            await peer.close()
        assert link.count("refused_connections_total", reason="too_many") == 1


async def test_strangers_are_capped(link: Link) -> None:
    async with link.intake():
        peers = [await Peer.connect(link) for _ in range(20)]
        await eventually(lambda: link.count("refused_connections_total", reason="busy") == 4)
        for peer in peers:
            await peer.close()
        await eventually(lambda: not link.server._serving)
        await (await Peer.welcomed(link)).close()


async def test_heard_is_the_wall_clock_and_silence_is_not(link: Link) -> None:
    slow = QUICK.model_copy(update={"heartbeat_s": 60.0, "dead_after_s": 120.0})
    async with link.intake(slow) as server:
        peer = await Peer.welcomed(link)
        assert (server.heard, server.silent_s) == ({SENDER: 1_000.0}, {SENDER: 0.0})
        link.clock, link.uptime = 4_600.0, 60.0  # the clock was stepped by an hour
        assert server.silent_s == {SENDER: 10.0}
        peer.say(wire.Heartbeat())
        await eventually(lambda: server.heard == {SENDER: 4_600.0})
        assert server.silent_s == {SENDER: 0.0}
        await peer.close()
        link.uptime = 100.0
        assert server.silent_s == {SENDER: 40.0}  # it left, and is remembered
        server.forget(SENDER)
        assert server.heard == {}


async def test_what_is_heard_of_is_capped(link: Link) -> None:
    async with link.intake(QUICK.model_copy(update={"max_senders": 2})) as server:
        for n in range(10):
            await (await Peer.welcomed(link, f"collector-0000000{n}")).close()
        assert list(server.heard) == ["collector-00000002", *(f"collector-0000000{n}" for n in range(3, 10))]


async def test_a_core_that_gives_no_sign_of_life_is_left(link: Link) -> None:
    settings = QUICK.model_copy(update={"dead_after_s": 0.2})
    accepted: list[asyncio.StreamWriter] = []

    async def mute(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)
        writer.write(wire.encode(wire.Welcome(0, 4, 1_000, 1 << 20)))

    server = await asyncio.start_unix_server(mute, str(link.path))
    async with link.uplink(settings=settings) as uplink:
        uplink.send([finding(0)])
        await eventually(lambda: len(accepted) >= 2)
        assert uplink.pending == 1
    for writer in accepted:
        writer.close()
        await writer.wait_closed()
    server.close()
    await server.wait_closed()
