"""A core in memory, a way to it, and uplinks on one spool."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry

from netmon.core.link import LinkSettings, SpoolingUplink
from tests.support.link import QUICK, Core, MemoryTransport, check_uplink, value


class Bench:
    """A core, a way to it, and uplinks on one spool."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.core = Core()
        self.transport = MemoryTransport(self.core)
        self.registry = CollectorRegistry()

    @asynccontextmanager
    async def uplink(self, settings: LinkSettings = QUICK) -> AsyncIterator[SpoolingUplink]:
        self.registry = CollectorRegistry()
        uplink = SpoolingUplink(self.transport, self.folder / "spool", "collector", settings, self.registry)
        await uplink.start()
        try:
            yield uplink
        finally:
            await uplink.stop()
            check_uplink(self.registry)

    def count(self, name: str, **labels: str) -> float:
        return value(self.registry, f"netmon_uplink_{name}", **labels)

    def dropped(self, reason: str) -> float:
        return self.count("dropped_total", reason=reason)
