"""Sockets: how many are in use, in which state, and what waits in their queues."""

import re
from collections.abc import Iterator
from functools import lru_cache

from collectors.host.procfs import netlink
from collectors.host.procfs.shape import GAUGE, Files, Malformed, family, lines, parsing, scalars, table
from netmon.api import Family, Table


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
