"""How detectors tell numbers, addresses and packets, in English and Indonesian, in a finding's words and evidence.

A number takes the separators of its language: 12,345.6 in English, 12.345,6 in Indonesian.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import FlowState, Fragment, address_text
from rules.limits.words import moment

Records: TypeAlias = NDArray[np.void]

PROTOCOLS: Final = {
    1: "ICMP",
    2: "IGMP",
    4: "IPIP",
    6: "TCP",
    17: "UDP",
    41: "IPv6",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    89: "OSPF",
    103: "PIM",
    112: "VRRP",
    115: "L2TP",
    132: "SCTP",
}
SERVICES: Final = {
    20: "FTP data",
    21: "FTP",
    22: "SSH",
    23: "Telnet",
    25: "SMTP",
    53: "DNS",
    80: "HTTP",
    110: "POP3",
    123: "NTP",
    143: "IMAP",
    161: "SNMP",
    389: "LDAP",
    443: "HTTPS",
    445: "SMB",
    465: "SMTPS",
    587: "mail submission",
    993: "IMAPS",
    995: "POP3S",
    1433: "SQL Server",
    1521: "Oracle",
    3306: "MySQL",
    3389: "RDP",
    5060: "SIP",
    5432: "PostgreSQL",
    5900: "VNC",
    6379: "Redis",
    8080: "HTTP",
    8443: "HTTPS",
}
"""What services are commonly called, by port."""

_FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_DECIMAL: Final = ("bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s")
_OCTETS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_SWAP: Final = str.maketrans(",.", ".,")


def number(value: float, language: str = "en") -> str:
    """Return a number with its thousands apart; one decimal below 10, none from there on."""
    size = abs(value)
    text = f"{value:,.0f}" if size >= 10 or value == int(value) else f"{value:.1f}"
    return text.translate(_SWAP) if language == "id" else text


def packets(per_second: float, language: str = "en") -> str:
    """Return packets a second: 48,000 packets/s."""
    return f"{number(per_second, language)} {'paket/dtk' if language == 'id' else 'packets/s'}"


def connections(per_second: float, language: str = "en") -> str:
    """Return connections a second: 480 connections/s."""
    return f"{number(per_second, language)} {'koneksi/dtk' if language == 'id' else 'connections/s'}"


def per_second(rate: float, language: str = "en") -> str:
    """Return something a second, which the sentence names: 480/s."""
    return f"{number(rate, language)}{'/dtk' if language == 'id' else '/s'}"


def bits(per_second: float, language: str = "en") -> str:
    """Return bits a second with three digits: 1.21 Gbit/s."""
    return _scaled(per_second, _DECIMAL, language)


def octets(count: float, language: str = "en") -> str:
    """Return octets with three digits and decimal prefixes: 1.21 GB."""
    return _scaled(count, _OCTETS, language)


def share(part: float, language: str = "en") -> str:
    """Return a part of one in percent: 61%; below one percent with a decimal."""
    text = f"{part:.0%}" if part >= 0.01 or part == 0 else f"{part:.1%}"
    return text.translate(_SWAP) if language == "id" else text


def times(ratio: float, language: str = "en") -> str:
    """Return how many times as much: 12 times, 1.5 times."""
    return f"{number(ratio, language)} {'kali' if language == 'id' else 'times'}"


def addresses(count: float, language: str = "en") -> str:
    """Return how many addresses: 1 address, 12,345 addresses."""
    if language == "id":
        return f"{number(round(count), language)} alamat"
    return f"{number(round(count))} address{'' if round(count) == 1 else 'es'}"


def named(name: str, count: int) -> dict[str, str]:
    """Return who it is, by language: the name of one, or how many addresses."""
    return {language: name if count == 1 else addresses(count, language) for language in ("en", "id")}


def duration(seconds: float, language: str = "en") -> str:
    """Return a time as people say it: 5 s, 10 min, 3 h, 12 days."""
    if seconds < 120:
        return f"{number(seconds, language)} {'dtk' if language == 'id' else 's'}"
    if seconds < 7_200:
        return f"{number(round(seconds / 60), language)} {'mnt' if language == 'id' else 'min'}"
    if seconds < 172_800:
        return f"{number(round(seconds / 3_600), language)} {'jam' if language == 'id' else 'h'}"
    return f"{number(round(seconds / 86_400), language)} {'hari' if language == 'id' else 'days'}"


def address(high: int | np.uint64, low: int | np.uint64) -> str:
    """Return an address from the columns of an array, as people write it."""
    return address_text(int(high), int(low))


def protocol(code: int) -> str:
    """Return what an IP protocol is called: TCP; protocol 200 where it has no name here."""
    return PROTOCOLS.get(int(code), f"protocol {int(code)}")


def service(port: int) -> str:
    """Return a port with what it is commonly for: 443 (HTTPS); the number alone where that is not known."""
    name = SERVICES.get(int(port))
    return f"{int(port)} ({name})" if name else str(int(port))


def flags(tcp_flags: int) -> str:
    """Return TCP flags by name: SYN+ACK; none where there are none."""
    return "+".join(name for bit, name in enumerate(_FLAGS) if int(tcp_flags) >> bit & 1) or "none"


def top(records: Records, *fields: str, count: int = 5, weight: str = "packets") -> list[tuple[tuple[int, ...], float]]:
    """Return the most frequent values of some fields together, the most first, each with its share of all.

    `records` are RECORD rows, as a second's sample or a part of it; `weight` is the field that counts: `packets` or
    `bytes`. Values are tuples in the order of `fields`. Ties go by value, so that a replay tells the same.
    """
    if not len(records):
        return []
    # lexsort takes the last key first; equal rows then stand side by side.
    order = np.lexsort([records[name] for name in reversed(fields)])
    columns = [records[name][order] for name in fields]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    starts = np.flatnonzero(fresh)
    sums = np.add.reduceat(records[weight][order].astype(np.float64), starts)
    total = float(sums.sum()) or 1.0
    most = np.argsort(-sums, kind="stable")[:count]
    return [(tuple(int(column[starts[row]]) for column in columns), float(sums[row]) / total) for row in most]


def top_sources(records: Records, count: int = 5, weight: str = "packets") -> str:
    """Return who sent most of these records, with shares: 198.51.100.7 61%, 203.0.113.9 20%."""
    return _listed(records, "source", count, weight)


def top_destinations(records: Records, count: int = 5, weight: str = "packets") -> str:
    """Return who received most of these records, with shares."""
    return _listed(records, "destination", count, weight)


def top_ports(records: Records, field: str = "destination_port", count: int = 5, weight: str = "packets") -> str:
    """Return the ports of most of these records, with shares: 443 (HTTPS) 99%, 80 (HTTP) 1%."""
    return ", ".join(
        f"{service(port)} {share(part)}" for (port,), part in top(records, field, count=count, weight=weight)
    )


def record(row: np.void) -> str:
    """Return one packet or flow in a line: time, protocol, from, to, flags or type, octets."""
    name = protocol(row["protocol"]) if row["version"] else f"ethertype 0x{int(row['ethertype']):04x}"
    parts = [_moment(int(row["start_ns"])), name]
    if row["version"]:
        ends = (_end(row, side) for side in ("source", "destination"))
        parts.append(" > ".join(ends))
    if row["protocol"] == 6:
        parts.append(flags(row["tcp_flags"]))
    if row["protocol"] in (1, 58):
        parts.append(f"type {int(row['icmp_type'])} code {int(row['icmp_code'])}")
    if row["fragment"] != Fragment.NONE:
        parts.append(f"{Fragment(int(row['fragment'])).name.lower()} fragment")
    parts.append(f"{int(row['packets'])} packet{'' if row['packets'] == 1 else 's'}")
    parts.append(f"{int(row['bytes'])} B")
    if row["state"] != FlowState.UNKNOWN:
        parts.append(FlowState(int(row["state"])).name.lower().replace("_", " "))
    return " ".join(parts)


def samples(records: Records, count: int = 3) -> dict[str, str]:
    """Return some of these records as evidence: `sample_1`, `sample_2`, … spread evenly over all of them."""
    if not len(records):
        return {}
    rows = np.unique(np.linspace(0, len(records) - 1, min(count, len(records))).astype(np.int64))
    return {f"sample_{place}": record(records[row]) for place, row in enumerate(rows, start=1)}


def chosen(
    records: Records, *, source: tuple[int, int] | None = None, destination: tuple[int, int] | None = None
) -> Records:
    """Return the records from or to an address (its halves)."""
    mask = np.ones(len(records), np.bool_)
    for side, pair in (("source", source), ("destination", destination)):
        if pair is not None:
            mask &= (records[f"{side}_hi"] == np.uint64(pair[0])) & (records[f"{side}_lo"] == np.uint64(pair[1]))
    return picked(records, np.flatnonzero(mask))


def picked(records: Records, rows: NDArray[np.integer]) -> Records:
    """Return some rows, copied as octets: numpy's own way goes through each of them field by field."""
    octets = np.ascontiguousarray(records).view(np.uint8).reshape(len(records), records.dtype.itemsize)
    taken: Records = octets[rows].reshape(-1).view(records.dtype)
    return taken


def by_address(records: Records, side: str, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Records]:
    """Return the records of each of several addresses (halves), in their order: one reading for all of them.

    `side` is `source` or `destination`. A window of a large network has millions of flows, and an attack on many
    hundreds of victims: `chosen` would read them all for each.
    """
    if not pairs:
        return {}
    lows = np.array([low for _, low in pairs], np.uint64)
    wanted = np.zeros(1 << 16, np.bool_)
    wanted[_fold(lows)] = True
    low = records[f"{side}_lo"]
    near = np.flatnonzero(wanted[_fold(low)])  # these, and few that share their lowest bits
    near = near[np.argsort(low[near], kind="stable")]
    held = low[near]
    first, last = np.searchsorted(held, lows, "left"), np.searchsorted(held, lows, "right")
    found = {}
    for pair, begin, end in zip(pairs, first.tolist(), last.tolist(), strict=True):
        part = picked(records, near[begin:end])
        found[pair] = part[part[f"{side}_hi"] == np.uint64(pair[0])]
    return found


def _fold(low: NDArray[np.uint64]) -> NDArray[np.uint16]:
    return (low ^ low >> np.uint64(16)).astype(np.uint16)


def join(words: Sequence[str], language: str = "en") -> str:
    """Return words as a list in a sentence: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {'dan' if language == 'id' else 'and'} {words[-1]}"


def _listed(records: Records, side: str, count: int, weight: str) -> str:
    most = top(records, f"{side}_hi", f"{side}_lo", count=count, weight=weight)
    return ", ".join(f"{address(high, low)} {share(part)}" for (high, low), part in most)


def _end(row: np.void, side: str) -> str:
    text = address(row[f"{side}_hi"], row[f"{side}_lo"])
    if row["protocol"] not in (6, 17, 132) or row["fragment"] == Fragment.LATER:
        return text
    port = int(row[f"{side}_port"])
    return f"[{text}]:{port}" if ":" in text else f"{text}:{port}"


def _moment(at_ns: int) -> str:
    """Return Unix nanoseconds to the microsecond, in UTC (RFC 3339)."""
    return f"{moment(at_ns // 1_000_000_000)[:-1]}.{at_ns // 1_000 % 1_000_000:06}Z"


def _scaled(value: float, units: Sequence[str], language: str) -> str:
    power = 0
    while abs(value) >= 999.5 and power < len(units) - 1:
        value /= 1000
        power += 1
    text = f"{value:.3g}" if abs(value) < 999.5 else f"{value:,.0f}"
    return f"{text.translate(_SWAP) if language == 'id' else text} {units[power]}"
