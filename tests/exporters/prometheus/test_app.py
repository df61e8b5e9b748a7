"""What each path answers, asked over HTTP."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import CollectorRegistry

from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.text import Format
from netmon.api import Missing, Reason
from tests.support.exposition import Clock, make_exporter, octets, part, reading, series_of, serving, target
from tests.support.waiting import eventually

ODD = "core 1/ü?#%20"
ODD_PATH = "/targets/core%201%2F%C3%BC%3F%23%2520/metrics"
TIMEOUT = Missing(Reason.TIMEOUT, "no answer from 192.0.2.1:161 within 3 s")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exporter(clock: Clock) -> PrometheusExporter:
    exporter = make_exporter(clock)
    inventory = [(target(), "snmp"), (target(ODD), "snmp"), (target("off"), "snmp"), (target("new"), "node")]
    exporter.retarget(inventory)
    exporter.put(target(), "snmp", reading(part(octets(1))))
    exporter.put(target(ODD), "snmp", reading(part(octets(2)), name=ODD))
    exporter.put(target("off"), "snmp", reading(part(octets(3)), name="off", at=clock.now - 60))
    exporter.put(target("off"), "snmp", reading(name="off", problem=TIMEOUT))
    return exporter


@pytest.fixture
async def client(exporter: PrometheusExporter) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(exporter) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.mark.parametrize(
    ("accept", "form", "content_type"),
    [
        ("text/plain", Format.TEXT, "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0",
            Format.OPENMETRICS,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_metrics(client: httpx.AsyncClient, accept: str, form: Format, content_type: str, encoding: str) -> None:
    for _ in range(3):  # the second and third come from what was kept
        answer = await client.get("/metrics", headers={"Accept": accept, "Accept-Encoding": encoding})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == content_type
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
        series = series_of(answer.text, form)
        assert [dict(labels)["instance"] for name, labels in series if name == "ifHCInOctets"] == ["sw1", ODD]
        assert ("netmon_exposition_targets", frozenset()) in series


async def test_a_compressed_page_follows_new_readings(client: httpx.AsyncClient, exporter: PrometheusExporter) -> None:
    for value in (5, 6, 7):
        exporter.put(target(), "snmp", reading(part(octets(value))))
        page = (await client.get("/metrics")).text
        assert f'ifHCInOctets{{instance="sw1",job="snmp",site="dc",ifIndex="1"}} {value}\n' in page


async def test_the_compressed_page_is_one_gzip_member(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        async with client.stream("GET", "/metrics", headers={"Accept-Encoding": "gzip"}) as answer:
            raw = b"".join([chunk async for chunk in answer.aiter_raw()])
        stream = zlib.decompressobj(31)
        assert b"ifHCInOctets{" in stream.decompress(raw)
        assert stream.eof
        assert stream.unused_data == b""


async def test_no_compression_when_the_operator_does_not_want_it() -> None:
    async with serving(make_exporter(gzip=False)) as url, httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/metrics", headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in answer.headers


async def test_a_targets_page(client: httpx.AsyncClient) -> None:
    for path, name in (("/targets/sw1/metrics", "sw1"), (ODD_PATH, ODD)):
        answer = await client.get(path)
        assert answer.status_code == 200
        series = series_of(answer.text, Format.TEXT)
        assert {dict(labels)["instance"] for _, labels in series} == {name}
        assert {"ifHCInOctets", "netmon_up", "netmon_collect_age_seconds"} <= {metric for metric, _ in series}


async def test_a_targets_page_in_openmetrics(client: httpx.AsyncClient) -> None:
    answer = await client.get("/targets/sw1/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.text.endswith("# EOF\n")
    assert ("ifHCInOctets", 1.0) in {(name, v) for (name, _), v in series_of(answer.text, Format.OPENMETRICS).items()}


async def test_a_target_that_answers_without_values_shows_why(
    client: httpx.AsyncClient, exporter: PrometheusExporter
) -> None:
    exporter.put(target(), "snmp", reading(part(problem=Missing(Reason.MALFORMED))))
    answer = await client.get("/targets/sw1/metrics")
    assert answer.status_code == 200
    assert 'part="if-mib",reason="malformed"} 1\n' in answer.text


async def test_a_part_that_the_target_does_not_have_neither_failed_nor_succeeded(
    client: httpx.AsyncClient, exporter: PrometheusExporter
) -> None:
    exporter.put(target(), "snmp", reading(part(problem=Missing(Reason.NOT_SUPPORTED))))
    page = (await client.get("/targets/sw1/metrics")).text
    assert 'netmon_up{instance="sw1"' in page
    assert "netmon_collect_failure" not in page
    assert "netmon_collect_success" not in page


async def test_an_unreachable_target_is_503_at_once_and_says_why(client: httpx.AsyncClient) -> None:
    answer = await client.get("/targets/off/metrics")
    assert answer.status_code == 503
    assert answer.text == (
        "Target 'off' (job snmp) cannot be reached: timeout: no answer from 192.0.2.1:161 within 3 s; "
        "it last answered 60 s ago.\n"
    )


async def test_a_target_that_is_not_read_yet_is_503(client: httpx.AsyncClient) -> None:
    answer = await client.get("/targets/new/metrics")
    assert (answer.status_code, answer.text) == (503, "Target 'new' (job node) has not been read yet.\n")


async def test_a_target_that_is_not_polled_any_more_is_503(client: httpx.AsyncClient, clock: Clock) -> None:
    clock.now += 301
    answer = await client.get("/targets/sw1/metrics")
    assert answer.status_code == 503
    assert "was not read for longer than stale_after_s; it last answered 301 s ago" in answer.text


async def test_an_unknown_target_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("/targets/sw9/metrics")
    assert answer.status_code == 404
    assert answer.text == "There is no target 'sw9' in the inventory; /sd lists them.\n"
    assert (await client.get("/targets/sw1/metrics?job=node")).status_code == 404
    assert (await client.get("/targets/sw1")).status_code == 404


async def test_a_target_that_left_is_404(client: httpx.AsyncClient, exporter: PrometheusExporter) -> None:
    exporter.forget("sw1")
    assert (await client.get("/targets/sw1/metrics")).status_code == 404


async def test_a_target_with_two_jobs_has_a_page_for_each(
    client: httpx.AsyncClient, exporter: PrometheusExporter
) -> None:
    exporter.retarget([(target(), "snmp"), (target(), "node")])
    exporter.put(target(), "node", reading(part(octets(9), name="net"), collector="host"))
    for query, jobs in (("", {"snmp", "node"}), ("?job=snmp", {"snmp"}), ("?job=node", {"node"})):
        page = (await client.get(f"/targets/sw1/metrics{query}")).text
        assert {dict(labels)["job"] for _, labels in series_of(page, Format.TEXT)} == jobs
    groups = json.loads((await client.get("/sd")).content)
    assert [(g["labels"]["job"], g["labels"]["__param_job"]) for g in groups] == [("snmp", "snmp"), ("node", "node")]


async def test_own_metrics_alone(client: httpx.AsyncClient) -> None:
    await client.get("/targets/sw9/metrics")
    answer = await client.get("/-/metrics", headers={"Accept": "application/openmetrics-text"})
    series = series_of(answer.text, Format.OPENMETRICS)
    assert all(name.startswith("netmon_") for name, _ in series)
    assert series["netmon_http_requests_total", frozenset({("page", "target"), ("code", "404")})] == 1


async def test_discovery(client: httpx.AsyncClient, exporter: PrometheusExporter) -> None:
    exporter.retarget([(target(ODD, labels=(("rack", "R1"), ("site", "x"))), "snmp")])
    answer = await client.get("/sd")
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.content) == [
        {
            "targets": [exporter.addresses[0]],
            "labels": {
                "__metrics_path__": f"/targets/{ODD}/metrics",  # Prometheus quotes it itself
                "instance": ODD,
                "job": "snmp",
                "site": "dc",
                "rack": "R1",
                "exported_site": "x",
            },
        }
    ]


async def test_discovery_behind_a_proxy() -> None:
    exporter = make_exporter(external_url="https://net.example/mon/")
    exporter.retarget([(target(), "snmp")])
    async with serving(exporter) as url, httpx.AsyncClient() as client:
        (group,) = json.loads((await client.get(f"{url}/sd")).content)
        assert group["targets"] == ["net.example:443"]
        assert group["labels"]["__metrics_path__"] == "/mon/targets/sw1/metrics"
        assert group["labels"]["__scheme__"] == "https"
        assert 'href="/mon/targets/sw1/metrics"' in (await client.get(url)).text


async def test_discovery_does_not_repeat_any_host_that_a_client_claims(client: httpx.AsyncClient) -> None:
    answer = await client.get("/sd", headers={"Host": 'evil"/@x'})
    assert "evil" not in answer.text
    (first, *_) = json.loads(answer.content)
    assert first["targets"] == ["127.0.0.1:0"]  # what the settings say


async def test_health_and_readiness(client: httpx.AsyncClient, exporter: PrometheusExporter) -> None:
    assert [(await client.get(path)).status_code for path in ("/-/healthy", "/-/ready")] == [200, 200]
    exporter.ready = exporter.healthy = lambda: False
    assert [(await client.get(path)).status_code for path in ("/-/healthy", "/-/ready")] == [503, 503]


@pytest.mark.parametrize(
    ("language", "tag", "words"),
    [
        ("", "en", ("answers", "does not answer (timeout)", "not read yet", "0 s ago")),
        (
            "id-ID,id;q=0.9,en;q=0.8",
            "id",
            ("menjawab", "tidak menjawab (timeout)", "belum dibaca", "0 detik yang lalu"),
        ),
        ("de,en;q=0.9,id;q=0.1", "en", ("answers",)),
        ("id;q=x", "en", ("answers",)),
    ],
)
async def test_landing_page(client: httpx.AsyncClient, language: str, tag: str, words: tuple[str, ...]) -> None:
    answer = await client.get("/", headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert f'<html lang="{tag}">' in answer.text
    assert all(word in answer.text for word in words)
    assert f'href="{ODD_PATH}"' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_landing_page_escapes_names(client: httpx.AsyncClient, exporter: PrometheusExporter) -> None:
    exporter.retarget([(target('<script>"x"</script>', site="<b>"), "snmp")])
    page = (await client.get("/")).text
    assert "<script" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;&quot;x&quot;" in page


async def test_landing_page_without_targets() -> None:
    async with serving(make_exporter()) as url, httpx.AsyncClient() as client:
        assert "No targets yet" in (await client.get(url)).text


async def test_only_get_and_head(client: httpx.AsyncClient) -> None:
    for path in ("/metrics", "/", "/sd", "/targets/sw1/metrics"):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert (await client.request(method, path)).status_code == 405
        head = await client.head(path)
        assert head.status_code == 200
        assert head.content == b""
    assert (await client.head("/targets/off/metrics")).status_code == 503
    assert (await client.get("/nothing")).status_code == 404


async def test_a_bug_is_not_shown_to_the_client(client: httpx.AsyncClient, exporter: PrometheusExporter) -> None:
    def broken() -> bool:
        raise RuntimeError("secret")

    exporter.healthy = broken
    answer = await client.get("/-/healthy")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


async def test_answers_are_counted(client: httpx.AsyncClient) -> None:
    sizes = [len((await client.get("/sd")).content) for _ in range(2)]
    await client.get("/nothing")
    series = series_of((await client.get("/-/metrics")).text, Format.TEXT)
    assert series["netmon_http_requests_total", frozenset({("page", "sd"), ("code", "200")})] == 2
    assert series["netmon_http_requests_total", frozenset({("page", "other"), ("code", "404")})] == 1
    assert series["netmon_http_response_bytes_total", frozenset({("page", "sd")})] == sum(sizes)
    assert series["netmon_http_request_duration_seconds_count", frozenset({("page", "sd")})] == 2


async def _ask_and_stop_reading(exporter: PrometheusExporter) -> asyncio.StreamWriter:
    host, port = exporter.addresses[0].rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    reader._transport.pause_reading()  # type: ignore[attr-defined] # what a client does that hangs
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    return writer


def _large(exporter: PrometheusExporter) -> None:
    exporter.retarget([(target(), "snmp")])
    exporter.put(target(), "snmp", reading(part(octets(*range(300_000)))))


async def test_pages_at_once_are_limited_and_a_slow_client_is_cut_off() -> None:
    exporter = make_exporter(max_pages=1, page_timeout_s=0.5)
    _large(exporter)
    async with serving(exporter) as url, httpx.AsyncClient() as client:
        writer = await _ask_and_stop_reading(exporter)
        await eventually(lambda: exporter._site._writing["metrics"] == 1)
        refused = await client.get(f"{url}/metrics")
        assert refused.status_code == 503
        assert "max_pages" in refused.text
        await eventually(lambda: exporter._site._writing["metrics"] == 0)
        assert exporter._metrics.aborted.labels("metrics")._value.get() == 1
        assert (await client.get(f"{url}/-/metrics")).status_code == 200
        writer.close()


async def test_a_client_that_leaves_ends_its_page() -> None:
    exporter = make_exporter()
    _large(exporter)
    async with serving(exporter):
        writer = await _ask_and_stop_reading(exporter)
        await eventually(lambda: exporter._site._writing["metrics"] == 1)
        writer.transport.abort()
        await eventually(lambda: exporter._site._writing["metrics"] == 0)
        assert exporter._metrics.aborted.labels("metrics")._value.get() == 1


async def test_a_page_without_a_server() -> None:
    exporter = PrometheusExporter(WebSettings(), CollectorRegistry(), Clock())
    exporter.put(target(), "snmp", reading(part(octets(1))))
    assert b"ifHCInOctets{" in await exporter.page("sw1")
    assert await exporter.page("other") == b""
