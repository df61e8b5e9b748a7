"""Which addresses are gateways: said by the settings, by DHCP, by router advertisements, or by what they forward."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

from netmon.api.traffic import Second, halves

ADDRESSES_MAX: Final = 1_024  # gateways learned: more VLANs than that are not mirrored to one sensor
_CARRIERS_MAX: Final = 4_096  # MAC addresses watched for what they forward
_FORWARDS: Final = 8  # source addresses behind one MAC that make it a router's: a host has some of its own, not eight


class Gateways:
    """Learns gateways' addresses, and the MAC addresses that forward for others."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        """`known`: addresses that are gateways whatever is seen."""
        self._known = frozenset(halves(address) for address in known)
        self._learned: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._behind: OrderedDict[int, set[tuple[int, int]]] = OrderedDict()

    def observe(self, second: Second) -> None:
        """Learn from one window."""
        for router in _routers(second):
            self._learned[router] = None
            self._learned.move_to_end(router)
        while len(self._learned) > ADDRESSES_MAX:
            self._learned.popitem(last=False)
        macs = second.macs
        for mac, hi, lo in zip(macs["mac"].tolist(), macs["hi"].tolist(), macs["lo"].tolist(), strict=True):
            behind = self._behind.setdefault(mac, set())
            self._behind.move_to_end(mac)  # who is there stays known, however many addresses are made up
            if (hi or lo) and hi >> 54 != 0x3FA and len(behind) < _FORWARDS:  # fe80::/10 is the machine's own
                behind.add((hi, lo))
        while len(self._behind) > _CARRIERS_MAX:
            self._behind.popitem(last=False)

    def forwards(self, mac: int) -> bool:
        """Tell whether a MAC address was seen with the addresses of many others: a router's, or one in the middle."""
        return len(self._behind.get(mac, ())) >= _FORWARDS

    def __contains__(self, address: tuple[int, int]) -> bool:
        return address in self._known or address in self._learned


def _routers(second: Second) -> Iterator[tuple[int, int]]:
    for rows, hi, lo in ((second.leases, "router_hi", "router_lo"), (second.routers, "hi", "lo")):
        for address in zip(rows[hi].tolist(), rows[lo].tolist(), strict=True):
            if any(address):
                yield address
