"""A file of indicators, line by line: addresses, prefixes and domains as feeds write them.

One entry a line: plain; the first column of a CSV, or the one called value, indicator, ip, domain or host where the
first line names columns (MISP); `0.0.0.0 name` as in hosts files; `address:port`; URLs, of which the host counts;
`||name^` and `*.name`; with dots in brackets. `#`, `;` and `//` begin comments. Domains of one label and prefixes
wider than /8 (IPv6: /16) are taken for mistakes: they would match nearly everything.
"""

import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from netmon.api.traffic import MAPPED, halves

Network: TypeAlias = IPv4Network | IPv6Network

WIDEST: Final = {4: 8, 6: 16}
_REST_LINES: Final = 256
_BAD_KEPT: Final = 20  # lines told to people; the others are counted
_COLUMNS: Final = ("value", "indicator", "ioc_value", "ip", "ip_address", "domain", "host")
_NAME: Final = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
_PORT: Final = re.compile(r"^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):\d{1,5}$")
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]*://(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*)", re.IGNORECASE)
_REMARK: Final = re.compile(r"\s+[#;].*$|\s+//.*$")
_HOSTS: Final = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})  # noqa: S104 - what hosts files write before names


@dataclass(slots=True)
class Entries:
    """What a file holds. Lists of equal length; `_at` is where an entry's line begins in the file."""

    hi: "array[int]" = field(default_factory=lambda: array("Q"))
    lo: "array[int]" = field(default_factory=lambda: array("Q"))
    address_at: "array[int]" = field(default_factory=lambda: array("Q"))
    prefixes: list[Network] = field(default_factory=list)
    prefix_at: "array[int]" = field(default_factory=lambda: array("Q"))
    names: list[bytes] = field(default_factory=list)
    name_at: "array[int]" = field(default_factory=lambda: array("Q"))
    bad: int = 0
    bad_lines: list[int] = field(default_factory=list)  # the first few, from 1
    beyond: int = 0  # entries that there was no room for

    def __len__(self) -> int:
        return len(self.hi) + len(self.prefixes) + len(self.names)


def read_entries(raw: bytes, most: int, rest: Callable[[], None] | None = None) -> Entries:
    """Read a whole file, at most `most` entries of it. What is no entry is counted with its line number.

    `rest` is called every millisecond or so, to let other threads go on.
    """
    entries, column, at = Entries(), 0, 0
    first = True
    for number, line in enumerate(raw.split(b"\n"), start=1):
        begin, at = at, at + len(line) + 1
        if rest is not None and number % _REST_LINES == 0:
            rest()
        plain = line.strip()
        if not plain or plain[:1] in b"#;" or plain[:2] == b"//":
            continue
        if first:
            first = False
            plain = plain.removeprefix(b"\xef\xbb\xbf")
            named = _column(plain)
            if named is not None:
                column = named
                continue
        if len(entries) >= most:
            entries.beyond += 1
        elif not _quick(plain, begin, entries) and not _slow(plain, column, begin, entries):
            entries.bad += 1
            if len(entries.bad_lines) < _BAD_KEPT:
                entries.bad_lines.append(number)
    return entries


def line_of(raw: bytes, at: int) -> str:
    """Return the line that begins there, to be shown."""
    end = raw.find(b"\n", at)
    return raw[at : end if end >= 0 else len(raw)].decode("utf-8", "replace").strip()[:300]


def _quick(line: bytes, at: int, entries: Entries) -> bool:
    """Take a line that is an IPv4 address and nothing else, as nearly all of the long lists' are."""
    parts = line.split(b".")
    if len(parts) != 4 or len(line) > 15 or not line.replace(b".", b"").isdigit():
        return False
    a, b, c, d = (int(part or b"256") for part in parts)
    if a > 255 or b > 255 or c > 255 or d > 255:
        return False
    entries.hi.append(0)
    entries.lo.append(MAPPED | a << 24 | b << 16 | c << 8 | d)
    entries.address_at.append(at)
    return True


def _column(line: bytes) -> int | None:
    """Return which column entries stand in, where a line names columns."""
    names = [name.strip(' "').lower() for name in line.decode("utf-8", "replace").split(",")]
    return next((names.index(wanted) for wanted in _COLUMNS if wanted in names), None)


def _slow(line: bytes, column: int, at: int, entries: Entries) -> bool:
    """Take any other line; False where it is no entry."""
    text = _value(line.decode("utf-8", "replace"), column)
    network = _network(text)
    if network is not None:
        if network.prefixlen == network.max_prefixlen:
            hi, lo = halves(network.network_address)
            entries.hi.append(hi)
            entries.lo.append(lo)
            entries.address_at.append(at)
            return True
        if network.prefixlen < WIDEST[network.version]:
            return False
        entries.prefixes.append(network)
        entries.prefix_at.append(at)
        return True
    name = _name(text)
    if name:
        entries.names.append(name)
        entries.name_at.append(at)
    return bool(name)


def _value(text: str, column: int) -> str:
    """Return the entry of a line: without its other columns, its comment, and what feeds put around it."""
    cells = _REMARK.sub("", text).split(",")
    cell = cells[column] if column < len(cells) else ""
    words = cell.strip().strip("\"'").replace("[.]", ".").replace("(.)", ".").split(";")[0].split()
    if not words:
        return ""
    value = words[1] if len(words) > 1 and words[0] in _HOSTS else words[0]
    located = _SCHEME.match(value)
    if located is not None:
        value = located.group(1)
    ported = _PORT.match(value)
    if ported is not None:
        value = ported.group(1) or ported.group(2)
    return value.strip("[]").removeprefix("||").removeprefix("*").strip(".^")


def _network(text: str) -> Network | None:
    if not text or (not text[0].isdigit() and ":" not in text):
        return None
    try:
        if "/" in text:
            return ip_network(text, strict=False)
        return ip_network(ip_address(text))
    except ValueError:
        return None


def _name(text: str) -> bytes:
    """Return a domain in the form that DNS has it; empty for what is none."""
    name = text.lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return b""
    return name.encode("ascii") if _NAME.fullmatch(name) else b""
