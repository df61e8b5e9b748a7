"""The core's end of the link: listens on a Unix socket, lets senders in, knows when each was last heard."""

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from netmon.core.link import wire
from netmon.core.link.conversation import Broken, Conversation
from netmon.core.link.metrics import IntakeMetrics
from netmon.core.link.settings import LinkSettings
from netmon.core.link.sockets import ListeningSocket
from netmon.core.link.store import is_sender
from netmon.core.link.taking import Take, Taking

_ACCEPT_RETRY_S: Final = 0.1  # after a connection that the system would not give us: out of files, most often
_STRANGERS: Final = 16  # connections that have not said who they are; a greeting takes a millisecond
_STOP_GRACE_S: Final = 5.0  # at the stop, for what is with the core already
_REMEMBERED: Final = 4  # times max_senders: senders of which we remember when they were heard

log = structlog.get_logger(__name__)


class IntakeServer:
    """Takes findings and events from other daemons and acknowledges what the core has on disk.

    `take` is described in `taking.Take`; `last(sender)` is the highest number of a sender that the core has, 0 for one
    that it does not know.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - wired in one place, by name
        self,
        socket_path: Path,
        settings: LinkSettings,
        take: Take,
        last: Callable[[str], int],
        registry: CollectorRegistry,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._last = last
        self._now = now
        self._monotonic = monotonic
        self._metrics = IntakeMetrics(registry, settings.max_senders)
        self._metrics.senders.set_function(lambda: len(self._talking))
        self._taking = Taking(take, lambda why: self._metrics.retries.labels(why).inc())
        self._socket = ListeningSocket(socket_path, settings.socket_group)
        self._talking: dict[str, Conversation] = {}
        self._heard: dict[str, tuple[float, float]] = {}  # sender → (Unix seconds, monotonic seconds), oldest first
        self._accepting: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def heard(self) -> Mapping[str, float]:
        """Return when each sender was last heard, heartbeats too, in Unix seconds of that moment."""
        return {sender: wall for sender, (wall, _) in self._heard.items()}

    @property
    def silent_s(self) -> Mapping[str, float]:
        """Return for how many seconds each sender has not been heard. A step of the clock changes nothing here."""
        now = self._monotonic()
        return {sender: now - at for sender, (_, at) in self._heard.items()}

    def forget(self, sender: str) -> None:
        """Remember no more when it was heard."""
        self._heard.pop(sender, None)

    async def start(self) -> None:
        """Listen; ConfigError where the operator can mend it."""
        self._accepting = asyncio.create_task(self._accept(self._socket.open()))

    async def stop(self) -> None:
        """Read nothing more, let the core finish what it has, close; safe to call twice."""
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait([self._accepting])
            self._accepting = None
        self._socket.close()
        for conversation in tuple(self._talking.values()):
            conversation.hang_up()
        if self._serving:
            _, late = await asyncio.wait(self._serving, timeout=_STOP_GRACE_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(_ACCEPT_RETRY_S)
                continue
            reason = self._objection(client)
            if reason:
                self._metrics.refused.labels(reason).inc()
                client.close()
                continue
            task = asyncio.create_task(self._serve(client))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    def _objection(self, client: socket.socket) -> str:
        """Return why not a word is exchanged with this peer, empty where there is no reason."""
        if len(self._serving) >= len(self._talking) + _STRANGERS:
            return "busy"
        try:
            return "" if self._socket.admits(client) else "user"
        except OSError:
            return "left"

    async def _serve(self, client: socket.socket) -> None:
        try:
            streams = await asyncio.open_unix_connection(sock=client, limit=self._settings.batch_max_bytes)
        except OSError:
            client.close()
            return
        conversation = Conversation(streams, self._settings, self._metrics, self._taking, self._hear)
        try:
            self._metrics.ended.labels(await self._converse(conversation)).inc()
        except Exception:  # a bug in one conversation must not end the others
            log.exception("a conversation with a sender failed")
            self._metrics.ended.labels("bug").inc()
        finally:
            await conversation.close()

    async def _converse(self, conversation: Conversation) -> str:
        """Let a sender in and take what it sends; return the reason of the end."""
        try:
            hello = await conversation.greeting()
        except Broken as broken:
            return str(broken)
        why_not = await self._admit(hello, conversation)
        if why_not:
            conversation.say(wire.Refused(why_not))
            return "refused"
        try:
            return await conversation.run(hello.sender, self._last(hello.sender))
        finally:
            del self._talking[hello.sender]

    async def _admit(self, hello: wire.Hello, conversation: Conversation) -> str:
        """Return why this sender is refused, in words for it; empty where it is let in."""
        if hello.version != wire.VERSION:
            return self._refuse("version", f"version {hello.version} of the link is not spoken here; {wire.VERSION} is")
        if not is_sender(hello.sender):
            return self._refuse("name", "that is no name of a sender")
        self._hear(hello.sender)
        with suppress(TimeoutError):
            # Shorter than a sender waits for its welcome, so that it learns why it gets none.
            async with asyncio.timeout(self._settings.connect_timeout_s / 2):
                await self._end_older(hello.sender)
        if hello.sender in self._talking:
            return self._refuse("busy", "the core still has things of this sender in hand")
        if len(self._talking) >= self._settings.max_senders:
            return self._refuse("too_many", f"{self._settings.max_senders} senders are connected already")
        self._talking[hello.sender] = conversation
        return ""

    async def _end_older(self, sender: str) -> None:
        """End what is left of an earlier connection; two at a time could hand things over out of order."""
        while (older := self._talking.get(sender)) is not None:
            older.hang_up()
            await older.done.wait()

    def _refuse(self, reason: str, words: str) -> str:
        self._metrics.refused.labels(reason).inc()
        log.warning("a sender was refused", reason=words)
        return words

    def _hear(self, sender: str) -> None:
        self._heard.pop(sender, None)
        self._heard[sender] = (self._now(), self._monotonic())
        if len(self._heard) > _REMEMBERED * self._settings.max_senders:
            del self._heard[next(iter(self._heard))]
