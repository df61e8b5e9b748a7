"""What an address is used to, and what an attack does to it."""

import numpy as np
import pytest

from netmon.api import Severity
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from tests.rules.traffic.floods import ordinary
from tests.rules.traffic.floods.attacks import anyone, high, run, udp_flood
from tests.rules.traffic.floods.ordinary import (
    NETWORKS,
    RESOLVER,
    UDP,
    WEB,
    packets,
)


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


def test_a_victim_whom_nobody_asks_any_more_has_nothing_to_answer() -> None:
    """Its clients are gone, and a one-way flood is never answered: that alone is no reason for more than a warning."""
    draw = np.random.default_rng(3)
    crowd = list(ordinary.seconds(0, 8))
    alone = [one[(one["source_lo"] != WEB) & (one["destination_lo"] != WEB)] for one in crowd[:3]]
    found = run([*crowd, *(np.concatenate([one, udp_flood(draw)[:2_500]]) for one in alone)])
    assert {(finding.target, finding.severity) for finding in found} == {("web1", Severity.WARNING)}
    assert {finding.evidence["collapsed"] for finding in found} == {"no"}
