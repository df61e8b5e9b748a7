"""How a flood is told while it lasts and when it is over."""

import re

import numpy as np
import pytest

from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from tests.rules.traffic.floods.attacks import (
    BOT,
    Make,
    carpet,
    connection_flood,
    dns_amplification,
    outbound,
    run,
    syn_flood,
)
from tests.rules.traffic.floods.ordinary import ACK, CLIENTS, ICMP, NETWORKS, TCP, WEB, packets
from tests.rules.traffic.floods.test_held_connections import Server
from tests.rules.traffic.floods.test_held_connections import run as held

QUIET = [packets(source=BOT, destination=CLIENTS, protocol=TCP, size=[60])] * 12


def test_whole_sentences() -> None:
    draw = np.random.default_rng(3)
    found = run([syn_flood(draw)])
    assert re.match(r"SYN flood on web1 from (at least )?[\d,]+ addresses: 2,000 packets/s, ", found[0].summary)
    assert re.match(
        r"Banjir SYN ke web1 dari (sedikitnya )?[\d.]+ alamat: 2\.000 paket/dtk, ", found[0].summaries["id"]
    )
    assert found[0].evidence["completed_share"] == "0%"
    assert 1_400 <= int(str(found[0].evidence["distinct_sources"])) <= 2_800


def clients(draw: np.random.Generator, count: int) -> np.ndarray:
    """What some hundred clients ask of the same address."""
    hosts = CLIENTS + draw.integers(0, 200, count)
    return packets(source=hosts, destination=WEB, source_port=40_000, destination_port=443, protocol=TCP, flags=ACK)


@pytest.mark.parametrize("asking", [600, 6_000])
def test_who_sends_something_else_to_the_victim_is_no_source_of_the_flood(asking: int) -> None:
    draw = np.random.default_rng(3)
    pair = BOT + np.arange(1_000) % 2
    batch = np.concatenate([
        packets(source=pair, destination=WEB, protocol=ICMP, kind=8, size=98),
        clients(draw, asking),
    ])  # fmt: skip
    found = [one for one in run([batch]) if one.rule == "icmp_flood"]
    assert [one.evidence["source"] for one in found] == ["2 addresses"]
    assert " from 2 addresses: " in found[0].summary


def test_a_flood_from_many_is_counted_where_all_of_it_is_in_the_sample() -> None:
    draw = np.random.default_rng(3)
    found = run([np.concatenate([syn_flood(draw, rate=1_000), clients(draw, 700)])])
    assert found[0].evidence["source"] == "1,000 addresses"


def test_a_flood_from_more_than_the_sample_has_is_estimated() -> None:
    draw = np.random.default_rng(3)
    found = run([np.concatenate([syn_flood(draw, rate=6_000), clients(draw, 9_000)])])
    assert 4_500 <= float(str(found[0].evidence["distinct_sources"])) <= 7_500
    assert str(found[0].evidence["source"]).startswith("at least ")
    assert " from at least " in found[0].summary
    assert " dari sedikitnya " in found[0].summaries["id"]


def test_a_flood_that_is_over_is_told_with_all_that_it_was() -> None:
    """Not with its last window, which is its weakest."""
    draw = np.random.default_rng(3)
    rates = (2_000, 6_000, 3_000, 500)
    found = run([*(syn_flood(draw, rate=rate) for rate in rates), *QUIET])
    last = found[-1]
    assert last.cleared
    assert last.summary.startswith(
        "SYN flood on web1 is over after 4 s: 11,500 packets and 690 kB in all, at most 6,000 packets/s, 2.88 Mbit/s, "
        "30 times the limit there, from "
    )
    assert last.summaries["id"].startswith(
        "Banjir SYN ke web1 selesai setelah 4 dtk: seluruhnya 11.500 paket dan 690 kB, paling banyak 6.000 paket/dtk, "
        "2,88 Mbit/s, 30 kali batas wajar di sana, dari "
    )
    told = {name: last.evidence[name] for name in ("lasted_s", "total_packets", "total_bytes", "peak_packets_per_s")}
    assert told == {"lasted_s": 4.0, "total_packets": 11_500, "total_bytes": 690_000, "peak_packets_per_s": 6_000.0}
    assert float(last.evidence["peak_distinct_sources"]) >= 3_000
    assert not any("lasted_s" in finding.evidence for finding in found[:-1])


@pytest.mark.parametrize(
    ("make", "words", "kata"),
    [
        (connection_flood, "connections and", "koneksi dan"),
        (carpet, "packets and", "paket dan"),
        (outbound, "packets and", "paket dan"),
        (dns_amplification, "packets and", "paket dan"),
    ],
)
def test_every_kind_closes_with_its_totals(make: Make, words: str, kata: str) -> None:
    found = run([make(np.random.default_rng(3))] * 3 + QUIET)
    last = found[-1]
    assert last.cleared
    assert " over after 3 s: " in last.summary
    assert words in last.summary
    assert " in all, at most " in last.summary
    assert " selesai setelah 3 dtk: " in last.summaries["id"]
    assert kata in last.summaries["id"]
    assert " paling banyak " in last.summaries["id"]


def test_an_amplification_is_told_with_its_protocol_from_its_first_word_to_its_last() -> None:
    found = run([dns_amplification(np.random.default_rng(3))] * 3 + QUIET)
    assert {re.match(r"Amplification attack \(DNS\) on ", one.summary) is not None for one in found} == {True}
    assert found[-1].summaries["id"].startswith("Serangan amplifikasi (DNS) ke ")


def test_connections_are_told_with_their_unit() -> None:
    found = run([connection_flood(np.random.default_rng(3))] * 3 + QUIET)
    assert re.search(r": [\d,]+ connections/s, ", found[0].summary)
    assert re.search(r", paling banyak [\d.]+ koneksi/dtk, ", found[-1].summaries["id"])


@pytest.mark.parametrize("make", [syn_flood, carpet])
def test_who_sent_all_of_it_is_told_as_those_of_its_busiest_window(make: Make) -> None:
    """Beside the packets of all windows, from other addresses in each."""
    draw = np.random.default_rng(3)
    found = run([make(draw) for _ in range(3)] + QUIET)
    assert re.search(r" in all, .* from at least [\d,]+ addresses$", found[-1].summary)
    assert re.search(r" dari sedikitnya [\d.]+ alamat$", found[-1].summaries["id"])
    assert " in all" not in found[0].summary


def test_connections_that_were_held_close_with_the_most_of_them() -> None:
    server, rule = Server(20, answer=66), Floods(FloodSettings(), NETWORKS)
    found = held(server, lambda number: [(BOT, 60)] if number < 12 else [], 80, rule)
    assert found[-1].cleared
    assert " are over after " in found[-1].summary
    assert f"at most {found[-1].evidence['peak_held_connections']} by 198.51.100.66" in found[-1].summary
    assert " selesai setelah " in found[-1].summaries["id"]
