"""Light that falls, is too low, and is gone: one incident of the fiber, in the words that fit by now."""

from dataclasses import replace

import pytest

from netmon.api import Finding, Impact, Severity
from tests.support.ring import CUT, START, Ring, check_replay, port_down, unreachable

ENDS = (("acc-rsud", "Te1/1/2"), ("acc-disdik", "Te1/1/1"))
FALLING = "Fiber ring-03 between acc-rsud and acc-disdik is losing light (1.4 km, joints at 0.40 and 0.94 km)"
WEAK = "Fiber ring-03 between acc-rsud and acc-disdik carries too little light (1.4 km, joints at 0.40 and 0.94 km)"
GONE = "Fiber ring-03 is cut between acc-rsud and acc-disdik (1.4 km, joints at 0.40 and 0.94 km)"


def light(rule: str, node: str, port: str, dbm: float, before: float | None = None) -> Finding:
    foretold = rule == "optical_power_falling"
    evidence: dict[str, str | float] = {"metric": "netmon_optical_rx_power_dbm", "value": dbm, "limit": -18.0}
    return Finding(
        rule,
        node,
        START,
        Severity.WARNING if foretold else Severity.ERROR,
        f"light at {node}",
        f"{rule}/{node}/{port}",
        evidence if before is None else evidence | {"netmon_optical_rx_power_dbm.before": before},
        impact=Impact(START + 60, START + 90, START + 200) if foretold else None,
        labels={"ifName": port, "sensor": "rx"},
        expires_s=1e6,
    )


FORETOLD = [light("optical_power_falling", *end, -12.0) for end in ENDS]
LOW = [light("optical_power_low", *end, -18.5, -6.0) for end in ENDS]


def over(*findings: Finding) -> list[Finding]:
    return [replace(finding, cleared=True) for finding in findings]


def seconds(ring: Ring, count: int) -> None:
    for _ in range(count):
        ring.tick(1)


def quick() -> Ring:
    return Ring(pending_for_s={"warning": 5, "error": 2}, resolve_hold_s=20)


def titles(ring: Ring) -> list[str]:
    return [incident.title for incident in ring.open_incidents()]


@pytest.mark.parametrize("first", [0, 1])
def test_forecasts_of_both_ends_are_one_incident(first: int) -> None:
    ring = quick()
    ring.say(FORETOLD[first])
    seconds(ring, 10)
    (incident,) = ring.open_incidents()
    assert (incident.cause, incident.title) == ("link:ring-03", FALLING)
    assert incident.titles["id"].startswith("Cahaya di serat ring-03 antara acc-rsud dan acc-disdik terus melemah")
    end = ENDS[first][0]
    assert incident.explanation["en"].startswith(f"The light that {end} receives is falling towards its limit. ")
    assert incident.explanation["en"].endswith("of the other direction nothing is known.")
    ring.say(*FORETOLD)
    seconds(ring, 10)
    (same,) = ring.open_incidents()
    assert same.id == incident.id
    assert same.explanation["en"] == (
        "The light that both ends receive is falling towards its limit. "
        "Light fell in both directions: likely a bend or a damaged splice."
    )
    assert set(ring.firing()) == {finding.key for finding in FORETOLD}  # it works: no redundancy is lost
    check_replay(ring)


def test_one_incident_from_the_first_forecast_to_the_cut_and_its_end() -> None:
    ring = quick()
    ring.say(*FORETOLD)
    seconds(ring, 10)
    told = titles(ring)
    ring.say(*LOW)
    seconds(ring, 5)
    told += titles(ring)
    ring.say(*over(*FORETOLD))  # what was foretold is so: the forecasts end
    seconds(ring, 30)
    told += titles(ring)
    ring.say(*CUT, *over(*LOW))  # darkness is not low light
    seconds(ring, 30)
    told += titles(ring)
    assert told == [FALLING, WEAK, WEAK, GONE]
    ring.say(*over(*CUT))
    seconds(ring, 30)
    assert ring.open_incidents() == []
    assert [incident.key for incident in ring.alerts.incidents()] == ["cause:link:ring-03"]
    check_replay(ring)


def test_a_forecast_that_lasts_longer_than_the_cut_does_not_keep_the_redundancy_lost() -> None:
    ring = quick()
    ring.say(*FORETOLD, *CUT)
    seconds(ring, 10)
    assert "redundancy_lost" in {alert.rule for alert in ring.firing().values()}
    ring.say(*over(*CUT))
    seconds(ring, 21)  # over with the cut, and held as long
    assert {alert.rule for alert in ring.firing().values()} == {"optical_power_falling"}
    assert titles(ring) == [FALLING]


@pytest.mark.parametrize("before", [None, -17.9])
def test_light_that_fell_slowly_to_its_limit_is_no_matter_of_ports(before: float | None) -> None:
    ring = quick()
    ring.say(*(light("optical_power_low", *end, -18.3, before) for end in ENDS))
    seconds(ring, 10)
    (incident,) = ring.open_incidents()
    assert incident.explanation["en"] == (
        "Both ends receive too little light. Light fell in both directions: likely a bend or a damaged splice."
    )


def test_words_stay_while_all_is_well_again_and_only_held() -> None:
    ring = quick()
    ring.say(*LOW)
    seconds(ring, 10)
    (before,) = ring.open_incidents()
    assert "bend" in before.explanation["en"]
    ring.say(*(light("optical_power_low", *end, -6.1, -6.0) for end in ENDS), *over(*LOW))  # evidence of now
    ring.tick(1)
    ring.say(port_down("acc-dinkes", "Te1/1/1"))  # something else, so that all is looked at again
    seconds(ring, 10)
    (same,) = (incident for incident in ring.open_incidents() if incident.id == before.id)
    assert (same.title, same.explanation) == (before.title, before.explanation)
    seconds(ring, 20)
    (ended,) = (incident for incident in ring.alerts.incidents() if incident.id == before.id)
    assert (ended.title, ended.explanation) == (before.title, before.explanation)


def test_what_both_ends_had_said_of_a_cut_stands_when_one_falls_silent() -> None:
    ring = quick()
    brief = [replace(finding, expires_s=60) for finding in CUT]
    ring.say(*brief)
    seconds(ring, 10)
    assert titles(ring) == [GONE]
    ring.say(brief[0], port_down("acc-bapenda", "Te1/1/1"), unreachable("acc-disdik"), unreachable("acc-disdukcapil"))
    for _ in range(4):
        seconds(ring, 25)
        ring.say(brief[0])  # the other end cannot say it again: its alert expires
    assert brief[1].key not in ring.firing()
    (incident,) = (incident for incident in ring.open_incidents() if incident.cause == "link:ring-03")
    assert incident.title == GONE
    assert "It may also be" not in incident.explanation["en"]
    check_replay(ring)
    ring.say(unreachable("acc-disdik", cleared=True), unreachable("acc-disdukcapil", cleared=True))
    ring.say(*over(brief[0], port_down("acc-bapenda", "Te1/1/1")))
    seconds(ring, 130)
    assert ring.open_incidents() == []
