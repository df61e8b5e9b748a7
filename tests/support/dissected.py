"""What tshark says of frames, under the names of our record's fields, and whether the decoder says the same."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from netmon.api.traffic import Fragment, Verdict, address_text, mac_text
from tests.support.packets import decoded, pcap

# As the decoder does: no datagram put together, no byte stream followed, nothing guessed from contents.
_PLAIN: Final = ("ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE")

_FIELDS: Final = (  # noqa: SIM905  # forty quoted names read worse
    "frame.protocols eth.src eth.dst eth.type eth.len vlan.id vlan.etype ieee8021ad.id llc.type "
    "mpls.label mpls.exp mpls.bottom mpls.ttl ip.src ip.dst ip.proto ip.ttl ip.dsfield ip.frag_offset "
    "ip.flags.mf ip.version ipv6.version ipv6.src ipv6.dst ipv6.hlim ipv6.tclass ipv6.fraghdr.offset "
    "ipv6.fraghdr.more tcp.srcport tcp.dstport tcp.flags tcp.len tcp.hdr_len udp.srcport udp.dstport "
    "udp.length sctp.srcport sctp.dstport dccp.srcport dccp.dstport icmp.type icmp.code icmpv6.type "
    "icmpv6.code sll.etype sll.src.eth null.family"
).split()

Row = Mapping[str, list[str]]


def tshark(folder: Path, frames: Sequence[bytes], link_type: int = 1) -> list[Row]:
    """Return the fields of each frame, all of their occurrences."""
    path = folder / "capture.pcap"
    path.write_bytes(pcap(frames, link_type=link_type))
    rows = dissected(path)
    assert len(rows) == len(frames)
    return rows


def dissected(path: Path) -> list[Row]:
    """Return the fields of each frame in a capture file."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;"]
    for preference in _PLAIN:
        command += ["-o", preference]
    for name in _FIELDS:
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [{name: cell.split(";") if cell else [] for name, cell in zip(_FIELDS, row, strict=True)} for row in rows]


def number(text: str) -> int:
    return {"true": 1, "false": 0}.get(text.lower(), -1) if not text[:1].isdigit() else int(text, 0)


def one(row: Row, name: str, occurrence: int) -> int | None:
    values = row[name]
    return number(values[min(occurrence, len(values) - 1)]) if values else None


def expected(row: Row, *, inside: bool) -> Iterator[tuple[str, Any]]:
    """What tshark says, under the names of our fields; what it does not say is left out."""
    if row["eth.src"]:
        yield "source_mac", row["eth.src"][0]
        yield "destination_mac", row["eth.dst"][0]
    types = row["llc.type"] or row["vlan.etype"] or row["eth.type"]
    tags = row["ieee8021ad.id"] + row["vlan.id"]
    yield "vlan", int(tags[0]) if tags else 0
    yield "inner_vlan", int(tags[1]) if len(tags) > 1 else 0
    if types and not row["mpls.label"] and "pppoes" not in row["frame.protocols"][0] and not inside:
        yield "ethertype", number(types[-1])
    if row["mpls.label"]:
        label, traffic_class = int(row["mpls.label"][0]), int(row["mpls.exp"][0])
        bottom, ttl = number(row["mpls.bottom"][0]), int(row["mpls.ttl"][0])
        yield "mpls", label << 12 | traffic_class << 9 | bottom << 8 | ttl
    layers = [layer for layer in row["frame.protocols"][0].split(":") if layer in {"ip", "ipv6"}]
    if not layers:
        yield "version", 0
        yield "verdict", Verdict.NOT_IP
        return
    yield "verdict", Verdict.OK
    yield from _network(row, layers, inside=inside)
    yield from _transport(row)


def _network(row: Row, layers: Sequence[str], *, inside: bool) -> Iterator[tuple[str, Any]]:
    layer = layers[1 if inside else 0]
    again = 1 if inside and layers[0] == layers[1] else 0
    if layer == "ip":
        later, more = one(row, "ip.frag_offset", again), one(row, "ip.flags.mf", again)
        yield "version", 4
        yield "protocol", one(row, "ip.proto", again)
        yield "ttl", one(row, "ip.ttl", again)
        yield "tos", one(row, "ip.dsfield", again)
    else:
        later, more = one(row, "ipv6.fraghdr.offset", 0), one(row, "ipv6.fraghdr.more", 0)
        yield "version", 6
        yield "ttl", one(row, "ipv6.hlim", again)
        yield "tos", one(row, "ipv6.tclass", again)
    yield "source", row[f"{layer}.src"][again]
    yield "destination", row[f"{layer}.dst"][again]
    yield "fragment", Fragment.LATER if later else Fragment.FIRST if more else Fragment.NONE


_PROTOCOLS: Final = {"icmp": 1, "tcp": 6, "udp": 17, "dccp": 33, "icmpv6": 58, "sctp": 132, "udplite": 136}


def _transport(row: Row) -> Iterator[tuple[str, Any]]:
    """What the innermost transport's header says. UDP-Lite's fields have UDP's names; its length is another thing."""
    names = row["frame.protocols"][0].split(":")
    error = next((at for at, name in enumerate(names) if name.startswith("icmp")), len(names))
    last = [layer for layer in names[: error + 1] if layer in _PROTOCOLS][-1:]  # behind ICMP: the packet it is about
    for layer in last:
        yield "protocol", _PROTOCOLS[layer]
        if layer in {"icmp", "icmpv6"}:
            yield "icmp_type", int(row[f"{layer}.type"][0])
            yield "icmp_code", int(row[f"{layer}.code"][0])
            continue
        name = layer.removesuffix("lite")
        yield "source_port", int(row[f"{name}.srcport"][-1])
        yield "destination_port", int(row[f"{name}.dstport"][-1])
        if layer == "tcp":
            yield "tcp_flags", number(row["tcp.flags"][-1]) & 0xFF
        if layer == "tcp" and row["tcp.len"]:
            yield "payload_length", int(row["tcp.len"][-1])
        if layer == "udp":
            yield "payload_length", int(row["udp.length"][-1]) - 8


def ours(record: Any) -> dict[str, Any]:
    named = {name: int(record[name]) for name in record.dtype.names}
    text = {
        "source": address_text(named["source_hi"], named["source_lo"]),
        "destination": address_text(named["destination_hi"], named["destination_lo"]),
        "source_mac": mac_text(named["source_mac"]),
        "destination_mac": mac_text(named["destination_mac"]),
    }
    return {**named, **text}


def compare(rows: Sequence[Row], frames: Sequence[bytes], link_type: int = 1, tunnels: int = 0) -> int:
    """Hold each field against tshark's and return how many there were."""
    count = 0
    for row, frame_, record in zip(rows, frames, decoded(frames, link_type, tunnels).records, strict=True):
        mine = ours(record)
        for name, value in expected(row, inside=tunnels != 0):
            if name == "payload_length" and mine["fragment"] == Fragment.FIRST and mine["protocol"] == 17:
                continue  # tshark gives the length of the whole datagram, we what is in this fragment
            assert mine[name] == value, json.dumps([name, row, frame_.hex()], indent=1)
            count += 1
    return count
