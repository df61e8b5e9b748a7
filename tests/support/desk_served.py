"""A core with a desk in memory, served from a thread, for tests whose own thread runs commands."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry

from exporters.api.app import PREFIX
from exporters.api.control import ControlSocket
from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.webconfig import WebConfig
from tests.support.api import Api
from tests.support.desk import FakeDesk
from tests.support.exposition import ANY_PORT


@dataclass(frozen=True, slots=True)
class Core:
    """A core that runs: its desk, the configuration directory that leads to it, and its address on the network."""

    desk: FakeDesk
    directory: Path
    address: str


@contextmanager
def core(folder: Path, web: Mapping[str, Any] | None = None, **settings: Any) -> Iterator[Core]:
    """Serve a core until the block ends. `web` is its web configuration."""
    directory = folder / "etc"
    directory.mkdir()
    (folder / "state").mkdir()
    (directory / "netmon.yaml").write_text(yaml.safe_dump({"state_dir": str(folder / "state")}), encoding="utf-8")
    api = Api(**settings)
    config = WebConfig.model_validate(web or {})
    exporter = PrometheusExporter(
        WebSettings.model_validate({"listen": ANY_PORT}),
        CollectorRegistry(),
        web_config=lambda: config,
        mounts={PREFIX: api.app},
    )
    control = ControlSocket(api.app, folder / "state" / "control.sock")
    with _loop() as loop:
        for component in (exporter, control):
            asyncio.run_coroutine_threadsafe(component.start(), loop).result(20)
        try:
            yield Core(api.desk, directory, exporter.addresses[0])
        finally:
            for component in (control, exporter):
                asyncio.run_coroutine_threadsafe(component.stop(), loop).result(20)


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="core", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
