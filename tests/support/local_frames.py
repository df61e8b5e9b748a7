"""Frames of the local network made with scapy, as bytes: claims, leases, advertisements, BPDUs."""

from functools import cache
from typing import Any

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import DHCP6_Advertise, DHCP6_Reply, DHCP6OptDNSServers, DHCP6OptIA_NA, DHCP6OptIAAddress
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import ARP, LLC, STP, Dot1Q, Dot3, Ether

EVERYBODY = "ff:ff:ff:ff:ff:ff"


def link(source: str, to: str = EVERYBODY, vlan: int = 0) -> Any:
    frame = Ether(src=source, dst=to)
    return frame / Dot1Q(vlan=vlan) if vlan else frame


@cache  # scapy takes half a millisecond for each
def arp_request(mac: str, address: str, asked: str, vlan: int = 0) -> bytes:
    return bytes(link(mac, vlan=vlan) / ARP(op=1, hwsrc=mac, psrc=address, pdst=asked, hwdst="00:00:00:00:00:00"))


@cache  # scapy takes half a millisecond for each
def arp_reply(  # noqa: PLR0917 - a row
    mac: str, address: str, to_mac: str, to: str, frame_mac: str = "", vlan: int = 0
) -> bytes:
    packet = ARP(op=2, hwsrc=mac, psrc=address, hwdst=to_mac, pdst=to)
    return bytes(link(frame_mac or mac, to_mac, vlan) / packet)


def gratuitous(mac: str, address: str, vlan: int = 0) -> bytes:
    return arp_request(mac, address, address, vlan)


def solicitation(mac: str, address: str, asked: str) -> bytes:
    packet = link(mac, "33:33:ff:00:00:01") / IPv6(src=address, dst="ff02::1:ff00:1", hlim=255) / ICMPv6ND_NS(tgt=asked)
    return bytes(packet if address == "::" else packet / ICMPv6NDOptSrcLLAddr(lladdr=mac))


def advertisement(mac: str, address: str, to: str = "ff02::1", frame_mac: str = "") -> bytes:
    packet = link(frame_mac or mac, "33:33:00:00:00:01") / IPv6(src=address, dst=to, hlim=255)
    return bytes(packet / ICMPv6ND_NA(tgt=address) / ICMPv6NDOptDstLLAddr(lladdr=mac))


def router(  # noqa: PLR0917 - a row
    mac: str, address: str, prefix: str = "2001:db8:1::", lifetime: int = 1800, vlan: int = 0, managed: int = 0
) -> bytes:
    packet = link(mac, "33:33:00:00:00:01", vlan) / IPv6(src=address, dst="ff02::1", hlim=255)
    packet /= ICMPv6ND_RA(routerlifetime=lifetime, M=managed)
    return bytes(packet / ICMPv6NDOptPrefixInfo(prefix=prefix, prefixlen=64) / ICMPv6NDOptSrcLLAddr(lladdr=mac))


def lease(  # noqa: PLR0917 - a row
    kind: str,
    mac: str,
    server: str,
    client: str = "02:00:00:00:00:99",
    offered: str = "10.0.0.99",
    gateway: str = "10.0.0.1",
    resolver: str = "10.0.0.2",
    vlan: int = 0,
) -> bytes:
    options: list[Any] = [("message-type", kind), ("server_id", server)]
    if kind != "nak":
        options += [("router", gateway), ("name_server", resolver), ("lease_time", 3600)]
    raw = bytes.fromhex(client.replace(":", "")) + bytes(10)
    packet = IP(src=server, dst="255.255.255.255") / UDP(sport=67, dport=68)
    packet /= BOOTP(op=2, yiaddr=offered if kind != "nak" else "0.0.0.0", chaddr=raw, siaddr=server)
    return bytes(link(mac, vlan=vlan) / packet / DHCP(options=[*options, "end"]))


def lease6(mac: str, server: str, offered: str, resolver: str, *, reply: bool = True) -> bytes:
    message = (DHCP6_Reply if reply else DHCP6_Advertise)(trid=7)
    packet = link(mac, "02:00:00:00:00:99") / IPv6(src=server, dst="fe80::99") / UDP(sport=547, dport=546) / message
    packet /= DHCP6OptIA_NA(ianaopts=[DHCP6OptIAAddress(addr=offered)]) / DHCP6OptDNSServers(dnsservers=[resolver])
    return bytes(packet)


def bpdu(  # noqa: PLR0917 - a row
    mac: str, root: str, priority: int = 32768, bridge: str = "", change: int = 0, version: int = 2
) -> bytes:
    body = STP(
        version=version,
        bpdutype=2 if version else 0,
        bpduflags=change,
        rootid=priority,
        rootmac=root,
        bridgeid=32768,
        bridgemac=bridge or mac,
    )
    return bytes(Dot3(src=mac, dst="01:80:c2:00:00:00") / LLC(dsap=0x42, ssap=0x42, ctrl=3) / body)


@cache  # scapy takes half a millisecond for each
def said(mac: str, address: str, to: str = "198.51.100.7", vlan: int = 0) -> bytes:
    """Return an ordinary packet of a host."""
    return bytes(
        link(mac, "02:00:00:00:00:01", vlan) / IP(src=address, dst=to) / UDP(sport=40000, dport=443) / (b"x" * 8)
    )
