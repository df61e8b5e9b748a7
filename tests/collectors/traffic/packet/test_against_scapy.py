"""Equal to scapy on every field that both have, over frames that Hypothesis draws."""

from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.contrib.geneve import GENEVE
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import ARP, GRE, SNAP, Dot1AD, Dot1Q, Ether
from scapy.layers.ppp import PPP
from scapy.layers.sctp import SCTP
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Padding, bind_layers

from netmon.api.traffic import Fragment, Tunnel, Verdict, halves, mac_text
from tests.support.packet_stacks import ALL_TUNNELS, frame, tunnelled
from tests.support.packets import decoded

bind_layers(Ether, MPLS, type=0x8847)
# What scapy does not look into by itself
bind_layers(SNAP, IPv6, code=0x86DD)
bind_layers(PPP, IPv6, proto=0x0057)

_WITH_PORTS = (TCP, UDP, SCTP)


def layers(packet: Packet) -> Iterator[Packet]:
    while packet and packet.name != "NoPayload":
        yield packet
        packet = packet.payload


def inner(found: list[Packet]) -> list[Packet]:
    """The layers from the second IP header on."""
    headers = [row for row, layer in enumerate(found) if isinstance(layer, IP | IPv6)]
    return found[headers[1] :]


def check_link(found: list[Packet], record: Any) -> None:
    assert mac_text(int(record["source_mac"])) == found[0].src
    assert mac_text(int(record["destination_mac"])) == found[0].dst
    tags = [layer.vlan for layer in found if isinstance(layer, Dot1Q | Dot1AD)]
    assert [int(record["vlan"]), int(record["inner_vlan"])] == [*tags, 0, 0][:2]
    labels = [layer for layer in found if isinstance(layer, MPLS)]
    top = labels[0].label << 12 | labels[0].cos << 9 | labels[0].s << 8 | labels[0].ttl if labels else 0
    assert int(record["mpls"]) == top


def check_network(found: list[Packet], record: Any) -> bool:
    """Return whether there is a transport header."""
    layer = next((layer for layer in found if isinstance(layer, IP | IPv6)), None)
    if layer is None:
        assert (record["version"], record["verdict"]) == (0, Verdict.NOT_IP)
        assert any(isinstance(layer, ARP) for layer in found) == (record["ethertype"] == 0x0806)
        return False
    assert (record["version"], record["verdict"]) == (layer.version, Verdict.OK)
    assert (int(record["source_hi"]), int(record["source_lo"])) == halves(layer.src)
    assert (int(record["destination_hi"]), int(record["destination_lo"])) == halves(layer.dst)
    if isinstance(layer, IP):
        assert (record["ttl"], record["tos"], record["protocol"]) == (layer.ttl, layer.tos, layer.proto)
        offset, more = layer.frag, bool(layer.flags.MF)
    else:
        assert (record["ttl"], record["tos"]) == (layer.hlim, layer.tc)
        piece = next((layer for layer in found if isinstance(layer, IPv6ExtHdrFragment)), None)
        offset, more = (piece.offset, bool(piece.m)) if piece else (0, False)
    assert record["fragment"] == (Fragment.LATER if offset else Fragment.FIRST if more else Fragment.NONE)
    return not offset


def check_transport(found: list[Packet], record: Any, octets: bytes) -> None:
    layer = next((layer for layer in found if isinstance(layer, (*_WITH_PORTS, ICMP))), None)
    if layer is None:
        return
    if isinstance(layer, _WITH_PORTS):
        assert (record["source_port"], record["destination_port"]) == (layer.sport, layer.dport)
    if isinstance(layer, ICMP):
        assert (record["icmp_type"], record["icmp_code"]) == (layer.type, layer.code)
    if isinstance(layer, TCP):
        assert record["tcp_flags"] == int(layer.flags) & 0xFF
    if isinstance(layer, TCP | UDP):
        at, length = int(record["payload_at"]), int(record["payload_length"])
        assert octets[at : at + length] == layer.original[layer.dataofs * 4 if isinstance(layer, TCP) else 8 :][:length]
        padding = sum(len(layer.load) for layer in found if isinstance(layer, Padding))  # of the datagram, of the frame
        assert length == len(bytes(layer.payload)) - padding


@settings(max_examples=250)
@given(st.randoms(use_true_random=False))
def test_frames_of_every_shape(random: Random) -> None:
    octets = frame(random)
    record = decoded([octets]).records[0]
    found = list(layers(Ether(octets)))
    check_link(found, record)
    if check_network(found, record):
        check_transport(found, record, octets)


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_what_is_inside_tunnels(random: Random) -> None:
    octets, kind = tunnelled(random)
    record = decoded([octets], 1, ALL_TUNNELS).records[0]
    found = list(layers(Ether(octets)))
    check_link(found[: next(row for row, layer in enumerate(found) if isinstance(layer, IP | IPv6))], record)
    assert record["tunnel"] == kind
    between = {Tunnel.GRE: GRE, Tunnel.VXLAN: VXLAN, Tunnel.GENEVE: GENEVE}.get(kind)
    assert between is None or any(isinstance(layer, between) for layer in found)
    if check_network(inner(found), record):
        check_transport(inner(found), record, octets)
