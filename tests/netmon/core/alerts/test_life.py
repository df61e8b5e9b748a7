"""What findings and time do to an alert, story by story."""

from math import inf, nan

import pytest

from netmon.api import Impact, Severity
from netmon.api.alerts import State
from netmon.core.alerts.engine import Refused
from tests.support.alerts import START, World, finding


@pytest.fixture
def world() -> World:
    return World()


def test_a_critical_finding_fires_at_once(world: World) -> None:
    assert world.say() == ["incident I1 opened", "alert down/sw-1 firing"]
    alert = world.alert()
    assert (alert.state, alert.incident, alert.site) == (State.FIRING, "I1", "kota")
    assert (alert.starts_at, alert.fired_at) == (START, START)
    assert alert.labels == {"alertname": "down", "instance": "sw-1", "site": "kota", "severity": "critical"}


def test_others_fire_when_they_lasted(world: World) -> None:
    assert world.say(severity="error") == ["alert down/sw-1 pending"]
    assert world.later(29.9) == []
    assert world.later(0.1) == ["incident I1 opened", "alert down/sw-1 firing"]


def test_what_its_rule_made_sure_of_fires_at_once(world: World) -> None:
    assert world.say(severity="warning", at_once=True) == ["incident I1 opened", "alert down/sw-1 firing"]
    assert world.clear(severity="warning", at_once=True, summary="3,000 in all", evidence={"total": 3_000}) == [
        "alert down/sw-1 clearing"
    ]
    assert (world.alert().summary, world.alert().evidence) == ("3,000 in all", {"total": 3_000})
    assert world.later(60) == ["alert down/sw-1 resolved", "incident I1 resolved"]


def test_what_others_say_when_it_is_over_is_not_what_it_was(world: World) -> None:
    before = world.say() and world.alert().summary
    world.clear(summary="12% is fine")
    assert world.alert().summary == before


def test_an_address_is_where_the_finding_says_and_leaves_no_inventory(world: World) -> None:
    world.say("flood", target="10.9.0.7", labels={"site": "rsud"}, at_once=True)
    assert (world.alert("flood").site, world.alert("flood").labels["site"]) == ("rsud", "rsud")
    assert world.alerts.targets_left({"sw-1"}, world.now) == []
    assert world.alert("flood").state is State.FIRING


def test_one_that_does_not_last_is_dropped(world: World) -> None:
    world.say(severity="warning")
    world.now += 10
    assert world.clear() == ["alert down/sw-1 dropped"]
    assert world.later(1000) == []
    assert world.alert().why_resolved == "cleared"
    assert world.alerts.incidents() == []


def test_repeating_changes_nothing_but_the_words(world: World) -> None:
    world.say()
    world.now += 5
    assert world.say(summary="still down", evidence={"polls": 3}) == []
    alert = world.alert()
    assert (alert.updated_at, alert.summary, alert.evidence) == (START + 5, "still down", {"polls": 3})


def test_cleared_is_held_and_then_resolved(world: World) -> None:
    world.say()
    assert world.clear() == ["alert down/sw-1 clearing"]
    assert world.clear() == []
    assert world.alert().state is State.FIRING
    assert world.later(19.9) == []
    assert world.later(0.1) == ["alert down/sw-1 resolved", "incident I1 resolved"]
    assert world.alert().resolved_at == START + 20


def test_a_rise_in_severity_takes_the_acknowledgement_away_and_says_so(world: World) -> None:
    world.say(severity="warning")
    world.later(60)
    world.alerts.acknowledge([world.alert().id], "budi", "", world.now)
    assert world.alerts.incident("I1").state is State.ACKNOWLEDGED
    changes = world.alerts.say(finding(severity="critical"), "here", world.now)
    assert [(change.what.value, change.note) for change in changes] == [
        ("raised", "severity warning → critical; the acknowledgement by budi no longer holds"),
        ("worse", "severity warning → critical"),
    ]
    assert (world.alert().state, world.alert().acknowledged_by) == (State.FIRING, "")
    assert world.alert().labels["severity"] == "critical"
    assert world.alerts.incident("I1").state is State.FIRING


def test_a_fall_in_severity_leaves_the_acknowledgement(world: World) -> None:
    world.say()
    world.alerts.acknowledge([world.alert().id], "budi", "", world.now)
    assert world.say(severity="warning") == ["alert down/sw-1 lowered"]
    assert world.alert().state is State.ACKNOWLEDGED
    assert world.alerts.incident("I1").severity is Severity.CRITICAL


def test_a_pending_one_that_gets_critical_fires_at_once(world: World) -> None:
    world.say(severity="warning")
    world.now += 5
    assert world.say() == ["alert down/sw-1 raised", "incident I1 opened", "alert down/sw-1 firing"]


def test_other_labels_are_a_change(world: World) -> None:
    world.say(labels={"ifName": "Gi1"})
    assert world.say(labels={"ifName": "Gi2"}) == ["alert down/sw-1 updated"]
    assert world.alert().labels["ifName"] == "Gi2"


def test_not_said_again_is_over(world: World) -> None:
    world.say()
    world.later(800)
    world.say()
    assert world.later(899) == []
    assert world.later(1) == ["alert down/sw-1 resolved", "incident I1 resolved"]
    assert world.alert().why_resolved == "expired"


def test_a_finding_has_its_own_patience(world: World) -> None:
    world.say(expires_s=50)
    assert world.later(50) == ["alert down/sw-1 resolved", "incident I1 resolved"]


def test_a_pending_one_that_expires_is_dropped_not_fired(world: World) -> None:
    world.say(severity="warning", expires_s=30)
    assert world.later(100) == ["alert down/sw-1 dropped"]


def test_one_that_fires_and_expires_in_the_same_tick_is_dropped(world: World) -> None:
    world.say(severity="warning", expires_s=70)
    assert world.later(100) == ["alert down/sw-1 dropped"]


def test_patience_holds_while_the_source_is_away(world: World) -> None:
    world.say(source="kota-1")
    world.say("down/gw", source="hulu-1")
    world.alerts.source_away("kota-1", world.now)
    assert world.later(5000) == ["alert down/gw resolved", "incident I2 resolved"]
    world.alerts.source_back("kota-1", world.now)
    assert world.later(899) == []
    assert world.later(1) == ["alert down/sw-1 resolved", "incident I1 resolved"]


def test_another_source_takes_over_from_one_that_is_away(world: World) -> None:
    world.say(source="one")
    assert world.say(source="two") == []
    assert world.alert().source == "one"
    world.alerts.source_away("one", world.now)
    assert world.say(source="two") == ["alert down/sw-1 updated"]
    assert world.alert().source == "two"


@pytest.mark.parametrize("delta_s", [3600.0, -3600.0])
def test_a_stepped_clock_changes_no_duration(delta_s: float) -> None:
    world = World()
    world.say(severity="error")
    world.say("down/gw")
    world.clear("down/gw")
    world.now += delta_s
    world.alerts.step_clock(delta_s)
    assert world.later(19) == []
    assert world.later(1) == ["alert down/gw resolved", "incident I1 resolved"]
    assert world.later(9) == []
    assert world.later(1) == ["incident I2 opened", "alert down/sw-1 firing"]
    assert world.later(869) == []
    assert world.later(1) == ["alert down/sw-1 resolved", "incident I2 resolved"]


def test_alerts_of_targets_that_left_are_resolved_if_they_are_ours(world: World) -> None:
    world.say()
    world.say("down/gw", source="prometheus")
    world.say("login/10.0.0.9")  # never in the inventory
    changes = world.alerts.targets_left({"sw-2"}, world.now, ours=lambda source: source != "prometheus")
    assert [change.what.value for change in changes] == ["resolved", "resolved"]
    assert world.alert().why_resolved == "target left the inventory"
    assert world.alert("down/gw").state is State.FIRING
    assert world.alert("login/10.0.0.9").state is State.FIRING


def test_what_json_cannot_hold_is_taken_out(world: World) -> None:
    world.say(at=nan, expires_s=inf, evidence={"rx_dbm": nan, "polls": 2}, impact=Impact(1.0, inf, 2.0))
    alert = world.alert()
    assert (alert.starts_at, alert.expires_s, alert.impact) == (START, None, None)
    assert alert.evidence == {"rx_dbm": "nan", "polls": 2}


def test_two_keys_with_one_id_are_told_apart(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netmon.core.alerts.life.alert_id", lambda _key: "0" * 12)
    world.say()
    with pytest.raises(Refused) as refused:
        world.say("down/gw")
    assert refused.value.reason == "collision"


def test_a_sender_whose_clock_is_ahead_starts_nothing_in_the_future(world: World) -> None:
    world.say(at=START + 500)
    assert world.alert().starts_at == START


def test_resolved_alerts_are_forgotten_after_a_while(world: World) -> None:
    world.say()
    world.clear()
    world.later(20)
    world.later(3599)
    assert len(world.alerts.alerts()) == 1
    world.later(1)
    assert world.alerts.alerts() == []
    assert world.alerts.incidents() == []


def test_what_is_kept_is_kept_as_long_when_the_clock_was_stepped(world: World) -> None:
    world.say()
    world.clear()
    world.later(20)
    world.now += 7200
    world.alerts.step_clock(7200)
    world.later(3599)
    assert len(world.alerts.alerts()) == len(world.alerts.incidents()) == 1
    world.later(1)
    assert len(world.alerts.alerts()) == len(world.alerts.incidents()) == 0


def test_after_a_restart_everything_waits_anew_and_nothing_is_told_again() -> None:
    world = World()
    world.say(source="far")
    world.say("hot/gw", "error", source="far")
    world.say("down/sw-2", source="far")
    world.clear("down/sw-2", source="far")
    kept = world.alerts.snapshot()
    world.alerts = World().alerts
    world.alerts.restore(kept)
    world.now += 5000  # nobody listened
    assert world.later(0) == ["alert down/sw-2 resolved", "incident I2 resolved"]
    assert world.say() == []
    assert world.clear("hot/gw") == ["alert hot/gw dropped"]  # it ended meanwhile
    assert world.later(899) == []
    assert world.later(1) == ["alert down/sw-1 resolved", "incident I1 resolved"]


def test_clearing_what_nobody_knows_is_nothing(world: World) -> None:
    assert world.clear() == []
