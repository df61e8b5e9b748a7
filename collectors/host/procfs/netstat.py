"""Counters of the protocols: /proc/net/netstat, snmp and snmp6."""

import re
from functools import lru_cache

from collectors.host.procfs.shape import (
    UNTYPED,
    Files,
    Malformed,
    family,
    lines,
    parsing,
    scalars,
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
