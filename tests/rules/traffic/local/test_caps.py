"""However many machines and addresses are made up, what a rule remembers of them stays as small as its caps say."""

import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from netmon.api.networks import Networks
from netmon.api.traffic import BRIDGE, LEASE, MAC_SEEN, MAPPED, NEIGHBOUR, RECORD, ROUTER, Second
from rules.traffic.local.arp_spoofing import ArpSpoofing
from rules.traffic.local.duplicate_address import DuplicateAddress
from rules.traffic.local.mac_flapping import MacFlapping
from rules.traffic.local.new_device import NewDevice
from rules.traffic.local.rogue_dhcp import RogueDhcp
from rules.traffic.local.rogue_router import RogueRouter
from rules.traffic.local.settings import (
    ArpSpoofingSettings,
    ContestSettings,
    DuplicateAddressSettings,
    MacFlappingSettings,
    NewDeviceSettings,
    RogueDhcpSettings,
    RogueRouterSettings,
    SpanningTreeSettings,
)
from rules.traffic.local.spanning_tree import SpanningTree

CAP = 32
VLANS = 4_000
FEW = ContestSettings(addresses=CAP)
Rule = (
    ArpSpoofing | DuplicateAddress | RogueDhcp | RogueRouter | MacFlapping | NewDevice | SpanningTree
)  # those with one list of episodes
RULES: dict[str, Callable[[], Rule]] = {
    "arp_spoofing": lambda: ArpSpoofing(ArpSpoofingSettings(contests=FEW), Networks()),
    "duplicate_address": lambda: DuplicateAddress(DuplicateAddressSettings(contests=FEW), Networks()),
    "rogue_dhcp": lambda: RogueDhcp(RogueDhcpSettings(), Networks()),
    "rogue_router": lambda: RogueRouter(RogueRouterSettings(flood_per_s=1e6), Networks()),
    "mac_flapping": lambda: MacFlapping(MacFlappingSettings(), Networks()),
    "new_device": lambda: NewDevice(NewDeviceSettings(protected_vlans=tuple(range(VLANS)), learning_s=0), Networks()),
    "spanning_tree": lambda: SpanningTree(SpanningTreeSettings(flood_per_s=1e6), Networks()),
}
LIMITS = {"kind": 9, "probe": 2, "change": 2, "version": 8, "lifetime_s": 3, "port": 3}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("rules.traffic.local."):
            for constant in [each for each in vars(module) if each.endswith("_MAX")]:
                monkeypatch.setattr(module, constant, min(CAP, getattr(module, constant)))


def rows(dtype: np.dtype[np.void], start: int, rng: np.random.Generator) -> NDArray[np.void]:
    """Return rows of machines and addresses that are all new, each said thrice to somebody; what they give is alike."""
    table = np.zeros(60, dtype)
    which = rng.integers(0, 20, len(table))
    for name in dtype.names or ():
        if name.endswith("_ns"):
            table[name] = np.sort(rng.integers(start * 10**9, (start + 1) * 10**9, len(table)))
        elif name in {"router_lo", "resolver_lo", "prefix_lo"} or name.endswith("hi"):
            continue
        elif name == "asked_lo":
            table[name] = MAPPED | 0x0A00_0001
        elif name.endswith("lo"):
            table[name] = MAPPED | rng.integers(1 << 24, 1 << 31, 20)[which]
        elif "mac" in name or name in {"root", "bridge"}:
            table[name] = rng.integers(1, 1 << 40, 20)[which]
        elif name == "vlan":
            table[name] = rng.integers(0, VLANS, 20)[which] if start % 2 else 7
        elif name in LIMITS:
            table[name] = rng.integers(0, LIMITS[name], len(table))
    return table


def size(thing: object, seen: set[int]) -> int:
    """Return how many things hang on this one."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    inside: list[object] = []
    if isinstance(thing, Mapping):
        inside = [*thing, *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset | deque):
        inside = [*thing]
    elif is_dataclass(thing):
        inside = [getattr(thing, each.name) for each in fields(thing)]
    elif type(thing).__module__.startswith("rules."):
        inside = [*vars(thing).values()]
    return 1 + sum(size(each, seen) for each in inside)


@pytest.mark.parametrize("name", RULES)
def test_what_is_made_up_is_forgotten_again(name: str) -> None:
    rng = np.random.default_rng(5)
    rule = RULES[name]()
    rule._episodes.cap = CAP
    sizes = []
    for start in range(200):
        window = Second(
            float(start),
            float(start + 1),
            neighbours=rows(NEIGHBOUR, start, rng),
            leases=rows(LEASE, start, rng),
            routers=rows(ROUTER, start, rng),
            bridges=rows(BRIDGE, start, rng),
            macs=rows(MAC_SEEN, start, rng),
            sample=rows(RECORD, start, rng),
        )
        list(rule.observe(window))
        if start % 10 == 0:
            sizes.append(size(rule, set()))
    assert sizes[0] > 50
    assert max(sizes[15:]) < 1.15 * max(sizes[10:15])
