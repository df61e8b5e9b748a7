"""What others than a healthy Alertmanager answer: each failure has its reason, and loses nothing."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr, ValidationError

from exporters.alertmanager.client import Client, Failure
from exporters.alertmanager.exporter import AlertmanagerExporter
from exporters.alertmanager.settings import AlertmanagerServer, AlertmanagerSettings
from netmon.api import ConfigError, Rejected
from tests.exporters.alertmanager.conftest import QUICK, Runs
from tests.support.certificates import Authority
from tests.support.desk import FakeDesk
from tests.support.waiting import eventually

JSON = b"application/json"


class Peer:
    """Answers each request as a test says: (status line, content type, body) of (method, path, headers, body)."""

    def __init__(self) -> None:
        self.url = ""
        self.alerts: list[dict[str, Any]] = []  # posted and taken
        self.sizes: list[int] = []  # of posts
        self.headers: list[bytes] = []
        self.answer: Callable[[str, bytes], tuple[bytes, bytes, bytes]] = self.well
        self.extra = b""

    def well(self, path: str, body: bytes) -> tuple[bytes, bytes, bytes]:
        if path == "/api/v2/alerts":
            self.alerts += json.loads(body)
        return b"200 OK", JSON, b'{"uptime":"x"}' if path == "/api/v2/status" else b"[]"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.split(b"\r\n")
                length = sum(int(line[15:]) for line in lines if line.lower().startswith(b"content-length:"))
                body, path = await reader.readexactly(length), lines[0].split()[1].decode()
                self.headers.append(head)
                if path == "/api/v2/alerts":
                    self.sizes.append(length)
                status, kind, said = self.answer(path, body)
                writer.write(b"HTTP/1.1 %s\r\nContent-Type: %s\r\n%s" % (status, kind, self.extra))
                writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(said), said))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


Peers = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def peer() -> AsyncIterator[Peers]:
    servers: list[asyncio.Server] = []

    async def one(tls: ssl.SSLContext | None = None) -> Peer:
        made = Peer()
        servers.append(await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls))
        port = servers[-1].sockets[0].getsockname()[1]
        made.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        return made

    yield one
    for server in servers:
        server.close()


def failures(registry: CollectorRegistry, reason: str) -> float:
    return sum(
        sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "netmon_alertmanager_failures_total" and sample.labels["reason"] == reason
    )


@pytest.mark.parametrize(
    "case",
    [
        (b"500 Oops", JSON, "server"),
        (b"503 Later", JSON, "busy"),
        (b"429 Slow", JSON, "busy"),
        (b"401 Who", JSON, "auth"),
        (b"403 No", JSON, "auth"),
        (b"404 Where", JSON, "refused"),
        (b"301 Elsewhere", JSON, "refused"),
        (b"400 HTTP to HTTPS", b"text/plain", "refused"),
    ],
)
async def test_what_may_pass_is_tried_until_it_does(
    run: Runs, peer: Peers, desk: FakeDesk, registry: CollectorRegistry, case: tuple[bytes, bytes, str]
) -> None:
    status, kind, reason = case
    far = await peer()
    far.answer = lambda *_: (status, kind, b"no")
    await run(far.url, silences=False)
    desk.say("LinkDown", "sw-1")
    await eventually(lambda: failures(registry, reason) >= 2)
    assert far.alerts == []
    far.answer = far.well
    await eventually(lambda: far.alerts)


async def test_retry_after_is_heeded(peer: Peers) -> None:
    far = await peer()
    far.answer = lambda *_: (b"429 Slow", JSON, b"")
    client = Client(AlertmanagerServer(url=far.url))
    await client.start()
    for header, after_s in ((b"7", 7.0), (b"1000000", 3600.0), (b"soon", None), (b"99999999999", None)):
        far.extra = b"Retry-After: %s\r\n" % header
        with pytest.raises(Failure) as caught:
            await client.post_alerts(b"[]")
        assert caught.value.after_s == after_s
    await client.stop()
    with pytest.raises(Failure, match="stopped"):
        await client.status()


async def test_one_bad_alert_keeps_no_other_back(
    run: Runs, peer: Peers, desk: FakeDesk, registry: CollectorRegistry
) -> None:
    far = await peer()

    def picky(path: str, body: bytes) -> tuple[bytes, bytes, bytes]:
        return (b"400 Bad", JSON, b'"no"') if b"sw-13" in body else far.well(path, body)

    far.answer = picky
    exporter = await run(far.url, silences=False, resend_s=100)
    desk.put([desk.say("LinkDown", f"sw-{number}") for number in range(50)])
    await eventually(lambda: exporter.waiting == 0)
    assert len({alert["labels"]["instance"] for alert in far.alerts}) == 49
    assert failures(registry, "rejected") == 1
    assert len(far.sizes) < 20


async def test_requests_have_a_size(run: Runs, peer: Peers, desk: FakeDesk) -> None:
    far = await peer()
    exporter = await run(far.url, silences=False, resend_s=100, batch_bytes=16_384, batch_alerts=1_000)
    for number in range(300):
        desk.say("LinkDown", f"sw-{number}")
    await eventually(lambda: exporter.waiting == 0)
    assert len(far.alerts) == 300
    assert max(far.sizes) <= 16_384
    assert len(far.sizes) > 3


async def test_a_body_that_is_too_large_is_halved(run: Runs, peer: Peers, desk: FakeDesk) -> None:
    far = await peer()

    def small(path: str, body: bytes) -> tuple[bytes, bytes, bytes]:
        return (b"413 Large", b"text/html", b"") if len(body) > 8_000 else far.well(path, body)

    far.answer = small
    exporter = await run(far.url, silences=False, resend_s=100)
    for number in range(100):
        desk.say("LinkDown", f"sw-{number}")
    await eventually(lambda: exporter.waiting == 0)
    assert len(far.alerts) == 100


async def test_who_never_answers(run: Runs, peer: Peers, desk: FakeDesk, registry: CollectorRegistry) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    deaf = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    near = await peer()
    servers = [AlertmanagerServer(url=deaf, timeout_s=0.2), AlertmanagerServer(url=near.url)]
    await run(servers=servers)
    desk.say("LinkDown", "sw-1")
    await eventually(lambda: near.alerts and failures(registry, "timeout"))
    server.close()


async def test_an_answer_that_is_none(run: Runs, peer: Peers, desk: FakeDesk, registry: CollectorRegistry) -> None:
    far = await peer()
    far.answer = lambda *_: (b"200 OK", b"text/html", b"<html>")
    await run(far.url)
    desk.say("LinkDown", "sw-1")
    await eventually(lambda: failures(registry, "malformed") and far.sizes)
    assert desk.silences() == []


async def test_a_password_and_a_token(peer: Peers, capsys: pytest.CaptureFixture[str]) -> None:
    far = await peer()
    for more, expected in (
        ({"username": "netmon", "password": SecretStr("s3cret")}, b"Basic " + base64.b64encode(b"netmon:s3cret")),
        ({"bearer_token": SecretStr("t0ken")}, b"Bearer t0ken"),
    ):
        server = AlertmanagerServer.model_validate({"url": far.url, **more})
        client = Client(server)
        await client.start()
        await client.status()
        await client.stop()
        assert b"authorization: " + expected in far.headers[-1].replace(b"Authorization", b"authorization")
        assert "s3cret" not in repr(server)
    assert "s3cret" not in capsys.readouterr().out


async def test_tls_both_ways(peer: Peers, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    theirs, ours = authority.sign("server"), authority.sign("client")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.cert)
    context.load_cert_chain(theirs.cert, theirs.key)
    context.verify_mode = ssl.CERT_REQUIRED
    far = await peer(context)
    trusted = {"url": far.url, "ca_file": authority.cert}
    for more, works in (
        ({**trusted, "cert_file": ours.cert, "key_file": ours.key}, True),
        (trusted, False),
        ({"url": far.url}, False),
    ):
        client = Client(AlertmanagerServer.model_validate(more))
        await client.start()
        if works:
            await client.status()
        else:
            with pytest.raises(Failure) as caught:
                await client.status()
            assert caught.value.reason == "unreachable"
        await client.stop()


async def test_a_certificate_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for more, problem in (
        ({"ca_file": tmp_path / "none.pem"}, "there is no such file"),
        ({"ca_file": tmp_path / "empty.pem"}, "cannot be used"),
        ({"cert_file": tmp_path / "empty.pem"}, "cannot be used"),
    ):
        client = Client(AlertmanagerServer.model_validate({"url": "https://127.0.0.1", **more}))
        with pytest.raises(ConfigError, match=problem):
            await client.start()


async def test_its_clock(peer: Peers) -> None:
    far = await peer()
    far.extra = b"Date: Wed, 15 Nov 2023 00:00:00 GMT\r\n"
    client = Client(AlertmanagerServer(url=far.url), now=lambda: 1_700_000_000.0)
    await client.start()
    await client.status()
    assert client.clock.offset_s == 1_700_006_400 - 1_700_000_000
    far.extra = b"Date: tomorrow\r\n"
    await client.status()
    assert client.clock.offset_s == 6_400
    await client.stop()


async def test_a_refusal_in_json_is_for_good(peer: Peers) -> None:
    far = await peer()
    far.answer = lambda *_: (b"422 What", JSON, b'{"code":602,"message":"labels in body is required"}')
    client = Client(AlertmanagerServer(url=far.url))
    await client.start()
    with pytest.raises(Rejected, match="labels in body is required"):
        await client.post_alerts(b"[{}]")
    await client.stop()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"url": "127.0.0.1:9093"}, "is not a base URL"),
        ({"url": "http://user:secret@am:9093"}, "the URL holds a user name"),
        ({"url": "http://am", "username": "x"}, "username and password go together"),
        ({"url": "http://am", "username": "x", "password": "y", "bearer_token": "z"}, "cannot be used at once"),
        ({"url": "http://am", "key_file": "k"}, "key_file is set without cert_file"),
    ],
)
def test_settings_that_make_no_sense(given: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        AlertmanagerServer.model_validate(given)


def test_two_of_a_name() -> None:
    servers = [{"url": "http://am:9093"}, {"url": "http://am:9093/other"}]
    with pytest.raises(ValidationError, match="'am:9093' names two servers"):
        AlertmanagerSettings.model_validate({"servers": servers})
    assert AlertmanagerServer(url="https://am").label == "am:443"


async def test_nothing_to_do_without_servers(tmp_path: Path, desk: FakeDesk, registry: CollectorRegistry) -> None:
    exporter = AlertmanagerExporter(AlertmanagerSettings.model_validate(QUICK), desk, tmp_path, registry)
    await exporter.start()
    exporter.changed([desk.say("LinkDown", "sw-1")])
    assert exporter.waiting == 0
    await exporter.stop()
    await exporter.stop()
    assert not exporter._tasks
