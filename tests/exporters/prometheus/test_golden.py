"""Whole pages as they were once looked at and found right. `NETMON_REWRITE_GOLDEN=1` writes them anew."""

import os
from array import array
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram, Info

from exporters.prometheus.text import Format
from netmon.api import Family, Kind, Missing, Reason
from tests.support.exposition import OCTETS, Shelf, part, reading, series_of, table, target

FOLDER = Path(__file__).parents[2] / "data" / "exposition"


def filled() -> Shelf:
    """Return a store with a switch as SNMP shows it, a server as node_exporter would, and a device that is off."""
    shelf = Shelf()
    ports = (("1", "Gi1/0/1", 'to "core" \\ ring'), ("2", "Gi1/0/2", "line\nbreak"), ("3", "Gi1/0/3", ""))
    interfaces = table(
        [
            (OCTETS, array("Q", [0, 2**64 - 1, 42])),
            (Family("ifOperStatus", Kind.GAUGE, "The state - 1.3.6.1.2.1.2.2.1.8"), [1, 2, Missing(Reason.INVALID)]),
            (Family("ifType_info", Kind.GAUGE, 'Kind of "port"'), (1, 1, 1)),
        ],
        ("ifIndex", "ifName", "ifAlias"),
        ports,
    )
    light = table(
        [(Family("netmon_optical_rx_power_dbm", Kind.GAUGE, "Light received."), array("d", [-7.25, float("-inf")]))],
        ("lane",),
        (("1",), ("2",)),
    )
    failed = Missing(Reason.TRUNCATED, "cut at 100000 rows")
    watched = target("sw1", labels=(("rack", "R1"),))
    parts = (part(interfaces, light), part(name="lldp-mib", problem=failed, completeness=0.5))
    shelf.store.put(watched, "snmp", reading(*parts))
    host = table(
        [
            (Family("node_cpu_seconds_total", Kind.COUNTER, "Seconds the CPUs spent."), array("d", [1.5, 1e6, 0.1])),
            (Family("node_vmstat_pgfault", Kind.UNTYPED, "/proc/vmstat information field pgfault."), (1, 2, 3)),
        ],
        ("cpu", "mode"),
        (("0", "idle"), ("0", "user"), ("1", "idle")),
    )
    shelf.store.put(target("srv1", "dc2"), "node", reading(part(host, name="stat"), name="srv1", collector="host"))
    off = Missing(Reason.TIMEOUT, "no answer")
    shelf.store.put(target("ups1"), "snmp", reading(name="ups1", problem=off))
    Counter("netmon_polls", "Polls.", ["collector"], registry=shelf.registry).labels("snmp")._created = 1.0
    Gauge("netmon_targets", "Targets.", registry=shelf.registry).set(3)
    Info("netmon_build", "Version.", registry=shelf.registry).info({"version": "0"})
    Histogram("netmon_lag_seconds", "Lag.", buckets=(0.1,), registry=shelf.registry)._created = 1.0
    shelf.clock.now += 1.5
    return shelf


@pytest.mark.parametrize(("form", "name"), [(Format.TEXT, "page.txt"), (Format.OPENMETRICS, "page.openmetrics")])
async def test_page(form: Format, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prometheus_client.metrics._use_created", True)  # a daemon in the same process turns it off
    page = await filled().page(form)
    golden = FOLDER / name
    if os.environ.get("NETMON_REWRITE_GOLDEN"):
        golden.write_text(page)
    assert page == golden.read_text()


async def test_both_formats_say_the_same_of_targets() -> None:
    shelf = filled()
    pages = [series_of(await shelf.page(form), form) for form in Format]
    text, openmetrics = ({key: value for key, value in page.items() if dict(key[1]).get("site")} for page in pages)
    assert text == openmetrics
    assert len(text) == 36
