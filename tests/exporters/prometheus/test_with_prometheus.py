"""A real Prometheus scrapes us both ways and in both formats, with the configuration that we generate."""

import shutil
import time
from pathlib import Path

import bcrypt
import pytest
from prometheus_client import CollectorRegistry, Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.scrape_config import ClientFiles, render
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.webconfig import WebConfig
from netmon.api import Family, Kind, Missing, Reason
from tests.exporters.prometheus.test_promtool import _alternative
from tests.support.certificates import Authority
from tests.support.exposition import ANY_PORT, octets, part, reading, serving, table, target, until
from tests.support.prometheus import Prometheus, prometheus

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")

ODD = 'core 1/ü?#%20"'
TIMEOUT = Missing(Reason.TIMEOUT, "no answer")
CPU = table([(Family("node_cpu_seconds_total", Kind.COUNTER, "CPU."), (5.5,))], ("cpu", "mode"), (("0", "idle"),))


def filled(exporter: PrometheusExporter, registry: CollectorRegistry) -> None:
    both = [(target(), "snmp"), (target(), "node")]
    exporter.retarget([*both, (target(ODD, labels=(("rack", "R1"),)), "snmp"), (target("off"), "snmp")])
    now = time.time()
    exporter.put(target(), "snmp", reading(part(octets(1, 2)), at=now))
    exporter.put(target(), "node", reading(part(CPU, name="stat"), at=now, collector="host"))
    exporter.put(target(ODD, labels=(("rack", "R1"),)), "snmp", reading(part(octets(2**53)), name=ODD, at=now))
    exporter.put(target("off"), "snmp", reading(part(octets(4)), name="off", at=now))
    exporter.put(target("off"), "snmp", reading(name="off", problem=TIMEOUT, at=now))
    Counter("netmon_own_things", "Things of one target.", ["instance"], registry=registry).labels("sw1").inc()


def text_only(app: ASGIApp) -> ASGIApp:
    """Hide from the application that the client would like OpenMetrics best."""

    async def changed(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [pair for pair in scope["headers"] if pair[0] != b"accept"]
        await app({**scope, "headers": headers}, receive, send)

    return changed


async def series(server: Prometheus, name: str) -> set[tuple[tuple[str, str], ...]]:
    return {tuple(sorted(labels.items())) for labels, _ in await server.query(name)}


def labels(name: str, instance: str, job: str = "snmp", **more: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"__name__": name, "instance": instance, "job": job, "site": "dc", **more}.items()))


@pytest.mark.parametrize("plain", [False, True])
async def test_target_by_target(tmp_path: Path, plain: bool) -> None:
    registry = CollectorRegistry()
    exporter = PrometheusExporter(WebSettings(listen=ANY_PORT), registry)
    filled(exporter, registry)
    if plain:
        exporter._server._app = text_only(exporter._server._app)
    async with serving(exporter) as url:
        address = url.removeprefix("http://")
        config = render(WebSettings(listen=(address,)), WebConfig(), 1)
        with prometheus(config, tmp_path) as server:

            async def all_scraped() -> bool:
                return len(await server.query("up")) == 5 and await server.query("up{instance='off'} == 0") != []

            await until(all_scraped)
            await until(lambda: server.query("netmon_own_things_total"))
            assert await series(server, "up == 1") == {
                labels("up", "sw1"),
                labels("up", "sw1", "node"),
                labels("up", ODD, rack="R1"),
                tuple(sorted({"__name__": "up", "instance": address, "job": "netmon"}.items())),
            }
            assert await series(server, "ifHCInOctets") == {
                labels("ifHCInOctets", "sw1", ifIndex="1"),
                labels("ifHCInOctets", "sw1", ifIndex="2"),
                labels("ifHCInOctets", ODD, ifIndex="1", rack="R1"),
            }
            assert await server.query(f"ifHCInOctets{{rack='R1'}} == {2**53}")
            assert await series(server, "node_cpu_seconds_total") == {
                labels("node_cpu_seconds_total", "sw1", "node", cpu="0", mode="idle")
            }
            assert await server.metadata("ifHCInOctets") == {"counter" if plain else "unknown"}
            assert await server.query("netmon_own_things_total{instance='sw1',job='netmon'}")
            assert await server.query("{__name__=~'.+',exported_instance=~'.+'}") == []
            (off,) = [t for t in await server.active_targets() if t["labels"]["instance"] == "off"]
            assert "503" in off["lastError"]

            exporter.put(target("off"), "snmp", reading(part(octets(4)), name="off", at=time.time()))
            await until(lambda: server.query("up{instance='off'} == 1"))
            exporter.put(target(), "snmp", reading(problem=TIMEOUT, at=time.time()))
            await until(lambda: server.query("up{instance='sw1',job='snmp'} == 0"))
            assert await server.query("ifHCInOctets{instance='sw1'}") == []  # stale at once
            exporter.retarget([(target("off"), "snmp")])
            await until(lambda: _no_target_but(server, {"off", address}))


async def _no_target_but(server: Prometheus, wanted: set[str]) -> bool:
    return {t["labels"]["instance"] for t in await server.active_targets()} == wanted


@pytest.mark.parametrize("plain", [False, True])
async def test_everything_from_one_page(tmp_path: Path, plain: bool) -> None:
    registry = CollectorRegistry()
    exporter = PrometheusExporter(WebSettings(listen=ANY_PORT), registry)
    filled(exporter, registry)
    if plain:
        exporter._server._app = text_only(exporter._server._app)
    async with serving(exporter) as url:
        address = url.removeprefix("http://")
        config = _alternative(render(WebSettings(listen=(address,)), WebConfig(), 1))
        with prometheus(config, tmp_path) as server:
            await until(lambda: server.query("up == 1"))
            await until(lambda: server.query("netmon_up"))
            assert await series(server, "netmon_up == 0") == {labels("netmon_up", "off")}
            assert await series(server, "ifHCInOctets") == {
                labels("ifHCInOctets", "sw1", ifIndex="1"),
                labels("ifHCInOctets", "sw1", ifIndex="2"),
                labels("ifHCInOctets", ODD, ifIndex="1", rack="R1"),
            }
            assert await server.metadata("ifHCInOctets") == {"counter" if plain else "unknown"}
            assert await server.metadata("node_cpu_seconds" if not plain else "node_cpu_seconds_total") == {"counter"}
            assert await server.query("netmon_collect_failure{instance='off',reason='timeout'} == 1")
            exporter.forget("sw1")
            await until(lambda: _gone(server, "ifHCInOctets{instance='sw1'}"))


async def _gone(server: Prometheus, expression: str) -> bool:
    return await server.query(expression) == []


async def test_with_tls_and_a_password(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair, client = authority.sign("server"), authority.sign("prometheus")
    tls = {
        "cert_file": pair.cert,
        "key_file": pair.key,
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_ca_file": authority.cert,
    }
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    web = WebConfig.model_validate({"tls_server_config": tls, "basic_auth_users": {"prometheus": hashed}})
    password = tmp_path / "password"
    password.write_text("secret")
    files = ClientFiles(password, authority.cert, client.cert, client.key)
    registry = CollectorRegistry()
    exporter = PrometheusExporter(WebSettings(listen=ANY_PORT), registry, web_config=lambda: web)
    filled(exporter, registry)
    async with serving(exporter) as url:
        settings = WebSettings(listen=(url.removeprefix("http://"),))
        with prometheus(render(settings, web, 1, files), tmp_path) as server:
            await until(lambda: server.query("up{instance='sw1',job='snmp'} == 1"))
            await until(lambda: server.query("up{job='netmon'} == 1"))
