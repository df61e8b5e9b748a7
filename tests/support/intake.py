"""A core that listens on a socket, and peers that speak to it octet by octet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from netmon.core import codec
from netmon.core.link import IntakeServer, LinkSettings, SpoolingUplink, wire
from tests.support.link import QUICK, Core, check_intake, check_uplink, finding, value

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


def batch(first: int, *serials: int) -> wire.Batch:
    return wire.Batch(first, [codec.encode(finding(serial)) for serial in serials])
