"""Netmon's packs over recorded Linux hosts: whatever they find there is true, and listed with its reason."""

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from collectors.host.collector import HostCollector
from collectors.host.settings import HostSettings
from netmon.api import Reading, Target
from netmon.app.packs import load_packs
from rules.limits.rule import Limits
from tests.support.host_tree import write_tree

JUSTIFIED: dict[str, dict[str, str]] = {
    "server": {
        "array_degraded/md1": "/proc/mdstat: sde1[3](F)",
        "array_rebuilding/md2": "/proc/mdstat: recovery = 8.5%",
        "bond_degraded/int": "eth0 is down, eth1 is up",
    },
    "vm": {},
    "kernel_3_10": {},
}


THIS_MACHINE = {
    "timex",
    "time",
    "filesystem",
    "systemd",
    "top",
    "tcpstat",
}  # what asks the kernel that the test runs on


async def read(name: str, folder: Path) -> Reading:
    """Read a recorded host."""
    collector = HostCollector(HostSettings(), write_tree(name, folder), CollectorRegistry())
    target = Target(name, "", "", "server")
    plan = [part for parts in collector.plan(target).values() for part in parts if part not in THIS_MACHINE]
    return await collector.read(target, plan, 10)


@pytest.mark.parametrize("name", list(JUSTIFIED))
async def test_what_is_found_on_a_recorded_host_is_true(name: str, tmp_path: Path) -> None:
    reading, judge = await read(name, tmp_path), Limits(load_packs(None))
    assert sum(len(part.tables) for part in reading.parts) > 20
    polls = (replace(reading, at=reading.at + seconds) for seconds in range(0, 1200, 30))
    found = {finding.key.replace(f"/{name}", "", 1) for poll in polls for finding in judge.observe(poll)}
    assert found == set(JUSTIFIED[name])
