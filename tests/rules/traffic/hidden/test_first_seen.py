"""Services and contacts that are new, and those that are not."""

from functools import cache
from ipaddress import ip_network
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api import Severity
from netmon.api.traffic import RECORD, FlowState, Second
from rules.traffic.hidden.first_seen import FirstSeen
from rules.traffic.hidden.settings import FirstSeenSettings
from tests.rules.traffic.hidden.flows import NOWHERE, OURS, START, UDP, begun, flows, found, low, windows

DAY = 86_400
LONG_S = 300.0  # a window, so that days are few of them
WEB, FILES, STAFF, THIEF = "10.20.1.80", "10.20.1.90", "10.20.2.7", "198.51.100.66"
LISTS = {"abroad": [ip_network("198.51.100.0/24"), ip_network("2001:db8::/32")], "other": [ip_network("45.0.0.0/8")]}


def rule(**given_settings: object) -> FirstSeen:
    return FirstSeen(FirstSeenSettings.model_validate(given_settings), OURS)


@cache
def life(days: int) -> list[np.ndarray]:
    """A web server; a file server with FTP's own ports; a work station that answers now and then."""
    rng = np.random.default_rng(1)
    at = np.sort(rng.uniform(0, days * DAY, days * 300))
    readers = low("36.64.0.0") + rng.integers(0, 1 << 20, len(at))
    inside = low("10.20.2.0") + np.arange(len(at)) % 50
    return [
        flows(at, readers, WEB, port=np.where(np.arange(len(at)) % 9, 443, 80)),
        flows(at + 1, inside, FILES, port=rng.choice([21, 445], len(at))),
        flows(at + 2, inside, FILES, port=rng.integers(30_000, 60_000, len(at)), source_port=61_000),
        flows(at[::40] + 3, inside[::40], STAFF, port=445),
        flows(at + 4, WEB, readers, port=rng.integers(30_000, 60_000, len(at)), source_port=61_000),
        flows(at + 5, inside, low("9.9.9.9"), port=53, protocol=UDP),
    ]


def test_a_month_of_the_same_services_is_quiet() -> None:
    assert found(rule(), *life(30), length_s=300) == []


def test_a_new_port_is_told_at_once_and_once() -> None:
    door = flows(10 * DAY + np.arange(5) * 400.0, THIEF, WEB, port=4_444, took=1)
    told = found(rule(), *life(12), door, length_s=LONG_S)
    assert [(one.target, one.severity, one.evidence["ports"]) for one in begun(told)] == [
        ("web1", Severity.WARNING, "TCP 4444")
    ]
    assert told[0].at - START - 10 * DAY <= LONG_S + 1
    assert [one.cleared for one in told].count(True) == 1
    assert told[0].evidence["technique"] == "T1133"
    assert "4444" in told[0].summaries["id"]


def test_one_of_ours_that_asks_is_information() -> None:
    door = flows(10 * DAY, STAFF, WEB, port=9_200)
    assert [one.severity for one in begun(found(rule(), *life(11), door, length_s=LONG_S))] == [Severity.INFO]


@pytest.mark.parametrize(
    "columns",
    [
        {"state": FlowState.REFUSED},
        {"state": FlowState.ONE_WAY},
        {"state": FlowState.RESET, "port": 5_353},
        {"protocol": UDP, "port": 40_000},
        {"protocol": UDP, "port": 9_000, "source_port": 53},
    ],
)
def test_what_shows_no_new_service_is_quiet(columns: dict[str, object]) -> None:
    values: dict[str, object] = {"port": 4_444, **columns}
    assert found(rule(), *life(11), flows(10 * DAY, THIEF, WEB, **values), length_s=LONG_S) == []


def test_half_open_scans_are_no_service() -> None:
    scanned = flows(10 * DAY, THIEF, WEB, port=np.arange(1, 500), state=FlowState.RESET)
    scanned["handshake_us"] = 0
    assert found(rule(), *life(11), scanned, length_s=LONG_S) == []


def test_work_stations_and_hosts_of_any_port_are_quiet() -> None:
    station = flows(10 * DAY, "10.20.2.9", STAFF, port=4_444)
    any_port = flows(10 * DAY, "10.20.2.9", FILES, port=29_000)
    assert found(rule(), *life(11), station, any_port, length_s=LONG_S) == []
    assert found(rule(), *life(11), flows(10 * DAY, "10.20.2.9", FILES, port=23), length_s=LONG_S) != []


def test_exporters_tell_it_too() -> None:
    door = flows(10 * DAY, THIEF, WEB, port=4_444, state=FlowState.ANSWERED)
    assert len(begun(found(rule(), *life(11), door, length_s=LONG_S, live=False))) == 1
    backwards = flows(10 * DAY, THIEF, WEB, source_port=443, port=50_000, state=FlowState.ANSWERED)
    assert found(rule(), *life(11), backwards, length_s=LONG_S, live=False) == []


@pytest.mark.parametrize("began_by_peer", [True, False])
def test_the_first_contact_with_a_list_is_told_once(began_by_peer: bool) -> None:
    judged = rule()
    judged.watch(LISTS)
    ends = (THIEF, WEB) if began_by_peer else (WEB, THIEF)
    told = found(judged, *life(12), flows(10 * DAY + np.arange(5) * 4_000.0, *ends, port=443), length_s=LONG_S)
    assert [(one.target, one.evidence["list"], one.evidence["began_by_peer"]) for one in begun(told)] == [
        ("web1", "abroad", began_by_peer)
    ]
    assert [one.cleared for one in told].count(True) == 1
    assert "abroad" in told[0].summaries["id"]


def test_lists_that_were_met_before_or_not_given_are_quiet() -> None:
    contact = flows(np.array([2 * DAY, 10 * DAY]), THIEF, WEB)
    judged = rule()
    judged.watch(LISTS)
    assert found(judged, *life(11), contact, length_s=LONG_S) == []
    judged = rule()
    judged.watch({"other": LISTS["other"]})
    assert found(judged, *life(11), contact[1:], length_s=LONG_S) == []
    with pytest.raises(ValueError, match="at most 255"):
        judged.watch({str(number): [] for number in range(256)})


def test_what_was_learned_outlives_a_restart() -> None:
    before, after = rule(), rule()
    before.watch(LISTS)
    after.watch(LISTS)
    assert found(before, *life(9), flows(DAY, THIEF, WEB), length_s=300) == []
    after.restore(before.save())
    later = [*life(12), flows(10 * DAY, THIEF, WEB, port=np.array([443, 4_444]))]
    told = [one for window in windows(later, LONG_S) if window.start > START + 9 * DAY for one in after.observe(window)]
    assert [one.evidence["ports"] for one in begun(told)] == ["TCP 4444"]
    with pytest.raises(ValueError, match="layout"):
        after.restore({name: np.zeros(1, RECORD) for name in ("hosts", "ports", "met")})
    with pytest.raises(ValueError, match="without"):
        after.restore({"hosts": np.zeros(0, RECORD)})
    wrong: dict[str, Any] = {name: array.copy() for name, array in before.save().items()}
    wrong["hosts"]["first_s"][0] = np.inf
    with pytest.raises(ValueError, match="cannot be"):
        after.restore(wrong)
    assert rule().save() == {}


def test_memory_is_bounded() -> None:
    judged = rule(hosts=16, ports=16, rows_per_s=100)
    at = np.arange(2_000) / 20.0
    found(judged, flows(at, THIEF, low("10.20.0.0") + np.arange(2_000), port=np.arange(2_000) % 900 + 1))
    found(judged, flows(100 + at / 20, THIEF, WEB, port=np.arange(2_000) + 1))
    assert len(judged._hosts) <= 16
    assert max(len(host.services) for host in judged._hosts.values()) == 16
    assert judged.dropped > 1_900
    assert judged.skipped > 0


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=168 * 2, max_size=168 * 30), st.booleans())
def test_any_flows_are_survived(octets: bytes, live: bool) -> None:
    rows = np.frombuffer(octets[: len(octets) // 168 * 168], RECORD)
    judged = FirstSeen(FirstSeenSettings(hosts=16, learning_s=0, server_flows=1, server_peers=1), NOWHERE)
    judged.watch({"all": [ip_network("::/0"), ip_network("0.0.0.0/0")]})
    for place in range(3):
        list(judged.observe(Second(START + place, START + place + 1, live, ended=rows)))
    assert len(judged._hosts) <= 16
    rule().restore(judged.save())
