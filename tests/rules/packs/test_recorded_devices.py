"""Netmon's packs over twenty recorded real devices: whatever they find there is true, and listed with its reason."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from netmon.api import Finding
from netmon.app.packs import load_packs
from netmon.app.packwords import declared
from rules.limits.rule import Limits
from tests.support.coverage import read_recorded
from tests.support.snmprec import names

pytestmark = pytest.mark.skipif(not names(), reason="the recorded devices are absent: ../shared/fixtures/librenms")

TRUNKS = (
    *(f"Gi1/0/{port}" for port in (49, 50, 51)),
    *(f"Gi2/0/{port}" for port in (25, 26, 27, 28)),
    *(f"Gi3/0/{port}" for port in (49, 50, 51)),
)

# device → finding's key without the device → why it is right
JUSTIFIED: dict[str, dict[str, str]] = {
    "comware": {
        "interface_down/Ten-GigabitEthernet9/0/24": "a link to another building, 'ToHS-5606-A8', is down",
        "interface_down/Ten-GigabitEthernet8/0/8": "'To LC' is down",
        "interface_down/Ten-GigabitEthernet8/0/23": "'Learning Center' is down",
        "interface_down/GigabitEthernet1/0/15": "an access point's port, 'Wireless MSM-8212-a2', is down",
        "interface_down/Route-Aggregation13": "an aggregation that is described and not shut down has no member up",
        "interface_down/Vlan-interface27": "no port of the described VLAN 'Learning_Center' is up",
        "interface_down/Vlan-interface100": "no port of the described VLAN 'Ed_Center' is up",
    },
    "fortigate_60fospfv3": {"interface_down/wan1": "'Internet Backup' is down: the second way out is gone"},
    "ios_2960x": {
        "interface_down/Gi1/0/16": "a training room's port is down; its description names more than a VLAN",
        "interface_down/Gi1/0/19": "a training room's port is down",
        **{f"interface_down/Gi1/0/{port}": "a described thin client is off" for port in (33, 34, 35, 36)},
        "interface_down/Gi1/0/47": "the monitoring of antennas of a floor is cut off",
        **{f"interface_down/{port}": "a trunk is down" for port in TRUNKS},
    },
    "procurve": {
        "interface_down/1": "the described port 'Admin' is down",
        "interface_down/2": "the described port 'S:1234' is down",
        **{f"interface_down/{port}": "the described port '1234' is down" for port in (37, 38, 47)},
    },
    "vrp_5720-32x-ei": {
        "interface_down/GigabitEthernet0/0/9": "a customer's port, 'cust:data-mg3[1Gb]', is down",
        "interface_down/Vlanif254": "no port of the described management VLAN is up",
        "duplex_half/MEth0/0/1": "the management port is up and says halfDuplex(2)",
    },
    "zxa10_c320": {"interface_down/gei_1/4/3": "the described port 'MONITOR' is down"},
}


async def findings(device: str) -> Iterator[Finding]:
    """Return what is found when the device says the same for twenty minutes."""
    reading, judge = await read_recorded(device), Limits(load_packs(None))
    polls = (replace(reading, at=reading.at + seconds) for seconds in range(0, 1200, 60))
    return (finding for poll in polls for finding in judge.observe(poll))


@pytest.mark.parametrize("device", names())
async def test_what_is_found_on_a_real_device_is_true(device: str) -> None:
    found = {finding.key.replace(f"/{device}", "", 1) for finding in await findings(device)}
    assert found == set(JUSTIFIED.get(device, {}))


async def test_every_text_is_filled_in() -> None:
    for finding in await findings("comware"):
        for text in (finding.summary, *finding.summaries.values()):
            assert "{" not in text
            assert "  " not in text
            assert "()" not in text


@pytest.mark.parametrize("page", ["docs/runbooks.md", "docs/runbooks.id.md"])
def test_every_runbook_is_there_and_none_is_left_over(page: str) -> None:
    lines = Path(page).read_text(encoding="utf-8").splitlines()
    chapters = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    told = {one.runbook for pack in load_packs(None) for _, one in declared(pack)}
    assert told == {f"docs/runbooks.md#{chapter}" for chapter in chapters}
    assert len(chapters) == len(set(chapters))
