"""Every field of every message as tshark reads it from the same frames, and DNS, ARP and DHCP as scapy does."""

import random
import shutil
import subprocess
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop
from scapy.layers.l2 import ARP, LLC, SNAP, STP, Dot1Q, Dot3, Ether
from scapy.packet import Raw
from scapy.utils import RawPcapWriter

from netmon.api.traffic import address_text, mac_text
from tests.support.local_frames import advertisement, arp_reply, lease, lease6, link, router, solicitation
from tests.support.local_talk import read

RANDOM = random.Random(20)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_ !\x00\x7f"


def tshark(frames: Sequence[bytes], tmp_path: Path, *names: str, only: str = "") -> list[list[str]]:
    """Return the first value of each field, of each frame that the filter lets through."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is missing (Debian package tshark)")
    path = tmp_path / "frames.pcap"
    with RawPcapWriter(str(path), linktype=1) as writer:
        for octets in frames:
            writer.write(octets)
    command = ["tshark", "-r", str(path), "-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"]
    command += [word for name in names for word in ("-e", name)] + (["-Y", only] if only else [])
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [line.split("\t") for line in done.stdout.removesuffix("\n").split("\n")]


def mac() -> str:
    return mac_text(RANDOM.getrandbits(48) & ~(1 << 40))


def ipv4() -> str:
    return str(IPv4Address(RANDOM.randrange(1 << 24, 224 << 24)))


def ipv6() -> str:
    return str(IPv6Address(0x2001_0DB8 << 96 | RANDOM.getrandbits(96)))


def dns_frames() -> list[bytes]:
    frames = []
    for number in range(80):
        labels = ["".join(RANDOM.choices(LETTERS[:64], k=RANDOM.randint(1, 40))) for _ in range(RANDOM.randint(1, 5))]
        answers = [DNSRR(rrname="x.example", rdata=ipv4()) for _ in range(number % 4)]
        message = DNS(
            id=number,
            qr=number % 3 == 0,
            rcode=RANDOM.choice([0, 2, 3, 5]) if number % 3 == 0 else 0,
            qd=[DNSQR(qname=".".join(labels), qtype=RANDOM.choice([1, 2, 5, 10, 12, 15, 16, 28, 33, 65, 65399]))],
            an=answers if number % 3 == 0 else [],
        )
        ports = (53, 40000 + number) if number % 3 == 0 else (40000 + number, 53)
        network = IP(src=ipv4(), dst=ipv4()) if number % 2 else IPv6(src=ipv6(), dst=ipv6())
        if number % 5 == 0:
            octets = bytes(message)
            segment = TCP(sport=ports[0], dport=ports[1], flags="PA") / Raw(len(octets).to_bytes(2) + octets)
            frames.append(bytes(link(mac(), mac()) / network / segment))
        else:
            frames.append(
                bytes(link(mac(), mac(), number % 7) / network / UDP(sport=ports[0], dport=ports[1]) / message)
            )
    return frames


def test_dns_as_tshark_reads_it(tmp_path: Path) -> None:
    frames = dns_frames()
    fields = ["dns.qry.name", "dns.qry.type", "dns.flags.response", "dns.flags.rcode", "dns.count.answers", "ip.src",
              "ip.dst", "ipv6.src", "ipv6.dst", "udp.length", "dns.length"]  # fmt: skip
    theirs = tshark(frames, tmp_path, *fields, only="dns")
    ours = read(frames).dns
    assert len(ours) == len(theirs) == len(frames)
    for row, (name, kind, response, code, answers, src4, dst4, src6, dst6, udp, tcp) in zip(ours, theirs, strict=True):
        client, server = (src4 or src6, dst4 or dst6) if response in ("0", "False") else (dst4 or dst6, src4 or src6)
        assert row["name"].decode() == name.lower()
        assert row["name_length"] == len(name)
        assert row["query_type"] == int(kind)
        assert row["response"] == (response in ("1", "True"))
        assert row["code"] == int(code or 0)
        assert row["answers"] == int(answers)
        assert address_text(row["client_hi"], row["client_lo"]) == client
        assert address_text(row["server_hi"], row["server_lo"]) == server
        assert row["size"] == (int(udp) - 8 if udp else int(tcp))
        assert row["over_tcp"] == (not udp)


def test_neighbours_as_tshark_reads_them(tmp_path: Path) -> None:
    arps = [
        bytes(
            link(mac(), mac(), number % 5)
            / ARP(op=1 + number % 2, hwsrc=mac(), psrc=ipv4(), hwdst=mac(), pdst=ipv4() if number % 3 else "0.0.0.0")
        )
        for number in range(30)
    ]
    fields = ["arp.opcode", "eth.src", "arp.src.hw_mac", "arp.src.proto_ipv4", "arp.dst.proto_ipv4", "vlan.id"]
    ours = read(arps).neighbours
    for row, (kind, frame, claimed, has, asked, vlan) in zip(ours, tshark(arps, tmp_path, *fields), strict=True):
        assert row["kind"] == int(kind)
        assert mac_text(row["frame_mac"]) == frame
        assert mac_text(row["claimed_mac"]) == claimed
        assert address_text(row["hi"], row["lo"]) == has
        assert address_text(row["asked_hi"], row["asked_lo"]) == asked
        assert row["vlan"] == int(vlan or 0)
        assert row["probe"] == (has == "0.0.0.0")

    found = []
    for number in range(30):
        found.append(solicitation(mac(), ipv6() if number % 3 else "::", ipv6()))
        found.append(advertisement(mac(), ipv6(), frame_mac=mac()))
    fields = ["icmpv6.type", "eth.src", "icmpv6.opt.linkaddr", "ipv6.src", "icmpv6.nd.ns.target_address",
              "icmpv6.nd.na.target_address"]  # fmt: skip
    ours = read(found).neighbours
    for row, (kind, frame, claimed, source, wanted, has) in zip(ours, tshark(found, tmp_path, *fields), strict=True):
        assert row["kind"] == {"135": 3, "136": 4}[kind]
        assert mac_text(row["frame_mac"]) == frame
        assert row["claimed_mac"] == int(claimed.replace(":", "") or "0", 16)
        assert address_text(row["hi"], row["lo"]) == (has or source)
        assert address_text(row["asked_hi"], row["asked_lo"]) == (has or wanted)
        assert row["probe"] == (source == "::")


def test_leases_as_tshark_reads_them(tmp_path: Path) -> None:
    kinds = {"offer": 2, "ack": 5, "nak": 6}
    frames = [
        lease(RANDOM.choice([*kinds]), mac(), ipv4(), mac(), ipv4(), ipv4(), ipv4(), vlan=number % 3)
        for number in range(40)
    ]
    fields = ["dhcp.option.dhcp", "eth.src", "dhcp.hw.mac_addr", "dhcp.option.dhcp_server_id", "dhcp.ip.your",
              "dhcp.option.router", "dhcp.option.domain_name_server", "vlan.id"]  # fmt: skip
    for row, (kind, frame, client, server, offered, gateway, resolver, vlan) in zip(
        read(frames).leases, tshark(frames, tmp_path, *fields), strict=True
    ):
        assert row["kind"] == int(kind)
        assert row["version"] == 4
        assert mac_text(row["frame_mac"]) == frame
        assert mac_text(row["client_mac"]) == client
        assert address_text(row["server_hi"], row["server_lo"]) == server
        for name, theirs in (("offered", offered), ("router", gateway), ("resolver", resolver)):
            known = theirs not in ("", "0.0.0.0")
            assert (address_text(row[f"{name}_hi"], row[f"{name}_lo"]) if known else "::") == (
                theirs if known else "::"
            )
            assert bool(row[f"{name}_lo"]) == known
        assert row["vlan"] == int(vlan or 0)

    frames = [lease6(mac(), f"fe80::{number + 1:x}", ipv6(), ipv6(), reply=number % 2 == 0) for number in range(20)]
    fields = ["dhcpv6.msgtype", "eth.src", "ipv6.src", "dhcpv6.iaaddr.ip", "dhcpv6.dns_server"]
    for row, (kind, frame, server, offered, resolver) in zip(
        read(frames).leases, tshark(frames, tmp_path, *fields), strict=True
    ):
        assert row["kind"] == int(kind) + 100
        assert row["version"] == 6
        assert mac_text(row["frame_mac"]) == frame
        assert address_text(row["server_hi"], row["server_lo"]) == server
        assert address_text(row["offered_hi"], row["offered_lo"]) == offered
        assert address_text(row["resolver_hi"], row["resolver_lo"]) == resolver


def test_routers_as_tshark_reads_them(tmp_path: Path) -> None:
    frames = [
        router(mac(), f"fe80::{number + 1:x}", ipv6(), RANDOM.randrange(1 << 16), number % 3, number % 2)
        for number in range(40)
    ]
    fields = ["eth.src", "ipv6.src", "icmpv6.opt.prefix", "icmpv6.opt.prefix.length", "icmpv6.nd.ra.router_lifetime",
              "icmpv6.nd.ra.flag.m", "vlan.id"]  # fmt: skip
    for row, (frame, source, prefix, length, lifetime, managed, vlan) in zip(
        read(frames).routers, tshark(frames, tmp_path, *fields), strict=True
    ):
        assert mac_text(row["frame_mac"]) == frame
        assert address_text(row["hi"], row["lo"]) == source
        assert address_text(row["prefix_hi"], row["prefix_lo"]) == prefix
        assert row["prefix_length"] == int(length)
        assert row["lifetime_s"] == int(lifetime)
        assert row["managed"] == (managed in ("1", "True"))
        assert row["vlan"] == int(vlan or 0)


def bridge_frames() -> list[bytes]:
    frames = []
    for number in range(30):
        body = STP(
            version=(0, 2)[number % 2],
            bpdutype=(0, 2)[number % 2],
            bpduflags=RANDOM.randrange(2),
            rootid=RANDOM.randrange(16) << 12 | number,
            rootmac=mac(),
            pathcost=RANDOM.getrandbits(32),
            bridgeid=RANDOM.randrange(16) << 12 | number,
            bridgemac=mac(),
        )
        if number % 3:
            frames.append(bytes(Dot3(src=mac(), dst="01:80:c2:00:00:00") / LLC(dsap=0x42, ssap=0x42, ctrl=3) / body))
            continue
        # Per VLAN: the version's length octet, then a TLV with the VLAN.
        tail = Raw(bytes(1) + bytes([0, 0, 0, 2]) + (number + 100).to_bytes(2))
        snap = LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0x00000C, code=0x010B)
        payload = bytes(snap / body / tail)
        frames.append(
            bytes.fromhex("01000ccccccd") + bytes.fromhex(mac().replace(":", "")) + len(payload).to_bytes(2) + payload
        )
    return frames


def test_bridges_as_tshark_reads_them(tmp_path: Path) -> None:
    frames = bridge_frames()
    fields = ["eth.src", "stp.root.prio", "stp.root.ext", "stp.root.hw", "stp.root.cost", "stp.bridge.prio",
              "stp.bridge.ext", "stp.bridge.hw", "stp.flags.tc", "stp.version", "stp.pvst.origvlan"]  # fmt: skip
    for row, values in zip(read(frames).bridges, tshark(frames, tmp_path, *fields), strict=True):
        frame, root_priority, root_system, root, cost, priority, system, bridge, change, version, vlan = values
        assert mac_text(row["frame_mac"]) == frame
        assert row["root"] >> 48 == int(root_priority) + int(root_system)
        assert mac_text(row["root"] & 0xFFFF_FFFF_FFFF) == root
        assert row["bridge"] >> 48 == int(priority) + int(system)
        assert mac_text(row["bridge"] & 0xFFFF_FFFF_FFFF) == bridge
        assert row["cost"] == int(cost)
        assert row["change"] == (change in ("1", "True"))
        assert row["version"] == (255 if vlan else int(version))
        assert row["vlan"] == int(vlan or 0)


def test_dns_and_arp_as_scapy_reads_them() -> None:
    frames = [octets for octets in dns_frames() if Ether(octets).haslayer(UDP)]
    for octets, row in zip(frames, read(frames).dns, strict=True):
        message = Ether(octets)[DNS]
        assert row["name"] == message.qd[0].qname.rstrip(b".").lower()
        assert row["query_type"] == message.qd[0].qtype
        assert row["size"] == len(message)
    octets = arp_reply(mac(), "10.0.0.1", mac(), "10.0.0.2", vlan=9)
    (row,) = read([octets]).neighbours
    assert mac_text(row["claimed_mac"]) == Ether(octets)[ARP].hwsrc
    assert row["vlan"] == Ether(octets)[Dot1Q].vlan


def test_what_hides_behind_extension_headers_is_read() -> None:
    plain = router("02:00:00:00:00:66", "fe80::66")
    packet = Ether(plain)
    inner = packet[IPv6].payload
    hidden = IPv6(src="fe80::66", dst="ff02::1", hlim=255) / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / inner.copy()
    frames = [plain, bytes(link("02:00:00:00:00:66", "33:33:00:00:00:01") / hidden)]
    one, other = read(frames).routers
    assert one == other
