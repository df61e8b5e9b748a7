"""Others' words for what netmon finds itself: they join ours, trail ours quietly, and count where ours cannot be."""

from dataclasses import replace
from typing import Any

import pytest

from netmon.api import Finding, Severity
from netmon.api.alerts import State
from netmon.core.causes.correlator import ByCause
from tests.support.ring import CUT, START, Ring, check_replay, graph, port_down, unreachable

BOTH_CUTS = (port_down("acc-rsud", "Te1/1/2"), port_down("acc-bapenda", "Te1/1/1"))
ISOLATED = ("acc-disdik", "acc-disdukcapil")


def found_down(node: str, *, cleared: bool = False) -> Finding:
    """Return what Prometheus says of a target."""
    summary, key = f"Prometheus finds {node} down", f"TargetDown/{node}"
    return Finding("TargetDown", node, START, Severity.WARNING, summary, key, cleared=cleared, expires_s=1e6)


def over(*findings: Finding) -> list[Finding]:
    return [replace(finding, cleared=True) for finding in findings]


def seconds(ring: Ring, count: int) -> None:
    for _ in range(count):
        ring.tick(1)


def isolated(**settings: Any) -> Ring:
    """Return a ring in which two cuts isolate two switches; Prometheus finds one of them down as well."""
    ring = Ring(resolve_hold_s=20, pending_for_s={"warning": 5, "error": 2}, **settings)
    ring.say(*BOTH_CUTS, *map(unreachable, ISOLATED))
    seconds(ring, 5)
    ring.say(found_down("acc-disdik"))
    seconds(ring, 10)
    return ring


def test_it_is_an_effect_beside_ours() -> None:
    ring = isolated()
    ours, theirs = ring.firing()["device_unreachable/acc-disdik"], ring.firing()["TargetDown/acc-disdik"]
    assert ours.effect_of.startswith("link:")
    assert (theirs.incident, theirs.effect_of) == (ours.incident, ours.effect_of)
    check_replay(ring)


@pytest.mark.parametrize("ours_first", [True, False])
def test_it_is_in_the_incident_of_the_cause_whoever_comes_first(*, ours_first: bool) -> None:
    ring = Ring(pending_for_s={"warning": 5})
    told = [unreachable("ups-setda"), found_down("ups-setda")]
    ring.say(told[0 if ours_first else 1])
    seconds(ring, 10)
    assert ring.causes() == (["device:ups-setda"] if ours_first else [""])  # netmon itself finds nothing wrong
    ring.say(*told)
    seconds(ring, 10)
    (incident,) = ring.open_incidents()
    assert incident.cause == "device:ups-setda"
    assert ring.firing()["TargetDown/ups-setda"].incident == incident.id
    check_replay(ring)


def test_it_trails_ours_quietly_and_reopens_nothing() -> None:
    ring = isolated()
    before = {incident.id for incident in ring.open_incidents()}
    theirs = ring.firing()["TargetDown/acc-disdik"].incident
    ring.say(*over(*BOTH_CUTS, *map(unreachable, ISOLATED)))
    seconds(ring, 60)
    (incident,) = ring.open_incidents()  # the other cut's is over
    assert (incident.id, incident.muted, incident.state) == (theirs, True, State.FIRING)
    assert set(ring.firing()) == {"TargetDown/acc-disdik"}
    check_replay(ring)
    ring.say(found_down("acc-disdik", cleared=True))
    seconds(ring, 25)
    assert ring.open_incidents() == []
    assert {incident.id for incident in ring.alerts.incidents()} == before


def test_a_cause_that_comes_back_is_heard_again() -> None:
    ring = isolated()
    ring.say(*over(*BOTH_CUTS, *map(unreachable, ISOLATED)))
    seconds(ring, 60)
    assert [incident.muted for incident in ring.open_incidents()] == [True]
    ring.say(*BOTH_CUTS, *map(unreachable, ISOLATED))
    seconds(ring, 10)
    assert [incident.muted for incident in ring.open_incidents()] == [False, False]
    check_replay(ring)


def test_what_trails_for_too_long_stands_alone_and_is_heard() -> None:
    ring = isolated(causes={"trailing_s": 100})
    theirs = ring.firing()["TargetDown/acc-disdik"].incident
    ring.say(*over(*BOTH_CUTS, *map(unreachable, ISOLATED)))
    seconds(ring, 119)  # over after 20, and 100 from then
    assert ring.firing()["TargetDown/acc-disdik"].incident == theirs
    seconds(ring, 2)
    (incident,) = ring.open_incidents()
    assert (incident.key, incident.muted, incident.cause) == ("target:acc-disdik", False, "")
    assert ring.firing()["TargetDown/acc-disdik"].effect_of == ""
    check_replay(ring)


def test_it_stays_where_it_is_while_ours_is_held() -> None:
    ring = isolated()
    theirs = ring.firing()["TargetDown/acc-disdik"].incident
    ring.say(*over(*BOTH_CUTS))
    seconds(ring, 15)
    ring.say(*over(*map(unreachable, ISOLATED)))
    seconds(ring, 10)  # the cuts are over, the switches are held
    assert ring.firing()["TargetDown/acc-disdik"].incident == theirs
    assert all(cause.startswith("link:") for cause in ring.causes())


def test_of_what_netmon_does_not_poll_it_is_a_sign() -> None:
    ring = Ring(pending_for_s={"warning": 5})
    ring.alerts.configure(ring.settings, ByCause(ring.settings, graph(), unpolled=["ups-setda"]))
    ring.say(found_down("ups-setda"), found_down("ups-kominfo"))
    seconds(ring, 10)
    assert ring.causes() == ["", "device:ups-setda"]


def test_while_a_collector_is_silent_it_is_a_sign_and_joins_ours_when_that_is_back() -> None:
    ring = Ring(pending_for_s={"warning": 5})
    stopped = Finding(
        "netmon_collector_stopped", "p", START, Severity.CRITICAL, "p is silent", "stopped", expires_s=1e6
    )
    ring.say(found_down("ups-setda"))
    seconds(ring, 10)
    assert ring.causes() == [""]
    ring.say(stopped)
    seconds(ring, 10)
    assert ring.causes() == ["", "device:ups-setda"]  # the other is the collector's
    ring.say(unreachable("ups-setda"), *over(stopped))
    seconds(ring, 130)
    (incident,) = ring.open_incidents()
    assert incident.cause == "device:ups-setda"
    assert len(ring.firing()) == 2


def test_what_a_battery_tells_is_in_the_incident_of_the_mains() -> None:
    ring = Ring(pending_for_s={"warning": 5})
    mains = Finding("ups_on_battery", "ups-setda", START, Severity.CRITICAL, "on battery", "mains", expires_s=1e6)
    empty = Finding("ups_battery_emptying", "ups-setda", START, Severity.WARNING, "soon empty", "empty", expires_s=1e6)
    low = Finding("ups_battery_low", "ups-setda", START, Severity.CRITICAL, "lasts 9 min", "low", expires_s=1e6)
    ring.say(mains)
    seconds(ring, 2)
    ring.say(empty, low)
    seconds(ring, 10)
    (incident,) = ring.open_incidents()
    assert incident.cause == "site:setda"
    assert {alert.incident for alert in ring.firing().values()} == {incident.id}
    assert len(ring.firing()) == 3
    ring.say(*over(mains, low))
    seconds(ring, 130)
    assert [each.muted for each in ring.open_incidents()] == [True]
    ring.say(*over(empty))
    seconds(ring, 125)
    assert ring.open_incidents() == []


def test_a_worn_battery_with_the_mains_on_is_about_the_battery() -> None:
    ring = Ring()
    ring.say(Finding("ups_battery_low", "ups-setda", START, Severity.CRITICAL, "9 min", "low", expires_s=1e6))
    seconds(ring, 2)
    assert [incident.key for incident in ring.open_incidents()] == ["target:ups-setda"]


def test_a_port_of_the_target_is_not_its_silence() -> None:
    ring = Ring(pending_for_s={"warning": 5, "error": 2})
    ring.say(*CUT, found_down("acc-rsud"))
    seconds(ring, 10)
    assert sorted(incident.key for incident in ring.open_incidents()) == ["cause:link:ring-03", "target:acc-rsud"]
