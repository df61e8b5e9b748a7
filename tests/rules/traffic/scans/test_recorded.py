"""Scans by nmap, recorded: each is one finding of its kind, soon."""

import pytest

from netmon.api.networks import Networks
from rules.traffic.scans.rule import Scans
from rules.traffic.scans.settings import ScanSettings
from tests.rules.traffic.scans.recorded import begun, replayed


@pytest.mark.parametrize(
    ("name", "rule", "kind", "within_s"),
    [
        ("syn", "port_scan", "syn", 2),
        ("connect", "port_scan", "connect", 2),
        ("fin", "stealth_scan", "fin", 2),
        ("null", "stealth_scan", "null", 2),
        ("xmas", "stealth_scan", "xmas", 2),
        ("ack", "stealth_scan", "ack", 4),
        ("maimon", "stealth_scan", "maimon", 4),
        ("udp", "udp_scan", "udp", 18),  # no sooner than its refusals: nmap sends two or three a second
        ("filtered", "port_scan", "syn", 7),
        ("sweep", "network_sweep", "syn", 8),
        ("echo", "network_sweep", "icmp", 8),
        ("arp", "network_sweep", "arp", 2),
        ("polite", "port_scan", "syn", 8),
    ],
)
def test_nmap(name: str, rule: str, kind: str, within_s: float) -> None:
    found = begun(Scans(ScanSettings(), Networks()), f"scans/{name}")
    assert [finding.rule for finding in found] == [rule]
    first = found[0]
    assert first.evidence["source"] == "192.0.2.2"
    assert first.evidence["kinds"] == kind
    assert first.at - float(first.evidence["start"]) <= within_s


def test_open_ports_are_told() -> None:
    """Through everything that a sensor has: no other detector has anything to say."""
    told = [finding for finding, begins in replayed("scans/syn") if begins]
    assert [finding.rule for finding in told] == ["port_scan"]
    assert told[0].evidence["open_ports"] == "22"
