"""Flows as a sensor tells them, made by columns, and seconds of them."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

import numpy as np

from netmon.api import Finding
from netmon.api.networks import Networks, Place
from netmon.api.traffic import RECORD, FlowState, Second, TrafficRule, halves

START = 1_800_000_000
TCP, UDP, ICMP = 6, 17, 1
OURS = Networks([Place(ip_network("10.20.0.0/16"), site="office", protected=True)], {halves("10.20.1.80"): "web1"})
NOWHERE = Networks()


def low(address: str) -> int:
    return halves(address)[1]


def flows(at: object, source: object, destination: object, **columns: object) -> np.ndarray:
    """Make flows that begin `at` seconds from START; addresses are texts or low halves; columns broadcast."""
    values: dict[str, object] = {
        "at": at,
        "source": low(source) if isinstance(source, str) else source,
        "destination": low(destination) if isinstance(destination, str) else destination,
        "protocol": TCP,
        "source_port": 50_000,
        "port": 443,
        "took": 1.0,
        "sent": 1_000,
        "back": 4_000,
        "packets": 10,
        "replies": 10,
        "icmp_type": 8,
        "flags": 27,
        "state": FlowState.CLOSED,
        **columns,
    }
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(value)) for value in values.values()))
    told = dict(zip(values, arrays, strict=True))
    rows = np.zeros(arrays[0].shape, RECORD)
    rows["start_ns"] = ((START + told["at"].astype(np.float64)) * 1e9).astype(np.uint64)
    rows["end_ns"] = rows["start_ns"] + (told["took"].astype(np.float64) * 1e9).astype(np.uint64)
    rows["source_lo"], rows["destination_lo"] = told["source"], told["destination"]
    rows["protocol"], rows["state"] = told["protocol"], told["state"]
    rows["bytes"], rows["reply_bytes"] = told["sent"], told["back"]
    rows["packets"], rows["reply_packets"] = told["packets"], told["replies"]
    tcp = rows["protocol"] == TCP
    ports = rows["protocol"] != ICMP
    rows["source_port"] = np.where(ports, told["source_port"], 0)
    rows["destination_port"] = np.where(ports, told["port"], 0)
    rows["icmp_type"] = np.where(ports, 0, told["icmp_type"])
    rows["tcp_flags"] = np.where(tcp, told["flags"], 0)
    rows["reply_tcp_flags"] = np.where(tcp, told["flags"], 0)
    rows["handshake_us"] = np.where(tcp, 20_000, 0)
    rows["version"], rows["ethertype"], rows["sampling"] = 4, 0x0800, 1
    return rows


def windows(
    parts: Sequence[np.ndarray], length_s: float = 1.0, *, live: bool = True, rest_s: float = 0.0
) -> Iterator[Second]:
    """Yield windows without gap, each with the flows that ended in it; `rest_s` of quiet follows."""
    rows = np.concatenate(parts)
    rows = rows[np.argsort(rows["end_ns"], kind="stable")]
    ends = rows["end_ns"].astype(np.float64) / 1e9 - START
    count = int(((ends[-1] if len(ends) else 0) + rest_s) // length_s) + 1
    edges = np.searchsorted(ends, np.arange(count + 1) * length_s)
    for place in range(count):
        at = START + place * length_s
        yield Second(at, at + length_s, live, ended=rows[edges[place] : edges[place + 1]])


def found(
    rule: TrafficRule, *parts: np.ndarray, length_s: float = 1.0, live: bool = True, rest_s: float = 0.0
) -> list[Finding]:
    """Return what a rule finds in these flows."""
    return [one for second in windows(parts, length_s, live=live, rest_s=rest_s) for one in rule.observe(second)]


def begun(findings: Sequence[Finding]) -> list[Finding]:
    """Return the first finding of each matter."""
    first: dict[str, Finding] = {}
    for one in findings:
        first.setdefault(one.key, one)
    return list(first.values())
