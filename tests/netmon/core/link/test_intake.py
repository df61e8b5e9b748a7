"""The core's end over real sockets: who gets in, order, back pressure, garbage, silence, counters."""

import asyncio
import os
import socket
import stat
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from prometheus_client import CollectorRegistry

from netmon.api import ConfigError, Receipt, Unavailable
from netmon.core import codec
from netmon.core.link import IntakeServer, LinkSettings, SpoolingUplink, wire
from tests.support.link import QUICK, Core, Numbered, check_intake, check_uplink, finding, findings, serial_of, value
from tests.support.waiting import eventually

SENDER = "collector-00000001"


class Link:
    """A core that listens, and what talks to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "core.sock"
        self.core = Core()
        self.registry = CollectorRegistry()
        self.clock = 1_000.0
        self.uptime = 50.0
        self.server: IntakeServer

    @asynccontextmanager
    async def intake(self, settings: LinkSettings = QUICK) -> AsyncIterator[IntakeServer]:
        self.registry = CollectorRegistry()
        self.server = IntakeServer(
            self.path,
            settings,
            self.core.take,
            self.core.last,
            self.registry,
            now=lambda: self.clock,
            monotonic=lambda: self.uptime,
        )
        await self.server.start()
        try:
            yield self.server
        finally:
            await self.server.stop()
            check_intake(self.registry)

    @asynccontextmanager
    async def uplink(self, name: str = "collector", settings: LinkSettings = QUICK) -> AsyncIterator[SpoolingUplink]:
        registry = CollectorRegistry()
        uplink = SpoolingUplink(self.path, self.folder / f"spool-{name}", name, settings, registry)
        await uplink.start()
        try:
            yield uplink
        finally:
            await uplink.stop()
            check_uplink(registry)

    def count(self, name: str, **labels: str) -> float:
        return value(self.registry, f"netmon_intake_{name}", **labels)


class Peer:
    """Speaks the protocol octet by octet."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.decoder = wire.Decoder()

    @classmethod
    async def connect(cls, link: Link) -> "Peer":
        return cls(*await asyncio.open_unix_connection(str(link.path)))

    @classmethod
    async def welcomed(cls, link: Link, sender: str = SENDER) -> "Peer":
        peer = await cls.connect(link)
        peer.say(wire.Hello(sender, 1))
        assert isinstance(await peer.hear(), wire.Welcome)
        return peer

    def say(self, *frames: wire.Frame) -> None:
        self.writer.write(b"".join(map(wire.encode, frames)))

    async def hear(self) -> wire.Frame | None:
        """Return the next frame that is no heartbeat; None at the end."""
        while True:
            frame = self.decoder.next_frame()
            if frame is None:
                data = await asyncio.wait_for(self.reader.read(4_096), 5)
                if not data:
                    return None
                self.decoder.feed(data)
            elif not isinstance(frame, wire.Heartbeat):
                return frame

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@pytest.fixture
def link(tmp_path: Path) -> Link:
    return Link(tmp_path)


def batch(first: int, *serials: int) -> wire.Batch:
    return wire.Batch(first, [codec.encode(finding(serial)) for serial in serials])


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


async def test_more_sources_than_labels_share_one(link: Link) -> None:
    async with link.intake(QUICK.model_copy(update={"max_senders": 2})):
        for name in "abcd":
            async with link.uplink(name) as uplink:
                uplink.send([finding(0)])
                await eventually(lambda up=uplink: up.pending == 0)  # type: ignore[misc] # mypy cannot infer a default
        assert [link.count("stored_total", source=name) for name in ("a", "b", "other")] == [1, 1, 2]


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


async def test_the_socket_is_for_its_owner_only_and_goes_with_the_server(link: Link) -> None:
    async with link.intake():
        assert stat.S_IMODE(link.path.stat().st_mode) == 0o600
    assert not link.path.exists()


async def test_another_user_is_not_let_in_and_a_member_of_the_group_is(link: Link) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become other users")
    # The interpreter may lie where only root can run it: it starts as root and then becomes the other.
    script = (
        "import os, socket, sys; path, group, *extra = sys.argv[1:]; "
        "os.setgroups([int(one) for one in extra]); os.setgid(int(group)); os.setuid(65_534); "
        "s = socket.socket(socket.AF_UNIX); s.connect(path); s.recv(1)"
    )
    top = Path(tempfile.gettempdir())
    for parent in (link.folder, *link.folder.parents):
        if parent.is_relative_to(top) and parent != top:
            parent.chmod(0o755)

    async def visit(group: int, *extra: int) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", script, link.path, *(str(one) for one in (group, *extra))
        )
        await asyncio.wait_for(process.wait(), 10)

    short = QUICK.model_copy(update={"connect_timeout_s": 0.2})
    async with link.intake(short):
        link.path.chmod(0o666)  # as if the file system did not guard it
        await visit(65_534)
        await eventually(lambda: link.count("refused_connections_total", reason="user") == 1)
    async with link.intake(short.model_copy(update={"socket_group": "daemon"})):
        assert stat.S_IMODE(link.path.stat().st_mode) == 0o660
        await visit(65_534, 1)
        await visit(1)
        await eventually(lambda: link.count("ended_connections_total", reason="silent") == 2)
        link.path.chmod(0o666)
        await visit(65_534, 2)
        await eventually(lambda: link.count("refused_connections_total", reason="user") == 1)


async def test_a_socket_that_a_killed_daemon_left_is_taken_over(link: Link) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(link.path))
        left.listen()
    assert link.path.exists()
    async with link.intake():
        await (await Peer.welcomed(link)).close()


async def test_two_daemons_on_one_socket(link: Link) -> None:
    async with link.intake():
        with pytest.raises(ConfigError, match="another daemon listens on this socket; stop that one"):
            await IntakeServer(link.path, QUICK, link.core.take, link.core.last, CollectorRegistry()).start()
        await (await Peer.welcomed(link)).close()


async def test_paths_that_cannot_be_sockets(link: Link, tmp_path: Path) -> None:
    link.path.write_text("mine")
    with pytest.raises(ConfigError, match="something that is no socket has this path; choose another path"):
        await IntakeServer(link.path, QUICK, link.core.take, link.core.last, CollectorRegistry()).start()
    assert link.path.read_text() == "mine"
    long = tmp_path / ("x" * (108 - len(str(tmp_path)) - 1))
    assert len(str(long)) == 108
    problem = "the path of the socket is 108 bytes long; the system allows 107; choose a shorter directory for it"
    with pytest.raises(ConfigError, match=problem):
        await IntakeServer(long, QUICK, link.core.take, link.core.last, CollectorRegistry()).start()
    with pytest.raises(ConfigError, match=problem):
        await SpoolingUplink(long, tmp_path / "spool", "collector", QUICK, CollectorRegistry()).start()
    assert not (tmp_path / "spool").exists()
    link.path = long.with_name(long.name[:-1])
    async with link.intake():
        await (await Peer.welcomed(link)).close()


async def test_a_group_that_does_not_exist(link: Link) -> None:
    settings = QUICK.model_copy(update={"socket_group": "no_such_group"})
    with pytest.raises(ConfigError, match="the group 'no_such_group' that may use the socket does not exist"):
        await IntakeServer(link.path, settings, link.core.take, link.core.last, CollectorRegistry()).start()


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
