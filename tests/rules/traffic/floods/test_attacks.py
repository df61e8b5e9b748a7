"""Every kind of flood is found, once, and by its name."""

import numpy as np
import pytest

from netmon.api.networks import Networks
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from tests.rules.traffic.floods import ordinary
from tests.rules.traffic.floods.attacks import ATTACKS, BOT, NAMES, Make, carpet, run, syn_flood, udp_flood
from tests.rules.traffic.floods.ordinary import (
    CLIENTS,
    NETWORKS,
    START,
    SYN,
    TCP,
    WEB,
    Bundles,
    address,
    packets,
)


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
