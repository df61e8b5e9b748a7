"""The names that are watched by default are those that collectors tell."""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from collectors.host.collector import HostCollector
from collectors.host.settings import HostSettings
from collectors.snmp.normal import NORMAL
from netmon.api import Family, Kind, Reading, Target
from rules.panel.settings import METRICS
from tests.support.host_tree import write_tree
from tests.support.slow_panel import as_shipped, by_series, rows_of

WATCHED = re.compile("|".join(METRICS))
TWO_VALUED = {"netmon_interface_up", "netmon_ups_on_battery"}


async def _read(root: Path) -> Reading:
    collector = HostCollector(HostSettings(), root, CollectorRegistry())
    target = Target("here", "localhost", "site", "server")
    plan = [part for parts in collector.plan(target).values() for part in parts]
    return await collector.read(target, plan, 10)


def _families(reading: Reading) -> dict[str, Family]:
    return {family.name: family for part in reading.parts for table in part.tables for family in table.families}


def test_all_normal_quantities_are_but_limits_sizes_and_what_has_two_values() -> None:
    other = re.compile(r".*(_limit_|_size_|_speed_bits|_info$|_uptime_)")
    wanted = {name for name in NORMAL if not other.fullmatch(name) and not other.match(name)} - TWO_VALUED
    assert {name for name in NORMAL if WATCHED.fullmatch(name)} == wanted


async def test_hosts_tell_what_is_watched_of_them(tmp_path: Path) -> None:
    families = _families(await _read(write_tree("server", tmp_path))) | _families(await _read(Path("/")))
    names = [name for name in families if WATCHED.fullmatch(name)]
    assert all(families[name].kind is not Kind.UNTYPED for name in names)
    for pattern in METRICS:
        if pattern.startswith("node_"):
            assert any(re.fullmatch(pattern, name) for name in names), pattern


@pytest.mark.parametrize("tree", ["server", "vm", "kernel_3_10"])
async def test_hosts_are_watched_as_their_rows_say(tree: str, tmp_path: Path) -> None:
    panel, slow = as_shipped()
    root = write_tree(tree, tmp_path)
    for _ in range(2):
        reading = await _read(root)
        panel.take(reading)
        assert by_series(rows_of(panel)) == by_series([slow.take(reading)])
    assert panel.size > 0
