"""Keeps the web configuration current: certificates and users change without a restart, as in other exporters."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import structlog

from exporters.prometheus.gate import Gate
from exporters.prometheus.selfmetrics import SelfMetrics
from exporters.prometheus.server import WebServer
from exporters.prometheus.tls import make_context
from exporters.prometheus.webconfig import WebConfig
from netmon.api import ConfigError

log = structlog.get_logger(__name__)

CHECK_EVERY_S = 5.0
"""How often the files are looked at: soon enough for a renewed certificate, seldom enough to cost nothing."""

Signature: TypeAlias = tuple[tuple[int, int, int] | None, ...]
"""For each file (inode, time of change in ns, size), None where it is absent."""


class WebConfigWatch:
    """Starts the server with the configuration and applies it again whenever its files change."""

    def __init__(
        self,
        read: Callable[[], WebConfig] | None,
        path: Path | None,
        gate: Gate,
        server: WebServer,
        metrics: SelfMetrics,
    ) -> None:
        self._read = read
        self._path = path
        self._gate = gate
        self._server = server
        self._metrics = metrics
        self._files: tuple[Path, ...] = ()
        self._seen: Signature = ()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the configuration and start the server; ConfigError when either fails."""
        await self._server.start(await self._load())
        if self._read is not None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop looking, and stop the server."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await self._server.stop()

    async def reload(self) -> None:
        """Read and apply the configuration now; ConfigError, and the old one stays, when it cannot be used."""
        try:
            context = await self._load()
        except ConfigError:
            self._metrics.web_config_success.set(0)
            raise
        self._server.exchange(context)

    async def _load(self) -> ssl.SSLContext | None:
        config, context = await asyncio.to_thread(self._read_all)
        self._gate.use(config)
        self._metrics.web_config_success.set(1)
        return context

    def _read_all(self) -> tuple[WebConfig, ssl.SSLContext | None]:
        """Read configuration and certificates; runs in a thread.

        Signatures are taken before the files are read, so that what changes meanwhile is seen the next time, and the
        files of a configuration are watched also when they cannot be used yet.
        """
        own = self._signature(())
        config = self._read() if self._read is not None else WebConfig()
        self._files = config.files()
        self._seen = own + tuple(map(_signature, self._files))
        tls = config.tls_server_config
        return config, make_context(tls) if tls is not None else None

    def _signature(self, files: tuple[Path, ...]) -> Signature:
        paths = files if self._path is None else (self._path, *files)
        return tuple(map(_signature, paths))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            seen = await asyncio.to_thread(self._signature, self._files)
            if seen == self._seen:
                continue
            self._seen = seen  # a broken configuration is tried again when its files change, not every time
            try:
                await self.reload()
            except ConfigError as error:
                log.warning("the web configuration cannot be used; the one before stays", problem=str(error))
            else:
                log.info("the web configuration was read again")


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
