"""Frames of every shape that the decoder knows, drawn from a random source, to be held against other decoders.

The source is a `random.Random` or Hypothesis's stand-in for one, so that the same makers serve a capture for a
program and shrinking examples. Nothing here is malformed.
"""

import struct
from random import Random
from typing import Any, Final

from netmon.api.traffic import Tunnel
from tests.support.packets import Segment, arp, ethernet, icmp, icmp6, ipv4, ipv6, llc, mac, sctp, tcp, udp

ALL_TUNNELS: Final = sum(1 << tunnel for tunnel in Tunnel if tunnel)

_PORTS: Final = (1024, 1900, 3333, 40000, 65535)  # none that the oracles take for something to look inside


def octets(random: Random, most: int = 40) -> bytes:
    return bytes(random.randrange(256) for _ in range(random.randrange(most)))


def addresses4(random: Random) -> dict[str, Any]:
    return {
        "source": f"{random.randrange(1, 224)}.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}",
        "destination": f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}",
    }


def addresses6(random: Random) -> dict[str, Any]:
    return {
        "source": f"2001:db8:{random.randrange(65536):x}::{random.randrange(65536):x}",
        "destination": f"fe80::{random.randrange(65536):x}:{random.randrange(65536):x}",
    }


def transport(random: Random, version: int) -> Segment:  # noqa: PLR0911  # a table of kinds
    """What an IP packet carries, the rarer kinds too."""
    ports = {"source_port": random.choice(_PORTS), "destination_port": random.choice(_PORTS)}
    match random.randrange(9):
        case 0 | 1 | 2:
            options = random.choice([b"", b"\x02\x04\x05\xb4", b"\x01\x01\x08\x0a" + bytes(8), b"\x01" * 40])
            return tcp(octets(random), **ports, flags=random.randrange(256), options=options)
        case 3 | 4:
            return udp(octets(random), **ports)
        case 5:
            kind, code = random.choice([(8, 0), (0, 0), (13, 0), (8, 5)])
            if version == 4:
                return icmp(octets(random), kind=kind, code=code)
            kind = random.choice([128, 129])
            return icmp6(octets(random), kind=kind, code=code)
        case 6:
            # An SCTP chunk of type DATA, so that the oracles have something well-formed to read.
            return sctp(struct.pack("!BBHIHHI", 0, 3, 20, 1, 0, 0, 0) + b"abcd", **ports)
        case 7:
            body = octets(random)
            head = struct.pack("!HHHH", ports["source_port"], ports["destination_port"], 8, 0)
            return Segment(head + body, 136)
        case _:
            # DCCP-Request: X set, 48-bit sequence number, service code (RFC 4340, 5.1).
            head = struct.pack("!HHBBHBBHII", *ports.values(), 5, 0, 0, 0x01, 0, 0, 7, 42)
            return Segment(head + octets(random), 33)


def extensions(random: Random, last: int) -> tuple[bytes, int]:
    """IPv6 extension headers in an order that RFC 8200 allows, as (octets, the first one's number)."""
    chosen: list[tuple[int, bytes]] = []
    if random.randrange(3) == 0:
        chosen.append((0, bytes([0, 0, 5, 2, 0, 0, 1, 0])))  # router alert, then padding
    if random.randrange(3) == 0:
        chosen.append((60, bytes([0, 1, 1, 12]) + bytes(12)))
    if random.randrange(4) == 0:
        chosen.append((43, bytes([0, 2, 0, 0]) + bytes(4) + bytes(16)))
    if random.randrange(4) == 0:
        chosen.append((44, struct.pack("!BBHI", 0, 0, 0, 77)))  # an atomic fragment (RFC 6946)
    if random.randrange(4) == 0:
        chosen.append((51, struct.pack("!BBHII", 0, 4, 0, 5, 6) + bytes(12)))
    out = b""
    numbers = [number for number, _ in chosen] + [last]
    for row, (_, body) in enumerate(chosen):
        out += bytes([numbers[row + 1]]) + body[1:]
    return out, numbers[0]


def network(random: Random, *, fragments: bool = True) -> Segment:
    """An IP packet of either version."""
    if random.randrange(2):
        body = transport(random, 4)
        options = random.choice([b"", b"", b"\x94\x04\0\0", b"\x07\x07\x04\0\0\0\0"])
        wild: dict[str, Any] = {"ttl": random.randrange(256), "tos": random.randrange(256), "options": options}
        if fragments and random.randrange(8) == 0:
            piece = random.choice([(0, True), (3, True), (90, False)])
            data = bytes(body) + bytes(-len(body) % 8 if piece[1] else 0)
            return ipv4(data, protocol=body.protocol, fragment=piece[0], more=piece[1], **wild, **addresses4(random))
        return ipv4(body, **wild, **addresses4(random))
    body = transport(random, 6)
    wild6: dict[str, Any] = {
        "hop_limit": random.randrange(256),
        "traffic_class": random.randrange(256),
        "flow_label": 5,
    }
    if fragments and random.randrange(8) == 0:
        offset, more = random.choice([(0, 1), (24, 1), (720, 0)])
        data = bytes(body) + bytes(-len(body) % 8 if more else 0)
        head = struct.pack("!BBHI", body.protocol, 0, offset | more, 9)
        return ipv6(data, protocol=body.protocol, extensions=head, first_header=44, **wild6, **addresses6(random))
    before, first = extensions(random, body.protocol)
    return ipv6(body, extensions=before, first_header=first, **wild6, **addresses6(random))


def ethertype_of(packet: Segment) -> int:
    return 0x0800 if packet.protocol == 4 else 0x86DD


def link(random: Random, packet: Segment) -> bytes:  # noqa: PLR0911  # a table of kinds
    """An Ethernet frame around an IP packet: plain, tagged, labelled, in PPPoE, in SNAP, padded."""
    ethertype = ethertype_of(packet)
    match random.randrange(10):
        case 0:
            return ethernet(packet, vlans=[random.randrange(1, 4096)], pad=True)
        case 1:
            inside = struct.pack("!HH", random.randrange(1, 4095), ethertype)
            return ethernet(struct.pack("!HH", random.randrange(65536), 0x8100) + inside + packet, ethertype=0x88A8)
        case 2:
            stack = b"".join(
                struct.pack("!I", random.randrange(16, 1 << 20) << 12 | 64) for _ in range(random.randrange(3))
            )
            stack += struct.pack("!I", random.randrange(16, 1 << 20) << 12 | 0x100 | 64)
            return ethernet(stack + packet, ethertype=0x8847)
        case 3:
            inside = struct.pack("!H", 0x0021 if packet.protocol == 4 else 0x0057) + packet
            return ethernet(struct.pack("!BBHH", 0x11, 0, 5, len(inside)) + inside, ethertype=0x8864, pad=True)
        case 4:
            body = b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", ethertype) + packet
            return ethernet(body, ethertype=len(body), pad=True)
        case 5:
            return ethernet(packet, pad=True)
        case _:
            return ethernet(packet)


def not_ip(random: Random) -> bytes:
    """ARP, spanning tree, LLDP."""
    match random.randrange(3):
        case 0:
            return ethernet(arp(operation=random.choice([1, 2])), vlans=random.choice([[], [4]]), pad=True)
        case 1:
            return llc(bytes(35))
        case _:
            return ethernet(bytes.fromhex("0207040200000000010406020000000001060200780000"), ethertype=0x88CC)


def frame(random: Random) -> bytes:
    """One Ethernet frame without a tunnel."""
    return not_ip(random) if random.randrange(12) == 0 else link(random, network(random))


def tunnelled(random: Random) -> tuple[bytes, Tunnel]:
    """A frame whose IP packet carries another one."""
    packet = network(random, fragments=False)
    inner_frame = mac("02:00:00:00:00:03") + mac("02:00:00:00:00:04") + struct.pack("!H", ethertype_of(packet)) + packet
    tunnel = random.choice([Tunnel.GRE, Tunnel.VXLAN, Tunnel.GENEVE, Tunnel.IP_IN_IP])
    if tunnel is Tunnel.IP_IN_IP:
        body = packet
    elif tunnel is Tunnel.VXLAN:
        body = udp(struct.pack("!II", 0x08 << 24, random.randrange(1 << 24) << 8) + inner_frame, destination_port=4789)
    elif tunnel is Tunnel.GENEVE:
        options = random.choice([b"", bytes.fromhex("01020301") + bytes(4)])
        head = struct.pack("!BBHI", len(options) // 4, 0, 0x6558, random.randrange(1 << 24) << 8)
        body = udp(head + options + inner_frame, destination_port=6081)
    else:
        flags = random.choice([0, 0x2000, 0x1000, 0x3000])
        inside = random.choice([packet, inner_frame])
        kind = ethertype_of(packet) if inside is packet else 0x6558
        fields = bytes(4 * flags.bit_count())
        body = Segment(struct.pack("!HH", flags, kind) + fields + inside, 47)
    outer = ipv4(body, **addresses4(random)) if random.randrange(2) else ipv6(body, **addresses6(random))
    return link(random, outer), tunnel
