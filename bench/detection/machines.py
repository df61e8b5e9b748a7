"""What machines do unasked: push, telemetry, polls, logins at the directory, announcements, a VPN, leases, ARP."""

import struct
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.random import Generator

from bench.detection.ipv6 import outside, stable, temporary
from bench.detection.packets import TCP, UDP, Packets, address, joined, packets, payload
from bench.detection.place import CLIENTS, DIRECTORY, FILES, GATEWAY, HOUR_S, MAIL, RESOLVER, START, Make, Plan
from bench.detection.talks import Ends, Tcp, Turn, datagrams, exchange, lookup, talk

_GROUPS: Final = ((5_353, "224.0.0.251", 180), (1_900, "239.255.255.250", 133), (5_355, "224.0.0.252", 30))


def by_themselves(plan: Plan) -> None:
    """Plan each machine's own doings, many of them as regular as a clock."""
    for number, client in enumerate(CLIENTS):
        _machine(plan, number, client)
    forgotten = CLIENTS[77]  # a phone whose owner changed the password
    plan.every(60, lambda at: lambda rng: _asks(plan, rng, at, (forgotten, MAIL, 993), [(300, 3_000, 0), (120, 90, 0)]))


def _asks(plan: Plan, rng: Generator, at: float, ends: tuple[int, int, int], turns: list[Turn]) -> Packets:
    client, server, port = ends
    if server == MAIL or client % 2:
        return talk(rng, at, (client, server, plan.port(client), port), turns, rtt_s=0.001 if server == MAIL else 0.03)
    wide = (temporary(client, at), outside(server), plan.port(client), port)
    return talk(rng, at, wide, turns, rtt_s=0.03, version=6)


def _machine(plan: Plan, number: int, client: int) -> None:
    push, cloud = address("198.51.100.200") + number % 20, address("198.51.100.230") + number % 7
    _beats(plan, (client, push, plan.port(client), 5_228 if push % 2 else 443))

    def telemetry(at: float) -> Make:
        return lambda rng: _asks(
            plan, rng, at, (client, cloud, 443), [(1_800, 4_600, 0), (int(rng.integers(600, 5_000)), 300, 0)]
        )

    def web_mail(at: float) -> Make:
        return lambda rng: _asks(
            plan, rng, at, (client, cloud, 443), [(900, 4_400, 0), (700, int(rng.integers(300, 3_000)), 0)]
        )

    def new_mail(at: float) -> Make:
        return lambda rng: _asks(
            plan, rng, at, (client, MAIL, 993), [(300, 3_000, 0), (150, int(rng.lognormal(7.5, 1.5)), 0)]
        )

    if number % 4 == 0:
        plan.every(300, telemetry, jitter_s=2)
    if number % 10 == 0:
        plan.every(30, web_mail, jitter_s=0.5)
    plan.every(300, new_mail, jitter_s=10)
    plan.every(1_024, lambda at: lambda _: exchange(at, (client, address("198.51.100.123"), 123, 123), 48, 48))
    plan.arrivals(6 / HOUR_S, lambda at: lambda rng: logs_in(plan, rng, at, client))


def _beats(plan: Plan, ends: Ends) -> None:
    """Plan a connection that stays, with some octets now and then: push messages."""
    going = Tcp(plan.rng, START, ends, rtt_s=0.03)

    def beat(at: float) -> Make:
        def make(rng: Generator) -> Packets:
            one = going.go_on(rng, at)
            return (one if one.is_open else one.open()).turns([(30, 30, 0)]).rows()

        return make

    plan.every(float(plan.rng.choice([60, 240, 280])), beat)


def logs_in(plan: Plan, rng: Generator, at: float, client: int) -> Packets:
    """Return a login at the directory: Kerberos, LDAP, SMB, as Windows does it; then the file server for a while."""
    parts = [lookup(at, (client, RESOLVER, plan.port(client)), "_ldap._tcp.dc._msdcs.office.example.go.id", 33)]
    parts += [exchange(at + 0.01, (client, DIRECTORY, plan.port(client), 389), 180, 170, 0.001)]
    for step, port in enumerate((88, 88, 88, 389, 135, 49_664, 445)):
        ends = (client, DIRECTORY, plan.port(client), port)
        parts.append(talk(rng, at + 0.02 + step * 0.01, ends, [(1_500, 1_600, 0)], rtt_s=0.001))
    turns: list[Turn] = [(180, 400, float(rng.exponential(0.2))) for _ in range(60)]
    turns[30] = (200, int(rng.lognormal(13, 1.2)), 0.1)
    ends, version = (client, FILES, plan.port(client), 445), 4
    if client % 2:  # Windows takes IPv6 where a name has both
        ends, version = (temporary(client, at), stable(FILES), ends[2], 445), 6
    parts.append(talk(rng, at + 0.3, ends, turns, rtt_s=0.001, rate=2e7, version=version))
    return joined(parts)


def announcements(plan: Plan) -> None:
    """Plan printers and announcements, a VPN, traceroutes, a printer that is switched off."""
    for client in CLIENTS[::3]:
        for port, group, size in _GROUPS:
            _announces(plan, (client, address(group), port, port), size)
    for minute in range(60):
        _vpn(plan, minute * 60)
    route = {"destination_port": 33_434 + np.arange(48), "ttl": 1 + np.arange(48) // 3, "size": 32, "protocol": UDP}
    ends = {"source": CLIENTS[5], "destination": address("198.51.100.9"), "source_port": 40_000}
    plan.every(900, lambda at: lambda _: packets(at=at + np.arange(48) * 0.02, **ends, **route))
    printer = {"source": CLIENTS[6], "destination": address("10.20.7.7"), "destination_port": 9_100}
    plan.every(20, lambda at: lambda _: packets(at=at, source_port=9_100, flags=2, protocol=TCP, **printer), jitter_s=5)


def _announces(plan: Plan, ends: Ends, size: int) -> None:
    plan.arrivals(10 / HOUR_S, lambda at: lambda _: exchange(at, ends, size, 0))


def _vpn(plan: Plan, at_s: float) -> None:
    peer = address("198.51.100.250")
    ways = ((GATEWAY, peer, 51_820, 51_820), (peer, GATEWAY, 51_820, 51_820))
    plan.at(
        at_s,
        lambda rng: joined([datagrams(rng, START + at_s, ends, 60, 180, (100, 1_420), jitter=3) for ends in ways]),
    )


def local_network(plan: Plan) -> None:
    """Plan ARP of two hundred hosts, leases that are renewed, spanning tree."""
    for number, client in enumerate(CLIENTS):
        _neighbour(plan, number, client)
    plan.every(2, lambda at: lambda _: packets(at=at, payload=payload(BPDU), protocol=0), first_s=0)


def _neighbour(plan: Plan, number: int, client: int) -> None:
    begin = plan.rng.uniform(0, HOUR_S - 10)
    if number % 2:
        plan.at(begin, lambda _: lease(START + begin, number))

    def other(at: float) -> Make:
        return lambda rng: asked(at, client, int(rng.choice([FILES, DIRECTORY, MAIL, RESOLVER, *CLIENTS[:40]])))

    plan.every(40, lambda at: lambda _: asked(at, client, GATEWAY), jitter_s=8)
    plan.arrivals(0.01, other)


def asked(at: float, who: int, whom: int) -> Packets:
    """Return an ARP request and its reply."""
    return packets(at=[at, at + 0.001], payload=[payload(_arp(who, whom)), payload(_arp(whom, who, reply=True))])


def _mac(host: int) -> bytes:
    return bytes.fromhex("0210") + host.to_bytes(4, "big")


def _arp(who: int, whom: int, *, reply: bool = False) -> bytes:
    to = _mac(whom) if reply else b"\xff" * 6
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2 if reply else 1) + _mac(who) + who.to_bytes(4, "big")
    body += (_mac(whom) if reply else bytes(6)) + whom.to_bytes(4, "big")
    return to + _mac(who) + b"\x08\x06" + body + bytes(18)


def lease(at: float, number: int, server: int = DIRECTORY, router: int = GATEWAY) -> Packets:
    """Return a renewal: REQUEST and ACK (RFC 2131)."""
    client = CLIENTS[number]

    def message(kind: int) -> bytes:
        options = bytes([53, 1, kind, 54, 4]) + server.to_bytes(4, "big") + bytes([3, 4]) + router.to_bytes(4, "big")
        options += bytes([6, 4]) + RESOLVER.to_bytes(4, "big") + b"\xff"
        head = bytes([2 if kind == 5 else 1, 1, 6, 0]) + struct.pack(">IHH", number, 0, 0)
        head += client.to_bytes(4, "big") + client.to_bytes(4, "big") + bytes(8) + _mac(client) + bytes(10 + 192)
        return head + bytes.fromhex("63825363") + options

    made = exchange(at, (client, server, 68, 67), len(message(3)), len(message(5)), 0.002)
    made["payload"] = [payload(message(3)), payload(message(5))]
    return made


_BRIDGE: Final = bytes.fromhex("8000020000000001")
BPDU: Final = (  # RSTP (IEEE 802.1D-2004, 9.3.3): the root says that it is
    bytes.fromhex("0180c2000000 020000000001 0027 424203 0000 02 02 3c")
    + _BRIDGE
    + bytes(4)
    + _BRIDGE
    + bytes.fromhex("8001 0000 1400 0200 0f00 00")
    + bytes(7)
)
MACHINES: Final[tuple[Callable[[Plan], None], ...]] = (by_themselves, announcements, local_network)
