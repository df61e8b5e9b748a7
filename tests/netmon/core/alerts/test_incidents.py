"""Which alerts are one incident, and what becomes of it."""

import time

import pytest

from netmon.api import Incident, Severity
from netmon.api.alerts import State
from tests.support.alerts import START, World, engine, finding, settings, silence, what


@pytest.fixture
def world() -> World:
    return World()


def test_alerts_of_a_target_are_one_incident(world: World) -> None:
    world.say("down/sw-1")
    world.now += 1
    assert world.say("hot/sw-1") == ["alert hot/sw-1 firing"]
    incident = world.alerts.incident("I1")
    assert (incident.targets, incident.target_count, incident.site) == (("sw-1",), 1, "kota")
    assert [alert.key for alert in world.alerts.alerts_of("I1")] == ["down/sw-1", "hot/sw-1"]


def test_three_targets_of_a_site_are_the_sites_incident(world: World) -> None:
    world.say("down/sw-1")
    world.say("down/gw")
    world.say("down/sw-2")
    seen = world.say("down/sw-3")
    assert seen[0] == "incident I4 opened"
    assert sorted(seen[1:4]) == ["alert down/sw-1 regrouped", "alert down/sw-2 regrouped", "alert down/sw-3 firing"]
    assert seen[4:] == ["incident I1 merged", "incident I3 merged"]
    merged, site = world.alerts.incident("I1"), world.alerts.incident("I4")
    assert (merged.state, merged.merged_into) == (State.RESOLVED, "I4")
    assert site.targets == ("sw-1", "sw-2", "sw-3")
    assert site.title == "Site kota: several targets in trouble at once"
    assert site.titles == {"id": "Lokasi kota: beberapa perangkat terganggu bersamaan"}
    assert world.alerts.incident("I2").state is State.FIRING
    assert world.say("hot/sw-2") == ["alert hot/sw-2 firing"]
    assert world.alert("hot/sw-2").incident == "I4"


def test_what_fires_far_apart_is_not_the_sites(world: World) -> None:
    for name in ("sw-1", "sw-2", "sw-3"):
        world.say(f"down/{name}")
        world.later(200)
    assert [incident.key for incident in world.alerts.incidents()] == ["target:sw-3", "target:sw-2", "target:sw-1"]


def test_work_on_some_devices_does_not_hide_what_befalls_another(world: World) -> None:
    world.alerts.silence(silence("sw-[12]", 600, is_regex=True), "budi", world.now)
    for name in ("sw-1", "sw-2", "sw-3"):
        world.say(f"down/{name}")
    assert {incident.key: incident.muted for incident in world.alerts.incidents()} == {
        "target:sw-1": True,
        "target:sw-2": True,
        "target:sw-3": False,
    }


def test_titles_say_what_is_worst_in_each_language(world: World) -> None:
    world.say("hot/sw-1", "error", summary="too hot", summaries={"id": "terlalu panas"})
    world.later(30)
    incident = world.alerts.incident("I1")
    assert (incident.title, incident.titles) == ("sw-1: too hot", {"id": "sw-1: terlalu panas"})
    assert "incident I1 retitled" in world.say("down/sw-1", summary="sw-1 is unreachable")
    assert world.alerts.incident("I1").title == "sw-1 is unreachable"


def test_it_is_acknowledged_when_all_that_fires_is(world: World) -> None:
    world.say("down/sw-1")
    world.say("hot/sw-1")
    first, second = (alert.id for alert in world.alerts.alerts())
    assert len(world.alerts.acknowledge([first], "budi", "", world.now)) == 1
    changes = world.alerts.acknowledge([second[:8]], "sari", "going there", world.now)
    assert what(changes)[-1] == "incident I1 acknowledged"
    incident = world.alerts.incident("I1")
    assert (incident.state, incident.acknowledged_by, incident.note) == (State.ACKNOWLEDGED, "sari", "going there")


def test_an_acknowledgement_covers_what_joins_soon_and_is_no_worse(world: World) -> None:
    world.say("down/sw-1")
    world.alerts.acknowledge(["i1"], "budi", "", world.now)
    world.now += 1700
    world.say("down/sw-1")
    assert world.say("hot/sw-1") == ["alert hot/sw-1 firing"]
    assert world.alerts.incident("I1").state is State.ACKNOWLEDGED


def test_what_joins_late_is_news(world: World) -> None:
    world.say("down/sw-1", expires_s=10_000)
    world.alerts.acknowledge(["I1"], "budi", "", world.now)
    world.now += 1801
    assert world.say("hot/sw-1") == ["alert hot/sw-1 firing", "incident I1 grown"]
    assert world.alerts.incident("I1").state is State.FIRING
    assert world.say("fan/sw-1") == ["alert fan/sw-1 firing"]


def test_muted_alerts_that_join_late_are_no_news_until_they_are_heard(world: World) -> None:
    world.say("down/sw-1", expires_s=10_000)
    world.alerts.acknowledge(["I1"], "budi", "", world.now)
    world.later(1700)
    world.alerts.silence(silence("hot", 1900, label="alertname"), "budi", world.now)
    world.now += 101
    assert world.say("hot/sw-1") == ["alert hot/sw-1 firing"]
    assert world.later(100) == ["silence S1 ended", "alert hot/sw-1 unmuted", "incident I1 grown"]


def test_a_rise_takes_the_acknowledgement_of_the_incident_away_too(world: World) -> None:
    world.say("down/sw-1")
    world.say("hot/sw-1", "warning")
    world.later(60)
    world.alerts.acknowledge(["I1"], "budi", "", world.now)
    world.clear("down/sw-1")
    world.later(20)
    assert world.say("hot/sw-1", "critical") == ["alert hot/sw-1 raised", "incident I1 unacknowledged"]
    incident = world.alerts.incident("I1")
    assert (incident.state, incident.acknowledged_by, incident.severity) == (State.FIRING, "", Severity.CRITICAL)


def test_a_rise_of_what_an_acknowledgement_merely_covers_takes_it_away(world: World) -> None:
    world.say("down/sw-1")
    world.alerts.acknowledge(["I1"], "budi", "", world.now)
    world.say("hot/sw-1", "error")
    assert world.later(30) == ["alert hot/sw-1 firing"]
    assert world.say("hot/sw-1", "warning") == ["alert hot/sw-1 lowered"]
    assert world.say("hot/sw-1", "critical") == ["alert hot/sw-1 raised", "incident I1 unacknowledged"]


def test_a_rise_that_nobody_is_to_hear_of_is_heard_when_its_silence_ends(world: World) -> None:
    world.say("down/sw-1")
    world.say("hot/sw-1", "warning")
    world.later(60)
    world.alerts.acknowledge(["I1"], "budi", "", world.now)
    world.alerts.silence(silence("hot", 100, label="alertname"), "budi", world.now)
    assert world.say("hot/sw-1", "critical") == ["alert hot/sw-1 raised"]
    assert world.later(40) == ["silence S1 ended", "alert hot/sw-1 unmuted", "incident I1 unacknowledged"]


def test_a_silence_that_ends_in_an_acknowledged_incident_is_heard(world: World) -> None:
    world.say("down/sw-1")
    world.alerts.acknowledge(["I1"], "budi", "", world.now)
    world.alerts.silence(silence("hot", 29, label="alertname"), "budi", world.now)
    assert world.say("hot/sw-1") == ["alert hot/sw-1 firing"]
    assert world.later(29) == ["silence S1 ended", "alert hot/sw-1 unmuted", "incident I1 unacknowledged"]
    incident = world.alerts.incident("I1")
    assert (incident.state, incident.acknowledged_at, incident.acknowledged_by) == (State.FIRING, None, "")


def test_a_silence_that_ends_over_what_was_acknowledged_itself_changes_no_incident(world: World) -> None:
    world.say("down/sw-1")
    world.say("hot/sw-1")
    world.alerts.silence(silence("hot", 29, label="alertname"), "budi", world.now)
    world.alerts.acknowledge(["I1"], "budi", "", world.now)
    assert world.later(29) == ["silence S1 ended", "alert hot/sw-1 unmuted"]


@pytest.mark.parametrize("what_else", ["comment", "mute"])
def test_what_is_no_news_does_not_postpone_the_next(world: World, what_else: str) -> None:
    world.say("down/sw-1", expires_s=10_000)
    world.alerts.acknowledge(["I1"], "budi", "", world.now)
    world.later(1700)
    if what_else == "comment":
        world.alerts.comment("I1", "budi", "still at it", world.now)
    else:
        world.alerts.silence(silence("sw-1", 1750), "budi", world.now)
        assert world.later(50)[-1] == "incident I1 unmuted"
    world.now = START + 1801
    assert world.say("hot/sw-1") == ["alert hot/sw-1 firing", "incident I1 grown"]


def test_it_gets_worse_once(world: World) -> None:
    world.say("hot/sw-1", "error")
    world.later(30)
    assert "incident I1 worse" in world.say("down/sw-1")
    assert "incident I1 worse" not in world.say("fan/sw-1")
    world.clear("down/sw-1")
    assert world.alerts.incident("I1").severity is Severity.CRITICAL


def test_it_is_resolved_with_its_last_alert(world: World) -> None:
    world.say("down/sw-1")
    world.say("hot/sw-1")
    world.clear("hot/sw-1")
    assert world.later(20) == ["alert hot/sw-1 resolved"]
    world.clear("down/sw-1")
    assert world.later(20) == ["alert down/sw-1 resolved", "incident I1 resolved"]


def test_beyond_the_cap_one_incident_collects_the_rest() -> None:
    world = World(max_incidents=10)
    for number in range(30):
        world.say(f"down/host-{number}")
    incidents = world.alerts.incidents()
    assert len(incidents) == 11
    overflow = next(incident for incident in incidents if incident.key == "overflow")
    assert overflow.target_count == 20
    assert len(overflow.targets) == 20
    assert set(overflow.titles) == {"id"}


def test_ten_thousand_alerts_in_one_incident_are_few_changes_of_it() -> None:
    alerts = engine(settings())
    began = time.process_time()
    changes = [
        change
        for number in range(10_000)
        for change in alerts.say(finding(f"port-{number}/sw-1"), "here", START + number / 1000)
    ]
    cpu_s = time.process_time() - began
    of_incidents = [change for change in changes if isinstance(change.thing, Incident)]
    assert len(changes) - len(of_incidents) == 10_000
    assert len(of_incidents) < 20
    assert cpu_s < 10  # a second here; quadratic would be minutes


def test_ticks_can_do_a_little_at_a_time() -> None:
    world = World()
    for number in range(100):
        world.say(f"hot/host-{number}", "error")
    world.now += 30
    sizes = []
    while world.alerts.behind(world.now):
        changes = world.alerts.tick(world.now, at_most=30)
        sizes.append(sum(change.what.value == "firing" for change in changes))
    assert sizes == [30, 30, 30, 10]


def test_one_tick_fires_what_happened_together_as_one() -> None:
    world = World()
    for name in ("sw-1", "sw-2", "sw-3"):
        world.say(f"hot/{name}", "error")
    seen = world.later(30)
    assert seen[0] == "incident I1 opened"
    assert len(seen) == 4
    assert world.alerts.incident("I1").target_count == 3
