"""A small receiver of messages on loopback, for the demonstration's people: HTTP, as apprise's json:// posts it.

It keeps nothing: what comes is handed on at once.
"""

import asyncio
import json
import re
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from netmon.app.asked import printable

PREFERRED_PORT: Final = 19_180  # beside the daemon's 19100, and free in IANA's register
MAX_HEAD: Final = 8_192  # bytes; apprise's has 300
MAX_BODY: Final = 65_536  # bytes; a message has at most 3,500 characters, and JSON writes one as up to 6 bytes
MAX_CONNECTIONS: Final = 16  # the core sends eight messages at once
TIMEOUT_S: Final = 5.0
_BACKLOG: Final = 16
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that arrived: one line, safe to show."""

    person: str
    subject: str


class Receiver:
    """Takes messages for these people, each at a path of their name. Inert until `start`."""

    def __init__(self, people: Collection[str], arrived: Callable[[Delivery], None]) -> None:
        """`arrived` is called with every message that was taken."""
        self.refused = 0
        self.port = 0
        self._people = frozenset(people)
        self._arrived = arrived
        self._server: asyncio.Server | None = None
        self._connections = 0

    async def start(self, preferred_port: int = PREFERRED_PORT) -> None:
        """Listen on the preferred port, or on any where somebody has it. OSError where there is none."""
        for port in (preferred_port, 0):
            with suppress(OSError):
                self._server = await asyncio.start_server(
                    self._serve, "127.0.0.1", port, family=socket.AF_INET, limit=MAX_HEAD, backlog=_BACKLOG
                )
                break
        if self._server is None:
            raise OSError("no free port on 127.0.0.1")
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more; safe to call twice."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status = "503 Busy" if self._connections > MAX_CONNECTIONS else await self._take(reader)
                self.refused += not status.startswith("200")
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):  # TimeoutError is an OSError
            self.refused += 1
        finally:
            self._connections -= 1
            writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> str:
        """Read one request; return the status to answer with."""
        head = await reader.readuntil(b"\r\n\r\n")
        method, _, rest = head.partition(b" ")
        person = rest.partition(b" ")[0].decode("ascii", "replace").strip("/")
        length = _LENGTH.search(head)
        if method != b"POST" or person not in self._people:
            return "404 Not Found"
        if length is None:
            return "411 Length Required"
        if int(length[1]) > MAX_BODY:
            return "413 Content Too Large"
        subject = _subject(await reader.readexactly(int(length[1])))
        if subject is None:
            return "400 Bad Request"
        self._arrived(Delivery(person, subject))
        return "200 OK"


def url(person: str, port: int = PREFERRED_PORT) -> str:
    """Return where apprise sends messages for this person."""
    return f"json://127.0.0.1:{port}/{person}"


def _subject(body: bytes) -> str | None:
    """Return the subject of a message; None where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    title = found.get("title") if isinstance(found, dict) else None
    return printable(title) if isinstance(title, str) else None
