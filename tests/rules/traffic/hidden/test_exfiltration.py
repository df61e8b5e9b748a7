"""Volumes of servers that their past explains, and those that it does not. Months are told in windows of minutes."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api import Severity
from netmon.api.traffic import RECORD, Second
from rules.traffic.hidden.exfiltration import Exfiltration
from rules.traffic.hidden.settings import ExfiltrationSettings
from tests.rules.traffic.hidden.flows import NOWHERE, OURS, START, begun, flows, found, low, windows

DAY, MB = 86_400, 1_000_000
WEB, FILES, STAFF = "10.20.1.80", "10.20.1.90", "10.20.2.7"
MIRROR, CLOUD, THIEF = "203.0.113.9", low("52.95.0.0"), "198.51.100.66"
LONG_S = 600.0  # a window, so that a fortnight is two thousand of them


def rule(**given_settings: object) -> Exfiltration:
    return Exfiltration(ExfiltrationSettings.model_validate(given_settings), OURS)


def transfer(at: float, source: str, destination: object, megabytes: float, took_s: float) -> np.ndarray:
    """A long upload, told in parts of a minute."""
    minutes = max(1, int(took_s / 60))
    return flows(
        at + np.arange(minutes) * 60.0, source, destination, took=60, sent=int(megabytes * MB / minutes),
        back=int(megabytes * MB / minutes / 40),
    )  # fmt: skip


@cache
def life(days: int, seed: int = 1) -> list[np.ndarray]:
    """A web server with its readers and a crowd's day, a file server with its backups, staff with their uploads."""
    rng = np.random.default_rng(seed)
    parts = []
    for day in range(days):
        start = day * DAY
        at = start + np.sort(rng.uniform(6 * 3_600, 22 * 3_600, 900 * (10 if day == 11 else 1)))
        readers = low("36.64.0.0") + rng.integers(0, 1 << 20, len(at))
        parts.append(flows(at, readers, WEB, sent=1_200, back=rng.lognormal(13, 1.5, len(at)).astype(int), took=20))
        parts.append(flows(start + 12 * 3_600, low("36.64.9.9"), WEB, sent=9 * MB, back=1_200 * MB, took=400))  # a film
        parts.append(transfer(start + 2 * 3_600 + rng.uniform(0, 900), FILES, MIRROR, rng.uniform(4_000, 6_000), 2_400))
        parts.append(transfer(start + 4 * 3_600, FILES, CLOUD + int(rng.integers(0, 200)), rng.uniform(700, 900), 600))
        inside = start + np.sort(rng.uniform(0, DAY, 200))
        parts.append(flows(inside, low("10.20.2.0") + np.arange(200) % 50, FILES, port=445, sent=5_000, back=90_000))
        parts.append(transfer(start + 10 * 3_600, STAFF, "142.250.4.8", rng.uniform(10, 3_000), 1_800))
        parts.append(transfer(start + 15 * 3_600, FILES, low("151.101.0.1"), 40, 60))  # mail, updates
        back = flows(start + 16 * 3_600, FILES, "151.101.0.1", sent=30 * MB, back=2_000 * MB, took=600)  # a download
        parts.append(back)
    return parts


def test_three_weeks_of_servers_and_staff_are_quiet() -> None:
    assert found(rule(), *life(21), length_s=LONG_S) == []


@pytest.mark.parametrize(
    ("theft", "kind", "within_s"),
    [
        (transfer(12 * DAY, WEB, THIEF, 5_000, 1_200), "sent", 400),  # a server that sends next to nothing itself
        (transfer(12 * DAY, FILES, MIRROR, 60_000, 3_000), "sent", 2_000),  # more than any backup
        (transfer(12 * DAY, FILES, THIEF, 9_000, 1_200), "sent_to_new", 900),  # a backup's size, and to a stranger
        (flows(12 * DAY, THIEF, WEB, sent=40 * MB, back=20_000 * MB, took=1_200), "served", 1_900),
    ],
)
def test_a_theft_is_found(theft: np.ndarray, kind: str, within_s: float) -> None:
    told = begun(found(rule(), *life(13), theft, length_s=LONG_S))
    assert {str(one.evidence["kind"]) for one in told} >= {kind}
    assert {one.target for one in told} <= {"web1", FILES}
    one = next(one for one in told if one.evidence["kind"] == kind)
    assert one.at - START - 12 * DAY <= within_s + LONG_S
    assert one.severity >= Severity.WARNING
    assert one.evidence["technique"] == "T1048"
    assert str(one.evidence["destination"]) in one.summary
    assert str(one.evidence["destination"]) in one.summaries["id"]


def test_in_seconds_it_is_found_once_its_floor_is_passed() -> None:
    """Of 10 MB/s to a stranger, in ever new connections, from a server that is named and was learned before."""
    judged = rule(learning_s=0)
    theft = flows(np.arange(120) * 1.0, WEB, THIEF, sent=10 * MB, back=100_000, took=1)
    told = found(judged, theft, rest_s=1_000)
    assert told[0].at - START == pytest.approx(51, abs=2)
    assert told[-1].cleared
    assert {one.evidence["total_octets"] for one in told if one.cleared} == {1_200 * MB}


def test_it_is_quiet_while_it_learns_and_of_who_is_no_server() -> None:
    assert found(rule(), transfer(3_600, WEB, THIEF, 5_000, 1_200), length_s=LONG_S) == []
    staff = transfer(12 * DAY, STAFF, THIEF, 50_000, 1_200)
    assert found(rule(), *life(13), staff, length_s=LONG_S) == []
    assert found(rule(every_host=True), *life(13), staff, length_s=LONG_S) != []


def test_a_mirror_that_is_given_is_quiet() -> None:
    theft = transfer(12 * DAY, WEB, THIEF, 5_000, 1_200)
    assert found(rule(ignored=["198.51.100.0/24"]), *life(13), theft, length_s=LONG_S) == []


def test_one_theft_does_not_make_it_usual() -> None:
    thefts = [transfer((12 + day) * DAY, WEB, THIEF, 5_000, 1_200) for day in (0, 1)]
    told = found(rule(), *life(15), *thefts, length_s=LONG_S)
    assert len([one for one in told if one.cleared and one.evidence["kind"] == "sent"]) == 2


def test_what_was_learned_outlives_a_restart() -> None:
    before, after = rule(), rule()
    assert found(before, *life(12), length_s=LONG_S) == []
    after.restore(before.save())
    theft = [*life(14), transfer(13 * DAY, WEB, THIEF, 5_000, 1_200)]
    told = [
        one for window in windows(theft, LONG_S) if window.start >= START + 12 * DAY for one in after.observe(window)
    ]
    assert {one.target for one in told} == {"web1"}
    with pytest.raises(ValueError, match="layout"):
        after.restore({"hosts": np.zeros(1, RECORD), "known": np.zeros(1, RECORD)})
    wrong: dict[str, Any] = {name: array.copy() for name, array in before.save().items()}
    wrong["hosts"]["first_s"][0] = np.nan
    with pytest.raises(ValueError, match="cannot be"):
        after.restore(wrong)
    assert rule().save() == {}


def test_memory_is_bounded() -> None:
    judged = rule(hosts=16, pairs=16, known=16)
    ours = low("10.20.0.0") + np.arange(3_000)
    rows = flows(np.arange(3_000) * 5.0, ours, low("45.0.0.0") + np.arange(3_000) * 300, sent=20 * MB, back=0)
    found(judged, rows, length_s=60)
    assert len(judged._hosts) <= 16
    assert len(judged._pairs) <= 16
    assert len(judged._known) <= 16
    assert judged.dropped > 2_900


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=168 * 2, max_size=168 * 30), st.booleans())
def test_any_flows_are_survived(octets: bytes, live: bool) -> None:
    rows = np.frombuffer(octets[: len(octets) // 168 * 168], RECORD)
    judged = Exfiltration(ExfiltrationSettings(hosts=16, pairs=16, learning_s=0, every_host=True), NOWHERE)
    for place in range(3):
        list(judged.observe(Second(START + place, START + place + 1, live, ended=rows)))
    assert len(judged._hosts) <= 16
    rule().restore(judged.save())
