import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from collectors.host.collector import HostCollector
from collectors.host.reader import Snapshot
from collectors.host.settings import HostSettings, PartSettings
from netmon.api import Collector, Missing, Part, Reason, Sample, Target, Value
from tests.support.host_tree import write_tree
from tests.support.waiting import eventually

TARGET = Target("here", "localhost", "site", "server")
FAST = ("cpu", "stat", "meminfo", "netdev", "filesystem")


def make(root: Path = Path("/"), **settings: object) -> tuple[HostCollector, CollectorRegistry]:
    registry = CollectorRegistry()
    return HostCollector(HostSettings.model_validate(settings), root, registry), registry


def samples(parts: tuple[Part, ...]) -> list[Sample]:
    return [sample for part in parts for table in part.tables for sample in table.samples()]


def value(parts: tuple[Part, ...], metric: str, **labels: str) -> Value | Missing:
    found = [s.value for s in samples(parts) if s.metric == metric and labels.items() <= dict(s.labels).items()]
    assert len(found) == 1, f"{metric}{labels} is there {len(found)} times"
    return found[0]


def test_it_is_a_collector() -> None:
    collector: Collector = make()[0]
    assert (collector.name, collector.job) == ("host", "node")


def test_the_plan_has_every_part_that_is_enabled_once_at_its_interval() -> None:
    collector, _ = make(parts={"dmi": PartSettings(interval_s=3600), "zfs": PartSettings(enabled=False)})
    plan = collector.plan(TARGET)
    assert set(plan) == {15, 60, 3600}
    assert plan[3600] == ("dmi",)
    assert set(plan[60]) == {"tcpstat", "processes", "systemd", "top"}
    assert plan[15][-1] == "filesystem", "what can hang is read last"
    names = [name for names in plan.values() for name in names]
    assert len(names) == len(set(names))
    assert {"zfs", "interrupts"}.isdisjoint(names)


def test_a_target_may_have_its_own_interval() -> None:
    target = Target("here", "localhost", "site", "server", options={"interval_s": 5})
    assert set(make()[0].plan(target)) == {5, 60}


async def test_labels_are_the_same_objects_from_poll_to_poll() -> None:
    collector, _ = make()
    first, second = [await collector.read(TARGET, (*FAST, "netclass", "vmstat", "dmi"), 10) for _ in range(2)]
    assert [part.name for part in first.parts] == [*FAST, "netclass", "vmstat", "dmi", "scrape"]
    for old, new in zip(first.parts, second.parts, strict=True):
        for before, after in zip(old.tables, new.tables, strict=True):
            assert after.rows is before.rows
            assert after.families is before.families
            assert after.at > before.at


async def test_utilization_needs_two_readings_and_lies_between_0_and_1() -> None:
    collector, _ = make()
    first = await collector.read(TARGET, ("cpu",), 10)
    assert value(first.parts, "netmon_cpu_utilization_ratio", cpu="0") == Missing(Reason.FIRST)
    assert first.parts[0].problem is None
    ticks = os.times().elapsed
    await asyncio.to_thread(_until, lambda: os.times().elapsed > ticks + 0.05)
    second = value((await collector.read(TARGET, ("cpu",), 10)).parts, "netmon_cpu_utilization_ratio", cpu="0")
    assert not isinstance(second, Missing)
    assert 0 <= second <= 1


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end


async def test_a_target_that_left_is_forgotten() -> None:
    collector, _ = make()
    await collector.read(TARGET, ("cpu",), 10)
    collector.forget(TARGET.name)
    collector.forget(TARGET.name)
    again = await collector.read(TARGET, ("cpu",), 10)
    assert value(again.parts, "netmon_cpu_utilization_ratio", cpu="0") == Missing(Reason.FIRST)


async def test_one_broken_file_loses_one_part(tmp_path: Path) -> None:
    root = write_tree("vm", tmp_path)
    (root / "proc/meminfo").write_text("MemTotal: lots kB\n")
    (root / "proc/vmstat").unlink()
    collector, registry = make(root)
    reading = await collector.read(TARGET, ("meminfo", "vmstat", "stat", "loadavg"), 10)
    meminfo, vmstat, stat, loadavg, scrape = reading.parts
    assert meminfo.problem == Missing(Reason.MALFORMED, "/proc/meminfo: b'lots' is not a number")
    assert vmstat.problem == Missing(Reason.NOT_SUPPORTED, "there is no /proc/vmstat")
    assert (meminfo.tables, vmstat.tables, meminfo.completeness) == ((), (), 0.0)
    assert stat.problem is loadavg.problem is scrape.problem is reading.problem is None
    success = {s.labels[0][1]: s.value for s in samples((scrape,)) if s.metric == "node_scrape_collector_success"}
    assert success == {"meminfo": 0, "vmstat": 0, "stat": 1, "loadavg": 1}
    assert registry.get_sample_value("netmon_host_bugs_total", {"part": "meminfo"}) is None


async def test_a_file_that_is_too_long_loses_its_part(tmp_path: Path) -> None:
    root = write_tree("vm", tmp_path)
    (root / "proc/meminfo").write_bytes(b"MemTotal: 1 kB\n" * 100_000)
    collector, _ = make(root)
    problem = (await collector.read(TARGET, ("meminfo",), 10)).parts[0].problem
    assert problem is not None
    assert problem.reason is Reason.TRUNCATED
    assert problem.detail.endswith("/proc/meminfo is longer than 1048576 bytes")


async def test_a_bug_is_counted_and_costs_one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    collector, registry = make()
    await collector.read(TARGET, ("stat",), 10)

    def broken(_: object) -> None:
        raise ZeroDivisionError("oops")

    parts = collector._targets[TARGET.name].parts
    monkeypatch.setitem(parts.by_name, "stat", broken)
    reading = await collector.read(TARGET, ("stat", "loadavg"), 10)
    assert reading.parts[0].problem == Missing(Reason.BUG, "ZeroDivisionError('oops')")
    assert reading.parts[1].problem is None
    assert registry.get_sample_value("netmon_host_bugs_total", {"part": "stat"}) == 1


async def test_a_dead_file_server_costs_only_its_own_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_tree("vm", tmp_path)
    with (root / "proc/1/mounts").open("a") as mounts:
        mounts.write("server:/export /srv/dead\\040share nfs4 rw,relatime 0 0\n/dev/vdb /data xfs ro 0 0\n")
    (root / "data").mkdir()
    release, asked = threading.Event(), []
    really = Snapshot.space

    def space(self: Snapshot, mountpoint: str) -> object:
        if mountpoint == "/srv/dead share":
            asked.append(mountpoint)
            release.wait(60)
        return really(self, mountpoint)

    monkeypatch.setattr(Snapshot, "space", space)
    collector, registry = make(root, mount_timeout_s=0.1)
    try:
        for _ in range(3):
            began = time.monotonic()
            reading = await collector.read(TARGET, FAST, 8)
            assert time.monotonic() - began < 4
            filesystem = reading.parts[FAST.index("filesystem")]
            assert filesystem.problem is not None
            assert filesystem.problem.reason is Reason.TIMEOUT
            assert 0 < filesystem.completeness < 1
            dead, alive = {"mountpoint": "/srv/dead share"}, {"mountpoint": "/data"}
            assert isinstance(value((filesystem,), "node_filesystem_size_bytes", **dead), Missing)
            assert value((filesystem,), "node_filesystem_device_error", **dead) == 1
            assert value((filesystem,), "node_filesystem_device_error", **alive) == 0
            assert value((filesystem,), "node_filesystem_readonly", **alive) == 1
            size = value((filesystem,), "node_filesystem_size_bytes", **alive)
            shared = value((filesystem,), "netmon_storage_size_bytes", **alive)
            assert isinstance(size, int)
            assert isinstance(shared, int)
            assert 0 < shared <= size
        assert asked == ["/srv/dead share"], "one lost thread, not one for each poll"
        assert registry.get_sample_value("netmon_host_stuck_reads") == 1
    finally:
        release.set()
    await eventually(lambda: registry.get_sample_value("netmon_host_stuck_reads") == 0)


async def test_the_event_loop_goes_on_while_a_file_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def read(*_: object) -> dict[str, bytes]:
        release.wait(60)
        return {}

    monkeypatch.setattr(Snapshot, "read", read)
    collector, _ = make()
    try:
        turns = 0
        reading = asyncio.ensure_future(collector.read(TARGET, ("stat", "loadavg"), 0.3))
        while not reading.done():
            await asyncio.sleep(0.001)
            turns += 1
        reasons = {part.name: part.problem.reason for part in reading.result().parts if part.problem}
        assert reasons["stat"] is Reason.TIMEOUT
        assert turns > 20
    finally:
        release.set()


async def test_every_part_of_this_host_is_read_or_says_why_not() -> None:
    collector, _ = make()
    names = [name for names in collector.plan(TARGET).values() for name in names]
    reading = await collector.read(TARGET, names, 30)
    for part in reading.parts:
        if part.problem is not None:
            assert part.problem.reason in (Reason.NOT_SUPPORTED, Reason.REFUSED), part
            assert part.problem.detail
    assert reading.problem is None
    read = {part.name for part in reading.parts if part.tables}
    assert read >= {"cpu", "stat", "meminfo", "loadavg", "netdev", "netclass", "filesystem", "time", "top"}
    assert value(reading.parts, "node_load1") is not None


async def test_a_limit_has_the_labels_of_what_it_bounds() -> None:
    collector, _ = make()
    names = [name for names in collector.plan(TARGET).values() for name in names]
    reading = await collector.read(TARGET, names, 30)
    tables = [table for part in reading.parts for table in part.tables]
    labels = {family.name: set(table.rows) for table in tables for family in table.families}
    bounded = [(family.name, family.upper_limit) for t in tables for family in t.families if family.upper_limit]
    assert ("netmon_storage_used_bytes", "netmon_storage_size_bytes") in bounded
    assert ("netmon_memory_used_bytes", "netmon_memory_size_bytes") in bounded
    for name, limit in bounded:
        assert labels[name] == labels[limit]


async def test_start_and_stop_may_be_called_twice() -> None:
    collector, _ = make()
    for step in (collector.start, collector.start, collector.stop, collector.stop):
        await step()
