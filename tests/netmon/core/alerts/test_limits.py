"""How much is kept, from whom, and how big a finding can be."""

import pytest

from netmon.core.alerts.changes import to_entry
from netmon.core.alerts.engine import Refused
from netmon.core.ledger.record import encode
from tests.support.alerts import START, World, finding


@pytest.fixture
def world() -> World:
    return World()


def test_beyond_the_cap_findings_are_refused_and_known_ones_are_not() -> None:
    world = World(max_alerts=10)
    for number in range(10):
        world.say(f"down/host-{number}", source=f"collector-{number % 2}")
    with pytest.raises(Refused) as refused:
        world.say("down/one-more")
    assert refused.value.reason == "max_alerts"
    assert world.clear("down/host-3") == ["alert down/host-3 clearing"]
    world.later(20)
    world.say("down/one-more")  # the resolved one makes room
    assert {alert.key for alert in world.alerts.alerts()} >= {"down/one-more"}
    assert "down/host-3" not in {alert.key for alert in world.alerts.alerts()}


def test_beyond_the_cap_there_is_room_for_what_netmon_finds_on_itself() -> None:
    world = World(max_alerts=10)
    for number in range(10):
        world.say(f"down/host-{number}", source=f"collector-{number % 2}")
    for number in range(100):
        assert world.say(f"netmon_collector_stopped/far-{number}")[-1].endswith("firing")
    for key in ("netmon_collector_stopped/one-more", "down/one-more"):
        with pytest.raises(Refused) as refused:
            world.say(key, source="other")
        assert refused.value.reason == "max_alerts"
    assert len(world.alerts.alerts()) == 110


def test_one_source_does_not_take_all_the_room() -> None:
    world = World(max_alerts=10)
    for number in range(8):
        world.say(f"down/host-{number}", source="mad")
    with pytest.raises(Refused) as refused:
        world.say("down/host-8", source="mad")
    assert refused.value.reason == "source_share"
    assert world.say("down/host-0", source="mad") == []  # what is known goes on
    assert world.say("down/host-8", source="calm") == ["incident I9 opened", "alert down/host-8 firing"]
    assert world.say("netmon_disk_full/mad", source="mad")[-1] == "alert netmon_disk_full/mad firing"
    world.clear("down/host-0", source="mad")
    world.clear("down/host-1", source="mad")
    world.later(20)  # what is over does not count
    assert world.say("down/host-9", source="mad")[-1] == "alert down/host-9 firing"
    with pytest.raises(Refused):
        world.say("down/host-1", source="mad")  # known, but it would begin anew


def test_what_is_too_big_is_refused_before_anything_changes(world: World) -> None:
    long = "x" * 4001
    world.say("known/gw")
    before = world.alerts.snapshot()
    for more in (
        {"labels": {"a": long}},
        {"labels": {long: "a"}},
        {"summary": long},
        {"summaries": {"id": long}},
        {"summaries": {str(n): "x" for n in range(101)}},
        {"runbook": long},
        {"rule": long},
        {"target": long},
        {"key": long},
        {"evidence": {"dump": long}},
        {"evidence": {long: 1}},
        {"evidence": {"count": 10**5000}},
        {"evidence": {str(n): n for n in range(101)}},
        {"evidence": {str(n): "x" * 1000 for n in range(60)}},
    ):
        for key in ("down/sw-1", "known/gw"):
            for cleared in (False, True):
                with pytest.raises(Refused) as refused:
                    world.alerts.say(finding(**{"key": key, "cleared": cleared} | more), "here", world.now)
                assert refused.value.reason == "too_big"
    assert world.alerts.snapshot() == before


def test_the_record_of_the_biggest_finding_fits_the_ledger(world: World) -> None:
    changes = world.alerts.say(finding(evidence={str(n): "\x01" * 3_900 for n in range(15)}), "here", world.now)
    assert all(len(encode(to_entry(change, START, "here"), 1, START)) < 512 * 1024 for change in changes)
