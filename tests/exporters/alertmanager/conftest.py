"""What the tests of the Alertmanager exporter share: a desk, a receiver, real Alertmanagers, exporters over them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from prometheus_client import CollectorRegistry

from exporters.alertmanager.exporter import AlertmanagerExporter
from exporters.alertmanager.settings import AlertmanagerServer, AlertmanagerSettings
from tests.support.alertmanager import Alertmanager, Receiver, need_alertmanager
from tests.support.desk import FakeDesk

Runs: TypeAlias = Callable[..., Awaitable[AlertmanagerExporter]]
Starts: TypeAlias = Callable[..., Awaitable[Alertmanager]]

# Quick enough for a test; the proportions are those of the defaults.
QUICK = {"resend_s": 1, "batch_wait_s": 0.05, "retry_max_s": 1, "silence_poll_s": 1}


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def start(tmp_path: Path, receiver: Receiver) -> AsyncIterator[Starts]:
    """Starts Alertmanagers; they are killed at the end."""
    need_alertmanager()
    made: list[Alertmanager] = []

    async def one(**more: Any) -> Alertmanager:
        made.append(Alertmanager(tmp_path / f"am{len(made)}", receiver, **more))
        await made[-1].start()
        return made[-1]

    yield one
    for each in made:
        each.end()


@pytest.fixture
async def run(tmp_path: Path, desk: FakeDesk, registry: CollectorRegistry) -> AsyncIterator[Runs]:
    """Runs exporters over one state directory, the latest of them told of the desk's changes."""
    made: list[AlertmanagerExporter] = []

    async def one(*peers: Alertmanager | str, **more: Any) -> AlertmanagerExporter:
        servers = [AlertmanagerServer(url=peer if isinstance(peer, str) else peer.url) for peer in peers]
        settings = AlertmanagerSettings.model_validate({**QUICK, "servers": servers} | more)
        now = more.pop("now", desk.now)
        registry_of_it = registry if not made else CollectorRegistry()
        made.append(AlertmanagerExporter(settings, desk, tmp_path / "state", registry_of_it, now))
        await made[-1].start()
        desk.sinks[:] = [made[-1]]
        return made[-1]

    yield one
    for each in made:
        await each.stop()
