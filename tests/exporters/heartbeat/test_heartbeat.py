"""The heartbeat beats while netmon is well, says or stops when it is not, and never shows its URL."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry
from pydantic import SecretStr, ValidationError
from structlog.testing import LogCapture

from exporters.alertmanager.exporter import AlertmanagerExporter
from exporters.alertmanager.settings import AlertmanagerServer, AlertmanagerSettings
from exporters.heartbeat.heartbeat import Heartbeat, failing
from exporters.heartbeat.settings import HeartbeatSettings, PingSettings
from netmon.api import Alert, CoreStatus, State
from tests.support.alertmanager import Alertmanager, Receiver, need_alertmanager
from tests.support.desk import FakeDesk
from tests.support.waiting import eventually


class Sink:
    """Keeps what it is told."""

    name = "kept"

    def __init__(self) -> None:
        self.told: list[Alert] = []

    def changed(self, alerts: Sequence[Alert]) -> None:
        self.told += alerts

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass


class Service:
    """A service that is asked; answers as a test sets."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []  # (request line without its version, body)
        self.answers = b"200 OK"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                length = sum(int(line[15:]) for line in lines if line.lower().startswith("content-length:"))
                body = await reader.readexactly(length)
                self.asked.append((lines[0].removesuffix(" HTTP/1.1"), body.decode()))
                writer.write(b"HTTP/1.1 " + self.answers + b"\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


Beats = Callable[..., Awaitable[Heartbeat]]


@pytest.fixture
async def beat(desk: FakeDesk, registry: CollectorRegistry) -> AsyncIterator[Beats]:
    made: list[Heartbeat] = []

    async def one(*sinks: Any, **settings: Any) -> Heartbeat:
        asked = HeartbeatSettings.model_validate(settings)
        made.append(Heartbeat(asked, desk.status, sinks, registry, "noc"))
        await made[-1].start()
        return made[-1]

    yield one
    for each in made:
        await each.stop()
        await each.stop()


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def ping(service: Service, **more: Any) -> dict[str, Any]:
    return {"url": f"http://127.0.0.1:{service.port}/secret-path", "interval_s": 1, **more}


async def test_the_watchdog_always_fires(beat: Beats) -> None:
    sink = Sink()
    await beat(sink, interval_s=1)
    await eventually(lambda: len(sink.told) >= 2)
    first, second = sink.told[:2]
    assert first.labels == {"alertname": "Watchdog", "instance": "noc", "severity": "none"}
    assert (first.state, first.id, first.starts_at) == (State.FIRING, second.id, second.starts_at)
    assert second.updated_at > first.updated_at
    assert first.expires_s == 2


async def test_it_tells_of_problems_under_the_same_labels(beat: Beats, desk: FakeDesk) -> None:
    sink = Sink()
    desk.problems = ("the disk is full",)
    await beat(sink)
    await eventually(lambda: sink.told)
    (alert,) = sink.told
    assert alert.state is State.FIRING
    assert alert.labels == {"alertname": "Watchdog", "instance": "noc", "severity": "none"}
    assert alert.summary == "netmon watches, but is not well: the disk is full"
    assert alert.summaries["id"].endswith("the disk is full")


async def test_it_can_end_instead(beat: Beats, desk: FakeDesk, registry: CollectorRegistry) -> None:
    sink = Sink()
    await beat(sink, unhealthy="stop", interval_s=1)
    await eventually(lambda: sink.told)
    desk.problems = ("the disk is full",)
    held = {"to": "watchdog"}
    await eventually(lambda: (registry.get_sample_value("netmon_heartbeat_withheld_total", held) or 0) >= 2)
    assert [alert.state for alert in sink.told] == [State.FIRING, State.RESOLVED]
    desk.problems = ()
    await eventually(lambda: sink.told[-1].state is State.FIRING)


async def test_a_core_that_cannot_say_is_not_well(registry: CollectorRegistry) -> None:
    def status() -> CoreStatus:
        raise RuntimeError("secret detail")

    sink = Sink()
    heart = Heartbeat(HeartbeatSettings(), status, [sink], registry, "noc")
    await heart.start()
    await eventually(lambda: sink.told)
    await heart.stop()
    assert sink.told[0].summary == "netmon watches, but is not well: the core cannot say how it is: RuntimeError"


async def test_pings(beat: Beats, service: Service, registry: CollectorRegistry) -> None:
    await beat(pings=[ping(service), ping(service, method="POST")])
    await eventually(lambda: len(service.asked) >= 4)
    assert set(service.asked) == {("GET /secret-path", ""), ("POST /secret-path", "netmon watches")}
    assert (registry.get_sample_value("netmon_heartbeat_beats_total", {"to": "ping 1"}) or 0) >= 1


async def test_a_ping_stops_when_the_core_is_not_well(
    beat: Beats, desk: FakeDesk, service: Service, registry: CollectorRegistry
) -> None:
    desk.problems = ("the disk is full",)
    await beat(pings=[ping(service)])
    await eventually(lambda: registry.get_sample_value("netmon_heartbeat_withheld_total", {"to": "ping 1"}) == 2)
    assert service.asked == []


async def test_a_ping_can_say_so(beat: Beats, desk: FakeDesk, service: Service) -> None:
    desk.problems = ("the disk is full", "a collector is silent")
    await beat(pings=[ping(service, unhealthy="fail", method="POST")])
    await eventually(lambda: service.asked)
    assert service.asked[0] == ("POST /secret-path/fail", "the disk is full\na collector is silent")


async def test_a_failed_ping_is_tried_again_soon_and_shows_no_url(  # noqa: PLR0917 - fixtures
    beat: Beats,
    service: Service,
    registry: CollectorRegistry,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    told = LogCapture()
    monkeypatch.setattr("exporters.heartbeat.heartbeat.log", structlog.wrap_logger(None, processors=[told]))
    service.answers = b"500 Oops"
    await beat(pings=[ping(service)])
    failed = {"to": "ping 1", "reason": "http_500"}
    await eventually(lambda: (registry.get_sample_value("netmon_heartbeat_failures_total", failed) or 0) >= 2)
    service.answers = b"204 No Content"
    await eventually(lambda: registry.get_sample_value("netmon_heartbeat_beats_total", {"to": "ping 1"}))
    printed = capsys.readouterr()
    assert "a heartbeat did not arrive" in {entry["event"] for entry in told.entries}
    assert "secret-path" not in printed.out + printed.err + caplog.text + str(told.entries)


def test_a_url_with_a_query() -> None:
    assert failing("https://ping.example.net/x/?create=1") == "https://ping.example.net/x/fail?create=1"


def test_what_is_no_url() -> None:
    with pytest.raises(ValidationError, match="not a URL to ask") as caught:
        PingSettings(url=SecretStr("ftp://secret.example.net"))
    assert "secret.example.net" not in str(caught.value)


async def test_alertmanager_misses_a_heart_that_stopped(tmp_path: Path, desk: FakeDesk, beat: Beats) -> None:
    """All else of the daemon lives on: the alert ends all the same."""
    need_alertmanager()
    receiver = Receiver()
    await receiver.start()
    manager = Alertmanager(tmp_path / "am", receiver)
    await manager.start()
    settings = AlertmanagerSettings(servers=(AlertmanagerServer(url=manager.url),), resend_s=1)
    exporter = AlertmanagerExporter(settings, desk, tmp_path, CollectorRegistry())
    await exporter.start()
    try:
        heart = await beat(exporter, interval_s=1)
        await eventually(lambda: receiver.told("firing")["Watchdog/noc"] == 1)
        (alert,) = await manager.alerts()
        assert alert["labels"]["severity"] == "none"
        await heart.stop()
        await eventually(lambda: receiver.told("resolved")["Watchdog/noc"] == 1)
        assert receiver.told("firing")["Watchdog/noc"] == 1
    finally:
        await exporter.stop()
        manager.end()
        await receiver.stop()
