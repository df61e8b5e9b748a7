"""Scans by what is neither TCP nor UDP: SCTP, IP protocols, IPv6's neighbour discovery; and what looks like them."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest

from netmon.api import Finding
from netmon.api.networks import Networks
from netmon.api.traffic import NEIGHBOUR, Second, halves
from rules.traffic.scans.rule import Scans
from rules.traffic.scans.settings import ScanSettings
from tests.rules.traffic.scans.conversations import START, Packet, findings

OURS, SERVER, STRANGER = "10.1.1.7", "10.1.1.80", "198.51.100.66"
SCTP = 132


def told(packets: Iterable[Packet], **settings: object) -> list[Finding]:
    """Return what is said first of each matter."""
    first: dict[str, Finding] = {}
    for finding in findings(Scans(ScanSettings(**settings), Networks()), packets):
        first.setdefault(finding.key, finding)
    return list(first.values())


def init(at: float, port: int, source: str = STRANGER, server: str = SERVER) -> Packet:
    return Packet(at, source, server, 36_412, port, SCTP, 0, 66)


def silent(first: Packet) -> list[Packet]:
    return [first]


def aborted(first: Packet) -> list[Packet]:
    return [first, first.back(size=60)]


def half_open(first: Packet) -> list[Packet]:
    """INIT, INIT ACK, ABORT: nmap -sY on an open port."""
    return [first, first.back(size=300), first.on(0.01, 0, 60)]


def association(first: Packet) -> list[Packet]:
    """Four messages to begin (RFC 9260, 5.1), then a heartbeat each 30 s, which is a flow of its own."""
    cookie = first.on(0.02, 0, 300)
    beats = [first.on(30.0 * turn, 0, 100) for turn in range(1, 6)]
    return [
        *(first, first.back(size=300), cookie, cookie.back(size=60)),
        *(packet for beat in beats for packet in (beat, beat.back(size=100))),
    ]


@pytest.mark.parametrize("answers", [silent, aborted, half_open])
@pytest.mark.parametrize(("every_s", "within_s"), [(0.02, 2), (0.5, 25), (2, 50)])
def test_ports_of_sctp(answers: Callable[[Packet], list[Packet]], every_s: float, within_s: float) -> None:
    found = told([packet for port in range(1, 53) for packet in answers(init(port * every_s, port))])
    assert [finding.rule for finding in found] == ["port_scan"]
    assert found[0].evidence["kinds"] == "sctp"
    assert found[0].at - START <= within_s


def test_a_sweep_of_one_sctp_port_and_two_hundred_peers_that_signal() -> None:
    hosts = [f"10.3.{number // 100}.{1 + number % 100}" for number in range(200)]
    sweep = [packet for at, host in enumerate(hosts) for packet in silent(init(at / 50, 36_412, OURS, host))]
    assert [finding.rule for finding in told(sweep)] == ["network_sweep"]
    peers = [packet for at, host in enumerate(hosts) for packet in association(init(at / 50, 36_412, OURS, host))]
    assert told(peers) == []


def test_protocols_of_a_host_are_a_scan_and_two_routers_speak_a_few() -> None:
    packets = [Packet(number / 2, STRANGER, SERVER, protocol=number, size=60) for number in range(256)]
    bare = [replace(packet, port=80 if packet.protocol in {6, 17} else 0) for packet in packets]
    found = told(bare)
    assert [finding.rule for finding in found] == ["protocol_scan"]
    assert found[0].summary == f"{STRANGER} scans 10 IP protocols of {SERVER}"
    assert found[0].summaries["id"] == f"{STRANGER} memindai 10 protokol IP di {SERVER}"
    assert found[0].at - START <= 10
    ordinary = (4, 41, 46, 47, 50, 51, 89, 103, 115)
    peers = [Packet(at * 5.0, STRANGER, SERVER, protocol=each, size=100) for at in range(60) for each in ordinary]
    assert told(peers) == []
    assert told(peers, protocols=9)


def test_protocols_are_told_apart_from_ports_of_the_same_host() -> None:
    ports = [packet for port in range(1, 53) for packet in aborted(init(port / 50, port))]
    protocols = [Packet(5 + number / 50, STRANGER, SERVER, protocol=number, size=60) for number in range(140, 200)]
    packets = [*ports, *protocols]
    found = told(packets)
    assert [finding.rule for finding in found] == ["port_scan", "protocol_scan"]
    last = {finding.rule: finding for finding in findings(Scans(ScanSettings(), Networks()), packets)}
    assert {rule: one.evidence["ports"] for rule, one in last.items()} == {"port_scan": 52, "protocol_scan": 60}


def test_the_sctp_probe_of_a_scan_of_protocols_is_one_of_them_and_no_port() -> None:
    ports = [packet for port in range(1, 53) for packet in aborted(init(port / 50, port))]
    protocols = [Packet(5 + number / 50, STRANGER, SERVER, protocol=number, size=60) for number in range(140, 200)]
    probe = silent(init(6.5, 36_412))
    last = {one.rule: one for one in findings(Scans(ScanSettings(), Networks()), [*ports, *protocols, *probe])}
    assert {rule: one.evidence["ports"] for rule, one in last.items()} == {"port_scan": 52, "protocol_scan": 61}
    more = [packet for port in range(101, 111) for packet in silent(init(6.5, port))]
    last = {one.rule: one for one in findings(Scans(ScanSettings(), Networks()), [*ports, *protocols, *more])}
    assert {rule: one.evidence["ports"] for rule, one in last.items()} == {"port_scan": 62, "protocol_scan": 60}


def test_a_sweep_by_a_protocol_without_ports_and_tunnels_to_many() -> None:
    hosts = [f"10.3.0.{1 + number}" for number in range(40)]
    probes = [Packet(at / 20, OURS, host, protocol=47, size=60) for at, host in enumerate(hosts)]
    (sweep,) = told(probes)
    assert (sweep.rule, sweep.evidence["kinds"]) == ("network_sweep", "protocol")
    assert sweep.summary.endswith("hosts for GRE")
    assert told([each for packet in probes for each in (packet, packet.back(size=80))]) == []
    busy = [packet.on(turn * 0.5, 0, 500) for packet in probes for turn in range(8)]
    assert told(busy) == []  # a mirror of one direction


def neighbours(count: int, *, answered: bool) -> np.ndarray:
    """Ask by IPv6's neighbour discovery for so many addresses, five of which are there; or all of them."""
    rows = np.zeros(2 * count, NEIGHBOUR)
    rows["at_ns"] = START * 10**9 + np.arange(2 * count) * 1_000_000
    asks, tells = rows[:count], rows[count:]
    asks["kind"], tells["kind"] = 3, 4
    asks["hi"], asks["lo"] = halves("2001:db8::2")
    for side in ("hi", "asked_hi"):
        tells[side] = halves("2001:db8::")[0]
    asks["asked_hi"], asks["asked_lo"] = halves("2001:db8::")[0], 0x100 + np.arange(count)
    tells["lo"] = tells["asked_lo"] = asks["asked_lo"]
    return rows if answered else rows[: count + 5]


def test_a_sweep_by_neighbour_discovery() -> None:
    for answered, rules in ((False, ["network_sweep"]), (True, [])):
        rule = Scans(ScanSettings(), Networks())
        rows = neighbours(200, answered=answered)
        found = list(rule.observe(Second(START, START + 1, neighbours=rows)))
        assert [finding.rule for finding in found] == rules
        if rules:
            assert found[0].summary == "2001:db8::2 scans 195 hosts by ND"
