"""The transport between processes of one host: a Unix socket, seen from the sender."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from netmon.core.link import wire
from netmon.core.link.settings import LinkSettings
from netmon.core.link.sockets import check_path
from netmon.core.link.transport import LinkDown, Session, Terms

F = TypeVar("F", bound=wire.Frame)


class UnixTransport:
    """A way to a core on the same host."""

    def __init__(self, path: Path, settings: LinkSettings) -> None:
        self._path = path
        self._settings = settings

    def check(self) -> None:
        """Raise ConfigError where no socket can have this path."""
        check_path(self._path)

    async def connect(self, sender: str, first: int) -> Session:
        """Connect and introduce ourselves."""
        streams = None
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                streams = await asyncio.open_unix_connection(os.fspath(self._path))
                session = UnixSession(*streams, self._settings)
                await session.introduce(sender, first)
        except (OSError, LinkDown) as error:  # TimeoutError is an OSError
            if streams is not None:
                streams[1].close()
            if isinstance(error, LinkDown):
                raise
            raise LinkDown(f"{self._path}: {error.strerror or 'no answer in time'}") from error
        except asyncio.CancelledError:
            if streams is not None:
                streams[1].close()
            raise
        return session


class UnixSession:
    """One connection to the core."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, settings: LinkSettings) -> None:
        self.terms = Terms(0, 1, 1, 1)
        self._reader = reader
        self._writer = writer
        self._settings = settings
        self._decoder = wire.Decoder()
        self._beating: asyncio.Task[None] | None = None

    async def introduce(self, sender: str, first: int) -> None:
        """Say who we are; raises LinkDown where the core does not want us."""
        self._writer.write(wire.encode(wire.Hello(sender, first)))
        answer = await self._frame()
        if isinstance(answer, wire.Refused):
            raise LinkDown(f"the core refused us: {answer.why}")
        if not isinstance(answer, wire.Welcome):
            raise LinkDown("the core did not answer our greeting")
        self.terms = Terms(answer.last, answer.window, answer.records, answer.bytes)
        self._beating = asyncio.create_task(self._beat())

    async def send(self, batch: wire.Batch) -> None:
        """Write a batch; waits while the core reads nothing."""
        try:
            self._writer.write(wire.encode(batch))
            await self._writer.drain()
        except OSError as error:
            raise LinkDown(str(error)) from error

    async def acknowledged(self) -> int:
        """Read up to the next acknowledgement."""
        while True:
            try:
                async with asyncio.timeout(self._settings.dead_after_s):
                    frame = await self._frame()
            except TimeoutError as error:
                raise LinkDown("the core gives no sign of life") from error
            match frame:
                case wire.Ack():
                    return frame.through
                case wire.Refused():
                    raise LinkDown(f"the core ended the session: {frame.why}")
                case wire.Heartbeat():
                    pass
                case _:
                    raise LinkDown("the core sent what only a sender may")

    async def close(self) -> None:
        """Hang up."""
        if self._beating is not None:
            self._beating.cancel()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat_s)
            self._writer.write(wire.encode(wire.Heartbeat()))  # 5 octets; when nobody reads, `acknowledged` gives up

    async def _frame(self) -> wire.Frame:
        """Return the next frame; TimeoutError is the caller's."""
        try:
            while (frame := self._decoder.next_frame()) is None:
                data = await self._reader.read(1 << 16)
                if not data:
                    raise LinkDown("the core hung up")
                self._decoder.feed(data)
        except (ConnectionError, wire.WireError) as error:
            raise LinkDown(str(error)) from error
        return frame
