import json
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest

from netmon.api import Finding, Severity
from netmon.api.networks import Networks
from netmon.api.traffic import MAPPED
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from rules.traffic.tables.tables import Tables
from tests.rules.traffic.floods import ordinary
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


@pytest.fixture(scope="module")
def quiet() -> list[np.ndarray]:
    return list(ordinary.seconds(0, 12))


@pytest.mark.parametrize(("make", "rule", "target", "technique"), ATTACKS, ids=NAMES)
def test_an_attack_among_ordinary_traffic_is_one_finding_within_two_seconds(
    make: Make, rule: str, target: str, technique: str, quiet: list[np.ndarray]
) -> None:
    draw = np.random.default_rng(3)
    batches = [*quiet[:5], *(np.concatenate([one, make(draw)]) for one in quiet[5:9]), *quiet, quiet[0]]
    found = run(batches)
    assert {(finding.rule, finding.target) for finding in found} == {(rule, target)}
    first, last = found[0], found[-1]
    assert first.at - (START + 5) <= 2
    assert first.evidence["start"] == START + 5
    assert first.evidence["technique"] == technique
    assert [finding.cleared for finding in found].count(True) == 1
    assert last.cleared
    assert len({finding.key for finding in found}) == 1
    assert last.evidence["end"] == START + 9
    assert any(name.startswith("total_") for name in last.evidence)
    assert "sample_1" in first.evidence
    assert first.summary
    assert first.summaries["id"] != first.summary


@pytest.mark.parametrize(("make", "rule"), [(make, rule) for make, rule, *_ in ATTACKS], ids=NAMES)
def test_a_kind_that_is_switched_off_is_not_told_of(make: Make, rule: str) -> None:
    settings = FloodSettings.model_validate({rule: {"enabled": False}})
    found = run([make(np.random.default_rng(3))] * 3, rule=Floods(settings, NETWORKS))
    assert rule not in {finding.rule for finding in found}


@pytest.mark.parametrize(("make", "rule"), [(make, rule) for make, rule, *_ in ATTACKS], ids=NAMES)
def test_an_attack_is_seen_where_nothing_was_learned_and_no_prefix_is_known(make: Make, rule: str) -> None:
    draw = np.random.default_rng(3)
    found = run([make(draw) for _ in range(3)], Networks())
    assert {finding.rule for finding in found} == {rule}


def test_where_no_prefix_is_known_private_addresses_are_ours_if_they_speak_with_public_ones() -> None:
    ends = {"source_port": np.arange(3_000) + 2_000, "destination_port": 80, "protocol": TCP, "flags": SYN}
    public, stranger = address("203.0.113.80"), address("198.51.100.7")
    kinds = {
        (WEB, BOT): ("outbound_flood", "10.20.1.80"),
        (address("100.64.0.9"), BOT): ("outbound_flood", "100.64.0.9"),
        (BOT, WEB): ("syn_flood", "10.20.1.80"),
        (CLIENTS + 9, WEB): ("syn_flood", "10.20.1.80"),
        (stranger, public): ("syn_flood", "203.0.113.80"),
    }
    for (source, victim), expected in kinds.items():
        found = run([packets(source=source, destination=victim, **ends)] * 2, Networks())
        assert [(finding.rule, finding.target) for finding in found] == [expected]
    off = Floods(FloodSettings.model_validate({"outbound_flood": {"enabled": False}}), Networks())
    found = run([packets(source=WEB, destination=BOT, **ends)] * 2, rule=off)
    assert [finding.rule for finding in found] == ["syn_flood"]


def test_a_carpet_over_many_prefixes_is_one_finding() -> None:
    draw = np.random.default_rng(3)
    wide = [carpet(draw) for _ in range(5)]
    for place, part in enumerate(wide):
        part["destination_lo"] += np.uint64(place << 8)
    found = run([np.concatenate(wide), np.concatenate(wide)])
    assert [(finding.rule, finding.evidence["target"]) for finding in found] == [("carpet_bombing", "10.20.0.0/16")]


def test_a_carpet_over_ipv6_is_seen() -> None:
    draw = np.random.default_rng(3)
    made = carpet(draw)
    made["destination_hi"], made["version"] = 0x20010DB8_00010002, 6
    found = run([made, made], Networks())
    assert [finding.evidence["target"] for finding in found] == ["2001:db8:1:2::/64"]


def test_ordinary_traffic_is_no_flood() -> None:
    stretches = ((0, 20), (315, 30), (345, 10), (1_495, 20))  # all there is: transfers, speed tests, the crowd
    for first, count in stretches:
        assert run(ordinary.seconds(first, count)) == []


def test_ordinary_traffic_is_no_flood_where_no_prefix_is_known() -> None:
    for first, count in ((0, 8), (318, 16), (1_495, 12)):
        assert run(ordinary.seconds(first, count), Networks()) == []


def test_a_scan_is_no_flood() -> None:
    draw = np.random.default_rng(1)
    down = packets(
        source=BOT, destination=WEB, source_port=50_000, destination_port=draw.permutation(5_000) + 1, protocol=TCP,
        flags=SYN,
    )  # fmt: skip
    across = packets(
        source=BOT, destination=CLIENTS - 512 + np.tile(np.arange(1_024), 2), source_port=50_000, destination_port=445,
        protocol=TCP, flags=SYN,
    )  # fmt: skip
    knock = packets(
        source=BOT, destination=WEB, source_port=50_000, destination_port=draw.permutation(3_000) + 1, protocol=UDP
    )
    for batch in (down, across, knock):
        assert run([batch, batch]) == []


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


@pytest.mark.parametrize("gathered", [2, 22, 44, 64])
def test_uploads_are_no_flood_however_few_or_many_and_however_they_are_acknowledged(gathered: int) -> None:
    draw = np.random.default_rng(3)
    for uploads in (1, 3, 40, 600):
        made = Bundles()
        for sender in anyone(draw, uploads).tolist():
            made.transfer(sender, WEB, 443, 60_000 // uploads, each=gathered)
        made.connections(anyone(draw, 500), WEB, 443, high(draw, 500), up=2, down=3)
        assert run([made.records()] * 3) == []


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


def test_a_crowd_behind_many_offices_is_no_flood() -> None:
    draw = np.random.default_rng(3)
    made = Bundles()
    made.connections(anyone(draw, 200)[np.arange(600) % 200], WEB, 443, high(draw, 600), up=2, down=7)
    assert run([made.records()] * 3) == []
    assert run([made.records()] * 3, flows=True) == []


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


def test_two_attacks_at_once_are_two_findings() -> None:
    draw = np.random.default_rng(3)
    found = run([np.concatenate([syn_flood(draw), udp_flood(draw)]) for _ in range(3)])
    assert sorted(finding.rule for finding in found) == ["syn_flood", "udp_flood"]


def test_a_flood_is_seen_under_any_amount_of_ordinary_traffic() -> None:
    draw = np.random.default_rng(3)
    busy = Bundles()
    busy.transfer(BOT, WEB, 443, 30_000)
    found = run([np.concatenate([busy.records(), syn_flood(draw, rate=600)]) for _ in range(3)])
    assert [finding.rule for finding in found] == ["syn_flood"]


def test_clients_of_a_server_that_died_are_no_flood() -> None:
    def dead(records: np.ndarray) -> np.ndarray:
        kept = records[records["source_lo"] != WEB]
        asks = (kept["destination_lo"] == WEB) & (kept["tcp_flags"] == SYN)
        again = kept[asks]
        return np.concatenate([kept[(kept["destination_lo"] != WEB)], again, again])

    crowd = list(ordinary.seconds(1_500, 12))
    assert run([*crowd, *(dead(one) for one in crowd[:4])]) == []


def test_what_an_address_is_used_to_is_no_flood_and_ten_times_that_is() -> None:
    draw = np.random.default_rng(3)

    def queries(rate: int) -> np.ndarray:
        return packets(
            source=anyone(draw, rate), destination=RESOLVER, source_port=high(draw, rate), destination_port=514,
            protocol=UDP,
        )  # fmt: skip

    rule = Floods(FloodSettings(), NETWORKS)
    assert run([queries(800) for _ in range(60)], rule=rule) == []
    assert run([queries(1_100)], rule=rule, begin=60) == []  # above the floor, within what it learned
    assert {finding.rule for finding in run([queries(8_000)], rule=rule, begin=61)} == {"udp_flood"}


def test_what_was_learned_outlives_a_restart() -> None:
    draw = np.random.default_rng(3)
    batches = [udp_flood(draw)[:900] for _ in range(30)]
    rule = Floods(FloodSettings(), NETWORKS)
    run(batches, rule=rule)
    again = Floods(FloodSettings(), NETWORKS)
    again.restore(rule.save())
    assert run([udp_flood(draw)[:1_200]], rule=again, begin=30) == []
    assert {name: column.tolist() for name, column in again.save().items() if "level" not in name} != {}
    with pytest.raises(ValueError, match="features"):
        again.restore({**rule.save(), "hosts_features": np.array([b"other"])})


def test_a_victim_that_answers_no_more_is_critical() -> None:
    draw = np.random.default_rng(3)
    crowd = list(ordinary.seconds(0, 8))
    down = [one[one["source_lo"] != WEB] for one in crowd[:3]]
    small = run([*crowd, *(np.concatenate([one, udp_flood(draw)[:2_500]]) for one in crowd[:3])])
    lame = run([*crowd, *(np.concatenate([one, udp_flood(draw)[:2_500]]) for one in down)])
    assert {finding.severity for finding in small} == {Severity.WARNING}
    assert {finding.severity for finding in lame if finding.target == "web1"} == {Severity.CRITICAL}


def test_half_of_the_traffic_is_not_taken_for_an_attack() -> None:
    """A mirror that shows one direction only: everything seems unanswered."""
    to_us = [
        one[(one["destination_lo"] >> np.uint64(16)) == ((MAPPED + 0x0A140000) >> 16)] for one in ordinary.seconds(0, 6)
    ]
    away = [one[(one["source_lo"] >> np.uint64(16)) == ((MAPPED + 0x0A140000) >> 16)] for one in ordinary.seconds(0, 6)]
    assert run(to_us) == []
    assert run(away) == []


def test_a_slight_excess_needs_a_second_window() -> None:
    draw = np.random.default_rng(3)
    short = run([syn_flood(draw, rate=300), packets(source=BOT, destination=WEB, protocol=UDP, size=[60])])
    lasting = run([syn_flood(draw, rate=300), syn_flood(draw, rate=300)])
    assert short == []
    assert [(finding.rule, finding.at) for finding in lasting] == [("syn_flood", START + 2)]


def test_longer_windows_of_exporters_are_judged_at_once() -> None:
    draw = np.random.default_rng(3)
    flows = syn_flood(draw, rate=30_000)
    flows = flows[flows["tcp_flags"] == SYN]
    flows["exporter"] = 1
    tables = Tables(window_s=60, seed=1)
    tables.add(flows)
    rule = Floods(FloodSettings(), NETWORKS)
    found = list(rule.observe(tables.drain(START, START + 60, live=False)))
    assert [(finding.rule, finding.evidence["packets_per_s"]) for finding in found] == [("syn_flood", 500.0)]
    after = list(rule.observe(tables.drain(START + 60, START + 120, live=False)))
    assert not any(finding.cleared for finding in after)  # one export interval without it is not its end


def test_whole_sentences() -> None:
    draw = np.random.default_rng(3)
    found = run([syn_flood(draw)])
    assert "SYN flood on web1: 2,000 packets/s" in found[0].summary
    assert "Banjir SYN ke web1: 2.000 paket/dtk" in found[0].summaries["id"]
    assert found[0].evidence["completed_share"] == "0%"
    assert 1_400 <= int(str(found[0].evidence["distinct_sources"])) <= 2_800


def test_any_window_is_judged_without_a_fault() -> None:
    """Numbers as no network has them: the highest and the lowest together, forged addresses of all kinds."""
    from netmon.api.traffic import ENDPOINT, Second

    draw = np.random.default_rng(9)
    rule = Floods(FloodSettings(), NETWORKS)
    anywhere = Floods(FloodSettings(), Networks())
    for number in range(30):
        octets = draw.integers(0, 256, 2 * 300 * ENDPOINT.itemsize, dtype=np.uint8)
        rows = octets.view(ENDPOINT)
        rows["hi"][::2], rows["lo"][::2] = 0, CLIENTS + draw.integers(0, 200, 300)
        rows["packets"][::5] = 0xFFFFFFFF
        sample = syn_flood(draw, rate=50)
        sample["destination_lo"] = rows["lo"][: len(sample)]
        sample["protocol"] = draw.integers(0, 256, len(sample))
        length = (1.0, 0.001, 60.0, 0.0)[number % 4]
        second = Second(
            start=float(number), end=number + length, live=bool(number % 3), destinations=rows[:300],
            sources=rows[150:], sample=sample,
        )  # fmt: skip
        for finding in [*rule.observe(second), *anywhere.observe(second)]:
            assert finding.summary
            assert finding.summaries["id"]
            json.dumps(finding.evidence, allow_nan=False)
