"""snmp_exporter as the oracle: on the same agent, IF-MIB's two tables give the same series with the same values."""

import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.command import netmon
from tests.support.responder import recorded, recorded_devices
from tests.support.served import served
from tests.support.snmp_exporter import IF_TABLE, IF_X_TABLE, if_mib_module, snmp_exporter
from tests.support.snmpd import COMMUNITY, snmpd

Series: TypeAlias = tuple[str, frozenset[tuple[str, str]]]

NAMES = {name for name, _, _ in (*IF_TABLE, *IF_X_TABLE)} - {"ifIndex"}  # which netmon has as a label and no series
WRAP = 2**53  # snmp_exporter takes Counter64 modulo this, so that a float64 holds it exactly (its wrapLargeCounters)
MOVING = {"ifInOctets", "ifInUcastPkts", "ifOutOctets", "ifOutUcastPkts", "ifHCInOctets", "ifHCInUcastPkts"} | {
    "ifHCOutOctets",
    "ifHCOutUcastPkts",
}
LABELS = {"ifIndex", "ifName", "ifAlias", "ifDescr", "ifPhysAddress"}


def series_of(page: str) -> dict[Series, float]:
    """Return IF-MIB's series on a page, without the labels that only netmon adds."""
    found: dict[Series, float] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            name = sample.name.removesuffix("_total")  # the parser's own for counters
            if name in NAMES:
                key = (name, frozenset((k, v) for k, v in sample.labels.items() if k in LABELS))
                assert key not in found
                found[key] = sample.value
    return found


def ours_and_theirs(folder: Path, address: str, community: str) -> tuple[dict[Series, float], dict[Series, float]]:
    with (
        snmp_exporter(folder, if_mib_module({"community": community})) as exporter,
        urllib.request.urlopen(exporter.url(address), timeout=30) as answer,  # noqa: S310  # our own loopback URL
    ):
        theirs = series_of(answer.read().decode())
    result = netmon("poll", address, "--profile", "if_mib", "--format", "prometheus", NETMON_SNMP_COMMUNITY=community)
    assert result.returncode == 0, result.stderr
    ours = series_of(result.stdout)
    return ours, unpadded(theirs, ours)


def unpadded(theirs: dict[Series, float], ours: Mapping[Series, float]) -> dict[Series, float]:
    """Undo what snmp_exporter makes up: a port without an address has an empty ifPhysAddress (RFC 2863), which it fills
    to six octets of zero.
    """
    zeros, empty = ("ifPhysAddress", "00:00:00:00:00:00"), ("ifPhysAddress", "")
    return {
        (name, labels - {zeros} | {empty}) if zeros in labels and (name, labels) not in ours else (name, labels): value
        for (name, labels), value in theirs.items()
    }


def different(ours: Mapping[Series, float], theirs: Mapping[Series, float]) -> list[tuple[Series, float, float]]:
    return [
        (key, ours[key], theirs[key])
        for key in ours.keys() & theirs.keys()
        if ours[key] not in (theirs[key], theirs[key] + WRAP * (ours[key] // WRAP))
    ]


@pytest.mark.parametrize("device", recorded_devices() or ["none"])
def test_a_recorded_device_gives_the_same_series_and_values(device: str, tmp_path: Path) -> None:
    with served(recorded(device)) as [(host, port)]:
        ours, theirs = ours_and_theirs(tmp_path, f"{host}:{port}", "public")
    assert len(theirs) > 10
    assert theirs.keys() - ours.keys() == set()
    assert ours.keys() - theirs.keys() == set()
    assert different(ours, theirs) == []


def test_snmpd_gives_the_same_series_and_the_same_values_where_they_stand_still(tmp_path: Path) -> None:
    with snmpd(tmp_path) as agent:
        ours, theirs = ours_and_theirs(tmp_path, f"{agent.host}:{agent.port}", COMMUNITY)
    assert len(theirs) > 10
    assert ours.keys() == theirs.keys()
    still = {key: value for key, value in ours.items() if key[0] not in MOVING}
    assert different(still, theirs) == []
    for key in ours.keys() - still.keys():  # netmon read later
        assert ours[key] >= theirs[key]
