"""Accepts connections, each with the TLS context of that moment, so that it can change while we go on listening.

A listener that is closed and opened again for a new context loses clients that it has just accepted; this one stays.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_HANDSHAKE_S = 10.0  # as long as Prometheus waits for a whole scrape by default
_RETRY_S = 0.1  # after a connection that the system would not give us: out of files, most often


class Listener:
    """Hands connections to protocols, after a TLS handshake where `context` is set.

    At most `limit` handshakes are under way at a time: each costs much, and clients that never end theirs would
    collect otherwise. More are closed; `refused` is called for each.
    """

    def __init__(self, limit: int, refused: Callable[[], None]) -> None:
        self.context: ssl.SSLContext | None = None
        self._limit = limit
        self._refused = refused
        self._accepting: list[asyncio.Task[None]] = []
        self._beginning: set[asyncio.Task[None]] = set()

    def start(self, sockets: Sequence[socket.socket], make: Callable[[], asyncio.Protocol]) -> None:
        """Accept from listening, non-blocking sockets; `make` gives the protocol of each connection."""
        self._accepting += [asyncio.create_task(self._accept(sock, make)) for sock in sockets]

    async def stop(self) -> None:
        """Accept no more, and end handshakes that are under way. The sockets are their owner's to close."""
        tasks = [*self._accepting, *self._beginning]
        self._accepting.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _accept(self, sock: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(sock)
            except OSError:  # the client left already, or there are no files left
                await asyncio.sleep(_RETRY_S)
                continue
            if len(self._beginning) >= self._limit:
                self._refused()
                client.close()
                continue
            task = asyncio.create_task(self._begin(client, make))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)

    async def _begin(self, client: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        loop = asyncio.get_running_loop()
        timeout_s = None if self.context is None else _HANDSHAKE_S
        with contextlib.suppress(OSError):  # ssl.SSLError is one too: the client was refused, or left
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.connect_accepted_socket(make, client, ssl=self.context, ssl_handshake_timeout=timeout_s)
