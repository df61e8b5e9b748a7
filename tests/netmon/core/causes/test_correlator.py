"""Alerts of one failure are one incident with its cause, in whatever order they come; others are left alone."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from netmon.api import Finding
from netmon.core.alerts.settings import AlertSettings
from netmon.core.causes.correlator import ByCause
from netmon.core.causes.explain import Explanation, explain
from netmon.core.causes.facts import Fact
from netmon.core.causes.topology import Topology
from tests.support.ring import CUT, Ring, check_replay, disk_full, graph, orders, port_down, unreachable

RING = [edge.element for edge in graph().edges if edge.fiber]
SWITCHES = [node.element for node in graph().nodes if node.name.startswith("acc-")]
offsets = strategies.dictionaries(
    strategies.sampled_from([node.name for node in graph().nodes]), strategies.integers(0, 59), max_size=33
)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("said", orders(CUT))
@pytest.mark.parametrize("skew_s", [0, 1, 40, 120])
def test_a_cut_is_one_incident_that_names_the_segment(said: list[Finding], skew_s: float) -> None:
    ring = Ring()
    ring.say(said[0])
    ring.tick(1)
    ring.tick(skew_s)
    ring.say(said[1])
    for _ in range(70):
        ring.tick(1)
    (incident,) = ring.open_incidents()
    assert (incident.key, incident.cause) == ("cause:link:ring-03", "link:ring-03")
    assert "ring-03" in incident.title
    assert "1.4 km" in incident.title
    assert "ring-03" in incident.titles["id"]
    assert set(incident.explanation) == {"en", "id"}
    assert {alert.rule for alert in ring.firing().values()} == {"interface_down", "redundancy_lost"}
    assert {key: effect for key, (_, effect) in ring.where().items() if key.startswith("interface")} == dict.fromkeys(
        [finding.key for finding in CUT], ""
    )
    check_replay(ring)


def test_what_is_known_but_pending_counts_as_a_sign_before_anybody_is_told() -> None:
    ring = Ring()
    ring.say(port_down("core-kominfo", "Te1/0/16"), unreachable("ups-kominfo"))
    ring.tick(1)  # the port fires 30 seconds later
    ((key, (cause, effect)),) = ring.where().items()
    assert key == "device_unreachable/ups-kominfo"
    before = cause, effect
    ring.tick(31)
    assert len(ring.open_incidents()) == 1
    assert ring.where()[key] == before


@few
@given(offsets, strategies.sampled_from(RING))
def test_any_cut_under_any_skew_ends_as_its_own_cause_and_clears(offsets: dict[str, int], element: str) -> None:
    ring = Ring(offsets)
    ring.run(70)
    ring.broken(element)
    ring.run(200)
    assert ring.causes() == [element]
    assert all(cause == element for cause, _ in ring.where().values())
    assert "redundancy_lost" in {alert.rule for alert in ring.firing().values()}
    check_replay(ring)
    ring.broken()
    ring.run(400)
    assert ring.open_incidents() == []
    assert ring.firing() == {}
    assert [incident.key for incident in ring.alerts.incidents()] == [f"cause:{element}"]  # nobody heard of another
    check_replay(ring)


@few
@given(offsets, strategies.sampled_from(SWITCHES))
def test_a_switch_that_is_off_is_the_cause_of_its_dark_neighbours(offsets: dict[str, int], element: str) -> None:
    ring = Ring(offsets)
    ring.run(70)
    ring.broken(element)
    ring.run(300)
    assert ring.causes() == [element]
    ring.broken()
    ring.run(500)
    assert ring.open_incidents() == []
    assert ring.firing() == {}


@few
@given(offsets, strategies.lists(strategies.sampled_from(RING), min_size=2, max_size=2, unique=True))
def test_two_cuts_are_two_causes_and_whom_they_isolate_is_their_effect(
    offsets: dict[str, int], cuts: list[str]
) -> None:
    ring = Ring(offsets)
    ring.broken(cuts[0])
    ring.run(250)
    ring.broken(*cuts)
    ring.run(400)
    assert ring.causes() == sorted(cuts)
    lost = {f"device_unreachable/{node.name}" for node in graph().nodes if node.kind != "application"} & set(
        ring.firing()
    )
    assert lost == {f"device_unreachable/{name}" for name in all_polled() - ring.truth.lit()}
    assert all(ring.where()[key][1] in cuts for key in lost)  # effects, all of them
    assert sum(incident.effect_count for incident in ring.open_incidents()) >= len(lost)
    check_replay(ring)
    ring.broken()
    ring.run(600)
    assert ring.open_incidents() == []
    assert ring.firing() == {}


def all_polled() -> set[str]:
    return {node.name for node in graph().nodes if node.kind != "application"}


def test_what_has_nothing_to_do_with_it_stays_where_it_is() -> None:
    ring = Ring()
    ring.say(disk_full("acc-rsud"))
    ring.tick(1)
    (disk,) = ring.open_incidents()
    ring.say(*CUT, unreachable("acc-rsud"))
    ring.tick(40)
    assert ring.alerts.incident(disk.id) == disk
    assert [alert.key for alert in ring.alerts.alerts_of(disk.id)] == ["storage_full/acc-rsud"]


def test_a_site_in_trouble_does_not_take_alerts_whose_cause_is_known() -> None:
    ring = Ring(targets_for_site=2)
    ring.say(unreachable("web-portal"))
    ring.tick(1)
    ring.say(disk_full("simrs"))
    ring.tick(1)
    assert sorted(incident.key for incident in ring.open_incidents()) == ["cause:server:web-portal", "target:simrs"]
    ring.say(disk_full("dukcapil"))
    ring.tick(1)
    assert sorted(incident.key for incident in ring.open_incidents()) == ["cause:server:web-portal", "site:kominfo"]


def test_a_port_or_a_target_that_the_inventory_does_not_know_is_grouped_by_place() -> None:
    ring = Ring()
    ring.say(port_down("acc-rsud", "Gi1/0/3"), unreachable("visitor"))
    ring.tick(1)
    ring.tick(31)
    assert sorted(incident.key for incident in ring.open_incidents()) == ["target:acc-rsud", "target:visitor"]
    assert ring.causes() == ["", ""]


def test_a_flood_is_explained_once_a_look_and_not_for_each_alert(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(topology: Topology, facts: Sequence[Fact], now: float) -> Explanation:
        calls.append(facts)
        return explain(topology, facts, now)

    monkeypatch.setattr("netmon.core.causes.correlator.explain", counted)
    ring = Ring()
    ring.say(*(unreachable(name) for name in sorted(all_polled() - {"netmon-host"})))
    assert ring.firing() == {}
    assert calls == []
    ring.tick(1)
    assert len(calls) == 1
    assert len(ring.firing()) == len(all_polled()) - 1
    ring.tick(1)
    ring.say(*(unreachable(name) for name in sorted(all_polled() - {"netmon-host"})))  # nothing new
    ring.tick(1)
    assert len(calls) == 1


def test_a_rule_is_a_sign_only_where_the_settings_say_so() -> None:
    given = AlertSettings.model_validate({"causes": {"port_down": ["their_port_down"]}})
    ring = Ring()
    ring.alerts.configure(given, ByCause(given, graph()))
    ring.say(*CUT, replace(port_down("acc-dinkes", "Te1/1/1"), rule="their_port_down", key="theirs"))
    ring.tick(31)
    ring.tick(1)
    assert sorted(incident.key for incident in ring.open_incidents())[:1] == ["cause:link:ring-01"]
    assert {"target:acc-rsud", "target:acc-disdik"} <= {incident.key for incident in ring.open_incidents()}


def test_a_rule_cannot_be_two_kinds_of_sign() -> None:
    with pytest.raises(ValueError, match="interface_down cannot be more than one kind of sign"):
        AlertSettings.model_validate({"causes": {"unreachable": ["interface_down"]}})
