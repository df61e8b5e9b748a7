"""Families of many targets on one page: each once, no series twice, one type and help for all."""

import asyncio
import time
from array import array
from collections.abc import Iterator

import pytest
from prometheus_client import Counter, Gauge, Histogram, Info
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from exporters.prometheus.pages import CHUNK_BYTES
from exporters.prometheus.rows import SLICE_ROWS
from exporters.prometheus.text import Format
from netmon.api import Family, Kind, Missing, Reason
from tests.support.exposition import OCTETS, Shelf, octets, part, reading, series_of, table, target

TEMP = Family("temp", Kind.GAUGE, "Temperature.")


async def test_a_family_of_many_targets_stands_together() -> None:
    shelf = Shelf()
    for name in ("a", "b", "c"):
        shelf.store.put(target(name), "snmp", reading(part(octets(1, 2), table([(TEMP, (1,))])), name=name))
    lines = (await shelf.page()).splitlines()
    assert lines.count("# TYPE ifHCInOctets counter") == 1
    start = lines.index("# TYPE ifHCInOctets counter")
    assert all(line.startswith("ifHCInOctets{") for line in lines[start + 1 : start + 7])
    assert not any(line.startswith("ifHCInOctets{") for line in lines[start + 7 :])


async def test_a_family_without_a_line_has_no_header() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(table([(TEMP, [Missing(Reason.FIRST)])]))))
    assert "temp" not in await shelf.page()


async def test_the_first_type_and_help_stay_and_the_others_are_counted() -> None:
    shelf = Shelf()
    shelf.store.put(target("b"), "snmp", reading(part(table([(TEMP, (1,))])), name="b"))
    await shelf.page()
    other = Family("temp", Kind.COUNTER, "Heat.")
    shelf.store.retarget([(target("a"), "snmp"), (target("b"), "snmp")])
    shelf.store.put(target("a"), "snmp", reading(part(table([(other, (2,))])), name="a"))
    page = await shelf.page()
    assert "# HELP temp Temperature.\n# TYPE temp gauge\n" in page
    assert "Heat." not in page
    assert len(await shelf.series()) == 2
    assert shelf.metrics.conflicts._value.get() == 1


async def test_a_series_that_two_parts_bring_is_written_once() -> None:
    shelf = Shelf()
    one = table([(TEMP, (1, 2))], ("sensor", "kind"), (("x", ""), ("y", "")))
    two = table([(TEMP, (3, 4))], ("sensor",), (("y",), ("z",)))  # an empty label is no label: y is there already
    shelf.store.put(target(), "snmp", reading(part(one, name="entity"), part(two, name="ups")))
    assert await shelf.values("temp") == [1, 2, 4]
    assert shelf.metrics.repeated._value.get() == 1


async def test_a_value_is_shown_where_the_first_of_two_lacks_it() -> None:
    shelf = Shelf()
    one = table([(TEMP, [Missing(Reason.INVALID), 2])], ("sensor",), (("x",), ("y",)))
    two = table([(TEMP, (3, 4))], ("sensor",), (("x",), ("y",)))
    shelf.store.put(target(), "snmp", reading(part(one, name="entity"), part(two, name="ups")))
    await shelf.page()
    assert sorted(await shelf.values("temp")) == [2, 3]
    one = table([(TEMP, [1, 2])], ("sensor",), (("x",), ("y",)))
    shelf.store.put(target(), "snmp", reading(part(one, name="entity")))
    assert await shelf.values("temp") == [1, 2]


async def test_equal_rows_of_one_table_are_written_once() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(table([(TEMP, (1, 2, 3))], ("x",), (("a",), ("b",), ("a",))))))
    assert await shelf.values("temp") == [1, 2]
    assert shelf.metrics.repeated._value.get() == 1


async def test_a_malformed_table_costs_only_itself() -> None:
    shelf = Shelf()
    short = table([(TEMP, (1,))], ("x",), (("a",), ("b",)))
    ragged = table([(TEMP, (1, 2))], ("x",), (("a",), ("b", "c")))
    shelf.store.put(target(), "snmp", reading(part(short, octets(7), ragged)))
    assert list((await shelf.series()).values()) == [7]
    assert shelf.metrics.malformed._value.get() == 2


async def test_names_that_clash_in_openmetrics_stay_apart() -> None:
    shelf = Shelf()
    names = ("a", "a_total", "b_total", "b_created", "c_info", "c_bucket", "c_count", "d_total")
    columns = [(Family(name, Kind.COUNTER, name), (number,)) for number, name in enumerate(names)]
    shelf.store.put(target(), "snmp", reading(part(table(columns))))
    series = await shelf.series()
    assert {name: value for (name, _), value in series.items()} == {name: n for n, name in enumerate(names)}
    page = await shelf.page(Format.OPENMETRICS)
    assert "# TYPE a_total unknown\n" in page
    assert "# TYPE b_total unknown\n" in page
    assert "# TYPE d counter\n" in page


async def test_netmons_own_metrics_are_on_the_page_in_both_formats() -> None:
    shelf = Shelf()
    Counter("own_things", "Things.", registry=shelf.registry).inc(3)
    Histogram("own_seconds", "Time.", buckets=(1,), registry=shelf.registry).observe(0.5)
    Info("own_build", "Build.", registry=shelf.registry).info({"version": "1"})
    shelf.store.put(target(), "snmp", reading(part(octets(1))))
    text, openmetrics = await shelf.page(), await shelf.page(Format.OPENMETRICS)
    assert "# TYPE own_things_total counter\n" in text
    assert "# TYPE own_things counter\n" in openmetrics
    assert "# EOF" not in text
    assert openmetrics.endswith("# EOF\n")
    assert openmetrics.count("# EOF") == 1
    for page, form in ((text, Format.TEXT), (openmetrics, Format.OPENMETRICS)):
        assert series_of(page, form)["own_seconds_bucket", frozenset({("le", "1.0")})] == 1


async def test_own_metrics_give_way_to_a_targets_of_the_same_name() -> None:
    shelf = Shelf()
    Gauge("temp", "Ours.", registry=shelf.registry).set(5)
    Counter("things", "Ours.", registry=shelf.registry)
    Gauge("kept", "Ours.", registry=shelf.registry).set(6)
    claims = [(TEMP, (1,)), (Family("things_total", Kind.COUNTER, ""), (2,))]
    shelf.store.put(target(), "snmp", reading(part(table(claims))))
    values = {name: value for (name, _), value in (await shelf.series()).items()}
    assert values == {"temp": 1, "things_total": 2, "kept": 6}
    assert shelf.metrics.conflicts._value.get() == 2


class _Broken(Collector):
    def collect(self) -> Iterator[Metric]:
        yield Metric("before", "", "gauge")
        raise OSError("no such file")

    def describe(self) -> list[Metric]:
        return []


async def test_own_metrics_that_cannot_be_read_do_not_cost_the_page() -> None:
    shelf = Shelf()
    shelf.registry.register(_Broken())
    shelf.store.put(target(), "snmp", reading(part(octets(1))))
    assert "ifHCInOctets{" in await shelf.page()
    assert shelf.metrics.registry_errors._value.get() == 1


async def test_a_long_table_is_written_in_slices() -> None:
    shelf = Shelf()
    count = SLICE_ROWS * 2 + 7
    rows = tuple((str(n),) for n in range(count))
    column = array("Q", range(count))
    shelf.store.put(target(), "snmp", reading(part(table([(OCTETS, column)], ("ifIndex",), rows))))
    assert await shelf.values("ifHCInOctets") == list(range(count))
    repeated = (*rows[:-1], rows[0])
    shelf.store.put(target(), "snmp", reading(part(table([(OCTETS, column)], ("ifIndex",), repeated))))
    assert await shelf.values("ifHCInOctets") == list(range(count - 1))


@pytest.mark.parametrize("cache_bytes", [0, 10_000, 1 << 20])
async def test_kept_text_is_bounded_and_never_wrong(cache_bytes: int) -> None:
    shelf = Shelf(cache_bytes=cache_bytes)
    rows = tuple((str(n),) for n in range(50))
    for number in range(4):
        values = tuple(n if n != 3 else number for n in range(50))
        still = tuple(range(50))
        tab = table([(OCTETS, values), (TEMP, still)], ("ifIndex",), rows)
        for name in ("a", "b"):
            shelf.store.put(target(name), "snmp", reading(part(tab), name=name))
        assert await shelf.values("ifHCInOctets") == [*values, *values]
        assert await shelf.values("temp") == [*still, *still]
        assert 0 <= shelf.store.cache.used_bytes <= cache_bytes
    shelf.store.retarget([])
    assert shelf.store.cache.used_bytes == 0


async def test_text_of_what_did_not_change_is_kept() -> None:
    shelf = Shelf()
    rows = (("1",),)
    shelf.store.put(target(), "snmp", reading(part(table([(OCTETS, (1,)), (TEMP, (9,))], ("i",), rows))))
    await shelf.page()
    state = next(iter(shelf.store))
    before = state.view().sheets[-1]
    kept = before.lines(1, 0)
    shelf.store.put(target(), "snmp", reading(part(table([(OCTETS, (2,)), (TEMP, (9,))], ("i",), rows))))
    after = state.view().sheets[-1]
    assert after is not before
    assert after.text is before.text
    assert after.lines(1, 0) is kept
    assert after.lines(0, 0).endswith(b" 2\n")


async def test_a_page_under_way_shows_one_state_of_a_target() -> None:
    shelf = Shelf(cache_bytes=0)
    rows = tuple((str(n),) for n in range(20_000))

    def both(value: int) -> None:
        columns = [(Family(name, Kind.GAUGE, ""), array("Q", [value]) * len(rows)) for name in ("a", "b")]
        shelf.store.put(target(), "snmp", reading(part(table(columns, ("i",), rows))))

    both(1)
    chunks = shelf.bodies.everything(Format.TEXT, gzip=False)
    page = [await anext(chunks)]
    both(2)
    page += [chunk async for chunk in chunks]
    series = series_of(b"".join(page).decode(), Format.TEXT)
    assert {value for (name, _), value in series.items() if name in {"a", "b"}} == {1}
    shelf.store.retarget([])
    assert "a{" not in await shelf.page()


async def test_no_step_of_a_large_page_takes_long() -> None:
    """100,000 samples, one device with a table of 20,000 rows among them: CPU of each step, others' load aside."""
    shelf = Shelf(cache_bytes=64 << 20)
    families = [Family(f"object{n:02}", Kind.GAUGE, "An object.") for n in range(40)]
    for number in range(42):
        rows = tuple((str(n), f"Gi1/0/{n}", f"port {number}-{n}") for n in range(48))
        columns = [(family, array("Q", range(48))) for family in families]
        tab = table(columns, ("ifIndex", "ifName", "ifAlias"), rows)
        shelf.store.put(target(f"sw{number}"), "snmp", reading(part(tab), name=f"sw{number}"))
    routes = tuple((f"10.0.{n >> 8}.{n & 255}",) for n in range(20_000))
    long = table([(TEMP, array("Q", range(20_000)))], ("address",), routes)
    shelf.store.put(target("core"), "snmp", reading(part(long), name="core"))
    longest = 0.0
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal longest
        while not done.is_set():
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    watcher = asyncio.create_task(watch())
    sizes = [len(chunk) async for chunk in shelf.bodies.everything(Format.TEXT, gzip=False)]
    done.set()
    await watcher
    assert sum(sizes) > 8_000_000
    assert max(sizes) < 4 * CHUNK_BYTES
    assert longest < 0.05
