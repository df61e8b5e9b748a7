"""Ten minutes of a busy office's own talk: no rule of the local network finds anything in it."""

import random
from functools import cache

import pytest

from netmon.api.networks import Networks
from netmon.api.traffic import Second, TrafficRule, mac_text
from rules.traffic.dns_tunnel import DnsTunnel
from rules.traffic.dns_tunnel_settings import DnsTunnelSettings
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
from tests.support.local_frames import (
    advertisement,
    arp_reply,
    arp_request,
    bpdu,
    gratuitous,
    lease,
    router,
    said,
    solicitation,
)
from tests.support.local_talk import Timed, seconds

LENGTH_S = 600
HOSTS = 200
VIRTUAL, FIRST, SECOND_ROUTER = "00:00:5e:00:01:01", "02:00:00:00:10:01", "02:00:00:00:10:02"
GATEWAY, SWITCH = "10.0.0.1", "00:11:22:00:00:01"


def hosts(rng: random.Random) -> list[Timed]:
    """Hosts that speak, look for the gateway and for each other, renew their leases, come and go."""
    frames: list[Timed] = []
    for number in range(HOSTS):
        mac, address = mac_text(0x0200_0000_1000 + number), f"10.0.0.{number + 10}"
        link_local = f"fe80::{number + 16:x}"
        begin = rng.uniform(0, 120)
        frames += [(begin + n, arp_request(mac, "0.0.0.0", address)) for n in range(3)]  # RFC 5227
        frames += [(begin + 3 + n * 2, gratuitous(mac, address)) for n in range(2)]
        frames.append((begin, solicitation(mac, "::", link_local)))
        frames.append((begin + 1, advertisement(mac, link_local)))
        for at in range(int(begin) + 8, LENGTH_S, 45):
            frames.append((at, arp_request(mac, address, GATEWAY)))
            frames.append((at + 0.001, arp_reply(VIRTUAL, GATEWAY, mac, address)))
        for at in range(int(begin) + 20, LENGTH_S, 150):
            peer = rng.randrange(HOSTS)
            theirs = mac_text(0x0200_0000_1000 + peer)
            frames.append((at, arp_request(mac, address, f"10.0.0.{peer + 10}")))
            frames.append((at + 0.001, arp_reply(theirs, f"10.0.0.{peer + 10}", mac, address)))
        frames += [(at, said(mac, address)) for at in range(int(begin) + 8, LENGTH_S, 40)]
        renewed = begin + rng.uniform(0, 400)
        frames.append((renewed, lease("ack", "02:00:00:00:00:02", "10.0.0.2", mac, address, GATEWAY)))
    return frames


def infrastructure() -> list[Timed]:
    """VRRP that fails over at 300 s, two routers' advertisements, a switch's BPDUs with one change, keepalived."""
    frames: list[Timed] = [(at, router(FIRST, "fe80::1")) for at in range(0, LENGTH_S, 30)]
    frames += [(at, router(SECOND_ROUTER, "fe80::2")) for at in range(7, LENGTH_S, 30)]
    frames += [(300 + n / 10, gratuitous(VIRTUAL, GATEWAY)) for n in range(5)]
    frames += [(at, gratuitous((FIRST, SECOND_ROUTER)[at >= 300], "10.0.0.5")) for at in (0, 5, 300, 300.1, 305, 310)]
    frames += [(at, bpdu(SWITCH, SWITCH, 4096, change=int(200 <= at < 235))) for at in range(0, LENGTH_S, 2)]
    # A lease that ended is another machine's now; its first holder went away a minute before.
    old, new = "02:00:00:00:20:01", "02:00:00:00:20:02"
    frames += [(at, arp_request(old, "10.0.0.250", GATEWAY)) for at in range(0, 200, 30)]
    frames.append((100, said(new, "10.0.0.251")))
    frames.append((260, lease("ack", "02:00:00:00:00:02", "10.0.0.2", new, "10.0.0.250", GATEWAY)))
    frames += [(at, arp_request(new, "10.0.0.250", GATEWAY)) for at in range(262, LENGTH_S, 30)]
    return frames


@cache
def office() -> tuple[Second, ...]:
    return tuple(seconds([*hosts(random.Random(1)), *infrastructure()], until=LENGTH_S))


@pytest.mark.parametrize(
    "rule",
    [
        ArpSpoofing(ArpSpoofingSettings(gateways=(GATEWAY,)), Networks()),
        DuplicateAddress(DuplicateAddressSettings(), Networks()),
        RogueDhcp(RogueDhcpSettings(), Networks()),
        RogueRouter(RogueRouterSettings(), Networks()),
        MacFlapping(MacFlappingSettings(), Networks()),
        NewDevice(NewDeviceSettings(protected_vlans=(0,), learning_s=200), Networks()),
        SpanningTree(SpanningTreeSettings(), Networks()),
        DnsTunnel(DnsTunnelSettings(), Networks()),
    ],
    ids=lambda rule: str(rule.name),
)
def test_an_office_is_quiet(rule: TrafficRule) -> None:
    assert sum(len(second.neighbours) for second in office()) > 5_000
    assert [finding for second in office() for finding in rule.observe(second)] == []
