"""Which side of a flow is ours and which is outside, and flows put together by what they have in common."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks, PrefixMap
from netmon.api.traffic import MAPPED, RECORD, Second
from rules.traffic.hidden.sides_kernel import BUCKET_BITS, SOURCE_OUTSIDE, look

Address: TypeAlias = tuple[int, int]
Flags: TypeAlias = NDArray[np.bool_]
Keys: TypeAlias = NDArray[np.uint64]
Records: TypeAlias = NDArray[np.void]
Rows: TypeAlias = NDArray[np.intp]

_SPREAD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)


@dataclass(frozen=True, slots=True)
class Look:
    """What `sides_kernel.look` wrote of a window's flows, column by column."""

    marks: NDArray[np.uint16]
    services: NDArray[np.uint32]  # protocol << 16 | destination port
    hosts: Keys  # destinations, hashed
    pairs: Keys  # both ends, hashed
    shift: np.uint64  # from a pair's hash to its bucket
    sums: NDArray[np.float64]  # octets that ours sent to outside, as sources and as destinations, by bucket of the pair

    def rows(self, mark: int) -> Rows:
        """Return the flows that have all of these marks."""
        return np.flatnonzero(self.marks & np.uint16(mark) == mark)

    def may_send(self, rows: Rows, octets: float, *, served: bool) -> Rows:
        """Return those of these flows whose pair may have sent so many octets: all that did, and few others."""
        chosen: Rows = rows[self.sums[int(served)][self.pairs[rows] >> self.shift] >= octets]
        return chosen


class Sides:
    """Tells outside from ours. Where no prefix is known, private addresses are ours and all others are both."""

    def __init__(self, networks: Networks, ignored: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        """`ignored`: prefixes that count as nobody's."""
        self._networks = networks
        self._ignored = PrefixMap(ignored) if ignored else None

    def look(self, second: Second) -> Look:
        """Return what is to be known of a window's flows: looked once for all who ask for the same networks."""
        held = _LOOKS.get(id(second))
        if held is not None and held[0]() is second and held[1] is self._networks:
            return held[2]
        made, key = _look(second.ended, self._networks, live=second.live), id(second)
        _LOOKS[key] = weakref.ref(second, lambda _: _LOOKS.pop(key, None)), self._networks, made
        return made

    def unless_ignored(self, flows: Records, rows: Rows, *sides: str) -> Rows:
        """Return those of these flows of which no such side, `source` or `destination`, is in a prefix to ignore."""
        if self._ignored is None or not len(rows):
            return rows
        held = np.zeros(len(rows), np.bool_)
        for side in sides:
            held |= self._ignored.find(flows[f"{side}_hi"][rows], flows[f"{side}_lo"][rows]) >= 0
        return rows[~held]

    def is_outside(self, address: Address) -> bool:
        """Tell of one address whether it is not ours, and somebody."""
        flow = np.zeros(1, RECORD)
        flow["source_hi"], flow["source_lo"] = address
        marked = bool(_look(flow, self._networks, live=True).marks[0] & SOURCE_OUTSIDE)
        return marked and len(self.unless_ignored(flow, np.zeros(1, np.intp), "source")) == 1


_LOOKS: Final[dict[int, tuple[weakref.ref[Second], Networks, Look]]] = {}
"""Of windows that are there, by their identity: each goes with its window."""


def _look(flows: Records, networks: Networks, *, live: bool) -> Look:
    count = len(flows)
    bits = min((4 * count).bit_length() + 1, BUCKET_BITS)
    made = Look(
        marks=np.empty(count, np.uint16),
        services=np.empty(count, np.uint32),
        hosts=np.empty(count, np.uint64),
        pairs=np.empty(count, np.uint64),
        shift=np.uint64(64 - bits),
        sums=np.zeros((2, 1 << bits)),
    )
    plain = np.require(flows, requirements=["C", "W"])  # one kind of array: the loop is compiled for no other
    columns = (made.marks, made.services, made.hosts, made.pairs, made.sums, made.shift)
    look(plain, networks.lookup, *networks.of_places, live, *columns)
    return made


def grouped(keys: Keys) -> tuple[Rows, Rows]:
    """Return the order in which equal numbers stand together, and where their runs begin, with the end of all.

    Within a run rows stand in their order. A number and its row are sorted as one: a fifth of the time of a sort of
    rows; numbers that agree in their highest bits alone make two runs of one, if ever.
    """
    if not len(keys):
        return np.zeros(0, np.intp), np.zeros(1, np.intp)
    low = np.uint64((1 << len(keys).bit_length()) - 1)
    packed = keys & ~low | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    order = (packed & low).astype(np.intp)
    ordered = keys[order]
    fresh = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    return order, np.concatenate([[0], fresh, [len(keys)]]).astype(np.intp)


def keyed(keys: Keys, numbers: NDArray[np.unsignedinteger[Any]]) -> Keys:
    """Return one number for a hash and a number beside it."""
    value = (keys ^ numbers) * _SPREAD
    return value ^ (value >> np.uint64(32))


def is_finite(rows: NDArray[Any], *fields: str) -> bool:
    """Tell whether all numbers in these fields are some."""
    return all(bool(np.isfinite(rows[name]).all()) for name in fields)


def network_of(address: Address) -> Address:
    """Return the /24 of an IPv4 address, the /48 of an IPv6 one, as its first address."""
    hi, lo = address
    if hi == 0 and lo & ~0xFFFF_FFFF == MAPPED:
        return 0, lo & ~0xFF
    return hi & ~0xFFFF, 0


def ends(flows: Records, rows: Rows, side: str) -> tuple[Keys, Keys]:
    """Return the addresses of flows at one side, `source` or `destination`, in halves."""
    return flows[f"{side}_hi"][rows], flows[f"{side}_lo"][rows]


def networks_of(hi: Keys, lo: Keys) -> tuple[Keys, Keys]:
    """Return the networks of addresses as `network_of` does."""
    four = (hi == 0) & (lo >> np.uint64(32) == np.uint64(MAPPED >> 32))
    return np.where(four, 0, hi & ~np.uint64(0xFFFF)), np.where(four, lo & ~np.uint64(0xFF), 0)


def is_named(networks: Networks, address: Address, text: str) -> bool:
    """Tell whether the inventory has a device or server of this address; `text` is how people write it."""
    return networks.name_of(*address) != text
