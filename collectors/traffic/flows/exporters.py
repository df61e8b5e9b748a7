"""The list of exporters: who may send flows, in which row each stands, when it was last heard."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.sources_kernel import EXPORTER, RANGE, REFUSED, refuse, row_of
from netmon.api.traffic import MAPPED, address_text

Network: TypeAlias = IPv4Network | IPv6Network

_HALF: Final = 0xFFFF_FFFF_FFFF_FFFF
_REFUSED_KEPT: Final = 16  # for the operator to look at: the last few that were turned away
_MOST: Final = 65_535  # rows: 16 bits are left for them beside a session's number


@dataclass(frozen=True, slots=True)
class Exporter:
    """What is known of one exporter."""

    row: int
    name: str  # of the inventory, of its certificate, or its address
    address: str
    first_s: float  # Unix seconds; 0: never heard
    last_s: float
    datagrams: int
    octets: int
    unknown_version: int
    truncated: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A source that was turned away: not allowed, or one too many."""

    address: str
    datagrams: int
    last_s: float


class Exporters:
    """Rows of exporters, from 1. Devices of the inventory have theirs from the beginning; others get one when heard.

    A row is never given to another, so that records keep their meaning. Whoever may forge an allowed address can use
    up the rows of the allowed prefixes, never those of the inventory.
    """

    def __init__(
        self, names: Mapping[tuple[int, int], str], allow: Iterable[Network] = (), capacity: int = 4_096
    ) -> None:
        """Take names by address halves (all of them are allowed), the prefixes allowed besides, and how many rows."""
        self.capacity = min(max(capacity, len(names)), _MOST)
        self.rows = np.zeros(self.capacity + 1, EXPORTER)
        self.slots = np.zeros(1 << (4 * self.capacity - 1).bit_length(), np.uint32)
        self.used = np.zeros(1, np.uint64)
        self.refused = np.zeros(_REFUSED_KEPT, REFUSED)
        self._names: dict[int, str] = {}
        self._streams: dict[str, int] = {}  # rows of those that are known by their certificate's name
        self.ranges = _ranges([_single(*key) for key in names])
        for (hi, lo), name in names.items():
            row = self.row_of(hi, lo)
            if row > 0:
                self._names[row] = name
        self.ranges = _ranges(allow)

    def __len__(self) -> int:
        return int(self.used[0])

    def row_of(self, hi: int, lo: int) -> int:
        """Return the row of an address, a new one where it is allowed; 0: not allowed, -1: no room."""
        return int(row_of(self.rows, self.slots, self.ranges, self.used, hi, lo))

    def row_of_name(self, name: str, hi: int, lo: int) -> int:
        """Return the row of an exporter that showed who it is, wherever it calls from; -1: no room."""
        row = self._streams.get(name)
        if row is None:
            if len(self) >= self.capacity:
                return -1
            self.used[0] += 1
            row = self._streams[name] = len(self)
            self._names[row] = name
        self.rows[row]["hi"], self.rows[row]["lo"] = hi, lo
        return row

    def refuse(self, hi: int, lo: int, now_ns: int) -> None:
        """Keep who was turned away at a stream's door among the last few."""
        refuse(self.refused, hi, lo, now_ns)

    def heard(self, row: int, octets: int, messages: int, now_ns: int) -> None:
        """Count messages that came over a stream."""
        each = self.rows[row]
        each["first_ns"] = each["first_ns"] or now_ns
        each["last_ns"] = now_ns
        each["datagrams"] += messages
        each["octets"] += octets

    def address(self, row: int) -> str:
        """Return the address of a row."""
        return address_text(int(self.rows[row]["hi"]), int(self.rows[row]["lo"]))

    def name(self, row: int) -> str:
        """Return what to call the exporter of a row: empty for row 0 and rows that nobody has."""
        if not 0 < row <= len(self):
            return ""
        return self._names.get(row) or self.address(row)

    def __iter__(self) -> Iterator[Exporter]:
        for row in range(1, len(self) + 1):
            each = self.rows[row]
            yield Exporter(
                row=row,
                name=self.name(row),
                address=self.address(row),
                first_s=int(each["first_ns"]) / 1e9,
                last_s=int(each["last_ns"]) / 1e9,
                datagrams=int(each["datagrams"]),
                octets=int(each["octets"]),
                unknown_version=int(each["unknown_version"]),
                truncated=int(each["truncated"]),
            )

    def turned_away(self) -> list[Refused]:
        """Return the last few sources that were turned away, the latest first."""
        heard = self.refused[self.refused["last_ns"] > 0]
        latest = heard[np.argsort(heard["last_ns"])[::-1]]
        return [
            Refused(address_text(int(each["hi"]), int(each["lo"])), int(each["datagrams"]), int(each["last_ns"]) / 1e9)
            for each in latest
        ]


def _single(hi: int, lo: int) -> IPv6Network:
    return IPv6Network((int(hi) << 64 | int(lo), 128))


def _ranges(prefixes: Iterable[Network]) -> NDArray[np.void]:
    """Return prefixes of both versions as sorted ranges of address halves that neither overlap nor touch."""
    wide = [
        IPv6Network((int(each.network_address) | MAPPED, each.prefixlen + 96)) if each.version == 4 else each
        for each in prefixes
    ]
    found = []
    for each in sorted(collapse_addresses(wide)):
        first = int(each.network_address)
        last = first + each.num_addresses - 1
        found.append((first >> 64, first & _HALF, last >> 64, last & _HALF))
    return np.array(found, RANGE)
