"""What IPv6 adds to the ordinary hour: addresses that change, neighbours, advertisements, groups, names, pings, time.

Clients have a stable address, which answers, and a temporary one, which asks (RFC 8981); of some it changes within the
hour. Neighbour discovery (RFC 4861), duplicate address detection (RFC 4862) and MLDv2 (RFC 9777) are whole frames.
"""

import struct
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.packets import ICMP, Packets, joined, packets, payload, wide, wide_address
from bench.detection.place import CLIENTS, HOSTS, MONITOR, PUBLIC, RESOLVER, START, Make, Plan
from bench.detection.talks import Turn, exchange, lookup, talk

_OFFICE: Final = 0x2001_0DB8_0020_0002 << 64
_SERVERS: Final = 0x2001_0DB8_0020_0001 << 64
_LOCAL: Final = 0xFE80 << 112
_GATEWAY: Final = 0x0200_0000_0001
_ALL_NODES: Final = 0xFF02 << 112 | 1
_ALL_ROUTERS: Final = 0xFF02 << 112 | 2
_REPORTS: Final = 0xFF02 << 112 | 0x16
_CHANGED: Final = 10  # one client in so many changes its temporary address within the hour


def mac_of(host: int) -> int:
    """Return the MAC address of one of our hosts, by its IPv4 address."""
    return 0x0210_0000_0000 | host


def _mixed(host: int, turn: int) -> int:
    """Return an interface identifier that looks random, the same each time."""
    return int(np.random.default_rng([host, turn]).integers(0, 2**63))


def _number(host: int, at: float) -> int:
    turn = 2 if host % _CHANGED == 0 and at - START > 600 + host % 2_400 else 1
    return _OFFICE | _mixed(host, turn)


def temporary(host: int, at: float) -> int:
    """Return the address by which a client asks at a time."""
    return wide(_number(host, at), mac_of(host))


def guest(number: int) -> int:
    """Return the address of one of the three hundred people who share an IPv4 address."""
    return wide(0x2001_0DB8_0030_0000 << 64 | _mixed(number, 3))


def stable(host: int) -> int:
    """Return the address by which one of our hosts is known."""
    if host >> 8 == RESOLVER >> 8:
        return wide(_SERVERS | host & 0xFF, mac_of(host))
    return wide(_OFFICE | _mixed(host, 0), mac_of(host))


def outside(number: int) -> int:
    """Return an address of somebody's server on the internet, for the IPv4 address that it has as well."""
    return wide(0x2A00_1450 << 96 | (number >> 8) << 64 | number & 0xFF)


def _frame(by: int, to_mac: int, source: int, destination: int, body: bytes, *, alert: bool = False) -> bytes:  # noqa: PLR0913 - a header
    """Return an ICMPv6 message as a frame. `alert`: behind a router alert option, as MLD is (RFC 2711)."""
    options = bytes.fromhex("3a00050200000100") if alert else b""
    head = struct.pack(">IHBB", 6 << 28, len(options) + len(body), 0 if alert else 58, 1 if alert else 255)
    ends = source.to_bytes(16, "big") + destination.to_bytes(16, "big")
    return to_mac.to_bytes(6, "big") + by.to_bytes(6, "big") + b"\x86\xdd" + head + ends + options + body


def _group_mac(group: int) -> int:
    return 0x3333 << 32 | group & 0xFFFF_FFFF


def _solicited(number: int) -> int:
    return 0xFF02 << 112 | 0x1_FF00_0000 | number & 0xFF_FFFF


def _raw(at: object, *frames: bytes) -> Packets:
    return packets(at=at, payload=[payload(each) for each in frames], protocol=0)


def solicited(at: float, who: tuple[int, int], whom: tuple[int, int], *, unicast: bool = False) -> Packets:
    """Return a solicitation and its advertisement; each end is an address with its MAC address."""
    (mine, my_mac), (theirs, their_mac) = who, whom
    ask = struct.pack(">BBHI", 135, 0, 0, 0) + theirs.to_bytes(16, "big") + b"\x01\x01" + my_mac.to_bytes(6, "big")
    tell = struct.pack(">BBHI", 136, 0, 0, 0x6000_0000) + theirs.to_bytes(16, "big")
    tell += b"\x02\x01" + their_mac.to_bytes(6, "big")
    group = _solicited(theirs)
    to, to_mac = (theirs, their_mac) if unicast else (group, _group_mac(group))
    asked = _frame(my_mac, to_mac, mine, to, ask)
    return _raw([at, at + 0.001], asked, _frame(their_mac, my_mac, theirs, mine, tell))


def arrives(at: float, host: int, number: int) -> Packets:
    """Return what a host says that takes an address: nobody has it, does somebody? and joins its group."""
    mac, group = mac_of(host), _solicited(number)
    probe = struct.pack(">BBHI", 135, 0, 0, 0) + number.to_bytes(16, "big")
    joins = struct.pack(">BBHHH", 143, 0, 0, 0, 1) + struct.pack(">BBH", 4, 0, 0) + group.to_bytes(16, "big")
    report = _frame(mac, _group_mac(_REPORTS), _LOCAL | host, _REPORTS, joins, alert=True)
    return _raw([at, at + 0.2], report, _frame(mac, _group_mac(group), 0, group, probe))


def advertised() -> bytes:
    """Return the router's advertisement: a prefix, and who answers names."""
    head = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1_800, 0, 0)
    link = b"\x01\x01" + _GATEWAY.to_bytes(6, "big")
    prefix = struct.pack(">BBBBIII", 3, 4, 64, 0xC0, 86_400, 14_400, 0) + _OFFICE.to_bytes(16, "big")
    names = struct.pack(">BBHI", 25, 3, 0, 1_800) + (_SERVERS | RESOLVER & 0xFF).to_bytes(16, "big")
    return _frame(_GATEWAY, _group_mac(_ALL_NODES), _LOCAL | 1, _ALL_NODES, head + link + prefix + names)


def neighbours(plan: Plan) -> None:
    """Plan two hundred hosts: who has the gateway's address, and others'; new ones, new addresses; the router."""
    for number, client in enumerate(CLIENTS):
        _neighbour(plan, number, client)
    router = payload(advertised())
    plan.every(200, lambda at: lambda _: packets(at=at, payload=router, protocol=0), jitter_s=60)


def _neighbour(plan: Plan, number: int, client: int) -> None:
    mac, gateway = mac_of(client), (_LOCAL | 1, _GATEWAY)
    begin = plan.rng.uniform(0, 3_500)

    def asks(at: float) -> Make:
        return lambda _: solicited(at, (_number(client, at), mac), gateway, unicast=True)

    def back(at: float) -> Make:
        return lambda _: solicited(at, gateway, (_number(client, at), mac), unicast=True)

    def other(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            peer = int(rng.choice(CLIENTS))
            return solicited(at, (_number(client, at), mac), (_OFFICE | _mixed(peer, 0), mac_of(peer)))

        return make

    plan.every(45, asks, jitter_s=15)
    plan.every(60, back, jitter_s=20)
    plan.arrivals(0.004, other)
    if client % _CHANGED == 0:
        at = START + 600.0 + client % 2_400
        plan.at(at - START, lambda _: arrives(at, client, _number(client, at + 1)))
    if number % 2:  # it comes in the morning: asks for the router, takes addresses, joins groups
        plan.at(begin, lambda _: _comes(START + begin, client))


def _comes(at: float, client: int) -> Packets:
    mac = mac_of(client)
    asks = struct.pack(">BBHI", 133, 0, 0, 0)
    router = _frame(mac, _group_mac(_ALL_ROUTERS), _LOCAL | client, _ALL_ROUTERS, asks)
    numbers = (_LOCAL | client, _OFFICE | _mixed(client, 0), _number(client, at))
    parts = [arrives(at + 0.3 * place, client, number) for place, number in enumerate(numbers)]
    return joined([*parts, _raw([at + 1.0, at + 1.1], router, advertised())])


def names(plan: Plan) -> None:
    """Plan names that are asked for over IPv6, announcements to groups, time, pings, visitors."""
    group = wide_address("ff02::fb", _group_mac(0xFB))
    pool = outside(0xC633_647B)
    for client in CLIENTS[::3]:
        _announces(plan, client, group)
    for client in CLIENTS[::2]:
        _sets_clock(plan, client, pool)
    for number, host in enumerate(HOSTS):
        _pinged(plan, host, 400 + number, dead=number % 17 == 5)
    server = stable(PUBLIC & 0xFF | RESOLVER & 0xFFFF_FF00)

    def visits(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            who = wide(0x2400_0000 << 96 | int(rng.integers(0, 2**63)) << 32 | int(rng.integers(0, 2**32)))
            turns: list[Turn] = [(600, 4_300, 0), (500, int(min(rng.lognormal(9, 1.5), 2e6)), 0.3)]
            ends = (who, server, int(rng.integers(1_024, 65_535)), 443)
            return talk(rng, at, ends, turns, rtt_s=float(rng.lognormal(-3.3, 0.8)), rate=1e6, version=6)

        return make

    plan.arrivals(3, visits)


def _announces(plan: Plan, client: int, group: int) -> None:
    def make(at: float) -> Make:
        return lambda _: over_ipv6(exchange(at, (wide(_LOCAL | client, mac_of(client)), group, 5_353, 5_353), 180, 0))

    plan.arrivals(10 / 3_600, make)


def _sets_clock(plan: Plan, client: int, pool: int) -> None:
    plan.every(1_024, lambda at: lambda _: over_ipv6(exchange(at, (temporary(client, at), pool, 123, 123), 48, 48)))


def _pinged(plan: Plan, host: int, ident: int, *, dead: bool) -> None:
    ends = (stable(MONITOR), wide(_OFFICE | host, mac_of(host)))

    def pings(at: float) -> Make:
        both = 1 if dead else 2
        return lambda _: packets(
            at=[at, at + 0.004][:both],
            source=ends[:both],
            destination=ends[::-1][:both],
            source_port=[128 << 8, 129 << 8][:both],
            destination_port=ident,
            size=56,
            protocol=ICMP,
            version=6,
        )

    plan.every(10, pings)


def asked(at: float, client: int, port: int, name: str, kind: int) -> Packets:
    """Return a name asked of the resolver over IPv6, and answered."""
    return lookup(at, (temporary(client, at), stable(RESOLVER), port), name, kind, version=6)


def over_ipv6(rows: Packets) -> Packets:
    """Return packets whose addresses are of IPv6, as such."""
    rows["version"] = 6
    return rows


IPV6: Final[tuple[Callable[[Plan], None], ...]] = (neighbours, names)
