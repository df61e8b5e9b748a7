"""Flows as contacts: who tried which port of which host, in what manner, and what came of it."""

from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import FlowState, Fragment
from rules.traffic.learned import hashed
from rules.traffic.tables.amplifiers import AMPLIFIERS

CONTACT: Final = np.dtype(
    [
        ("source", "u8"),  # hashed
        ("destination", "u8"),  # hashed
        ("contact", "u8"),  # all three hashed
        ("source_hi", "u8"),
        ("source_lo", "u8"),
        ("destination_hi", "u8"),
        ("destination_lo", "u8"),
        ("at_ns", "u8"),
        ("port", "u2"),
        ("protocol", "u1"),
        ("kind", "u1"),
        ("outcome", "u1"),
    ]
)
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
TCP, UDP = 6, 17
_SPREAD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
_TRACE_PORT: Final = 33_434  # traceroute's first port; what it sends has few hops to live
_TRACE_HOPS: Final = 32
_ANSWERING: Final = np.array([port for port in AMPLIFIERS if port >= 1024], np.uint16)
_PROBE_OCTETS: Final = np.uint64(600)  # of a UDP probe's frame: nmap's payloads are shorter; what is larger is a flood
_ECHO: Final = ((1, 8), (1, 13), (1, 17), (58, 128))  # echo, timestamp and mask requests


class Kind(IntEnum):
    """In what manner a port or host is tried."""

    NONE = 0
    SYN = 1
    CONNECT = 2
    FIN = 3
    NULL = 4
    XMAS = 5
    ODD = 6
    MAIMON = 7
    ACK = 8
    UDP = 9
    ICMP = 10
    ARP = 11


ODD_KINDS: Final = (Kind.FIN, Kind.NULL, Kind.XMAS, Kind.ODD)
STRAY_KINDS: Final = (Kind.MAIMON, Kind.ACK)


class Outcome(IntEnum):
    """What came of it."""

    NONE = 0
    FAILED = 1  # refused or silent
    GOOD = 2  # answered, with data
    HALF = 3  # the port is open; the source broke off before the handshake was complete
    EMPTY = 4  # the handshake was complete, and nothing was said
    PENDING = 5  # just begun
    SILENT = 6  # a stray segment without any answer: also what a mirror of one direction shows


BAD: Final = (Outcome.FAILED, Outcome.HALF, Outcome.SILENT)
"""What a scan leaves."""


def contacts(records: NDArray[np.void], *, live: bool) -> NDArray[np.void]:
    """Return flows (RECORD[n], ended or just begun) as CONTACT[m]: those that tell something, each once."""
    if not len(records):
        return np.zeros(0, CONTACT)
    kind, outcome = np.zeros(len(records), np.uint8), np.zeros(len(records), np.uint8)
    _tcp(records, kind, outcome, live=live)
    _udp(records, kind, outcome)
    _icmp(records, kind, outcome)
    rows = np.flatnonzero((outcome != Outcome.NONE) & _unicast(records) & (records["fragment"] != Fragment.LATER))
    return distinct(_filled(records[rows], kind[rows], outcome[rows]))


def distinct(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return each contact once, as it was first."""
    return rows[np.unique(rows["contact"], return_index=True)[1]]


def _filled(records: NDArray[np.void], kind: NDArray[np.uint8], outcome: NDArray[np.uint8]) -> NDArray[np.void]:
    rows = np.zeros(len(records), CONTACT)
    for name in ("source_hi", "source_lo", "destination_hi", "destination_lo", "protocol"):
        rows[name] = records[name]
    rows["at_ns"] = records["start_ns"]
    rows["port"] = np.where(np.isin(records["protocol"], (TCP, UDP)), records["destination_port"], 0)
    rows["kind"], rows["outcome"] = kind, outcome
    return keyed(rows)


def keyed(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Fill the hashes of contacts whose other fields are set; return them."""
    rows["source"] = hashed(rows["source_hi"], rows["source_lo"])
    rows["destination"] = hashed(rows["destination_hi"], rows["destination_lo"])
    with np.errstate(over="ignore"):
        what = (rows["port"].astype(np.uint64) << np.uint64(8)) | rows["protocol"].astype(np.uint64)
        rows["contact"] = hashed(rows["source"], rows["destination"] ^ (what + np.uint64(1)) * _SPREAD)
    return rows


def _unicast(records: NDArray[np.void]) -> NDArray[np.bool_]:
    """Leave out multicast and what looks like a subnet's broadcast address."""
    hi, lo = records["destination_hi"], records["destination_lo"]
    first = (lo >> np.uint64(24)) & np.uint64(0xFF)
    last = lo & np.uint64(0xFF)
    four = records["version"] == 4
    good = np.where(four, (first < 224) & (first != 0) & (last != 0xFF), hi >> np.uint64(56) != 0xFF)
    return np.asarray(good & (records["version"] != 0), np.bool_)


def _tcp(records: NDArray[np.void], kind: NDArray[np.uint8], outcome: NDArray[np.uint8], *, live: bool) -> None:
    tcp = records["protocol"] == TCP
    flags, reply, state = records["tcp_flags"], records["reply_tcp_flags"], records["state"]
    packets = records["packets"]
    begun = state == FlowState.BEGUN
    unknown = state == FlowState.UNKNOWN
    alone = (state == FlowState.ONE_WAY) | (state == FlowState.REFUSED)
    # One packet in many is no evidence of what a flow lacked.
    alone |= unknown & (packets <= 3) & (records["sampling"] <= 1)
    syn = tcp & (flags & (SYN | ACK | FIN) == SYN) & (packets > 0)
    size = records["bytes"] / np.maximum(packets, 1)
    plain = size < (64 if live else 50) + 20 * (records["version"] == 6)  # a stack's SYN carries more options
    begins = np.where(plain, Kind.SYN, Kind.CONNECT)
    kind[syn] = begins[syn]
    outcome[syn & begun & (flags & RST == 0)] = Outcome.PENDING
    outcome[syn & alone] = Outcome.FAILED
    open_ = reply & (SYN | ACK) == SYN | ACK
    half = syn & open_ & ((state == FlowState.RESET) | (state == FlowState.ANSWERED))
    outcome[half], kind[half] = Outcome.HALF, Kind.SYN
    full = tcp & (flags & (SYN | ACK) == SYN | ACK) & ((packets > 1) | open_)
    known = full & (unknown | open_)
    outcome[known] = Outcome.GOOD
    ended = (state == FlowState.CLOSED) | (state == FlowState.RESET)
    empty = known & ended & ((flags | reply) & PSH == 0)
    outcome[empty], kind[empty] = Outcome.EMPTY, Kind.CONNECT
    _odd(records, kind, outcome, tcp & (packets > 0), live=live)


def _odd(
    records: NDArray[np.void],
    kind: NDArray[np.uint8],
    outcome: NDArray[np.uint8],
    tcp: NDArray[np.bool_],
    *,
    live: bool,
) -> None:
    """Mark what no stack begins with, and segments of no connection that were answered with RST or not at all."""
    flags, reply, state = records["tcp_flags"], records["reply_tcp_flags"], records["state"]
    only_reset = (reply & ~np.uint8(RST | ACK)) == 0
    odd = tcp & ((flags & (SYN | ACK | RST) == 0) | (flags & (SYN | FIN | ACK) == SYN | FIN)) & only_reset
    if not live:  # exporters that tell no flags say 0
        telling = np.unique(records["exporter"][(records["protocol"] == TCP) & (flags != 0)])
        odd &= np.isin(records["exporter"], telling)
    outcome[odd] = np.where(state[odd] == FlowState.BEGUN, Outcome.PENDING, Outcome.FAILED)
    kind[odd] = np.select(
        [flags[odd] == 0, flags[odd] == FIN, flags[odd] == FIN | PSH | URG], [Kind.NULL, Kind.FIN, Kind.XMAS], Kind.ODD
    )
    alone = (state == FlowState.ONE_WAY) | (state == FlowState.REFUSED)
    reset = (state != FlowState.ONE_WAY) & (reply & RST != 0)
    stray = (
        tcp
        & (alone | (reset & (state == FlowState.RESET)))
        & only_reset
        & (records["packets"] <= 2)
        & (records["reply_packets"] <= 2)
    )
    for word, name in ((ACK, Kind.ACK), (FIN | ACK, Kind.MAIMON)):
        those = stray & (flags == word)
        outcome[those], kind[those] = np.where(reset[those], Outcome.FAILED, Outcome.SILENT), name


def _udp(records: NDArray[np.void], kind: NDArray[np.uint8], outcome: NDArray[np.uint8]) -> None:
    # From a low port, or an amplifier's, it is an answer of which the question was not seen, or one that came too late.
    udp = (records["protocol"] == UDP) & (records["source_port"] >= 1024) & (records["packets"] > 0)
    udp &= ~np.isin(records["source_port"], _ANSWERING) & (records["bytes"] <= _PROBE_OCTETS * records["packets"])
    ttl = records["ttl"]
    udp &= ~((records["destination_port"] >= _TRACE_PORT) & (ttl > 0) & (ttl <= _TRACE_HOPS))
    state = records["state"]
    silent = (state == FlowState.ONE_WAY) | (
        (state == FlowState.UNKNOWN)
        & (records["packets"] <= 2)
        & (records["sampling"] <= 1)
        & (records["destination_port"] < records["source_port"])
    )
    kind[udp] = Kind.UDP
    outcome[udp & (state == FlowState.BEGUN)] = Outcome.PENDING
    outcome[udp & (silent | (state == FlowState.REFUSED))] = Outcome.FAILED
    outcome[udp & (state == FlowState.ANSWERED)] = Outcome.GOOD


def _icmp(records: NDArray[np.void], kind: NDArray[np.uint8], outcome: NDArray[np.uint8]) -> None:
    asks = np.zeros(len(records), np.bool_)
    for protocol, number in _ECHO:
        asks |= (records["protocol"] == protocol) & (records["icmp_type"] == number)
    asks &= records["packets"] > 0
    state = records["state"]
    kind[asks] = Kind.ICMP
    outcome[asks & (state == FlowState.BEGUN)] = Outcome.PENDING
    outcome[asks & (state == FlowState.ONE_WAY)] = Outcome.FAILED
    outcome[asks & (state == FlowState.ANSWERED)] = Outcome.GOOD
