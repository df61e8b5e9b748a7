"""Contacts and walks as plain numpy and dictionaries have them: what the compiled passes are held against."""

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from netmon.api.traffic import FlowState, Fragment
from rules.traffic.scans.contact import ACK, CONTACT, FIN, PSH, RST, SCTP, SYN, TCP, UDP, URG, Kind, Outcome
from rules.traffic.scans.contacts import distinct, keyed
from rules.traffic.tables.amplifiers import AMPLIFIERS

ANSWERING = np.array([port for port in AMPLIFIERS if port >= 1024], np.uint16)
ECHO = ((1, 8), (1, 13), (1, 17), (58, 128))


_SIDES = ("source", "destination")


def contacts(records: np.ndarray, *, live: bool) -> np.ndarray:
    """Return flows (RECORD[n], ended or just begun) as CONTACT[m]: those that tell something, each once."""
    if not len(records):
        return np.zeros(0, CONTACT)
    kind, outcome = np.zeros(len(records), np.uint8), np.zeros(len(records), np.uint8)
    _tcp(records, kind, outcome, live=live)
    _udp(records, kind, outcome)
    _icmp(records, kind, outcome)
    _others(records, kind, outcome)
    told = (outcome != Outcome.NONE) & _unicast(records) & (records["fragment"] != Fragment.LATER)
    rows = np.flatnonzero(told & ~_asked_for(records))
    return distinct(_filled(records[rows], kind[rows], outcome[rows]))


def _filled(records: np.ndarray, kind: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    rows = np.zeros(len(records), CONTACT)
    for name in ("source_hi", "source_lo", "destination_hi", "destination_lo", "protocol"):
        rows[name] = records[name]
    rows["at_ns"] = records["start_ns"]
    ports = np.isin(records["protocol"], (TCP, UDP, SCTP))
    rows["port"] = np.where(ports, records["destination_port"], np.where(kind == Kind.PROTOCOL, records["protocol"], 0))
    rows["kind"], rows["outcome"] = kind, outcome
    return keyed(rows)


def _asked_for(records: np.ndarray) -> np.ndarray:
    """Tell which datagrams go to ports that asked everybody before."""
    asking: set[tuple[int, ...]] = set()
    told = np.zeros(len(records), np.bool_)
    everybody = ~_unicast(records)
    for place in np.flatnonzero(records["protocol"] == UDP).tolist():
        ends = [tuple(int(records[f"{side}_{name}"][place]) for name in ("hi", "lo", "port")) for side in _SIDES]
        if everybody[place]:
            asking.add(ends[0])
        told[place] = ends[1] in asking
    return told


def _unicast(records: np.ndarray) -> np.ndarray:
    """Leave out multicast and what looks like a subnet's broadcast address."""
    hi, lo = records["destination_hi"], records["destination_lo"]
    first = (lo >> np.uint64(24)) & np.uint64(0xFF)
    last = lo & np.uint64(0xFF)
    four = records["version"] == 4
    good = np.where(four, (first < 224) & (first != 0) & (last != 0xFF), hi >> np.uint64(56) != 0xFF)
    return np.asarray(good & (records["version"] != 0), np.bool_)


def _tcp(records: np.ndarray, kind: np.ndarray, outcome: np.ndarray, *, live: bool) -> None:
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
    records: np.ndarray,
    kind: np.ndarray,
    outcome: np.ndarray,
    tcp: np.ndarray,
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


def _udp(records: np.ndarray, kind: np.ndarray, outcome: np.ndarray) -> None:
    # From a low port, or an amplifier's, it is an answer of which the question was not seen, or one that came too late.
    udp = (records["protocol"] == UDP) & (records["source_port"] >= 1024) & (records["packets"] > 0)
    udp &= ~np.isin(records["source_port"], ANSWERING) & (records["bytes"] <= np.uint64(600) * records["packets"])
    ttl = records["ttl"]
    port = records["destination_port"]
    udp &= ~((port >= 33_434) & (ttl <= 32) & ((ttl > 0) | (port < 33_530)))
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


def _icmp(records: np.ndarray, kind: np.ndarray, outcome: np.ndarray) -> None:
    asks = np.zeros(len(records), np.bool_)
    for protocol, number in ECHO:
        asks |= (records["protocol"] == protocol) & (records["icmp_type"] == number)
    asks &= records["packets"] > 0
    state = records["state"]
    kind[asks] = Kind.ICMP
    outcome[asks & (state == FlowState.BEGUN)] = Outcome.PENDING
    outcome[asks & (state == FlowState.ONE_WAY)] = Outcome.FAILED
    outcome[asks & (state == FlowState.ANSWERED)] = Outcome.GOOD


def _others(records: np.ndarray, kind: np.ndarray, outcome: np.ndarray) -> None:
    """Mark SCTP by how many packets came back, and protocols without ports."""
    state, packets = records["state"], records["packets"]
    sctp = (records["protocol"] == SCTP) & (packets > 0)
    few = (packets <= 3) & (records["reply_packets"] <= 1)
    known = np.isin(state, (FlowState.ONE_WAY, FlowState.REFUSED, FlowState.BEGUN, FlowState.UNKNOWN))
    kind[sctp] = Kind.SCTP
    outcome[sctp & ~known] = Outcome.GOOD
    outcome[sctp & ~known & few & (records["reply_bytes"] != records["bytes"])] = Outcome.FAILED
    outcome[sctp & ((state == FlowState.ONE_WAY) | (state == FlowState.REFUSED))] = Outcome.FAILED
    outcome[sctp & (state == FlowState.BEGUN)] = Outcome.PENDING
    outcome[sctp & (state == FlowState.UNKNOWN) & few & (records["sampling"] <= 1)] = Outcome.SILENT
    bare = ~np.isin(records["protocol"], (0, 1, 2, TCP, UDP, 58, SCTP)) & (packets > 0)
    silent = np.isin(state, (FlowState.ONE_WAY, FlowState.REFUSED)) & (packets <= 3)
    kind[bare], outcome[bare] = Kind.PROTOCOL, np.where(silent[bare], Outcome.FAILED, Outcome.SILENT)


@dataclass(slots=True)
class Group:
    walk: float = 0.0
    members: set[int] = field(default_factory=set)
    failed: list[int] = field(default_factory=list)
    last: float = 0.0


class Walks:
    """Groups without a bound on how many there are."""

    def __init__(self, up: float, down: float, high: float, low: float, forget_s: float) -> None:
        self.up, self.down, self.high, self.low, self.forget_s = up, down, high, low, forget_s
        self.groups: OrderedDict[tuple[int, bool, int], Group] = OrderedDict()
        self.failures: dict[int, int] = {}

    def take(self, failed: np.ndarray, good: np.ndarray, now: float) -> list[tuple[int, bool, tuple[int, ...]]]:
        """Return who is above the bound: source, whether one host, and the contacts that failed."""
        crossed = {}
        for row in failed:
            self.failures[int(row["source"])] = self.failures.get(int(row["source"]), 0) + 1
            for key in keys_of(row)[: 1 if row["outcome"] == Outcome.HALF else 2]:
                group = self.groups.get(key)
                if group is None or now - group.last > self.forget_s:
                    group = self.groups[key] = Group()
                self.groups.move_to_end(key)
                group.last = now
                if int(row["contact"]) not in group.members and len(group.members) < 128:
                    group.members.add(int(row["contact"]))
                    group.failed.append(int(row["contact"]))
                    group.walk += self.up
                if group.walk >= self.high:
                    crossed[key] = group
        for row in good:
            for key in keys_of(row):
                self._succeed(key, int(row["contact"]))
        for key in [key for key, group in self.groups.items() if now - group.last > self.forget_s]:
            self._remove(key)
        return sorted(
            (key[0], key[1], tuple(group.failed[:24])) for key, group in crossed.items() if key in self.groups
        )

    def _succeed(self, key: tuple[int, bool, int], contact: int) -> None:
        group = self.groups.get(key)
        if group is None or contact in group.members:
            return
        if len(group.members) < 128:
            group.members.add(contact)
        group.walk += self.down
        if group.walk <= self.low:
            self._remove(key)

    def _remove(self, key: tuple[int, bool, int]) -> None:
        del self.groups[key]
        if not any(other[0] == key[0] for other in self.groups):
            self.failures.pop(key[0], None)


def keys_of(row: np.void) -> tuple[tuple[int, bool, int], ...]:
    source, protocol = int(row["source"]), int(row["protocol"])
    port = (source, False, int(row["port"]) << 8 | protocol)
    return ((source, True, int(row["destination"]) ^ protocol), port) if protocol in {TCP, UDP} else (port,)
