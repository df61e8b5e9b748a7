"""Protocol counters: /proc/net/netstat, snmp, snmp6, sockstat, the UDP and TCP socket tables, connection tracking."""

import re
from collections.abc import Iterator
from functools import lru_cache

from collectors.host.procfs import netlink
from collectors.host.procfs.shape import (
    GAUGE,
    UNTYPED,
    Files,
    Malformed,
    family,
    integer,
    lines,
    parsing,
    scalars,
    table,
)
from netmon.api import Family, Table

FIELDS = re.compile(
    r"^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
    r"|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)"
    r"|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab|MaxConn)"
    r"|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
"""node_exporter's default choice, with the three that its later releases or public dashboards add."""

_TALL = "proc/net/snmp6"


def parse_netstat(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the protocols' counters (RFC 4293, 4022, 4113 and Linux's own) that `FIELDS` chooses."""
    families: list[Family] = []
    values: list[int] = []
    for path in ("proc/net/netstat", "proc/net/snmp"):
        if path in files:
            with parsing(path):
                rows = lines(files, path)
                for names, numbers in zip(rows[::2], rows[1::2], strict=True):
                    _pair(path, names, numbers, families, values)
    if _TALL in files:
        with parsing(_TALL):
            for line in lines(files, _TALL):
                name, _, number = line.partition(b" ") if b"\t" not in line else line.partition(b"\t")
                chosen = _tall_family(name.rstrip())
                if chosen:
                    families.append(chosen)
                    values.append(int(number))
    return (scalars(at, tuple(families), values),)


def _pair(path: str, names: bytes, numbers: bytes, families: list[Family], values: list[int]) -> None:
    """Read one protocol: a line of names, then one of numbers, which may be shorter or longer on patched kernels."""
    protocol, chosen = _chosen(names)
    words = numbers.split()
    if words[0] != protocol:
        raise Malformed(path, f"the numbers of {protocol[:20]!r} are not on the line after its names")
    for place, of in chosen:
        if place < len(words):
            families.append(of)
            values.append(int(words[place]))


@lru_cache(maxsize=64)  # the line of names changes with the kernel only
def _chosen(names: bytes) -> tuple[bytes, tuple[tuple[int, Family], ...]]:
    protocol, *fields = names.split()
    prefix = protocol.rstrip(b":").decode("ascii", "replace")
    full = [f"{prefix}_{field.decode('ascii', 'replace')}" for field in fields]
    return protocol, tuple((place, _netstat(name)) for place, name in enumerate(full, 1) if FIELDS.match(name))


@lru_cache(maxsize=512)
def _tall_family(name: bytes) -> Family | None:
    """Return the family of `Ip6InOctets`: the protocol ends at the 6."""
    protocol, six, field = name.decode("ascii", "replace").partition("6")
    full = f"{protocol}{six}_{field}"
    return _netstat(full) if six and FIELDS.match(full) else None


def _netstat(full: str) -> Family:
    protocol, _, field = full.partition("_")
    name = re.sub(r"[^a-zA-Z0-9_]", "_", full)
    return family(f"node_netstat_{name}", UNTYPED, f"{field} of {protocol}.", "/proc/net/netstat")


def parse_sockstat(files: Files, at: float) -> tuple[Table, ...]:
    """Parse sockets in use by protocol; `mem` of TCP and UDP is in pages."""
    with parsing("@pagesize"):
        page = int(files["@pagesize"])
    families: list[Family] = []
    values: list[int] = []
    for path in ("proc/net/sockstat", "proc/net/sockstat6"):
        if path in files:
            with parsing(path):
                for line in lines(files, path):
                    words = line.split()
                    chosen, places = _sock_families(b" ".join((words[0], *words[1::2])), path)
                    families += chosen
                    values += [int(words[place]) * (page if is_bytes else 1) for place, is_bytes in places]
    return (scalars(at, tuple(families), values),)


@lru_cache(maxsize=64)
def _sock_families(names: bytes, path: str) -> tuple[tuple[Family, ...], tuple[tuple[int, bool], ...]]:
    """Return the families of a line `TCP: inuse mem`, where their numbers stand, and whether these are pages."""
    protocol = names.split(b":", 1)[0].decode("ascii", "replace")
    families, places = [], []
    for number, field in enumerate(names.decode("ascii", "replace").split()[1:]):
        # `sockets: used 16` and `TCP: inuse 1 …` alternate name and number after the protocol's word.
        for suffix in ("", "_bytes") if field == "mem" else ("",):
            name = re.sub(r"[^a-zA-Z0-9_]", "_", f"node_sockstat_{protocol}_{field}{suffix}")
            families.append(family(name, GAUGE, f"{field} of {protocol} sockets.", f"/{path}"))
            places.append((2 * number + 2, bool(suffix)))
    return tuple(families), tuple(places)


_UDP = (Family("node_udp_queues", GAUGE, "Bytes in the queues of all UDP sockets.", "/proc/net/udp"),)


def parse_udp_queues(files: Files, at: float) -> tuple[Table, ...]:
    """Add up the send and receive queues (hexadecimal `tx:rx`, fifth column) of all UDP sockets."""
    rows, column = [], []
    for path, version in (("proc/net/udp", "v4"), ("proc/net/udp6", "v6")):
        if path in files:
            sent = received = 0
            with parsing(path):
                for line in lines(files, path)[1:]:
                    tx, _, rx = line.split()[4].partition(b":")
                    sent += int(tx, 16)
                    received += int(rx, 16)
            rows += [(version, "tx"), (version, "rx")]
            column += [sent, received]
    return (table(at, _UDP, ("ip", "queue"), rows, [column]),)


# Kernel's include/net/tcp_states.h, by number.
_STATES = {
    1: "established",
    2: "syn_sent",
    3: "syn_recv",
    4: "fin_wait1",
    5: "fin_wait2",
    6: "time_wait",
    7: "close",
    8: "close_wait",
    9: "last_ack",
    10: "listen",
    11: "closing",
    12: "syn_recv",  # TCP_NEW_SYN_RECV: a request that has no socket yet
}
_LISTEN = 10
_TCP = (Family("node_tcp_connection_states", GAUGE, "TCP sockets by state; bytes in their queues.", "/proc/net/tcp"),)


def parse_tcpstat(files: Files, at: float) -> tuple[Table, ...]:
    """Count TCP sockets by state and add up their queues. Those of a listening socket hold connections, not bytes."""
    counts: dict[str, int] = {}
    sent = received = 0
    for number, to_read, to_send in netlink.sockets(files[netlink.FACT]) if netlink.FACT in files else _lines(files):
        state = _STATES.get(number)
        if state is None:
            raise Malformed("proc/net/tcp", f"{number} is no TCP state")
        counts[state] = counts.get(state, 0) + 1
        if number != _LISTEN:
            received += to_read
            sent += to_send
    found = [*sorted(counts.items()), ("rx_queued_bytes", received), ("tx_queued_bytes", sent)]
    return (table(at, _TCP, ("state",), [(state,) for state, _ in found], [[count for _, count in found]]),)


def _lines(files: Files) -> Iterator[tuple[int, int, int]]:
    """Give (state, bytes to be read, bytes to be sent) from the fourth and fifth columns, which are hexadecimal."""
    for path in ("proc/net/tcp", "proc/net/tcp6"):
        if path in files:
            with parsing(path):
                for line in lines(files, path)[1:]:
                    words = line.split(None, 5)
                    tx, _, rx = words[4].partition(b":")
                    yield int(words[3], 16), int(rx, 16), int(tx, 16)


_CONNTRACK_STAT = "proc/net/stat/nf_conntrack"
_CONNTRACK = (
    ("proc/sys/net/netfilter/nf_conntrack_count", "entries", "Connections that are tracked now."),
    ("proc/sys/net/netfilter/nf_conntrack_max", "entries_limit", "Connections that can be tracked."),
)
_CONNTRACK_TEXTS = {
    "found": "Entries found by a lookup.",
    "invalid": "Packets that could not be tracked.",
    "ignore": "Packets that needed no tracking.",
    "insert": "Entries inserted.",
    "insert_failed": "Entries that could not be inserted.",
    "drop": "Packets dropped because tracking failed.",
    "early_drop": "Entries dropped to make room when the table was full.",
    "search_restart": "Lookups restarted because the table was resized.",
}


def parse_conntrack(files: Files, at: float) -> tuple[Table, ...]:
    """Parse how full the table of tracked connections is, and what it lost."""
    values = [integer(files, path) for path, _, _ in _CONNTRACK]
    families = tuple(family(f"node_nf_conntrack_{name}", GAUGE, text, f"/{path}") for path, name, text in _CONNTRACK)
    tables = [scalars(at, families, values)]
    if _CONNTRACK_STAT in files:
        tables.append(_conntrack_stat(files, at))
    return tuple(tables)


def _conntrack_stat(files: Files, at: float) -> Table:
    """Add up the CPUs' lines: hexadecimal columns under a line of names that differs between kernels."""
    with parsing(_CONNTRACK_STAT):
        names, *cpus = [line.split() for line in lines(files, _CONNTRACK_STAT)]
        columns = list(zip(*cpus, strict=True))
        sums = {
            name.decode("ascii", "replace"): sum(int(word, 16) for word in column)
            for name, column in zip(names, columns, strict=True)
        }
    there = [name for name in _CONNTRACK_TEXTS if name in sums]
    families = tuple(
        family(f"node_nf_conntrack_stat_{name}", GAUGE, _CONNTRACK_TEXTS[name], f"/{_CONNTRACK_STAT}") for name in there
    )
    return scalars(at, families, [sums[name] for name in there])
