"""Attacks as batches of a second's packets, and what the rule makes of batches."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from netmon.api import Finding
from netmon.api.networks import Networks
from netmon.api.traffic import MAPPED
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from rules.traffic.tables.tables import Tables
from tests.rules.traffic.floods.ordinary import (
    ACK,
    CLIENTS,
    ICMP,
    NETWORKS,
    PUSH,
    RESOLVER,
    RST,
    START,
    SYN,
    SYN_ACK,
    TCP,
    UDP,
    WEB,
    Bundles,
    address,
    packets,
)

BOT = address("198.51.100.66")
Make = Callable[[np.random.Generator], np.ndarray]


def run(
    batches: Iterable[np.ndarray],
    networks: Networks = NETWORKS,
    rule: Floods | None = None,
    begin: int = 0,
    *,
    flows: bool = False,
) -> list[Finding]:
    """Judge batches as seconds; with `flows`, each SYN is a flow that was begun."""
    rule = rule or Floods(FloodSettings(), networks)
    tables = Tables(seed=1)
    found: list[Finding] = []
    for number, records in enumerate(batches, start=begin):
        tables.add(records)
        begun = records[records["tcp_flags"] == SYN] if flows else records[:0]
        found += rule.observe(replace(tables.drain(START + number, START + number + 1), begun=begun))
    return found


def anyone(draw: np.random.Generator, count: int) -> np.ndarray:
    return MAPPED + draw.integers(0x0C000000, 0xC0000000, count)


def high(draw: np.random.Generator, count: int) -> np.ndarray:
    return draw.integers(1_024, 65_536, count)


def syn_flood(draw: np.random.Generator, rate: int = 2_000, target: int = WEB) -> np.ndarray:
    made = packets(
        source=anyone(draw, rate), destination=target, source_port=high(draw, rate), destination_port=443,
        protocol=TCP, flags=SYN,
    )  # fmt: skip
    answers = made.copy()
    for one, other in (("source_lo", "destination_lo"), ("source_port", "destination_port")):
        answers[one], answers[other] = made[other], made[one]
    answers["tcp_flags"] = SYN_ACK
    return np.concatenate([made, answers[: rate // 3]])


def syn_flood_by_one(draw: np.random.Generator) -> np.ndarray:
    """The attacker's own stack resets what the server answers."""
    ends = {"source_port": high(draw, 1_500), "destination_port": 80, "protocol": TCP}
    there = packets(source=BOT, destination=WEB, flags=SYN, **ends)
    reset = packets(source=BOT, destination=WEB, flags=RST, **ends)
    return np.concatenate([there, reset])


def ack_flood(draw: np.random.Generator) -> np.ndarray:
    made = packets(
        source=anyone(draw, 6_000), destination=WEB, source_port=high(draw, 6_000), destination_port=80, protocol=TCP,
        flags=draw.choice([ACK, PUSH], 6_000), size=60,
    )  # fmt: skip
    resets = packets(source=WEB, destination=made["source_lo"][:3_000], protocol=TCP, flags=RST, source_port=80)
    return np.concatenate([made, resets])


def fin_flood(draw: np.random.Generator) -> np.ndarray:
    return packets(
        source=anyone(draw, 4_000), destination=CLIENTS + 99, source_port=high(draw, 4_000), destination_port=80,
        protocol=TCP, flags=0x01,
    )  # fmt: skip


def rst_flood(draw: np.random.Generator) -> np.ndarray:
    return packets(
        source=anyone(draw, 3_000), destination=CLIENTS + 99, source_port=high(draw, 3_000), destination_port=80,
        protocol=TCP, flags=RST,
    )  # fmt: skip


def syn_ack_flood(draw: np.random.Generator) -> np.ndarray:
    return packets(
        source=anyone(draw, 1_500), destination=WEB, source_port=443, destination_port=high(draw, 1_500), protocol=TCP,
        flags=SYN_ACK,
    )  # fmt: skip


def udp_flood(draw: np.random.Generator) -> np.ndarray:
    return packets(
        source=anyone(draw, 8_000), destination=WEB, source_port=high(draw, 8_000), destination_port=high(draw, 8_000),
        protocol=UDP, size=554,
    )  # fmt: skip


def udp_flood_by_one(_draw: np.random.Generator) -> np.ndarray:
    return packets(
        source=BOT, destination=WEB, source_port=40_001, destination_port=53_000, protocol=UDP,
        size=np.full(9_000, 70),
    )  # fmt: skip


def icmp_flood(_draw: np.random.Generator) -> np.ndarray:
    there = packets(source=BOT, destination=WEB, protocol=ICMP, kind=8, size=np.full(2_000, 98))
    back = packets(source=WEB, destination=BOT, protocol=ICMP, kind=0, size=np.full(2_000, 98))
    return np.concatenate([there, back])


def fragment_flood(draw: np.random.Generator) -> np.ndarray:
    return packets(source=anyone(draw, 3_000), destination=WEB, protocol=UDP, fragment=2, size=1_500)


def connection_flood(draw: np.random.Generator) -> np.ndarray:
    made = Bundles()
    made.connections(np.full(400, BOT), WEB, 443, high(draw, 400), up=1, down=3)
    return made.records()


def dns_amplification(draw: np.random.Generator) -> np.ndarray:
    servers = anyone(np.random.default_rng(5), 300)[draw.integers(0, 300, 2_000)]
    first = packets(
        source=servers, destination=WEB, source_port=53, destination_port=high(draw, 2_000), protocol=UDP,
        size=1_514, fragment=1,
    )  # fmt: skip
    later = packets(source=servers, destination=WEB, protocol=UDP, size=1_400, fragment=2)
    return np.concatenate([first, later])


def ntp_amplification(draw: np.random.Generator) -> np.ndarray:
    return packets(
        source=anyone(draw, 40)[draw.integers(0, 40, 400)], destination=CLIENTS + 230, source_port=123,
        destination_port=80, protocol=UDP, size=482,
    )  # fmt: skip


def carpet(draw: np.random.Generator) -> np.ndarray:
    rate = 16_000
    return packets(
        source=anyone(draw, rate), destination=CLIENTS + draw.integers(1, 255, rate), source_port=high(draw, rate),
        destination_port=high(draw, rate), protocol=UDP, size=300,
    )  # fmt: skip


def heavy_carpet(draw: np.random.Generator) -> np.ndarray:
    rate = 60_000
    return packets(
        source=anyone(draw, rate), destination=CLIENTS + draw.integers(1, 21, rate), source_port=high(draw, rate),
        destination_port=high(draw, rate), protocol=UDP, size=300,
    )  # fmt: skip


def outbound(draw: np.random.Generator) -> np.ndarray:
    return packets(
        source=CLIENTS + 44, destination=BOT, source_port=high(draw, 5_000), destination_port=high(draw, 5_000),
        protocol=UDP, size=500,
    )  # fmt: skip


def reflecting(draw: np.random.Generator) -> np.ndarray:
    ends = {"protocol": UDP}
    asked = packets(source=BOT, destination=RESOLVER, source_port=high(draw, 900), destination_port=53, size=80, **ends)
    told = packets(
        source=RESOLVER, destination=BOT, source_port=53, destination_port=80, size=np.full(900, 1_400), **ends
    )
    return np.concatenate([asked, told])


ATTACKS: list[tuple[Make, str, str, str]] = [
    (syn_flood, "syn_flood", "web1", "T1499.001"),
    (syn_flood_by_one, "syn_flood", "web1", "T1499.001"),
    (ack_flood, "ack_flood", "web1", "T1499.001"),
    (fin_flood, "ack_flood", "10.20.2.99", "T1499.001"),
    (rst_flood, "rst_flood", "10.20.2.99", "T1499.001"),
    (syn_ack_flood, "syn_ack_flood", "web1", "T1498.002"),
    (udp_flood, "udp_flood", "web1", "T1498.001"),
    (udp_flood_by_one, "udp_flood", "web1", "T1498.001"),
    (icmp_flood, "icmp_flood", "web1", "T1498.001"),
    (fragment_flood, "fragment_flood", "web1", "T1498.001"),
    (connection_flood, "connection_flood", "web1", "T1499.002"),
    (dns_amplification, "amplification", "web1", "T1498.002"),
    (ntp_amplification, "amplification", "10.20.2.230", "T1498.002"),
    (carpet, "carpet_bombing", "Office", "T1498.001"),
    (heavy_carpet, "carpet_bombing", "Office", "T1498.001"),
    (outbound, "outbound_flood", "10.20.2.44", "T1498.001"),
    (reflecting, "outbound_flood", "resolver", "T1498.001"),
]


NAMES = [make.__name__ for make, *_ in ATTACKS]
