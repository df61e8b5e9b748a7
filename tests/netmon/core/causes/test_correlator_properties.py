"""Whatever is said, in whatever order: every alert has one place, nothing is lost, a restart changes nothing."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck, given, settings, strategies

from netmon.api import Alert, Finding, Incident, Invalid
from netmon.api.alerts import State
from netmon.core.alerts.changes import Change, is_legal
from netmon.core.alerts.engine import Alerts
from tests.support.ring import Ring, disk_full, graph, new_engine, port_down, through_the_ledger, unreachable

OPEN = (State.FIRING, State.ACKNOWLEDGED)
PORTS = [(edge.a, edge.a_port) for edge in graph().edges if edge.a_port][::3]
PORTS += [(edge.b, edge.b_port) for edge in graph().edges if edge.b_port][::2]
NODES = [node.name for node in graph().nodes if node.kind != "application"][::2]
findings = (
    strategies.sampled_from(PORTS).map(lambda port: port_down(*port))
    | strategies.sampled_from(NODES).map(unreachable)
    | strategies.sampled_from(NODES[:3]).map(disk_full)
)
said = strategies.tuples(findings, strategies.sampled_from([False, False, True]))
steps = strategies.one_of(
    said, said, strategies.sampled_from([1.0, 5.0, 31.0, 61.0, 130.0]), strategies.sampled_from(["ack", "close"])
)


def act(engine: Alerts, step: object, now: float) -> list[Change]:
    """Do one thing, and return what happened."""
    changes: list[Change] = []
    match step:
        case (Finding() as finding, bool(cleared)):
            changes = engine.say(replace(finding, cleared=cleared, at=now), "poller", now)
        case float():
            changes = engine.tick(now)
            for finding in engine.found(now):
                changes += engine.say(finding, "core", now)
        case str(verb):
            for incident in engine.incidents()[:1]:
                with suppress(Invalid):
                    changes = (engine.acknowledge if verb == "ack" else engine.resolve)([incident.id], "budi", "", now)
    assert all(map(is_legal, changes))
    return changes


def told(changes: Sequence[Change]) -> list[tuple[str, ...]]:
    """Return what happened, but for what repeated findings change in memory alone."""
    return [_plain(change.what, change.thing) for change in changes]


def _plain(what: str, thing: object) -> tuple[str, ...]:
    if isinstance(thing, Alert):
        return what, thing.id, thing.state, thing.incident, thing.effect_of
    assert isinstance(thing, Incident)
    return what, thing.id, thing.state, thing.key, thing.title, thing.merged_into, *thing.explanation.values()


def check(engine: Alerts) -> None:
    """Hold everything that is open against what must always be so."""
    incidents = {incident.id: incident for incident in engine.incidents()}
    effects: Counter[str] = Counter()
    members: Counter[str] = Counter()
    for alert in engine.alerts():
        if alert.state in OPEN:
            incident = incidents[alert.incident]
            assert incident.state in OPEN
            assert not incident.merged_into
            assert alert.effect_of in ("", incident.cause)
            assert incident.key in (f"cause:{incident.cause}", f"target:{alert.target}", f"site:{alert.site}")
            effects[incident.id] += bool(alert.effect_of)
            members[incident.id] += 1
    for incident in incidents.values():
        assert (members[incident.id] > 0) is (incident.state in OPEN)
        assert incident.effect_count == effects[incident.id]
        assert bool(incident.cause) is incident.key.startswith("cause:")
        assert not incident.merged_into or incident.merged_into in incidents
    causes = [incident.cause for incident in incidents.values() if incident.state in OPEN and incident.cause]
    assert len(causes) == len(set(causes))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(strategies.lists(steps, max_size=40), strategies.integers(0, 40))
def test_every_alert_has_one_place_and_a_restart_changes_nothing(story: list[object], at: int) -> None:
    ring = Ring(resolve_hold_s=60)
    twin, now = None, ring.now
    for number, step in enumerate([*story, 1.0, 1.0, 1.0]):
        if number == at:
            twin = new_engine(ring.settings)
            for change in ring.log:
                twin.apply(through_the_ledger(change))
            twin.resume(now)
            ring.alerts.resume(now)  # pending ones wait anew after a restart: in the one that lives on as well
        now += step if isinstance(step, float) else 0.25
        changes = act(ring.alerts, step, now)
        ring.log += changes
        if twin is not None:
            assert told(act(twin, step, now)) == told(changes)
        if isinstance(step, float):
            check(ring.alerts)
