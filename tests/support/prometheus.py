"""A real Prometheus on a free port, asked over its HTTP API."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.processes import free_port, running, wait_for_port
from tests.support.waiting import eventually_sync


class Prometheus:
    """A running Prometheus."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"

    async def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Return (labels, value) of each series of an instant query."""
        result = (await self._get("/query", {"query": expression}))["result"]
        return [(series["metric"], float(series["value"][1])) for series in result]

    async def metadata(self, metric: str) -> set[str]:
        """Return the types under which targets gave this metric."""
        found = await self._get("/targets/metadata", {"metric": metric})
        return {item["type"] for item in found}

    async def active_targets(self) -> list[dict[str, Any]]:
        """Return what is scraped, as the API tells it."""
        return list((await self._get("/targets", {"state": "active"}))["activeTargets"])

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        async with httpx.AsyncClient() as client:
            answer = await client.get(self._url + path, params=query)
        answer.raise_for_status()
        return answer.json()["data"]


@contextmanager
def prometheus(config: str, folder: Path, *options: str) -> Iterator[Prometheus]:
    """Run Prometheus with this configuration, its data in this folder, and further options."""
    port = free_port()
    path, log = folder / "prometheus.yml", folder / "prometheus.log"
    path.write_text(config)
    command = [
        "prometheus",
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        *options,
    ]
    with running(command, log) as process:
        wait_for_port(process, port, log)
        eventually_sync(lambda: httpx.get(f"http://127.0.0.1:{port}/-/ready").status_code == 200, 30)
        yield Prometheus(port)
