"""Applications that others mount: behind the same passwords, knowing who asks."""

import bcrypt
import httpx
from prometheus_client import CollectorRegistry
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.webconfig import WebConfig
from tests.support.exposition import ANY_PORT, serving


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(f"{scope['method']} {scope['path']} {scope['state']['user']!r}")(scope, receive, send)


def exporter(registry: CollectorRegistry, *users: str) -> PrometheusExporter:
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    config = WebConfig.model_validate({"basic_auth_users": dict.fromkeys(users, hashed)})
    web = WebSettings.model_validate({"listen": ANY_PORT})
    return PrometheusExporter(web, registry, web_config=lambda: config, mounts={"/api/": echo})


async def test_the_application_gets_whole_paths_and_every_method() -> None:
    registry = CollectorRegistry()
    async with serving(exporter(registry)) as url, httpx.AsyncClient(base_url=url) as client:
        assert (await client.post("/api/v1/x")).text == "POST /api/v1/x ''"
        assert (await client.get("/-/healthy")).text == "netmon is healthy.\n"
        assert (await client.get("/api")).status_code == 404
    assert registry.get_sample_value("netmon_http_requests_total", {"page": "api", "code": "200"}) == 1


async def test_it_learns_who_asks_and_nobody_passes_without_a_password() -> None:
    async with serving(exporter(CollectorRegistry(), "vera", "oki")) as url, httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/api/x")).status_code == 401
        assert (await client.get("/api/x", auth=("vera", "wrong"))).status_code == 401
        assert (await client.get("/api/x", auth=("mallory", "secret"))).status_code == 401
        assert (await client.get("/api/x", auth=("vera", "secret"))).text == "GET /api/x 'vera'"
        assert (await client.get("/api/x", auth=("oki", "secret"))).text == "GET /api/x 'oki'"


async def test_without_mounts_there_is_nothing() -> None:
    plain = PrometheusExporter(WebSettings.model_validate({"listen": ANY_PORT}), CollectorRegistry())
    async with serving(plain) as url, httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/api/v1/x")).status_code == 404
