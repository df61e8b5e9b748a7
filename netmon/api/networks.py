"""Whose addresses are whose: many addresses at once looked up in a list of prefixes, the longest that fits.

The prefixes become disjoint ranges, sorted once, so that a look-up is a binary search over columns: exact for nested
prefixes of both IP versions, and cheap for a million of them. IPv4 goes by tables of its octets first: 10 ns an address
instead of 50, of which a search over a few hundred edges is mostly branches foretold wrongly.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.prefix_kernel import Lookup
from netmon.api.traffic import MAPPED, address_text

Network: TypeAlias = IPv4Network | IPv6Network
Halves: TypeAlias = NDArray[np.uint64]

_END: Final = 1 << 128
_MANY: Final = 256  # addresses from which on tables are quicker than a search
_SPLIT_MOST: Final = 4_096  # rows of the second table: 4 MB; a list of a million addresses touches all 65,536
_SEARCH: Final = -2  # in the second table
_8, _16, _32 = np.uint64(8), np.uint64(16), np.uint64(32)
_LOW_8, _LOW_16, _IPV4_MARK = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64(0xFFFF)
_IPV4: Final = (MAPPED, MAPPED + (1 << 32))  # nobody's of itself: ::/0 is not to hold IPv4 addresses


class PrefixMap:
    """Finds the longest prefix that an address lies in. A prefix is known by its place in the list given."""

    def __init__(self, prefixes: Sequence[Network]) -> None:
        """Take the prefixes, in any order; of equal ones the last counts."""
        edges = _disjoint(prefixes)
        starts = np.array([(start >> 64, start & 0xFFFF_FFFF_FFFF_FFFF) for start, _ in edges], np.uint64)
        self._starts = _keys(starts[:, 0], starts[:, 1])
        self._owners = np.array([owner for _, owner in edges], np.int32)
        self._low_starts = starts[starts[:, 0] == 0, 1]  # a search over 64 bits is five times as quick
        self._top, self._middle = self._tables()
        self.lookup = Lookup(self._top, self._middle, starts, self._owners)  # for compiled loops

    def find(self, hi: Halves, lo: Halves) -> NDArray[np.int32]:
        """Return for each address the place of its longest prefix in the list, -1 where none fits."""
        if len(lo) < _MANY:
            return self._search(hi, lo)
        found = self._top[(lo >> _16 & _LOW_16).astype(np.intp)]
        split = np.flatnonzero(found < -1)
        if len(split):
            blocks = -2 - found[split].astype(np.intp)
            found[split] = self._middle[blocks, (lo[split] >> _8 & _LOW_8).astype(np.intp)]
        others = np.flatnonzero((hi != 0) | (lo >> _32 != _IPV4_MARK) | (found < -1))
        if len(others):
            found[others] = self._search(hi[others], lo[others])
        return found

    def _search(self, hi: Halves, lo: Halves) -> NDArray[np.int32]:
        found = self._owners[np.searchsorted(self._low_starts, lo, side="right") - 1]
        wide = np.flatnonzero(hi)
        if len(wide):
            found[wide] = self._owners[np.searchsorted(self._starts, _keys(hi[wide], lo[wide]), side="right") - 1]
        return found

    def _tables(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the owners of IPv4 by the first two octets, and by the third where a prefix begins or ends within.

        In the first table, -2 - n leads to row n of the second; below -1 there, only a search tells.
        """
        lows = self._low_starts
        edges = lows[(lows >= np.uint64(_IPV4[0])) & (lows < np.uint64(_IPV4[1]))] & np.uint64(0xFFFF_FFFF)
        ipv4 = np.uint64(MAPPED) | np.arange(1 << 16, dtype=np.uint64) << _16
        top = self._search(np.zeros_like(ipv4), ipv4)
        blocks = np.unique(edges[edges & _LOW_16 != 0] >> _16)[:_SPLIT_MOST]
        inside = ipv4[blocks.astype(np.intp)][:, None] | np.arange(256, dtype=np.uint64) << _8
        middle = self._search(np.zeros(inside.size, np.uint64), inside.ravel())
        fine = np.isin(inside.ravel() >> _8 & np.uint64(0xFF_FFFF), edges[edges & _LOW_8 != 0] >> _8)
        middle[fine] = _SEARCH
        top[(edges[edges & _LOW_16 != 0] >> _16).astype(np.intp)] = -2 - len(blocks)  # those beyond the most
        top[blocks.astype(np.intp)] = -2 - np.arange(len(blocks), dtype=np.int32)
        rows = np.full((1, 256), _SEARCH, np.int32)
        return top, np.concatenate([middle.reshape(-1, 256), rows])


def _keys(hi: Halves, lo: Halves) -> NDArray[np.bytes_]:
    """Return addresses as sixteen octets in network order, which sort as the numbers do."""
    pairs = np.empty((len(hi), 2), ">u8")
    pairs[:, 0], pairs[:, 1] = hi, lo
    return pairs.view("S16")[:, 0]


def _bounds(network: Network) -> tuple[int, int]:
    """Return the first address of a prefix and the one after its last, IPv4 as IPv4-mapped."""
    first = int(network.network_address)
    if network.version == 4:
        first |= MAPPED
    return first, first + network.num_addresses


def _disjoint(prefixes: Iterable[Network]) -> list[tuple[int, int]]:
    """Return where ranges begin and whose they are, from address 0 to the last without gap."""
    wide_first = [(_IPV4, -1), *((_bounds(network), place) for place, network in enumerate(prefixes))]
    wide_first.sort(key=lambda each: (each[0][0], -each[0][1], each[1]))
    edges: list[tuple[int, int]] = [(0, -1)]
    open_: list[tuple[int, int]] = [(_END, -1)]  # ends and owners of the prefixes that we are inside of
    for (start, end), owner in wide_first:
        while open_[-1][0] <= start:
            closed, _ = open_.pop()
            edges.append((closed, open_[-1][1]))
        open_.append((end, owner))
        edges.append((start, owner))
    while len(open_) > 1:
        closed, _ = open_.pop()
        edges.append((closed, open_[-1][1]))
    edges.append((_END, -1))
    return [one for one, following in pairwise(edges) if one[0] < following[0]]


@dataclass(frozen=True, slots=True)
class Place:
    """A prefix of the inventory: where it is, what it is called, whether its hosts are to be protected."""

    network: Network
    site: str = ""
    title: str = ""
    protected: bool = False


class Networks:
    """What the inventory knows of addresses: prefixes with their sites, and the names of devices and servers.

    Where the inventory names no prefix at all, every address counts as our own: a capture is then judged both ways.
    """

    def __init__(self, places: Sequence[Place] = (), names: Mapping[tuple[int, int], str] | None = None) -> None:
        """Take the prefixes and the names by address halves."""
        self.places = tuple(places)
        self._map = PrefixMap([place.network for place in self.places])
        self._names = dict(names or {})
        self._own = np.array([bool(place.site) or place.protected for place in self.places] + [not self.places])
        self._protected = np.array([place.protected for place in self.places] + [False])
        if not self._protected.any():
            self._protected = self._own  # nothing was chosen: all that is ours is protected

    def find(self, hi: Halves, lo: Halves) -> NDArray[np.int32]:
        """Return for each address the place of its longest prefix in `places`, -1 where it is nobody's."""
        return self._map.find(hi, lo)

    def own(self, hi: Halves, lo: Halves) -> NDArray[np.bool_]:
        """Tell of each address whether it is ours: in a prefix that has a site or is protected."""
        return self.ours(self.find(hi, lo))

    def ours(self, places: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell the same of places that `find` returned."""
        return self._own[places]  # -1 is the last: what no prefix holds

    @property
    def lookup(self) -> Lookup:
        """Return the tables of `find`, for compiled loops."""
        return self._map.lookup

    @property
    def of_places(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return of each place, and last of what no prefix holds, whether it is ours, and whether to protect."""
        return self._own, self._protected

    def protected(self, hi: Halves, lo: Halves) -> NDArray[np.bool_]:
        """Tell of each address whether it is one to protect; where no prefix is marked so, all of ours are."""
        return self._protected[self.find(hi, lo)]

    def place_of(self, high: int, low: int) -> Place | None:
        """Return the longest prefix that holds one address."""
        row = int(self.find(np.array([high], np.uint64), np.array([low], np.uint64))[0])
        return None if row < 0 else self.places[row]

    def site_of(self, high: int, low: int) -> str:
        """Return the site of one address, empty where none is known."""
        place = self.place_of(high, low)
        return "" if place is None else place.site

    def name_of(self, high: int, low: int) -> str:
        """Return what the inventory calls an address: its device or server; the address itself where it has none."""
        return self._names.get((int(high), int(low))) or address_text(high, low)
