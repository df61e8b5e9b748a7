"""What is thought of a cause changes: incidents are merged, end, go on; what people did to them holds; restarts."""

from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from netmon.api import Finding, Matcher, NewSilence, Severity
from netmon.api.alerts import State
from netmon.core.alerts.changes import What
from netmon.core.causes.correlator import ByCause
from tests.support.ring import (
    CUT,
    START,
    Ring,
    check_replay,
    demo,
    graph,
    new_engine,
    port_down,
    unreachable,
)


def test_an_incident_whose_cause_turns_out_to_be_another_goes_on_as_that_ones() -> None:
    ring = Ring()
    ring.say(unreachable("acc-disdik"))
    ring.tick(1)
    first = [incident.id for incident in ring.open_incidents()]
    assert ring.causes() == ["device:acc-disdik"]  # nothing tells of a cut yet
    ring.say(port_down("acc-rsud", "Te1/1/2"), port_down("acc-bapenda", "Te1/1/1"), unreachable("acc-disdukcapil"))
    ring.tick(1)
    ring.tick(31)
    assert ring.causes() == ["link:ring-03", "link:ring-05"]
    taker = ring.firing()["device_unreachable/acc-disdik"].incident
    assert [(ring.alerts.incident(each).state, ring.alerts.incident(each).merged_into) for each in first] == [
        (State.RESOLVED, taker)
    ] * len(first)
    check_replay(ring)


def test_an_effect_that_was_a_cause_moves_and_its_incident_is_merged() -> None:
    ring = Ring()
    ring.say(unreachable("ups-setda"), unreachable("drc-basisdata"))
    ring.tick(1)
    assert ring.causes() == ["device:ups-setda", "server:drc-basisdata"]
    old = [incident.id for incident in ring.open_incidents()]
    everything = [unreachable("core-setda"), unreachable("drc-cadangan")]
    everything += [port_down("acc-dprd", "Te1/1/2"), port_down("acc-dpupr", "Te1/1/1")]
    ring.say(*everything)
    ring.tick(1)
    (incident,) = ring.open_incidents()
    assert incident.cause == "device:core-setda"
    assert [ring.alerts.incident(each).merged_into for each in old] == [incident.id] * 2
    assert incident.effect_count == 3
    assert ring.where()["device_unreachable/core-setda"] == ("device:core-setda", "")
    assert ring.where()["device_unreachable/ups-setda"] == ("device:core-setda", "device:core-setda")
    check_replay(ring)


def isolated() -> Ring:
    """Return a ring with two cuts, between which two switches hang on nothing."""
    ring = Ring(resolve_hold_s=60)
    ring.broken("link:ring-03", "link:ring-05")
    ring.run(300)
    assert ring.causes() == ["link:ring-03", "link:ring-05"]
    assert ring.where()["device_unreachable/acc-disdik"][1] in ring.causes()
    return ring


MENDED = [port_down(*end, cleared=True) for end in (("acc-rsud", "Te1/1/2"), ("acc-bapenda", "Te1/1/1"))]


def test_an_effect_that_outlasts_its_cause_is_a_cause_of_its_own_and_the_first_incident_is_over() -> None:
    ring = isolated()
    first = {incident.id for incident in ring.open_incidents()}
    ring.say(*MENDED, unreachable("acc-disdukcapil", cleared=True))
    ring.say(*(replace(finding, cleared=True) for finding in TOLD_BEFORE if finding.key in ring.firing()))
    for _ in range(130):
        ring.tick(1)
    assert ring.causes() == ["device:acc-disdik"]
    assert ring.where()["device_unreachable/acc-disdik"] == ("device:acc-disdik", "")
    assert {(i.state, i.merged_into) for i in map(ring.alerts.incident, first)} == {(State.RESOLVED, "")}
    check_replay(ring)


TOLD_BEFORE = [port_down(*end) for end in (("acc-disdik", "Te1/1/1"), ("acc-disdukcapil", "Te1/1/2"))]


def test_a_port_that_is_up_again_excludes_the_cut_also_where_that_would_explain_what_lasts() -> None:
    ring = isolated()
    ring.say(MENDED[0], *(replace(told, cleared=True) for told in TOLD_BEFORE[:1] if told.key in ring.firing()))
    for _ in range(125):
        ring.tick(1)
    assert "device_unreachable/acc-disdukcapil" in ring.firing()
    assert ring.causes() == ["device:acc-disdik", "link:ring-05"]
    check_replay(ring)
    ring.say(port_down("acc-rsud", "Te1/1/2"))  # down again
    for _ in range(40):
        ring.tick(1)
    assert "link:ring-03" in ring.causes()


def test_an_incident_whose_cause_was_seen_to_be_over_ends_and_is_not_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.core.causes.watch.at_risk", lambda *_: ())
    ring = isolated()
    first = ring.firing()["device_unreachable/acc-disdik"].incident
    ring.say(*MENDED, *(replace(finding, cleared=True) for finding in TOLD_BEFORE if finding.key in ring.firing()))
    ring.tick(61)
    assert ring.firing()["device_unreachable/acc-disdik"].incident == first  # it may only not be polled yet
    assert ring.alerts.incident(first).muted
    check_replay(ring)
    ring.tick(59)
    assert ring.firing()["device_unreachable/acc-disdik"].incident == first
    ring.tick(1)
    assert ring.firing()["device_unreachable/acc-disdik"].incident != first
    assert (ring.alerts.incident(first).state, ring.alerts.incident(first).merged_into) == (State.RESOLVED, "")


def test_an_effect_that_is_said_to_be_over_does_not_move_any_more() -> None:
    ring = isolated()
    before = {incident.id for incident in ring.alerts.incidents()}
    ring.say(*MENDED, *(replace(finding, cleared=True) for finding in TOLD_BEFORE if finding.key in ring.firing()))
    ring.tick(50)
    ring.say(unreachable("acc-disdik", cleared=True), unreachable("acc-disdukcapil", cleared=True))
    ring.tick(11)  # the ports are resolved, the switches are not yet
    assert {key for key in ring.firing() if not key.startswith("netmon/")} == {
        "device_unreachable/acc-disdik",
        "device_unreachable/acc-disdukcapil",
    }
    assert {incident.id for incident in ring.alerts.incidents()} == before
    for _ in range(130):
        ring.tick(1)
    assert ring.open_incidents() == []


def test_neighbours_that_are_polled_after_a_switch_is_back_tell_of_no_cut() -> None:
    ring = Ring(resolve_hold_s=20)
    ports = [port_down("acc-dinkes", "Te1/1/2"), port_down("acc-disdik", "Te1/1/1")]
    ring.say(unreachable("acc-rsud"), *ports)
    for _ in range(60):
        ring.tick(1)
    assert ring.causes() == ["device:acc-rsud"]
    ring.say(unreachable("acc-rsud", cleared=True), replace(ports[0], cleared=True))
    for _ in range(50):
        ring.tick(1)
    assert [(incident.cause, incident.muted) for incident in ring.open_incidents()] == [("device:acc-rsud", True)]
    check_replay(ring)
    ring.say(replace(ports[1], cleared=True))
    for _ in range(25):
        ring.tick(1)
    assert ring.open_incidents() == []
    assert [incident.key for incident in ring.alerts.incidents()] == ["cause:device:acc-rsud"]


def test_a_silence_that_ends_before_all_signs_were_looked_at_again_is_heard() -> None:
    ring = Ring()
    ring.say(unreachable("ups-setda"))
    silence = NewSilence((Matcher("instance", "ups-setda"),), ring.now, ring.now + 900, "work")
    made, _ = ring.alerts.silence(silence, "siti", ring.now)
    ring.tick(1)
    assert [incident.muted for incident in ring.open_incidents()] == [True]
    ring.alerts.configure(ring.settings, ByCause(ring.settings, graph()))
    ring.alerts.end_silence(made.id, "siti", ring.now)
    ring.tick(1)
    assert [incident.muted for incident in ring.open_incidents()] == [False]


def test_planned_work_on_a_link_keeps_its_incident_quiet_and_nothing_else() -> None:
    ring = Ring()
    scope = NewSilence((Matcher("link", "ring-03"),), ring.now, ring.now + 900, "splicing")
    ring.alerts.silence(scope, "siti", ring.now)
    for node, port in (("acc-rsud", "Te1/1/2"), ("acc-disdik", "Te1/1/1")):
        matchers = (Matcher("instance", node), Matcher("ifName", port))
        ring.alerts.silence(NewSilence(matchers, ring.now, ring.now + 900, "splicing"), "siti", ring.now)
    ring.say(*CUT)
    for _ in range(70):
        ring.tick(1)
    (incident,) = ring.open_incidents()
    assert incident.muted
    ring.say(port_down("acc-dprd", "Te1/1/2"), port_down("core-setda", "Te1/0/2"), unreachable("acc-dprd"))
    ring.tick(1)
    ring.tick(31)
    assert any(not each.muted for each in ring.open_incidents())


def test_an_inventory_that_changes_while_an_incident_is_open() -> None:
    ring = Ring()
    ring.say(*CUT)
    for _ in range(40):
        ring.tick(1)
    (incident,) = ring.open_incidents()
    without = demo().model_copy(update={"links": tuple(link for link in demo().links if link.name != "ring-03")})
    ring.alerts.configure(ring.settings, ByCause(ring.settings, graph(without)))
    ring.tick(1)
    assert ring.alerts.incident(incident.id).state is State.RESOLVED
    assert {each.key for each in ring.open_incidents()} >= {"target:acc-rsud", "target:acc-disdik"}
    ring.alerts.configure(ring.settings, ByCause(ring.settings, graph()))
    ring.tick(1)
    ring.tick(1)  # what was lost is said again only after the cause was found again
    assert ring.causes() == ["link:ring-03"]


def test_who_took_an_effect_in_hand_has_it_still_when_the_cause_is_found() -> None:
    ring = Ring()
    ring.say(unreachable("ups-setda"))
    ring.tick(1)
    ring.alerts.acknowledge([ring.open_incidents()[0].id], "budi", "driving there", ring.now)
    ring.say(unreachable("core-setda"), port_down("acc-dprd", "Te1/1/2"), port_down("acc-dpupr", "Te1/1/1"))
    ring.tick(1)
    (incident,) = ring.open_incidents()
    assert incident.state is State.FIRING  # it is worse than he thought
    held = next(alert for alert in ring.alerts.alerts() if alert.target == "ups-setda")
    assert (held.state, held.acknowledged_by, held.incident) == (State.ACKNOWLEDGED, "budi", incident.id)


def test_people_hear_of_the_cause_in_the_words_that_fit_what_is_known_by_now() -> None:
    ring = Ring()
    ring.say(CUT[0])
    ring.tick(1)
    ring.tick(31)
    (incident,) = ring.open_incidents()
    before = incident.explanation
    ring.say(CUT[1])
    ring.tick(1)
    assert ring.alerts.incident(incident.id).explanation != before
    explained = [change for change in ring.log if change.what is What.EXPLAINED]
    assert [change.thing.id for change in explained] == [incident.id]
    assert all(a.thing != b.thing for a, b in pairwise(explained))


def test_a_snapshot_goes_on_where_it_was() -> None:
    ring = Ring()
    ring.broken("link:ring-03", "link:ring-05")
    ring.run(300)
    twin = new_engine(ring.settings)
    twin.restore(msgspec.json.decode(msgspec.json.encode(ring.alerts.snapshot())))
    assert twin.incidents() == ring.alerts.incidents()
    assert twin.tick(ring.now) == []
    assert list(twin.found(ring.now)) == []


def test_light_that_falls_and_a_cut_later_are_one_incident() -> None:
    ring = Ring()
    weak = Finding(
        "optical_power_low",
        "acc-rsud",
        START,
        Severity.ERROR,
        "too little light",
        "optical_power_low/acc-rsud/Te1/1/2",
        {"metric": "netmon_optical_rx_power_dbm", "value": -19.5, "limit": -18.0},
        labels={"ifName": "Te1/1/2", "sensor": "rx"},
        expires_s=1e6,
    )
    ring.say(weak)
    ring.tick(1)
    ring.tick(31)
    (incident,) = ring.open_incidents()
    assert incident.cause == "link:ring-03"
    assert {alert.rule for alert in ring.firing().values()} == {"optical_power_low"}  # it works: nothing is lost yet
    ring.say(*CUT)
    for _ in range(70):
        ring.tick(1)
    (same,) = ring.open_incidents()
    assert same.id == incident.id
    assert same.title != incident.title
    assert "redundancy_lost" in {alert.rule for alert in ring.firing().values()}
