"""By what shape floods are told from what looks like them."""

import numpy as np
import pytest

from netmon.api.networks import Networks
from tests.rules.traffic.floods.attacks import BOT, anyone, high, run, syn_flood
from tests.rules.traffic.floods.ordinary import (
    ACK,
    RST,
    START,
    SYN,
    TCP,
    UDP,
    WEB,
    Bundles,
    packets,
)


def test_who_is_reset_for_what_he_sent_is_no_victim() -> None:
    """An attacker with its own address: the victim resets each segment."""
    ends = {"protocol": TCP, "source_port": np.arange(6_000) + 2_000, "destination_port": 80}
    there = packets(source=BOT, destination=WEB, flags=ACK, **ends)
    back = packets(
        source=WEB, destination=BOT, protocol=TCP, flags=RST, source_port=80, destination_port=np.arange(6_000)
    )
    found = run([np.concatenate([there, back])] * 2, Networks())
    assert [(finding.rule, finding.target) for finding in found] == [("ack_flood", "10.20.1.80")]


@pytest.mark.parametrize("size", [60, 566])
def test_segments_that_the_victim_ignores_are_seen_beside_clients_that_it_serves(size: int) -> None:
    """A firewall drops them without a word; sixty real clients a second are answered all the while."""
    draw = np.random.default_rng(3)
    served = Bundles()
    served.connections(anyone(draw, 60), WEB, 443, high(draw, 60), up=2, down=10)
    served.transfer(BOT, WEB, 443, 2_000)  # and one sends a large file
    rate = 12_000
    flood = packets(
        source=anyone(draw, rate), destination=WEB, source_port=high(draw, rate), destination_port=443, protocol=TCP,
        flags=ACK, size=np.full(rate, size),
    )  # fmt: skip
    assert [finding.rule for finding in run([np.concatenate([served.records(), flood])] * 2)] == ["ack_flood"]
    assert [finding.rule for finding in run([np.concatenate([served.records(), flood[::4]])] * 2)] == ["ack_flood"]
    answers = flood.copy()
    for one, other in (("source_lo", "destination_lo"), ("source_port", "destination_port")):
        answers[one], answers[other] = flood[other], flood[one]
    assert run([np.concatenate([served.records(), flood[::6], answers[::6]])] * 2) == []


@pytest.mark.parametrize(("sources", "rate"), [(3, 130), (12, 400), (40, 400)])
def test_a_connection_flood_by_some_machines(sources: int, rate: int) -> None:
    draw = np.random.default_rng(3)

    def second(count: int) -> np.ndarray:
        made = Bundles()
        made.connections(BOT + np.arange(count) % sources, WEB, 80, high(draw, count), up=1, down=7)
        made.connections(anyone(draw, 60), WEB, 443, high(draw, 60), up=2, down=7)
        return made.records()

    found = run([second(rate)] * 3, flows=True)
    assert [(finding.rule, finding.evidence["from_few"]) for finding in found] == [("connection_flood", "yes")]
    assert found[0].at <= START + 2
    assert run([second(30)] * 3, flows=True) == []


def test_segments_cut_into_pieces_are_one_attack() -> None:
    draw = np.random.default_rng(3)
    first = syn_flood(draw)
    first = first[first["tcp_flags"] == SYN]
    first["fragment"] = 1
    later = np.tile(first, 4)
    later["fragment"], later["tcp_flags"] = 2, 0
    later["source_port"] = later["destination_port"] = 0
    assert [finding.rule for finding in run([np.concatenate([first, later])] * 2)] == ["fragment_flood"]


def test_a_flood_to_one_port_of_an_address_that_talks_from_many() -> None:
    """Its sketch of ports is full of answers; the sample tells where SYN go."""
    syn = packets(
        source=BOT, destination=WEB, source_port=np.arange(900) + 1_024, destination_port=80, protocol=TCP, flags=SYN
    )
    answers = packets(
        source=BOT, destination=WEB, source_port=443, destination_port=np.arange(900) + 30_000, protocol=TCP, flags=ACK
    )
    assert [finding.rule for finding in run([np.concatenate([syn, answers])] * 2)] == ["syn_flood"]


def test_impossible_flags_need_less() -> None:
    xmas = packets(
        source=BOT, destination=WEB, source_port=np.arange(500) + 1_024, destination_port=80, protocol=TCP, flags=0x29
    )
    scan = xmas.copy()
    scan["destination_port"] = np.arange(500)
    assert [finding.rule for finding in run([xmas, xmas])] == ["ack_flood"]
    assert run([scan, scan]) == []


@pytest.mark.parametrize(("sources", "rate"), [(1, 8_000), (1, 40_000), (200, 2_500), (5_000, 5_000)])
def test_tiny_datagrams_to_all_ports_are_a_flood_at_the_rates_of_floods(sources: int, rate: int) -> None:
    """However many ports: a scan asks each but once or twice, and no such rate comes back unanswered from it."""
    draw = np.random.default_rng(3)
    made = packets(
        source=BOT + np.arange(rate) % sources, destination=WEB, source_port=high(draw, rate),
        destination_port=draw.integers(1, 65_536, rate), protocol=UDP, size=46,
    )  # fmt: skip
    assert [finding.rule for finding in run([made, made])] == ["udp_flood"]
