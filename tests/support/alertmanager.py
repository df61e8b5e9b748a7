"""A real Alertmanager that can be killed and started again, and a receiver that counts what it is told."""

import asyncio
import json
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from tests.support.processes import free_port, listening
from tests.support.waiting import eventually

PROGRAM = "prometheus-alertmanager"
T = TypeVar("T")


def need_alertmanager() -> None:
    """Skip the test where Alertmanager is absent."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"{PROGRAM} is not installed")


async def agrees(ask: Callable[[], Awaitable[T]], right: Callable[[T], object], within_s: float = 10) -> T:
    """Ask until the answer is right and return it; fail with the last one when it is not within the time."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not right(answer := await ask()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {within_s:g} s: {answer!r}"
        await asyncio.sleep(0.02)
    return answer


class Receiver:
    """A webhook: counts, for each label set, how often people were told that it fires and that it is over.

    An alert is told anew when its state differs from the last message of its group, or its group repeats itself.
    """

    def __init__(self) -> None:
        self.port = 0
        self.messages: list[dict[str, Any]] = []
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Return where to send."""
        return f"http://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close."""
        if self._server is not None:
            self._server.close()

    def told(self, status: str) -> Counter[str]:
        """Return how often each `alertname/instance` was told with this status."""
        return Counter(
            f"{alert['labels'].get('alertname')}/{alert['labels'].get('instance')}"
            for message in self.messages
            for alert in message["alerts"]
            if alert["status"] == status
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
                )
                self.messages.append(json.loads(await reader.readexactly(length)))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Alertmanager:
    """One Alertmanager. `group_by` "..." tells each alert in a message of its own, after `group_wait`."""

    def __init__(
        self,
        folder: Path,
        receiver: Receiver,
        group_by: str = "...",
        options: tuple[str, ...] = (),
        group_wait: str = "100ms",
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._options = options
        folder.mkdir(parents=True, exist_ok=True)
        self._config = folder / "alertmanager.yml"
        self._config.write_text(
            f"""
route:
  receiver: counted
  group_by: ['{group_by}']
  group_wait: {group_wait}
  group_interval: 300ms
  repeat_interval: 4h
receivers:
  - name: counted
    webhook_configs: [{{url: '{receiver.url}', send_resolved: true}}]
"""
        )

    async def start(self) -> None:
        """Start it, with the data that it left behind; return when it answers."""
        command = [
            PROGRAM,
            f"--config.file={self._config}",
            f"--storage.path={self.folder / 'data'}",
            "--data.maintenance-interval=200ms",  # how often it writes its notification log and silences to disk
            f"--web.listen-address=127.0.0.1:{self.port}",
            *(self._options or ("--cluster.listen-address=",)),
        ]
        self._launch(command)
        await eventually(lambda: listening(self.port), 20)
        async with httpx.AsyncClient() as client:
            await agrees(lambda: client.get(f"{self.url}/-/ready"), lambda answer: answer.status_code == 200)

    def _launch(self, command: list[str]) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill it, or end it as told."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    def forget(self) -> None:
        """Lose its data."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def notified_on_disk(self) -> int:
        """Return how many groups of alerts its notification log on disk remembers."""
        log = self.folder / "data" / "nflog"
        return log.read_bytes().count(b"counted") if log.exists() else 0  # each entry names the receiver

    async def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it holds to fire."""
        return list(await self._get("alerts"))

    async def silences(self, *, active: bool = True) -> list[dict[str, Any]]:
        """Return its silences."""
        found = await self._get("silences")
        return [each for each in found if not active or each["status"]["state"] != "expired"]

    async def silence(self, ends_at: str, **more: Any) -> str:
        """Make a silence as its own page does."""
        given = {
            "matchers": [{"name": "instance", "value": "sw-1", "isRegex": False, "isEqual": True}],
            "startsAt": "2020-01-01T00:00:00Z",
            "endsAt": ends_at,
            "createdBy": "siti",
            "comment": "fiber work",
        }
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{self.url}/api/v2/silences", json=given | more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["silenceID"])

    async def expire(self, silence_id: str) -> None:
        """End a silence as its own page does."""
        async with httpx.AsyncClient() as client:
            answer = await client.delete(f"{self.url}/api/v2/silence/{silence_id}")
        assert answer.status_code == 200, answer.text

    async def firing(self) -> set[str]:
        """Return `alertname/instance` of what it holds to fire."""
        return {f"{each['labels'].get('alertname')}/{each['labels'].get('instance')}" for each in await self.alerts()}

    async def _get(self, what: str) -> Any:
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.get(f"{self.url}/api/v2/{what}")
        return answer.raise_for_status().json()


@asynccontextmanager
async def alertmanagers(folder: Path, receiver: Receiver, count: int = 1) -> AsyncIterator[list[Alertmanager]]:
    """Run some that know nothing of each other."""
    made = [Alertmanager(folder / f"am{number}", receiver) for number in range(count)]
    try:
        await asyncio.gather(*(each.start() for each in made))
        yield made
    finally:
        for each in made:
            each.end()
