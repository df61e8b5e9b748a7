"""Carries messages by apprise, which blocks: each in a thread of its own, with a deadline."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from pydantic import SecretStr

from exporters.notify.overheard import Overheard
from exporters.notify.urls import load
from exporters.notify.verdict import verdict
from netmon.api import ConfigError, Fault, Message, Notices, Rejected, Retryable, Severity

log = structlog.get_logger(__name__)

_KINDS: Final = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.ERROR: "failure",
    Severity.CRITICAL: "failure",
}


class AppriseCourier:
    """Delivers to (person, channel) → URL. The first URL loads apprise, which takes 20 MB and a quarter of a second."""

    name = "apprise"

    def __init__(self, urls: Mapping[tuple[str, str], SecretStr], deadline_s: float = 30) -> None:
        self._urls = dict(urls)
        self._deadline_s = deadline_s
        self._services: dict[tuple[str, str], Any] = {}
        self._hanging: set[tuple[str, str]] = set()  # channels whose last message is still in its thread
        self._overheard = Overheard()

    async def start(self) -> None:
        """Make a service of each URL; ConfigError names those that apprise does not understand."""
        (await self.prepare(self._urls, self._deadline_s))()

    async def prepare(self, urls: Mapping[tuple[str, str], SecretStr], deadline_s: float) -> Callable[[], None]:
        """Return what changes over to other URLs; until then nothing changes. ConfigError as in `start`."""
        services = await asyncio.to_thread(self._load, urls, deadline_s) if urls else {}

        def adopt() -> None:
            self._urls, self._deadline_s, self._services = dict(urls), deadline_s, services

        return adopt

    async def stop(self) -> None:
        """Let go of the services. Threads that still wait for a slow one end by themselves, or with the process."""
        self._services.clear()

    def _load(self, urls: Mapping[tuple[str, str], SecretStr], deadline_s: float) -> dict[tuple[str, str], Any]:
        apprise = load(self._overheard)
        asset = apprise.AppriseAsset(app_id="netmon", app_desc="netmon", app_url="", async_mode=False)
        faults, services = [], {}
        for (person, channel), url in urls.items():
            service = apprise.Apprise.instantiate(url.get_secret_value(), asset=asset)
            if not isinstance(service, apprise.NotifyBase):
                faults.append(_fault(person, channel))
                continue
            service.socket_connect_timeout = min(10.0, deadline_s / 2)
            service.socket_read_timeout = deadline_s / 2
            service.request_rate_per_sec = 0  # 5.5 s between two mails otherwise; people's limits are much lower
            services[person, channel] = service
        if faults:
            raise ConfigError(*faults)
        return services

    async def deliver(self, message: Message) -> None:
        """Deliver; return when the other side has taken it. Raises Retryable or Rejected."""
        lane = (message.recipient, message.channel)
        service = self._services.get(lane)
        if service is None:
            raise Rejected(f"{message.recipient} has no channel {message.channel}")
        if lane in self._hanging:
            raise Retryable("an earlier message to this channel is still on its way")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Retryable | Rejected | None] = loop.create_future()

        def settle(outcome: Retryable | Rejected | None) -> None:
            self._hanging.discard(lane)
            if not done.done():
                done.set_result(outcome)

        def work() -> None:
            outcome = self._send(service, message)
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, outcome)

        self._hanging.add(lane)
        threading.Thread(target=work, name=f"notify-{message.id}", daemon=True).start()
        try:
            async with asyncio.timeout(self._deadline_s):
                outcome = await done
        except TimeoutError:
            raise Retryable(f"the service did not take it within {self._deadline_s:g} s") from None
        if outcome is not None:
            raise outcome

    def _send(self, service: Any, message: Message) -> Retryable | Rejected | None:
        """Send in this thread; return what went wrong."""
        lines = self._overheard.listen()
        kind = "success" if message.why is Notices.RESOLVED else _KINDS[message.severity]
        try:
            taken = service.notify(
                title=message.subject, body=message.body, notify_type=kind, body_format="text", overflow="split"
            )
        except Exception as error:  # noqa: BLE001  # whatever a plug-in of apprise raises; its words may hold the URL
            return Retryable(f"apprise failed: {type(error).__name__}")
        return None if taken else verdict(lines)


def _fault(person: str, channel: str) -> Fault:
    where = f"notify.people.{person}.channels.{channel}.url"
    return Fault(
        where, 0, 0, "apprise does not understand this URL", "docs/notifications.md shows how they are written"
    )
