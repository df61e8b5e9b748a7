"""Conversations packet by packet, from simple models, and a sensor's own parts that show them to a rule."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from collectors.traffic.flowtable.table import FlowTable
from netmon.api import Finding
from netmon.api.traffic import RECORD, Second, TrafficRule, halves
from rules.traffic.tables.tables import Tables

START = 1_795_000_000
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP, ICMP = 6, 17, 1
ROUND_TRIP_S = 0.005


@dataclass(frozen=True, slots=True)
class Packet:
    at: float  # seconds from START
    source: str
    destination: str
    source_port: int = 0
    port: int = 0
    protocol: int = TCP
    flags: int = 0
    size: int = 74
    icmp_type: int = 0
    ttl: int = 64

    def back(self, flags: int = 0, size: int = 66, *, after: float = ROUND_TRIP_S, icmp_type: int = 0) -> "Packet":
        return replace(
            self,
            at=self.at + after,
            source=self.destination,
            destination=self.source,
            source_port=self.port,
            port=self.source_port,
            flags=flags,
            size=size,
            icmp_type=icmp_type,
        )

    def on(self, after: float, flags: int, size: int = 66) -> "Packet":
        return replace(self, at=self.at + after, flags=flags, size=size)


def refused(syn: Packet) -> list[Packet]:
    return [syn, syn.back(RST | ACK, 60)]


def silent(syn: Packet) -> list[Packet]:
    return [syn, syn.on(1, SYN, syn.size), syn.on(3, SYN, syn.size)]


def half(syn: Packet) -> list[Packet]:
    return [syn, syn.back(SYN | ACK, 74), syn.on(2 * ROUND_TRIP_S, RST, 60)]


def opened(syn: Packet) -> list[Packet]:
    """Connect and close without a word, as a check of a port does."""
    step = 2 * ROUND_TRIP_S
    last = syn.on(2 * step, FIN | ACK)
    return [syn, syn.back(SYN | ACK, 74), syn.on(step, ACK), last, last.back(FIN | ACK), last.on(step, ACK)]


def session(syn: Packet, sent: int = 600, received: int = 4_000, lasts: float = 0.1) -> list[Packet]:
    """Connect, ask, be answered, close; payload octets each way."""
    step = 2 * ROUND_TRIP_S
    ask = syn.on(step + lasts / 2, PSH | ACK, 66 + sent)
    pieces = [ask.back(PSH | ACK, 66 + min(1448, received - at)) for at in range(0, received, 1448)]
    last = syn.on(step + lasts, FIN | ACK)
    closing = [last, last.back(FIN | ACK), last.on(step, ACK)]
    return [syn, syn.back(SYN | ACK, 74), syn.on(step, ACK), ask, *pieces, *closing]


def unstamped(packets: Iterable[Packet]) -> list[Packet]:
    """Return the same without TCP's timestamps, as Windows sends it: SYN has 8 octets less, all others 12."""
    return [
        replace(each, size=each.size - (8 if each.flags & SYN else 12)) if each.protocol == TCP else each
        for each in packets
    ]


def echo(at: float, source: str, destination: str, *, answered: bool = True) -> list[Packet]:
    asks = Packet(at, source, destination, protocol=ICMP, size=98, icmp_type=8)
    return [asks, asks.back(size=98)] if answered else [asks]


def datagram(packet: Packet, *, answered: bool = True) -> list[Packet]:
    packet = replace(packet, protocol=UDP, flags=0)
    return [packet, packet.back(size=200)] if answered else [packet]


def syn(
    at: float, source: str, destination: str, port: int, source_port: int | None = None, *, size: int = 74
) -> Packet:
    """Begin a connection; ports are different from one to the next."""
    chosen = 32_768 + int(at * 7919 + port * 31 + hash_of(destination)) % 28_000 if source_port is None else source_port
    return Packet(at, source, destination, chosen, port, TCP, SYN, size)


def hash_of(text: str) -> int:
    return sum(int(part) * 251**place for place, part in enumerate(text.split("."))) if "." in text else len(text)


def records_of(packets: Iterable[Packet]) -> np.ndarray:
    rows = sorted(packets, key=lambda packet: packet.at)
    records = np.zeros(len(rows), RECORD)
    addresses: dict[str, tuple[int, int]] = {}
    for record, packet in zip(records, rows, strict=True):
        for side in ("source", "destination"):
            text = getattr(packet, side)
            record[f"{side}_hi"], record[f"{side}_lo"] = addresses.setdefault(text, halves(text))
        record["start_ns"] = record["end_ns"] = int((START + packet.at) * 1e9)
        record["version"] = 6 if ":" in packet.source else 4
        record["source_port"], record["destination_port"] = packet.source_port, packet.port
        record["protocol"], record["tcp_flags"], record["bytes"] = packet.protocol, packet.flags, packet.size
        record["icmp_type"], record["ttl"], record["packets"], record["sampling"] = packet.icmp_type, packet.ttl, 1, 1
        record["ethertype"] = 0x0800 if record["version"] == 4 else 0x86DD
    return records


def seconds(packets: Iterable[Packet], *, quiet: int = 80) -> Iterator[Second]:
    """Show packets to the tables and flows of a sensor; return its windows, with so many of silence at the end."""
    records = records_of(packets)
    tables, flows = Tables(), FlowTable(seed=1)
    place, start = 0, START
    while place < len(records) or quiet >= 0:
        end = start + 1
        stop = int(np.searchsorted(records["start_ns"], end * 10**9))
        part = records[place:stop]
        second = Second(float(start), float(end))
        if len(part):
            tables.add(part)
            flows.add(part)
            second = tables.drain(second.start, second.end, live=True)
        begun, ended = flows.drain(end * 10**9)
        yield replace(second, begun=begun, ended=ended)
        quiet -= place >= len(records)
        place, start = stop, end


def findings(rule: TrafficRule, packets: Iterable[Packet], *, quiet: int = 80) -> list[Finding]:
    return [finding for second in seconds(packets, quiet=quiet) for finding in rule.observe(second)]
