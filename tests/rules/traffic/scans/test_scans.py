"""Scans from models, among them those that take too long to record."""

import re
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import numpy as np
import pytest

from netmon.api import Finding, Severity
from netmon.api.networks import Networks, Place
from netmon.api.traffic import RECORD, Second, halves
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import detectors
from rules.traffic.scans.rule import Scans
from rules.traffic.scans.settings import ScanSettings
from tests.rules.traffic.scans.conversations import (
    START,
    UDP,
    Packet,
    datagram,
    echo,
    findings,
    half,
    refused,
    seconds,
    session,
    silent,
    syn,
)

OURS = "10.1.1.7"
SERVER = "10.1.1.80"
STRANGER = "198.51.100.66"
NETWORKS = Networks([Place(ip_network("10.0.0.0/8"), site="office", title="Office", protected=True)])


def begun(packets: list[Packet], **settings: object) -> list[Finding]:
    """Return what is said first of each matter."""
    first: dict[str, Finding] = {}
    for finding in findings(Scans(ScanSettings(**settings), NETWORKS), packets):
        first.setdefault(finding.key, finding)
    return list(first.values())


def ports(source: str, host: str, count: int, every_s: float) -> list[Packet]:
    return [
        packet for place in range(count) for packet in refused(syn(place * every_s, source, host, 1 + place, size=58))
    ]


def test_a_scan_that_lasts_is_one_finding_and_is_closed_with_its_totals() -> None:
    told = findings(Scans(ScanSettings(), NETWORKS), ports(STRANGER, SERVER, 3_000, 0.02))
    assert {finding.key for finding in told} == {f"port_scan\x1f{STRANGER}"}
    assert [finding.cleared for finding in told][-1]
    assert told[-1].evidence["ports"] == 3_000
    assert told[-1].evidence["total_contacts"] == pytest.approx(3_000, rel=0.02)
    assert int(told[-1].evidence["total_contacts"]) >= 3_000
    assert told[0].at <= START + 2


def test_our_own_host_that_scans_is_an_error_and_a_stranger_a_warning() -> None:
    assert begun(ports(OURS, SERVER, 60, 0.05))[0].severity is Severity.ERROR
    assert begun(ports(STRANGER, SERVER, 60, 0.05))[0].severity is Severity.WARNING


@pytest.mark.parametrize(("every_s", "within_s"), [(15, 200), (300, 3_100)])  # nmap's -T1 and -T0
def test_slow_scans_of_ports(every_s: float, within_s: float) -> None:
    found = begun(ports(STRANGER, SERVER, 14, every_s))
    assert [finding.rule for finding in found] == ["slow_scan"]
    assert found[0].at - START <= within_s


def test_a_slow_sweep_through_a_network_that_answers_in_part() -> None:
    packets = []
    for place in range(120):
        begin = syn(place * 10, STRANGER, f"10.2.0.{1 + place}", 3389)
        packets += session(begin, 20, 20) if place % 5 == 0 else silent(begin)
    assert [finding.rule for finding in begun(packets)] == ["slow_scan"]


@pytest.mark.parametrize("every_s", [0.1, 10, 600])
@pytest.mark.parametrize("ending", [silent, refused])
def test_a_few_neighbours_none_of_which_answers_are_a_sweep(
    every_s: float, ending: Callable[[Packet], list[Packet]]
) -> None:
    def tried(hosts: list[str], port: int = 3_389) -> list[Packet]:
        return [packet for place, host in enumerate(hosts) for packet in ending(syn(place * every_s, OURS, host, port))]

    near = [f"10.2.0.{7 + place}" for place in range(12)]
    (found,) = begun(tried(near))
    assert (found.rule, found.severity) == ("slow_scan" if every_s >= 10 else "network_sweep", Severity.ERROR)
    assert found.at - START <= 10 * every_s + 10
    assert begun(tried(near[:9])) == []
    assert begun(tried([f"10.2.{7 + place}.7" for place in range(12)])) == []  # all over the place
    assert begun(tried([f"198.51.100.{7 + place}" for place in range(12)])) == []  # somebody else's
    assert begun(tried(near, 443)) == []  # a browser's
    answered = [
        packet
        for place in range(12)
        for packet in session(syn((place + 0.5) * every_s, OURS, f"10.2.0.{90 + place}", 3_389), 20, 20)
    ]
    assert begun([*tried(near), *answered]) == []  # who asks what is there


def test_a_fast_sweep_is_seen_before_its_time_outs() -> None:
    packets = [
        packet
        for place in range(600)
        for packet in silent(syn(place / 200, OURS, f"10.{3 + place // 250}.0.{1 + place % 250}", 445))
    ]
    found = begun(packets)
    assert [finding.rule for finding in found] == ["network_sweep"]
    assert found[0].at - START <= 2


def test_ports_that_are_all_open_are_told() -> None:
    packets = [packet for place in range(30) for packet in half(syn(place / 10, STRANGER, SERVER, 20 + place, size=58))]
    found = begun(packets)
    assert [finding.rule for finding in found] == ["port_scan"]
    assert len(str(found[0].evidence["open_ports"]).split(", ")) >= 10


def test_many_sources_that_scan_one_host_are_one_finding_from_the_third_on() -> None:
    packets = [packet for place in range(12) for packet in ports(f"198.51.100.{1 + place}", SERVER, 40, 0.02)]
    found = begun(packets)
    assert len(found) == 3
    assert sum(finding.key.endswith(f"to {SERVER}") for finding in found) == 1


def test_a_scanner_that_is_allowed_is_not_told() -> None:
    packets = ports(OURS, SERVER, 200, 0.02)
    assert begun(packets)
    assert begun(packets, allow=("10.1.1.0/28",)) == []


def test_records_of_exporters_without_answers_are_judged_by_flags() -> None:
    rows = np.zeros(40, RECORD)
    rows["source_hi"], rows["source_lo"] = halves(STRANGER)
    rows["destination_hi"], rows["destination_lo"] = halves(SERVER)
    rows["destination_port"], rows["source_port"] = 1 + np.arange(40), 40_000
    rows["protocol"], rows["version"], rows["tcp_flags"], rows["packets"], rows["bytes"] = 6, 4, 2, 1, 44
    rows["sampling"], rows["start_ns"] = 1, START * 10**9
    rule = Scans(ScanSettings(), NETWORKS)
    assert [each.rule for each in rule.observe(Second(START, START + 10, live=False, ended=rows))] == ["port_scan"]
    rows["sampling"] = 1_000  # then one SYN is no evidence
    rule = Scans(ScanSettings(), NETWORKS)
    assert list(rule.observe(Second(START, START + 10, live=False, ended=rows))) == []


def test_memory_is_bounded_under_forged_sources() -> None:
    settings = ScanSettings(groups=500, recent=4_096, rows_per_window=2_000)
    rule = Scans(settings, NETWORKS)
    random = np.random.default_rng(4)
    for window in range(5):
        rows = np.zeros(20_000, RECORD)
        rows["source_lo"] = random.integers(0xFFFF_0100_0000, 0xFFFF_DFFF_FFFF, 20_000)
        rows["destination_lo"], rows["destination_port"] = halves(SERVER)[1], random.integers(1, 65_535, 20_000)
        rows["protocol"], rows["version"], rows["tcp_flags"], rows["packets"], rows["state"] = 6, 4, 2, 1, 2
        rows["start_ns"] = (START + window) * 10**9
        assert list(rule.observe(Second(START + window, START + window + 1, ended=rows))) == []
    assert rule.dropped > 0
    assert len(rule._walks) <= settings.groups


def datagrams(every_s: float, count: int, *, answered: int = 0) -> list[Packet]:
    """Small datagrams of one source to all ports of one host."""
    random = np.random.default_rng(6)
    return [
        packet
        for place in range(count)
        for packet in datagram(
            Packet(place * every_s, STRANGER, SERVER, 40_000, int(random.integers(1, 65_535)), UDP, size=64),
            answered=place < answered,
        )
    ]


def test_datagrams_to_all_ports_are_a_scan_and_at_the_rate_of_a_flood_left_to_floods() -> None:
    assert [finding.rule for finding in begun(datagrams(1 / 1_500, 3_000))] == ["udp_scan"]
    assert begun(datagrams(1 / 6_000, 9_000)) == []
    assert [finding.rule for finding in begun(datagrams(1 / 6_000, 9_000), udp_flood_per_s=1e6)] == ["udp_scan"]


def test_what_is_scanned_before_a_flood_or_besides_is_told() -> None:
    before = ports(STRANGER, SERVER, 40, 0.02)
    flood = [replace(packet, at=packet.at + 3) for packet in datagrams(1 / 6_000, 6_000)]
    assert [finding.rule for finding in begun(before + flood)] == ["port_scan"]
    elsewhere = [replace(packet, destination="10.1.1.81") for packet in datagrams(1 / 50, 100)]
    assert [finding.rule for finding in begun(elsewhere + flood)] == ["udp_scan"]


def test_segments_to_all_ports_are_a_flood_or_a_scan_and_never_both() -> None:
    """The flood begins amid a window; somebody else scans the same host meanwhile."""
    settings = {"floods": {"syn_flood": {"scan_per_s": 4_000}}, "scans": {"flood_per_s": 4_000}}

    def told(packets: list[Packet]) -> set[tuple[str, object]]:
        rules = detectors(TrafficSettings.model_validate({"detectors": settings}), NETWORKS)[:2]
        shown = seconds(packets, quiet=10)
        return {
            (one.rule, one.evidence["source"]) for second in shown for rule in rules for one in rule.observe(second)
        }

    flood = [syn(2.4 + place / 5_000, STRANGER, SERVER, 1 + place, size=58) for place in range(14_000)]
    other = [replace(packet, at=packet.at + 3) for packet in ports("203.0.113.9", SERVER, 40, 0.02)]
    assert told(flood + other) == {("syn_flood", STRANGER), ("port_scan", "203.0.113.9")}
    slower = [replace(packet, at=2.4 + 1.5 * (packet.at - 2.4)) for packet in flood[:7_000]]
    assert told(slower) == {("port_scan", STRANGER)}


@pytest.mark.parametrize(("port", "rules"), [(6_346, []), (6_300, ["network_sweep"])])
def test_a_file_sharing_client_tries_whom_it_once_met(port: int, rules: list[str]) -> None:
    """As recorded: 81 peers of one port within three minutes, nearly all of them gone, each tried several times."""
    tried = [
        packet
        for place in range(81)
        for turn in range(3)
        for packet in silent(
            syn(place * 0.5 + turn * 60, OURS, f"203.0.113.{1 + place}", port, 20_000 + 3 * place + turn)
        )
    ]
    assert [finding.rule for finding in begun(tried)] == rules


def test_hosts_that_are_pinged_and_tried_are_told_with_what_they_are_tried_with() -> None:
    hosts = [f"10.9.0.{1 + place}" for place in range(60)]
    pings = [packet for place, host in enumerate(hosts) for packet in echo(place / 20, OURS, host, answered=False)]
    syns = [packet for place, host in enumerate(hosts) for packet in refused(syn(40 + place / 20, OURS, host, 22))]
    told = findings(Scans(ScanSettings(), NETWORKS), pings + syns)
    assert {finding.rule for finding in told} == {"network_sweep"}
    assert told[0].summary.endswith("hosts by ICMP")
    assert told[-1].summary.startswith(f"{OURS} scanned 60 hosts for port 22 (SSH) by ICMP and connect in ")
    assert (told[-1].evidence["ports"], told[-1].evidence["tried_ports"]) == (1, "22")


def test_the_summary_names_whom_the_inventory_names() -> None:
    names = {halves(SERVER): "files", halves(OURS): "desk"}
    networks = Networks([Place(ip_network("10.0.0.0/8"), site="office", protected=True)], names)
    first = findings(Scans(ScanSettings(), networks), ports(OURS, SERVER, 60, 0.05))[0]
    assert first.summary.startswith("desk scans ")
    assert first.summary.endswith(" ports of files by SYN")
    assert first.summaries["id"].startswith("desk memindai ")
    assert (first.evidence["source"], first.evidence["target"], first.target) == (OURS, SERVER, "desk")


def test_a_scan_that_is_over_is_told_with_how_long_it_took_and_few_of_the_open_ports() -> None:
    hosts = [f"10.9.0.{1 + place}" for place in range(60)]
    swept = [
        packet
        for place, host in enumerate(hosts)
        for packet in (session if place % 5 == 0 else refused)(syn(place / 10, OURS, host, 22))
    ]
    told = findings(Scans(ScanSettings(), NETWORKS), swept)
    assert told[-1].cleared
    assert re.match(rf"{OURS} scanned \d+ hosts for port 22 \(SSH\) by .* in [\d.]+ s; open: ", told[-1].summary)
    every = str(told[-1].evidence["open_ports"]).split(", ")
    assert len(every) > 5
    assert told[-1].summary.endswith(f"; open: {', '.join(every[:5])} and {len(every) - 5} more")
    assert told[-1].summaries["id"].endswith(f" dan {len(every) - 5} lagi")
