"""Whatever the columns hold: no rule raises, each finding is complete, each matter ends, and tables stay small."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from netmon.api.networks import Networks
from netmon.api.traffic import BRIDGE, DNS, LEASE, MAC_SEEN, MAPPED, NEIGHBOUR, ROUTER, Second, TrafficRule
from rules.traffic.dns_tunnel import DnsTunnel
from rules.traffic.dns_tunnel_settings import DnsTunnelSettings
from rules.traffic.episode import EVIDENCE_WORDS
from rules.traffic.local.arp_spoofing import ArpSpoofing
from rules.traffic.local.duplicate_address import DuplicateAddress
from rules.traffic.local.mac_flapping import MacFlapping
from rules.traffic.local.new_device import NewDevice
from rules.traffic.local.rogue_dhcp import RogueDhcp
from rules.traffic.local.rogue_router import RogueRouter
from rules.traffic.local.settings import (
    ArpSpoofingSettings,
    DuplicateAddressSettings,
    MacFlappingSettings,
    NewDeviceSettings,
    RogueDhcpSettings,
    RogueRouterSettings,
    SpanningTreeSettings,
)
from rules.traffic.local.spanning_tree import SpanningTree

RULES: dict[str, Callable[[], TrafficRule]] = {
    "arp_spoofing": lambda: ArpSpoofing(ArpSpoofingSettings(gateways=("10.0.0.1",)), Networks()),
    "duplicate_address": lambda: DuplicateAddress(DuplicateAddressSettings(), Networks()),
    "rogue_dhcp": lambda: RogueDhcp(RogueDhcpSettings(learning_s=5), Networks()),
    "rogue_router": lambda: RogueRouter(RogueRouterSettings(learning_s=5), Networks()),
    "mac_flapping": lambda: MacFlapping(MacFlappingSettings(), Networks()),
    "new_device": lambda: NewDevice(NewDeviceSettings(protected_vlans=(0, 1), learning_s=5), Networks()),
    "spanning_tree": lambda: SpanningTree(SpanningTreeSettings(), Networks()),
    "dns_tunnel": lambda: DnsTunnel(DnsTunnelSettings(carrier_names=2, carrier_octets=20), Networks()),
}
SMALL = {"kind": 9, "probe": 2, "vlan": 3, "response": 2, "change": 2, "version": 8, "lifetime_s": 3, "port": 3}


def rows(dtype: np.dtype[np.void], count: int, start: int, rng: np.random.Generator) -> NDArray[np.void]:
    """Return rows of few machines and addresses, so that they get into each other's way."""
    table = np.zeros(count, dtype)
    for name in dtype.names or ():
        if name == "at_ns":
            table[name] = np.sort(rng.integers(start * 10**9, (start + 1) * 10**9, count))
        elif name == "name":
            table[name] = [rng.bytes(15).hex().encode() + b".x.example" for _ in range(count)]
        elif name.endswith("hi") or name == "hi":
            table[name] = rng.choice([0, 0, 0xFE80 << 48], count)
        elif name.endswith("lo") or name == "lo":
            table[name] = rng.choice([0, MAPPED, MAPPED | 0x0A00_0001, MAPPED | 0x0A00_0002, 7], count)
        elif "mac" in name or name in ("root", "bridge"):
            new = int(rng.integers(1, 1 << 40))
            table[name] = rng.choice(
                [0, new, 0x0200_0000_0001, 0x0200_0000_0002, 0x0000_5E00_0101, 0xFFFF_FFFF_FFFF], count
            )
        else:
            table[name] = rng.integers(0, SMALL.get(name, 200), count)
    return table


def second(start: int, rng: np.random.Generator) -> Second:
    count = int(rng.integers(0, 30))
    return Second(
        float(start),
        float(start + 1),
        dns=rows(DNS, count, start, rng),
        neighbours=rows(NEIGHBOUR, count, start, rng),
        leases=rows(LEASE, count, start, rng),
        routers=rows(ROUTER, count, start, rng),
        bridges=rows(BRIDGE, count, start, rng),
        macs=rows(MAC_SEEN, count // 8, start, rng),
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", RULES)
def test_anything(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rule = RULES[name]()
    found = list(rule.observe(Second(0.0, 0.0)))
    for start in range(150):
        found += rule.observe(second(start, rng))
        if start == 75:
            learned = rule.save()
            rule = RULES[name]()
            rule.restore(learned)
            found.clear()  # what was open is another rule's now
    for start in range(150, 900):
        found += rule.observe(Second(float(start), float(start + 1)))
    assert found or name == "mac_flapping"  # places at random are no back and forth
    open_: set[str] = set()
    for finding in found:
        assert finding.rule == name
        assert set(EVIDENCE_WORDS) <= set(finding.evidence)
        assert finding.summary
        assert finding.summaries["id"]
        assert finding.target
        (open_.discard if finding.cleared else open_.add)(finding.key)
    assert not open_


@pytest.mark.parametrize("name", RULES)
def test_a_window_of_flows_has_no_messages_and_gives_nothing(name: str) -> None:
    rule = RULES[name]()
    assert not [each for start in range(0, 600, 60) for each in rule.observe(Second(start, start + 60.0, live=False))]
    assert rule.name == name
