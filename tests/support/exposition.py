"""Targets, tables and readings to show on pages, and a server to ask for them."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporters.prometheus.body import Bodies
from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.selfmetrics import SelfMetrics
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.store import Store
from exporters.prometheus.text import Format
from netmon.api import Column, Family, Kind, Missing, Part, Reading, Table, Target

ANY_PORT = ("127.0.0.1:0",)
OCTETS = Family("ifHCInOctets", Kind.COUNTER, "Octets received - 1.3.6.1.2.1.31.1.1.1.6", "1.3.6.1.2.1.31.1.1.1.6")

# prometheus-client's parser adds `_total` to the samples of a counter that lacks it; Prometheus itself does not.
_RAW_COUNTER = re.compile(r"^(# TYPE \S+(?<!_total) )counter$", re.MULTILINE)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def target(name: str = "sw1", site: str = "dc", labels: tuple[tuple[str, str], ...] = ()) -> Target:
    return Target(name, "192.0.2.1", site, "device", labels)


def table(
    columns: Sequence[tuple[Family, Column]], names: tuple[str, ...] = (), rows: tuple[tuple[str, ...], ...] = ((),)
) -> Table:
    families, values = zip(*columns, strict=True)
    return Table(tuple(families), names, rows, tuple("" for _ in rows), tuple(values), 0.0)


def part(*tables: Table, name: str = "if-mib", problem: Missing | None = None, completeness: float = 1.0) -> Part:
    return Part(name, tables, 0.25, completeness, problem)


def reading(
    *parts: Part, name: str = "sw1", at: float = 1_000_000.0, collector: str = "snmp", problem: Missing | None = None
) -> Reading:
    return Reading(name, collector, at, 0.5, parts, problem)


def octets(*values: int) -> Table:
    """Return a table of as many ports as there are values."""
    return table([(OCTETS, values)], ("ifIndex",), tuple((str(index),) for index in range(1, len(values) + 1)))


class Shelf:
    """A store and the pages made of it, without a server."""

    def __init__(self, *, stale_after_s: float = 300, hold_s: float = 0, cache_bytes: int = 1 << 20) -> None:
        self.clock = Clock()
        self.registry = CollectorRegistry()
        self.store = Store(stale_after_s, hold_s, cache_bytes)
        self.metrics = SelfMetrics(CollectorRegistry())
        self.bodies = Bodies(self.store, self.registry, self.metrics, self.clock)

    async def page(self, form: Format = Format.TEXT) -> str:
        return b"".join([chunk async for chunk in self.bodies.everything(form, gzip=False)]).decode()

    async def series(self, *, own: bool = False) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Return the page as Prometheus would see it; both formats must say the same. `own`: netmon's status too."""
        text = series_of(await self.page(), Format.TEXT)
        assert text == series_of(await self.page(Format.OPENMETRICS), Format.OPENMETRICS)
        return {key: value for key, value in text.items() if own or not key[0].startswith("netmon_")}

    async def values(self, name: str) -> list[float]:
        """Return the values of one family in the order of the page."""
        return [value for (metric, _), value in (await self.series(own=True)).items() if metric == name]


def series_of(page: str, form: Format) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return {(name, labels): value}; fails on a series or a family that is there twice."""
    if form is Format.TEXT:
        page = _RAW_COUNTER.sub(r"\1untyped", page)
    parse = parse_text if form is Format.TEXT else parse_openmetrics
    series: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    seen = set()
    for family in parse(page):
        assert (family.name, family.type) not in seen
        seen.add((family.name, family.type))
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in series
            series[key] = sample.value
    return series


async def until(condition: Callable[[], Awaitable[object]], within_s: float = 30) -> None:
    """Return once an awaited condition holds; fail when it does not within the time."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 -- what is waited for happens in another process
            await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(exporter: PrometheusExporter) -> AsyncIterator[str]:
    """Run the exporter's server; give its base URL."""
    await exporter.start()
    try:
        yield f"http://{exporter.addresses[0]}"
    finally:
        await exporter.stop()


def make_exporter(clock: Clock | None = None, **settings: object) -> PrometheusExporter:
    web = WebSettings.model_validate({"listen": ANY_PORT, **settings})
    return PrometheusExporter(web, CollectorRegistry(), clock or Clock())
