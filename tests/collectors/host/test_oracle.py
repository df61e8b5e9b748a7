"""Debian's node_exporter 1.5.0 beside us on the same host, and over the same tree of files: same names, same values."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client import CollectorRegistry

from collectors.host.collector import HostCollector
from collectors.host.settings import HostSettings, PartSettings
from netmon.api import Missing, Target
from tests.support.host_tree import write_tree
from tests.support.node_exporter import NodeExporter, Series, installed, node_exporter

pytestmark = pytest.mark.skipif(not installed(), reason="prometheus-node-exporter is not installed")

TARGET = Target("here", "localhost", "site", "server")
OPTIONS = ("--collector.processes", "--collector.tcpstat", "--collector.interrupts")

# What the two do differently on purpose; docs/host-metrics.md says why.
NOT_OURS = ("go_", "promhttp_", "node_exporter_build_info", "node_processes_threads_state")
NOT_OUR_PARTS = frozenset(["bcache", "fibrechannel", "infiniband", "ipvs", "nfs", "nfsd", "tapestats"])
NOT_THEIRS = (
    "netmon_",
    "node_kernel_hung_task_detect_count",
    "node_netstat_TcpExt_TCPOFOQueue",
    "node_netstat_TcpExt_TCPRcvQDrop",
    "node_netstat_Tcp_MaxConn",
    "node_pressure_irq_stalled_seconds_total",
    "node_softnet_backlog_len",
    "node_softnet_flow_limit_count_total",
    "node_softnet_received_rps_total",
)
# Of the reading process itself, or of sockets and processes that come and go.
PASSING = ("process_", "node_scrape_collector_", "node_tcp_connection_states", "node_processes_state")
CONSTANT = frozenset(
    [
        "node_boot_time_seconds",
        "node_entropy_pool_size_bits",
        "node_filefd_maximum",
        "node_filesystem_files",
        "node_filesystem_readonly",
        "node_filesystem_size_bytes",
        "node_memory_HugePages_Total",
        "node_memory_Hugepagesize_bytes",
        "node_memory_MemTotal_bytes",
        "node_memory_SwapTotal_bytes",
        "node_memory_VmallocTotal_bytes",
        "node_network_flags",
        "node_network_iface_id",
        "node_network_info",
        "node_network_mtu_bytes",
        "node_network_up",
        "node_nf_conntrack_entries_limit",
        "node_os_info",
        "node_os_version",
        "node_processes_max_processes",
        "node_processes_max_threads",
        "node_selinux_enabled",
        "node_time_clocksource_current_info",
        "node_time_zone_offset_seconds",
        "node_timex_tick_seconds",
        "node_timex_tai_offset_seconds",
        "node_uname_info",
    ]
)


class Said(NamedTuple):
    kinds: dict[str, str]
    series: Series


async def read_all(collector: HostCollector) -> Said:
    """Read every part, as the page of node_exporter has it: without what is missing, without empty labels."""
    names = [name for names in collector.plan(TARGET).values() for name in names]
    reading = await collector.read(TARGET, names, 30)
    kinds: dict[str, str] = {}
    found: Series = {}
    for table in (table for part in reading.parts for table in part.tables):
        kinds |= {family.name: str(family.kind) for family in table.families}
        for sample in table.samples():
            key = sample.metric, tuple(sorted(label for label in sample.labels if label[1]))
            assert key not in found, f"{key} is told twice"
            if not isinstance(sample.value, Missing):
                found[key] = sample.value
    return Said(kinds, found)


def collector_of(root: Path) -> HostCollector:
    settings = HostSettings(parts={"interrupts": PartSettings(enabled=True)})
    return HostCollector(settings, root, CollectorRegistry())


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeExporter]:
    log = tmp_path_factory.mktemp("oracle") / "node_exporter.log"
    with node_exporter(log, *OPTIONS, "--collector.textfile.directory=") as running:
        yield running


async def three_readings(exporter: NodeExporter) -> tuple[Said, Said, Said]:
    collector = collector_of(Path("/"))
    before = await read_all(collector)
    theirs = Said(*exporter.scrape())
    return before, theirs, await read_all(collector)


def expected(theirs: Series) -> Series:
    """Return what we should have of theirs."""
    return {
        (name, labels): value
        for (name, labels), value in theirs.items()
        if not name.startswith(NOT_OURS)
        and not (name == "node_network_speed_bytes" and value < 0)
        and not (name.startswith("node_scrape_") and dict(labels)["collector"] in NOT_OUR_PARTS)
    }


async def test_every_series_of_node_exporter_is_ours_and_of_the_same_kind(exporter: NodeExporter) -> None:
    before, theirs, after = await three_readings(exporter)
    lacking = [
        key
        for key in expected(theirs.series).keys() - before.series.keys() - after.series.keys()
        if not key[0].startswith(PASSING)
    ]
    assert not lacking
    kinds = {name: kind for name, kind in theirs.kinds.items() if name in before.kinds}
    assert kinds == {name: before.kinds[name] for name in kinds}


async def test_we_tell_nothing_under_their_names_that_they_do_not(exporter: NodeExporter) -> None:
    before, theirs, _ = await three_readings(exporter)
    ours = {name for name, _ in before.series if not name.startswith(NOT_THEIRS)}
    assert ours <= {name for name, _ in theirs.series}


async def test_what_is_constant_is_equal(exporter: NodeExporter) -> None:
    before, theirs, _ = await three_readings(exporter)
    constant = {key: value for key, value in theirs.series.items() if key[0] in CONSTANT}
    assert {name for name, _ in constant} >= {"node_memory_MemTotal_bytes", "node_boot_time_seconds", "node_uname_info"}
    assert {key: before.series.get(key) for key in constant} == constant


async def test_what_grows_lies_between_two_of_our_readings(exporter: NodeExporter) -> None:
    before, theirs, after = await three_readings(exporter)
    growing = {
        key: value
        for key, value in expected(theirs.series).items()
        if (theirs.kinds[key[0]] == "counter" or key[0] == "node_time_seconds")
        and not key[0].startswith("process_")
        and key in before.series
        and key in after.series
    }
    assert len(growing) > 50
    outside = {
        key: (before.series[key], value, after.series[key])
        for key, value in growing.items()
        if not before.series[key] - 0.01 <= value * (1 + 1e-12) and value <= after.series[key] + 0.01
    }
    assert not outside


# Of the tree: what they read from the real host all the same, and what a later version of theirs has.
FROM_THE_REAL_HOST = ("node_network_receive_", "node_network_transmit_", "node_selinux_", "node_uname_", "node_timex_")


async def test_hardware_that_this_host_lacks_is_told_alike(tmp_path: Path) -> None:
    root = write_tree("server", tmp_path / "root")
    with node_exporter(tmp_path / "log", *OPTIONS, root=root) as running:
        kinds, page = running.scrape()
    ours = await read_all(collector_of(root))
    skip = (*PASSING, *FROM_THE_REAL_HOST, "node_time_seconds", "node_processes_")
    theirs = {_below(key, root): value for key, value in expected(page).items() if not key[0].startswith(skip)}
    assert {key for key in theirs if key not in ours.series} == set()
    wrong = {k: (v, ours.series[k]) for k, v in theirs.items() if not math.isclose(v, ours.series[k], rel_tol=1e-12)}
    assert not wrong
    assert {n: k for n, k in kinds.items() if n in ours.kinds} == {n: ours.kinds[n] for n in kinds if n in ours.kinds}
    families = {name for name, _ in theirs}
    stems = (
        "hwmon md edac nvme rapl thermal_zone cooling power_supply xfs btrfs zfs bonding schedstat cpu_scaling dmi disk"
    )
    for stem in stems.split():
        assert any(name.startswith(f"node_{stem}") for name in families), f"the oracle told nothing of {stem}"


def _below(key: tuple[str, tuple[tuple[str, str], ...]], root: Path) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Take the tree's own place out of labels that hold a path."""
    return key[0], tuple((name, text.removeprefix(os.fspath(root))) for name, text in key[1])
