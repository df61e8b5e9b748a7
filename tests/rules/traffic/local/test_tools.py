"""The tools that attack a local network, in namespaces, recorded at a mirror port, from capture to finding."""

from pathlib import Path

import pytest

from netmon.api import Severity
from netmon.api.networks import Networks
from rules.traffic.local.arp_spoofing import ArpSpoofing
from rules.traffic.local.duplicate_address import DuplicateAddress
from rules.traffic.local.rogue_dhcp import RogueDhcp
from rules.traffic.local.rogue_router import RogueRouter
from rules.traffic.local.settings import (
    ArpSpoofingSettings,
    DuplicateAddressSettings,
    RogueDhcpSettings,
    RogueRouterSettings,
    SpanningTreeSettings,
)
from rules.traffic.local.spanning_tree import SpanningTree
from tests.support.local_attacks import lease_beside, spoof_arp
from tests.support.local_frames import bpdu, router
from tests.support.local_watch import findings, raw, recorded
from tests.support.netns import lan
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_arpspoof_is_named_within_seconds(tmp_path: Path) -> None:
    path = tmp_path / "seen.pcap"
    with lan("gateway", "victim", "attacker", sensor=True) as net:
        gateway, attacker = net["gateway"], net["attacker"]
        with recorded(net, path):
            spoof_arp(net, tmp_path)
    found = findings(ArpSpoofing(ArpSpoofingSettings(gateways=(gateway.ipv4,)), Networks()), path)
    first = found[0]
    assert first.severity is Severity.CRITICAL
    assert first.evidence["attacker_mac"] == attacker.mac
    assert first.evidence["source"] == attacker.ipv4
    assert first.evidence["target"] == gateway.ipv4
    assert first.evidence["true_mac"] == gateway.mac
    start = first.evidence["start"]
    assert isinstance(start, float)
    assert first.at - start <= 8  # arpspoof speaks each 2 s; the third time that nobody asked is the sign
    assert found[-1].cleared
    assert findings(DuplicateAddress(DuplicateAddressSettings(), Networks()), path) == []


def test_a_second_dnsmasq_is_a_rogue_server(tmp_path: Path) -> None:
    path = tmp_path / "seen.pcap"
    with lan("server", "rogue", "client", sensor=True) as net:
        with recorded(net, path):
            lease_beside(net, tmp_path)
        server, rogue = net["server"], net["rogue"]
    found = findings(RogueDhcp(RogueDhcpSettings(), Networks()), path)
    assert {finding.evidence["source"] for finding in found} == {rogue.ipv4}
    assert found[0].evidence["server_mac"] == rogue.mac
    assert found[0].evidence["gateway"] == rogue.ipv4
    assert found[0].evidence["known_server"] == server.ipv4
    assert findings(RogueDhcp(RogueDhcpSettings(servers=(server.ipv4, rogue.ipv4)), Networks()), path) == []


def test_router_advertisements_and_bpdus_on_a_real_link(tmp_path: Path) -> None:
    path = tmp_path / "seen.pcap"
    with (
        lan("switch", "attacker", sensor=True) as net,
        recorded(net, path),
        raw(net["switch"]) as switch,
        raw(net["attacker"]) as attacker,
    ):
        mac = net["attacker"].mac
        for _ in range(3):
            switch.send(router(net["switch"].mac, "fe80::1"))
            switch.send(bpdu(net["switch"].mac, net["switch"].mac, 4096))
        attacker.send(router(mac, "fe80::66", "2001:db8:66::"))
        attacker.send(bpdu(mac, mac, 0))
        eventually_sync(lambda: path.stat().st_size > 800)
    (rogue, *_) = findings(RogueRouter(RogueRouterSettings(), Networks()), path)
    assert rogue.evidence["router_mac"] == mac
    (root, *_) = findings(SpanningTree(SpanningTreeSettings(), Networks()), path)
    assert root.evidence["root_mac"] == mac
    assert root.severity is Severity.ERROR
