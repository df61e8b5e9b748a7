"""Where messages go, and somebody whose findings the bench chooses."""

import asyncio
import contextlib
import threading
import urllib.request
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry

from netmon.api import Finding
from netmon.core.link.settings import LinkSettings
from netmon.core.link.uplink import SpoolingUplink
from tests.support.alertmanager import Alertmanager, Receiver
from tests.support.receivers import Webhook, webhook

T = TypeVar("T")


class WaysOut:
    """An Alertmanager with a webhook that counts, and a webhook for direct messages."""

    def __init__(self, manager: Alertmanager, told: Webhook, direct: Webhook) -> None:
        self.manager = manager
        self.told = told
        self.direct = direct

    def settings(self, **limits: float) -> Mapping[str, Any]:
        """Return what the configuration says of these."""
        budi = {"channels": {"hook": {"url": f"json://127.0.0.1:{self.direct.port}/"}}}
        return {
            "alertmanager": {"servers": [{"url": self.manager.url, "name": "am"}], "resend_s": 5},
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
        with urllib.request.urlopen(f"{self.manager.url}/metrics", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith('alertmanager_alerts{state="active"}'):
                    return int(float(line.rpartition(" ")[2]))
        return 0

    def counts(self, status: str) -> Counter[str]:
        """Return how often each `alertname/instance` was told by Alertmanager with this status."""
        return Counter(
            f"{alert['labels'].get('alertname')}/{alert['labels'].get('instance')}"
            for message in list(self.told.posts)
            for alert in message["alerts"]
            if alert["status"] == status
        )

    def titles(self) -> list[str]:
        """Return the subjects of direct messages."""
        return [str(post.get("title")) for post in list(self.direct.posts)]


@contextlib.contextmanager
def ways_out(folder: Path) -> Iterator[WaysOut]:
    """Run them until the block ends."""
    with webhook() as told, webhook() as direct:
        address = Receiver()  # only its address: its messages go to the webhook, which needs no event loop
        address.port = told.port
        made = WaysOut(Alertmanager(folder / "alertmanager", address), told, direct)
        made.start()
        try:
            yield made
        finally:
            made.manager.end()


class Teller:
    """A collector daemon in a thread, for findings that the bench chooses."""

    def __init__(self, socket: Path, spool: Path) -> None:
        self._where = socket, spool
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> "Teller":
        self._thread.start()
        self._uplink = self._do(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._uplink.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> SpoolingUplink:
        socket, spool = self._where
        settings = LinkSettings(heartbeat_s=1, dead_after_s=5)
        uplink = SpoolingUplink(socket, spool, "teller.bench", settings, CollectorRegistry())
        await uplink.start()
        return uplink

    def say(self, findings: Sequence[Finding]) -> None:
        """Send these; returns at once."""
        self._loop.call_soon_threadsafe(self._uplink.send, findings)

    @property
    def pending(self) -> int:
        """Return how many the core has not acknowledged."""
        return self._uplink.pending

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
