"""Where messages go, and somebody whose findings the bench chooses."""

import asyncio
import contextlib
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from prometheus_client import CollectorRegistry

from netmon.api import Finding
from netmon.core.link.settings import LinkSettings
from netmon.core.link.uplink import SpoolingUplink
from tests.support.alertmanager import Alertmanager, Receiver
from tests.support.receivers import Webhook, webhook


class WaysOut:
    """An Alertmanager with a webhook that counts, and a webhook for direct messages."""

    def __init__(self, manager: Alertmanager, told: Receiver, direct: Webhook) -> None:
        self.manager = manager
        self.told = told
        self.direct = direct

    def settings(self, **limits: float) -> Mapping[str, Any]:
        """Return what the configuration says of these."""
        budi = {"channels": {"hook": {"url": f"json://127.0.0.1:{self.direct.port}/"}}}
        return {
            "alertmanager": {"servers": [{"url": self.manager.url, "name": "am"}], "resend_s": 15},
            "heartbeat": {"watchdog": False},
            "notify": {
                "people": {"budi": budi},
                "routes": [{"steps": [{"notify": ["person:budi"]}], "repeat_s": 1_800}],
                "group_wait_s": 0,
                "limits": {"max_messages": 100, "per_s": 60, "max_critical": 100, **limits},
            },
        }

    def start(self) -> None:
        """Start Alertmanager, with what it left behind."""
        asyncio.run(self.manager.start())

    def firing(self, rule: str = "") -> set[str]:
        """Return `alertname/instance` of what Alertmanager holds to fire."""
        return {each for each in asyncio.run(self.manager.firing()) if each.startswith(rule)}

    def active(self) -> int:
        """Return how many alerts Alertmanager says that it has, without having it list them."""
        with urllib.request.urlopen(f"{self.manager.url}/metrics", timeout=10) as answer:  # noqa: S310 - our own URL
            for line in answer.read().decode().splitlines():
                if line.startswith('alertmanager_alerts{state="active"}'):
                    return int(float(line.rpartition(" ")[2]))
        return 0

    def counts(self, status: str) -> Counter[str]:
        """Return how often each `alertname/instance` was told by Alertmanager with this status."""
        return Counter(
            f"{alert['labels'].get('alertname')}/{alert['labels'].get('instance')}"
            for message in list(self.told.messages)
            for alert in message["alerts"]
            if alert["status"] == status
        )

    def titles(self) -> list[str]:
        """Return the subjects of direct messages."""
        return [str(post.get("title")) for post in list(self.direct.posts)]


@contextlib.contextmanager
def ways_out(folder: Path) -> Iterator[WaysOut]:
    """Run them until the block ends."""
    told = Receiver()
    with loop_in_a_thread() as do, webhook() as direct:
        do(told.start())
        made = WaysOut(Alertmanager(folder / "alertmanager", told), told, direct)
        try:
            made.start()
            yield made
        finally:
            made.manager.end()
            do(told.stop())


@contextlib.contextmanager
def loop_in_a_thread() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Run an event loop beside the bench; give what runs a coroutine in it and returns its result."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Teller:
    """A collector daemon in a thread, for findings that the bench chooses."""

    def __init__(self, socket: Path, spool: Path) -> None:
        settings = LinkSettings(heartbeat_s=1, dead_after_s=5)
        self._uplink = SpoolingUplink(socket, spool, "teller.bench", settings, CollectorRegistry())
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._do = self._stack.enter_context(loop_in_a_thread())
        self._do(self._uplink.start())
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            self._do(self._uplink.stop())

    def say(self, findings: Sequence[Finding]) -> None:
        """Send these."""
        self._do(self._send(findings))

    async def _send(self, findings: Sequence[Finding]) -> None:
        self._uplink.send(findings)

    @property
    def pending(self) -> int:
        """Return how many the core has not acknowledged."""
        return self._uplink.pending
