"""Which side of a flow is ours and which is outside, and flows put together by columns."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks, PrefixMap
from netmon.api.traffic import MAPPED

Address: TypeAlias = tuple[int, int]
Flags: TypeAlias = NDArray[np.bool_]
Records: TypeAlias = NDArray[np.void]

_NOBODY: Final = PrefixMap(
    [
        ip_network(text)
        for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8")
    ]
)
"""What is on no other network: loopback, link-local, multicast, broadcast."""
_PRIVATE: Final = PrefixMap(
    [ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")]
)


class Sides:
    """Tells outside from ours. Where no prefix is known, private addresses are ours and all others are both."""

    def __init__(self, networks: Networks, ignored: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        """`ignored`: prefixes that count as nobody's."""
        self._networks = networks
        self._ignored = PrefixMap(ignored)

    def own(self, records: Records, side: str) -> Flags:
        """Tell of each record whether its `source` or `destination` is ours."""
        hi, lo = records[f"{side}_hi"], records[f"{side}_lo"]
        return self._networks.own(hi, lo) & (_NOBODY.find(hi, lo) < 0)

    def outside(self, records: Records, side: str) -> Flags:
        """Tell of each record whether its `source` or `destination` is not ours, and somebody."""
        hi, lo = records[f"{side}_hi"], records[f"{side}_lo"]
        somebody = (_NOBODY.find(hi, lo) < 0) & (self._ignored.find(hi, lo) < 0)
        if self._networks.places:
            return somebody & ~self._networks.own(hi, lo)
        theirs: Flags = somebody & (_PRIVATE.find(hi, lo) < 0)
        return theirs

    def ignored(self, records: Records, side: str) -> Flags:
        """Tell of each record whether its `source` or `destination` is in one of the prefixes to ignore."""
        return self._ignored.find(records[f"{side}_hi"], records[f"{side}_lo"]) >= 0

    def is_outside(self, address: Address) -> bool:
        """Tell the same of one address."""
        row = np.array([address], [("source_hi", "u8"), ("source_lo", "u8")])
        return bool(self.outside(row, "source")[0])


def grouped(records: Records, *fields: str) -> list[Records]:
    """Return the records that agree in these fields, as arrays; within one, and among them, in stable order."""
    rows, edges = runs(records, *fields)
    return [rows[start:end] for start, end in pairwise(edges.tolist())]


def runs(records: Records, *fields: str) -> tuple[Records, NDArray[np.intp]]:
    """Return the records sorted so that those that agree stand together, and where runs begin, with the end of all.

    For sums over very many groups, which `np.add.reduceat` forms without an array for each.
    """
    if not len(records):
        return records, np.zeros(1, np.intp)
    order = np.lexsort([records[name] for name in reversed(fields)])
    rows = records[order]
    fresh = np.zeros(len(rows) - 1, np.bool_)
    for name in fields:
        fresh |= rows[name][1:] != rows[name][:-1]
    return rows, np.concatenate([[0], np.flatnonzero(fresh) + 1, [len(rows)]]).astype(np.intp)


def is_finite(rows: NDArray[Any], *fields: str) -> bool:
    """Tell whether all numbers in these fields are some."""
    return all(bool(np.isfinite(rows[name]).all()) for name in fields)


def network_of(address: Address) -> Address:
    """Return the /24 of an IPv4 address, the /48 of an IPv6 one, as its first address."""
    hi, lo = address
    if hi == 0 and lo & ~0xFFFF_FFFF == MAPPED:
        return 0, lo & ~0xFF
    return hi & ~0xFFFF, 0


def is_named(networks: Networks, address: Address, text: str) -> bool:
    """Tell whether the inventory has a device or server of this address; `text` is how people write it."""
    return networks.name_of(*address) != text
