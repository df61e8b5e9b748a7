"""The tools that attack a local network, in namespaces, recorded at a mirror port, from capture to finding."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

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
from tests.support.local_frames import bpdu, router
from tests.support.local_watch import findings, need, raw, recorded
from tests.support.netns import INTERFACE, Host, lan
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_arpspoof_is_named_within_seconds(tmp_path: Path) -> None:
    need("arpspoof")
    path, log = tmp_path / "seen.pcap", tmp_path / "arpspoof.log"
    with lan("gateway", "victim", "attacker", sensor=True) as net:
        gateway, victim, attacker = net["gateway"], net["victim"], net["attacker"]
        with recorded(net, path):
            for host in (victim, attacker):
                with host.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                    sock.sendto(b"who are you", (gateway.ipv4, 9))
            attack = ["arpspoof", "-i", INTERFACE, "-t", victim.ipv4, gateway.ipv4]
            with attacker.popen(*attack, log=log) as process:
                eventually_sync(lambda: log.read_text().count("is-at") >= 5, within_s=20)
                process.kill()  # politely asked, it takes 5 s to set all right
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


def discover(mac: str, number: int) -> bytes:
    octets = bytes.fromhex(mac.replace(":", "")) + bytes(10)
    packet = (
        Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
    )
    packet /= BOOTP(chaddr=octets, xid=number, flags=0x8000) / DHCP(options=[("message-type", "discover"), "end"])
    return bytes(packet)


def offers(client: socket.socket, number: int, count: int) -> None:
    """Wait until so many servers have offered."""
    while count:
        packet = Ether(client.recv(4096))
        if packet.haslayer(DHCP) and packet[BOOTP].op == 2 and packet[BOOTP].xid == number:
            count -= 1


@contextmanager
def leasing(host: Host, tmp_path: Path) -> Iterator[None]:
    """Run dnsmasq as a DHCP server that names itself as gateway."""
    log = tmp_path / f"{host.name}.log"
    command = ["dnsmasq", "-d", "-p", "0", "-C", "/dev/null", "--log-dhcp", "--no-ping", "-i", INTERFACE]
    command += ["--dhcp-range=192.0.2.100,192.0.2.120,1h", f"--dhcp-option=3,{host.ipv4}", "--dhcp-authoritative"]
    command += [f"--dhcp-leasefile={tmp_path / host.name}.leases", f"--pid-file={tmp_path / host.name}.pid"]
    with host.popen(*command, log=log):
        eventually_sync(lambda: "sockets bound" in log.read_text() or "DHCP, IP range" in log.read_text())
        yield


def test_a_second_dnsmasq_is_a_rogue_server(tmp_path: Path) -> None:
    need("dnsmasq")
    path = tmp_path / "seen.pcap"
    with lan("server", "rogue", "client", sensor=True) as net:
        with recorded(net, path), leasing(net["server"], tmp_path), raw(net["client"]) as client:
            client.send(discover(net["client"].mac, 1))
            offers(client, 1, 1)
            with leasing(net["rogue"], tmp_path):
                client.send(discover(net["client"].mac, 2))
                offers(client, 2, 2)
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
