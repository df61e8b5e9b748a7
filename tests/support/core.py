"""The core over a real ledger in a temporary directory, with a sink and a courier that remember."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry

from netmon.api import Alert, Correlator, Event, Finding, Invalid, Matcher, Message, Severity
from netmon.core.alerts.settings import AlertSettings
from netmon.core.alerts.site import BySite
from netmon.core.core import Core, CoreSettings, Inventory
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.ledger import read
from netmon.core.ledger.record import Record, decode
from netmon.core.ledger.settings import LedgerSettings
from netmon.core.notices.settings import NotifySettings

QUICK = AlertSettings.model_validate({"pending_for_s": {"warning": 0, "error": 0}, "resolve_hold_s": 0})
NOTIFY = NotifySettings.model_validate(
    {
        "people": {"budi": {"channels": {"mail": {"url": "mailto://a:b@localhost"}}}},
        "routes": [{"steps": [{"notify": ["person:budi"]}]}],
        "group_wait_s": 0,
    }
)


class Sink:
    """A way out that remembers what it was told."""

    name = "memory"

    def __init__(self) -> None:
        self.told: list[Alert] = []

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def changed(self, alerts: Sequence[Alert]) -> None:
        self.told += alerts


class Post:
    """A courier that remembers what it delivered."""

    name = "memory"

    def __init__(self) -> None:
        self.delivered: list[Message] = []

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def deliver(self, message: Message) -> None:
        self.delivered.append(message)


@dataclass
class Bench:
    """A core that can be started again and again on the same directory."""

    folder: Path
    alerts: AlertSettings = QUICK
    notify: NotifySettings = NOTIFY
    sink: Sink = field(default_factory=Sink)
    post: Post = field(default_factory=Post)
    correlator: Callable[[AlertSettings], Correlator] = BySite
    inventory: Inventory | None = None  # None: three switches at one site

    @asynccontextmanager
    async def core(self, now: Callable[[], float] = time.time) -> AsyncIterator[Core]:
        core = self.make(now)
        await core.start([self.sink], self.post)
        try:
            yield core
        finally:
            await core.stop()

    def make(self, now: Callable[[], float] = time.time) -> Core:
        settings = CoreSettings("noc", LedgerSettings(), IndexSettings(), self.alerts, self.notify, 20.0)
        few = Inventory(frozenset({"sw-1", "sw-2", "sw-3", "netmon.noc"}), site_of, matchers_of)
        correlator = self.correlator(self.alerts)
        return Core(
            self.folder, settings, self.inventory or few, correlator, "netmon.noc", CollectorRegistry(), now=now
        )

    def records(self) -> list[Record]:
        found = [decode(line) for _, line in read(self.folder / "ledger")]
        return [record for record in found if isinstance(record, Record)]

    def kinds(self, *kinds: str) -> list[Record]:
        return [record for record in self.records() if record.kind in kinds]


def site_of(target: str) -> str:
    return "kota" if target.startswith("sw-") else ""


def matchers_of(scope: str) -> tuple[tuple[Matcher, ...], ...]:
    if not scope.startswith("device:"):
        raise Invalid(f"no such scope: {scope}")
    return ((Matcher("instance", scope.removeprefix("device:")),),)


def finding(
    key: str = "a", target: str = "sw-1", severity: Severity = Severity.ERROR, *, cleared: bool = False, at: float = 1e9
) -> Finding:
    return Finding("link_down", target, at, severity, f"{key} of {target} is down", f"{target}/{key}", cleared=cleared)


def event(number: int) -> Event:
    return Event(1e9 + number, "syslog", "sw-1", "network", Severity.INFO, {"event.id": number}, b"raw \xff")
