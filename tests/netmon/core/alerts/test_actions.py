"""What operators do, and what they are told when it makes no sense: then nothing has changed."""

import pytest

from netmon.api import Invalid, Unknown
from netmon.api.alerts import State
from tests.support.alerts import World, what


@pytest.fixture
def world() -> World:
    """One alert that fires, one that is pending, one that is resolved."""
    made = World()
    made.say("old/gw")
    made.clear("old/gw")
    made.later(20)
    made.say("down/sw-1")
    made.say("hot/sw-2", "warning")
    return made


def test_acknowledge_and_put_back(world: World) -> None:
    alert = world.alert()
    changes = world.alerts.acknowledge([alert.id[:6]], "budi", "on my way", world.now)
    assert what(changes) == ["alert down/sw-1 acknowledged", "incident I2 acknowledged"]
    assert {(change.by, change.note) for change in changes} == {("budi", "on my way")}
    taken = world.alert()
    assert (taken.state, taken.acknowledged_by, taken.note) == (State.ACKNOWLEDGED, "budi", "on my way")
    assert taken.acknowledged_at == world.now
    assert world.say() == []
    changes = world.alerts.unacknowledge([alert.id], "sari", "", world.now)
    assert what(changes) == ["alert down/sw-1 unacknowledged", "incident I2 unacknowledged"]
    assert world.alert().acknowledged_by == ""


def test_acknowledge_an_incident_that_was_merged(world: World) -> None:
    for name in ("sw-2", "sw-3"):
        world.say(f"down/{name}")
    assert world.alerts.incident("I2").merged_into == "I4"
    world.alerts.acknowledge(["I2"], "budi", "", world.now)
    assert world.alerts.incident("I4").state is State.ACKNOWLEDGED


def test_what_somebody_has_in_hand_stays_theirs(world: World) -> None:
    world.alerts.acknowledge(["I2"], "budi", "", world.now)
    before = world.alerts.snapshot()
    for thing in ("I2", world.alert().id):
        with pytest.raises(Invalid, match=f"{thing} by budi"):
            world.alerts.acknowledge([thing], "sari", "my shift", world.now)
    assert world.alerts.snapshot() == before


def test_a_second_acknowledgement_takes_only_what_nobody_has(world: World) -> None:
    world.alerts.acknowledge(["I2"], "budi", "", world.now)
    world.say("hot/sw-1")
    assert what(world.alerts.acknowledge(["I2"], "sari", "", world.now)) == ["alert hot/sw-1 acknowledged"]
    assert world.alerts.incident("I2").acknowledged_by == "budi"
    assert [alert.acknowledged_by for alert in world.alerts.alerts_of("I2")] == ["budi", "sari"]
    world.say("down/gw")
    ids = [world.alert().id, world.alert("down/gw").id]
    assert what(world.alerts.acknowledge(ids, "sari", "", world.now))[0] == "alert down/gw acknowledged"
    assert world.alert().acknowledged_by == "budi"


def test_take_over_from_another(world: World) -> None:
    world.alerts.acknowledge(["I2"], "budi", "", world.now)
    world.alerts.unacknowledge(["I2"], "sari", "my shift", world.now)
    world.alerts.acknowledge(["I2"], "sari", "", world.now)
    assert world.alert().acknowledged_by == world.alerts.incident("I2").acknowledged_by == "sari"


def test_put_an_incident_back(world: World) -> None:
    world.alerts.acknowledge(["I2"], "budi", "", world.now)
    changes = world.alerts.unacknowledge(["I2"], "budi", "", world.now)
    assert what(changes) == ["alert down/sw-1 unacknowledged", "incident I2 unacknowledged"]


def test_close_by_hand_and_come_back(world: World) -> None:
    changes = world.alerts.resolve(["I2"], "budi", "spliced", world.now)
    assert what(changes) == ["alert down/sw-1 resolved", "incident I2 resolved"]
    assert (world.alert().why_resolved, world.alert().note) == ("operator", "spliced")
    assert world.say() == ["incident I2 reopened", "alert down/sw-1 firing"]


def test_close_a_pending_one(world: World) -> None:
    assert what(world.alerts.resolve([world.alert("hot/sw-2").id], "budi", "", world.now)) == ["alert hot/sw-2 dropped"]


def test_remarks_are_for_the_record(world: World) -> None:
    (change,) = world.alerts.comment("I2", "budi", "seen it before", world.now)
    assert (change.what.value, change.by, change.note) == ("commented", "budi", "seen it before")
    assert world.alerts.incident("I2").note == ""
    world.alerts.comment(world.alert("old/gw").id, "budi", "resolved ones too", world.now)


def test_what_makes_no_sense_changes_nothing(world: World) -> None:
    fires, pending, resolved = (world.alert(key).id for key in ("down/sw-1", "hot/sw-2", "old/gw"))
    before = world.alerts.snapshot()
    for ids, error, problem in (
        ([fires, "I99"], Unknown, "no incident 'I99'"),
        ([fires, "ffffffffffff0"], Unknown, "no alert"),
        ([fires, ""], Invalid, "empty id"),
        ([], Invalid, "at least one"),
        ([fires, resolved], Invalid, "resolved already"),
        ([fires, pending], Invalid, "is pending"),
        ([fires, "I1"], Invalid, "I1 is resolved already"),
    ):
        with pytest.raises(error, match=problem):
            world.alerts.acknowledge(ids, "budi", "", world.now)
    with pytest.raises(Invalid, match="not acknowledged"):
        world.alerts.unacknowledge([fires], "budi", "", world.now)
    with pytest.raises(Invalid, match="author is empty"):
        world.alerts.acknowledge([fires], " ", "", world.now)
    with pytest.raises(Invalid, match="2000 characters"):
        world.alerts.acknowledge([fires], "budi", "x" * 2001, world.now)
    with pytest.raises(Invalid, match="remark is empty"):
        world.alerts.comment("I2", "budi", "", world.now)
    with pytest.raises(Unknown):
        world.alerts.incident("I99")
    assert world.alerts.snapshot() == before


def test_a_beginning_that_stands_for_several(world: World) -> None:
    for number in range(40):
        world.say(f"down/host-{number}")
    shared = world.alert().id[:1]
    with pytest.raises(Invalid, match=r"stands for \d+ alerts"):
        world.alerts.alert(shared)
    assert world.alerts.alert(world.alert().id).key == "down/sw-1"


def test_beginnings_follow_what_comes_and_goes(world: World) -> None:
    for number in range(300):
        world.say(f"down/host-{number}")
    world.alerts.resolve([alert.id for alert in world.alerts.alerts()[:100]], "budi", "", world.now)
    for _ in range(2):
        ids = [alert.id for alert in world.alerts.alerts()]
        assert [world.alerts.alert(each[:11].upper()).id for each in ids] == ids
        world.later(3600)  # the resolved ones are forgotten
        world.say("new/gw")
    assert 0 < len(world.alerts.alerts()) < 300
    with pytest.raises(Unknown):
        world.alerts.alert("g")


def test_lists_begin_with_the_worst_and_newest(world: World) -> None:
    world.now += 5
    world.say("down/gw", at=world.now)
    world.say("fan/gw", "error", at=world.now)
    assert [alert.key for alert in world.alerts.alerts()] == [
        "down/gw",
        "down/sw-1",
        "fan/gw",
        "hot/sw-2",
        "old/gw",
    ]
    assert [incident.id for incident in world.alerts.incidents()] == ["I2", "I1"]
