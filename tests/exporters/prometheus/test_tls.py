"""TLS with certificates made here: who is let in, what is refused, and changes without a restart."""

import asyncio
import os
import ssl
from collections.abc import Callable
from pathlib import Path

import bcrypt
import httpx
import pytest
import uvloop
import yaml
from prometheus_client import CollectorRegistry

from exporters.prometheus import webwatch
from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.tls import make_context
from exporters.prometheus.webconfig import TlsServerConfig, WebConfig
from netmon.api import ConfigError, Fault
from tests.support.certificates import Authority, Pair
from tests.support.exposition import ANY_PORT, serving, until
from tests.support.waiting import eventually


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def server(authority: Authority) -> Pair:
    return authority.sign("server")


def exporter_for(server: Pair, **more: object) -> PrometheusExporter:
    tls = {"cert_file": server.cert, "key_file": server.key, **more}
    config = WebConfig.model_validate({"tls_server_config": tls})
    return PrometheusExporter(WebSettings(listen=ANY_PORT), CollectorRegistry(), web_config=lambda: config)


def trusting(authority: Authority, client: Pair | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.cert)
    if client is not None:
        context.load_cert_chain(client.cert, client.key)
    return context


async def get(url: str, context: ssl.SSLContext) -> httpx.Response:
    async with httpx.AsyncClient(verify=context) as client:
        return await client.get(url.replace("http://", "https://") + "/sd")


async def test_a_page_over_tls(authority: Authority, server: Pair) -> None:
    async with serving(exporter_for(server)) as url:
        answer = await get(url, trusting(authority))
        assert answer.status_code == 200
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.TransportError):
                await client.get(url + "/sd")


async def test_client_certificates(authority: Authority, server: Pair, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger").sign("intruder")
    friend = authority.sign("prometheus")
    required = exporter_for(server, client_auth_type="RequireAndVerifyClientCert", client_ca_file=authority.cert)
    async with serving(required) as url:
        assert (await get(url, trusting(authority, friend))).status_code == 200
        for other in (None, stranger):
            with pytest.raises(httpx.TransportError):
                await get(url, trusting(authority, other))
    optional = exporter_for(server, client_auth_type="VerifyClientCertIfGiven", client_ca_file=authority.cert)
    async with serving(optional) as url:
        for welcome in (None, friend):
            assert (await get(url, trusting(authority, welcome))).status_code == 200
        with pytest.raises(httpx.TransportError):
            await get(url, trusting(authority, stranger))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")  # that they are old is the point
@pytest.mark.parametrize(
    ("least", "spoken", "welcome"),
    [
        ("TLS12", ssl.TLSVersion.TLSv1, False),
        ("TLS12", ssl.TLSVersion.TLSv1_1, False),
        ("TLS12", ssl.TLSVersion.TLSv1_2, True),
        ("TLS13", ssl.TLSVersion.TLSv1_2, False),
        ("TLS13", ssl.TLSVersion.TLSv1_3, True),
    ],
)
async def test_versions(authority: Authority, server: Pair, least: str, spoken: ssl.TLSVersion, welcome: bool) -> None:
    context = trusting(authority)
    context.minimum_version = context.maximum_version = spoken
    context.set_ciphers("ALL:@SECLEVEL=0")
    async with serving(exporter_for(server, min_version=least)) as url:
        if welcome:
            assert (await get(url, context)).status_code == 200
            return
        with pytest.raises(httpx.TransportError):
            await get(url, context)


async def test_ciphers_and_curves(authority: Authority, server: Pair) -> None:
    chosen = {
        "cipher_suites": ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
        "curve_preferences": ["CurveP384"],
        "max_version": "TLS12",
    }
    context = trusting(authority)
    async with serving(exporter_for(server, **chosen)) as url:
        assert (await get(url, context)).status_code == 200
        context.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        with pytest.raises(httpx.TransportError):
            await get(url, context)


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (
            lambda pair: pair.cert.unlink(),
            ("server.crt", "cannot be read: No such file or directory", "give a file that netmon's user may read"),
        ),
        (
            lambda pair: pair.key.write_text("no key"),
            ("server.crt", "the certificate cannot be used with the key", "give the PEM certificate, its chain below"),
        ),
    ],
)
def test_files_that_cannot_be_used(server: Pair, spoil: Callable[[Pair], None], fault: tuple[str, str, str]) -> None:
    spoil(server)
    with pytest.raises(ConfigError) as caught:
        make_context(TlsServerConfig(cert_file=server.cert, key_file=server.key))
    (found,) = caught.value.faults
    assert isinstance(found, Fault)
    assert Path(found.file).name == fault[0]
    assert found.problem.startswith(fault[1])
    assert found.remedy.startswith(fault[2])


def test_an_authority_that_cannot_be_used(server: Pair) -> None:
    config = TlsServerConfig(
        cert_file=server.cert,
        key_file=server.key,
        client_auth_type="RequireAndVerifyClientCert",
        client_ca_file=server.key,
    )
    with pytest.raises(ConfigError, match="the certificate authority cannot be used"):
        make_context(config)


class _File:
    """A web configuration file, and what the wiring reads of it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, content: object) -> None:
        other = self.path.with_suffix(".new")
        other.write_text(yaml.safe_dump(content))
        os.replace(other, self.path)  # noqa: PTH105 -- what an operator's tools do, in one call

    def read(self) -> WebConfig:
        content = yaml.safe_load(self.path.read_text())
        if "broken" in content:
            raise ConfigError(Fault(str(self.path), 1, 1, "unknown key 'broken'", "take it out"))
        return WebConfig.model_validate(content)


async def test_certificates_and_users_change_without_a_restart(
    authority: Authority, server: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webwatch, "CHECK_EVERY_S", 0.01)
    file = _File(tmp_path / "web.yml")
    tls = {"tls_server_config": {"cert_file": str(server.cert), "key_file": str(server.key)}}
    file.write(tls)
    settings = WebSettings(listen=ANY_PORT, web_config_file=file.path)
    exporter = PrometheusExporter(settings, CollectorRegistry(), web_config=file.read)

    def good() -> float:
        return float(exporter._metrics.web_config_success._value.get())

    async def answers(context: ssl.SSLContext, code: int, login: tuple[str, str] | None = None) -> bool:
        async with httpx.AsyncClient(verify=context) as client:
            try:
                return (await client.get(url, auth=login)).status_code == code
            except httpx.TransportError:
                return False

    async with serving(exporter) as base:
        url = base.replace("http://", "https://") + "/sd"
        assert await answers(trusting(authority), 200)

        other = Authority(tmp_path, "other")
        renewed = other.sign("renewed")
        os.replace(renewed.key, server.key)  # noqa: PTH105 -- the same
        os.replace(renewed.cert, server.cert)  # noqa: PTH105 -- the same
        await until(lambda: answers(trusting(other), 200))
        assert not await answers(trusting(authority), 200)

        hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
        file.write(tls | {"basic_auth_users": {"prometheus": hashed}})
        await until(lambda: answers(trusting(other), 401))
        assert await answers(trusting(other), 200, ("prometheus", "secret"))

        file.write({"broken": 1})
        await eventually(lambda: good() == 0)
        assert await answers(trusting(other), 200, ("prometheus", "secret"))

        file.write({})
        url = base + "/sd"
        await until(lambda: answers(trusting(other), 200))
        assert good() == 1


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_nobody_is_left_waiting_while_contexts_are_exchanged(
    authority: Authority, server: Pair, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    exporter = exporter_for(server)
    context = trusting(authority)
    answered = 0
    enough = False

    async def ask(url: str) -> None:
        nonlocal answered
        while not enough:
            assert (await get(url, context)).status_code == 200
            answered += 1

    async def exchange() -> None:
        nonlocal enough
        async with serving(exporter) as url, asyncio.timeout(20):
            clients = [asyncio.create_task(ask(url)) for _ in range(4)]
            exchanges = 0
            while answered < 200 or exchanges < 50:
                await exporter.reload_web_config()
                exchanges += 1
                done, _ = await asyncio.wait(clients, timeout=0.001, return_when=asyncio.FIRST_COMPLETED)
                assert not done, done
            enough = True
            await asyncio.gather(*clients)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(exchange())


async def test_handshakes_that_do_not_end_are_limited(authority: Authority, server: Pair) -> None:
    tls = {"cert_file": server.cert, "key_file": server.key}
    config = WebConfig.model_validate({"tls_server_config": tls})
    settings = WebSettings(listen=ANY_PORT, max_connections=2)
    exporter = PrometheusExporter(settings, CollectorRegistry(), web_config=lambda: config)
    async with serving(exporter) as url:
        host, port = exporter.addresses[0].rsplit(":", 1)
        silent = [await asyncio.open_connection(host, int(port)) for _ in range(3)]
        assert await silent[2][0].read() == b""
        assert exporter._metrics.refused._value.get() == 1
        silent[0][1].write(b"no handshake")
        await silent[0][0].read()
        assert (await get(url, trusting(authority))).status_code == 200
        for _, writer in silent:
            writer.close()


async def test_a_configuration_that_cannot_be_used_keeps_the_daemon_from_starting(tmp_path: Path) -> None:
    missing = Pair(tmp_path / "no.crt", tmp_path / "no.key")
    exporter = exporter_for(missing)
    with pytest.raises(ConfigError, match=r"no\.crt: cannot be read"):
        await exporter.start()
    await exporter.stop()


async def test_reading_it_again_on_demand(tmp_path: Path) -> None:
    file = _File(tmp_path / "web.yml")
    file.write({})
    settings = WebSettings(listen=ANY_PORT, web_config_file=file.path)
    exporter = PrometheusExporter(settings, CollectorRegistry(), web_config=file.read)
    async with serving(exporter) as url, httpx.AsyncClient() as client:
        file.write({"broken": 1})
        with pytest.raises(ConfigError, match="unknown key 'broken'"):
            await exporter.reload_web_config()
        hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
        file.write({"basic_auth_users": {"a": hashed}})
        await exporter.reload_web_config()
        assert (await client.get(url)).status_code == 401
