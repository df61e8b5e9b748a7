"""Traffic that takes another way, through whoever just claimed an address unasked: one machine in the middle.

Behind whose MAC address an address is met is known from frames. Where somebody tells one listener, unasked, that he has
an address, and what was met behind another machine is met behind him from then on, a single such claim is enough. A
router that takes over says so to everybody; one of two routers that share the way back has one address of its own.
"""

from collections import OrderedDict
from itertools import islice
from typing import Final

import numpy as np

from netmon.api.traffic import Second
from rules.traffic.local.contests import Contests, Holding
from rules.traffic.local.settings import ContestSettings
from rules.traffic.local.telling import is_virtual

_LOOKED: Final = 512  # sampled records of one window: the ways of a network show in them within seconds
_ADDRESSES_MAX: Final = 4_096  # whose way is remembered: what one network talks with in some minutes, 2 MB
_WAYS_MAX: Final = 4  # of one address: routers that share the load
_GROUP: Final = 1 << 40  # of a MAC address: multicast and broadcast
_SIDES: Final = ("source", "destination")


class Diversions:
    """Remembers behind which machine each address is met, and tells who had that changed by a claim."""

    def __init__(self, settings: ContestSettings) -> None:
        self._settings = settings
        self._told: set[int] = set()  # of them, from then on only what is met behind them anew counts
        # By VLAN and address: the MAC addresses that it was met behind, with the first and the last time.
        self._ways: OrderedDict[tuple[int, int, int], dict[int, tuple[float, float]]] = OrderedDict()

    def observe(self, second: Second, contests: Contests) -> dict[int, tuple[Holding, int]]:
        """Return who diverts traffic in this window, with what he claims and the machine that had it before."""
        self._remember(second)
        self._told = {mac for mac in self._told if mac in contests.unasked}
        tellers: dict[int, tuple[Holding, float]] = {}
        for mac, (held, at) in list(contests.unasked.items()):
            claimant = held.claimants.get(mac)
            if claimant is None or second.end - max(claimant.last, at) > self._settings.held_s:
                del contests.unasked[mac]
            elif not claimant.announced and not is_virtual(mac) and contests.has_more(mac, held):
                tellers[mac] = held, at
        found = self._moved(tellers, second.start) if tellers else {}
        for mac, (held, _) in found.items():
            self._told.add(mac)
            held.claimants[mac].last = max(held.claimants[mac].last, second.end)  # it goes on without further claims
        return found

    def carries_several(self, mac: int) -> bool:
        """Tell whether more than one address is remembered to have been met behind a MAC address."""
        return len(list(islice((True for ways in self._ways.values() if mac in ways), 2))) > 1

    def _moved(self, tellers: dict[int, tuple[Holding, float]], now: float) -> dict[int, tuple[Holding, int]]:
        """Return who has something met behind him only since he told, with the MAC address it was met behind before.

        Of who is told already, what is met behind him in the window that began now counts.
        """
        found: dict[int, tuple[Holding, int]] = {}
        for (vlan, *address), ways in self._ways.items():
            for mac in ways.keys() & tellers.keys():
                held, since = tellers[mac]
                begun, met = ways[mac]
                if vlan != held.vlan or tuple(address) == held.address:
                    continue
                if begun >= since and met >= (now if mac in self._told else since):
                    for other, (first, last) in ways.items():
                        if other != mac and first < since < last + self._settings.held_s:
                            found[mac] = held, other
        return found

    def _remember(self, second: Second) -> None:
        sample = second.sample[:_LOOKED]
        for side in _SIDES:
            macs = sample[f"{side}_mac"]
            rows = np.flatnonzero((macs != 0) & (macs & np.uint64(_GROUP) == 0))
            rows = rows[np.argsort(sample["start_ns"][rows], kind="stable")]
            columns = ("vlan", f"{side}_hi", f"{side}_lo", f"{side}_mac", "start_ns")
            for vlan, hi, lo, mac, at_ns in zip(*(sample[name][rows].tolist() for name in columns), strict=True):
                self._note((vlan, hi, lo), mac, at_ns / 1e9)
        while len(self._ways) > _ADDRESSES_MAX:
            self._ways.popitem(last=False)

    def _note(self, place: tuple[int, int, int], mac: int, at: float) -> None:
        ways = self._ways.get(place)
        if ways is None:  # as most are in a flood of forged sources
            self._ways[place] = {mac: (at, at)}
            return
        self._ways.move_to_end(place)
        known = ways.get(mac)
        ways[mac] = at if known is None else known[0], at
        if len(ways) > _WAYS_MAX:
            del ways[min(ways, key=lambda each: ways[each][1])]
