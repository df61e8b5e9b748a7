"""Beacons as known tools make them, and what is regular and is none."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api import Severity
from netmon.api.networks import Networks
from netmon.api.traffic import RECORD, FlowState, Second
from rules.traffic.hidden.beacon import Beacon
from rules.traffic.hidden.settings import BeaconSettings
from tests.rules.traffic.hidden.flows import NOWHERE, OURS, START, UDP, begun, flows, found, low, windows
from tests.rules.traffic.hidden.ordinary import browsing, office

SERVER = "198.51.100.66"


def beacon(sleep_s: float, jitter: float, count: int, *, seed: int = 1, **columns: object) -> np.ndarray:
    """Contacts with pauses between (1 - jitter) and 1 times the sleep, as Cobalt Strike makes them."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(sleep_s * rng.uniform(1 - jitter, 1, count))
    ports = rng.integers(32_768, 60_000, count)
    values: dict[str, object] = {"source_port": ports, "sent": 1_480 + rng.integers(0, 30, count), **columns}
    return flows(at, "10.20.2.44", SERVER, **values)


def rule(networks: Networks = OURS, **given_settings: object) -> Beacon:
    return Beacon(BeaconSettings.model_validate(given_settings), networks)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("sleep_s", "jitter", "within_s"),
    [(60, 0.0, 1_500), (60, 0.25, 1_400), (60, 0.5, 1_400), (10, 0.5, 1_000), (300, 0.2, 7_500), (3_600, 0.1, 90_000)],
)
def test_a_beacon_is_found_among_ordinary_traffic(sleep_s: float, jitter: float, within_s: float, seed: int) -> None:
    attack = beacon(sleep_s, jitter, int(within_s / sleep_s / (1 - jitter)) + 30, seed=seed)
    rng = np.random.default_rng(seed)
    told = begun(found(rule(), attack, *browsing(rng, 1_200, people=20), length_s=2.0 if sleep_s < 3_600 else 60.0))
    assert [(one.rule, one.target, one.evidence["target"]) for one in told] == [("beacon", "10.20.2.44", SERVER)]
    assert told[0].at - START <= within_s
    assert told[0].severity is Severity.WARNING  # nobody else of many talks to it
    assert told[0].evidence["technique"] == "T1071"
    assert float(told[0].evidence["interval_s"]) == pytest.approx(sleep_s * (1 - jitter / 2), rel=0.15)
    assert SERVER in told[0].summary
    assert SERVER in told[0].summaries["id"]


def test_it_is_one_finding_as_long_as_it_lasts_and_closes() -> None:
    findings = found(rule(quiet_s=600, repeat_s=300), beacon(60, 0.3, 120), length_s=10, rest_s=700)
    assert len(begun(findings)) == 1
    assert [one.cleared for one in findings].count(True) == 1
    assert findings[-1].cleared
    assert int(findings[-1].evidence["contacts"]) == 120


def test_it_is_found_where_no_prefix_is_known() -> None:
    told = begun(found(rule(NOWHERE), beacon(60, 0.2, 40)))
    assert [one.evidence["target"] for one in told] == [SERVER]
    assert told[0].severity is Severity.INFO  # whether others talk to it cannot be known


def test_exporters_flows_tell_it_too() -> None:
    attack = beacon(60, 0.2, 40, state=FlowState.ANSWERED)
    assert len(begun(found(rule(), attack, length_s=30, live=False))) == 1


def test_an_hour_of_an_office_is_quiet() -> None:
    assert found(rule(), *office(1), length_s=1.0) == []


def test_an_hour_is_quiet_where_no_prefix_is_known() -> None:
    assert found(rule(NOWHERE), *office(2), length_s=1.0) == []


def test_a_day_of_browsing_is_quiet() -> None:
    rng = np.random.default_rng(5)
    assert found(rule(), *browsing(rng, 86_400, people=8), length_s=60.0) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"port": 993},
        {"port": 123, "protocol": UDP},
        {"replies": 0, "state": FlowState.ONE_WAY},
        {"state": FlowState.REFUSED, "replies": 0},
        {"sent": 400_000},  # a backup of every minute
        {"flags": 24},  # parts of a connection that goes on
        {"protocol": UDP, "source_port": 51_000},  # keep-alives
    ],
)
def test_what_is_regular_and_no_beacon_is_quiet(columns: dict[str, object]) -> None:
    assert found(rule(), beacon(60, 0.0, 60, seed=1, **columns), length_s=10) == []


def test_sizes_that_vary_are_quiet() -> None:
    sizes = np.random.default_rng(3).integers(500, 50_000, 60)
    assert found(rule(), beacon(60, 0.0, 60, sent=sizes), length_s=10) == []


def test_known_destinations_and_inside_ones_are_quiet() -> None:
    assert found(rule(known_destinations=["198.51.100.0/24"]), beacon(60, 0.0, 60), length_s=10) == []
    inside = beacon(60, 0.0, 60)
    inside["destination_lo"] = low("10.20.9.9")
    assert found(rule(), inside, length_s=10) == []


def test_whom_many_hosts_talk_to_is_no_beacons_server() -> None:
    others = flows(np.arange(5) * 10.0, low("10.20.2.1") + np.arange(5), SERVER)
    assert found(rule(), beacon(60, 0.0, 60), others, length_s=10) == []
    four = flows(np.arange(3) * 10.0, low("10.20.2.1") + np.arange(3), SERVER)
    assert found(rule(), beacon(60, 0.0, 60), four, length_s=10) != []


def test_a_scan_of_the_world_does_not_make_it_forget() -> None:
    scanned = flows(
        300 + np.arange(4_000) * 0.3, "10.20.2.90", low("45.0.0.0") + np.arange(4_000) * 300, state=FlowState.RESET
    )
    judged = rule(pairs=64)
    told = begun(found(judged, beacon(60, 0.2, 40), scanned))
    assert [one.evidence["target"] for one in told] == [SERVER]
    assert judged.dropped > 3_000
    assert len(judged._acquaintances.young) + len(judged._grown) <= 64


def test_it_goes_on_after_a_restart() -> None:
    attack = beacon(60, 0.3, 40)
    first, second = rule(), rule()
    assert found(first, attack[:18]) == []
    second.restore(first.save())
    told = [one for window in windows([attack]) if window.start > START + 18 * 60 for one in second.observe(window)]
    assert begun(told)[0].at - START < 26 * 60
    with pytest.raises(ValueError, match="layout"):
        second.restore({"pairs": np.zeros(2, RECORD)})
    wrong: dict[str, Any] = {"pairs": first.save()["pairs"].copy()}
    wrong["pairs"]["gaps_s"][0, 0] = np.nan
    with pytest.raises(ValueError, match="cannot be"):
        second.restore(wrong)
    assert rule().save() == {}


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=168 * 4, max_size=168 * 40), st.booleans())
def test_any_flows_are_survived(octets: bytes, live: bool) -> None:
    rows = np.frombuffer(octets[: len(octets) // 168 * 168], RECORD)
    judged = rule(NOWHERE, pairs=16)
    for place in range(3):
        assert list(judged.observe(Second(START + place, START + place + 1, live, ended=rows))) is not None
    assert len(judged._acquaintances.young) + len(judged._grown) <= 16
    rule().restore(judged.save())
