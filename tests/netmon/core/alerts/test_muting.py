"""Silences and maintenance windows: what they keep quiet, and when."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from netmon.api import Invalid, Matcher, NewMaintenance, NewSilence, Unknown
from netmon.api.alerts import State
from netmon.core.alerts.site import BySite
from tests.support.alerts import START, World, engine, finding, maintenance, settings, silence, what


@pytest.fixture
def world() -> World:
    return World()


def nightly(**more: Any) -> dict[str, Any]:
    """One entry of the calendar."""
    plain = {"name": "backup", "scope": ["site:kota"], "reason": "backups", "start": "22:00", "end": "02:00"}
    return plain | more


def at(text: str, zone: str = "Asia/Jakarta") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def test_a_silence_mutes_what_fires_already_and_what_fires_later(world: World) -> None:
    world.say("down/sw-1")
    made, changes = world.alerts.silence(silence("sw-1", 100), "budi", world.now)
    assert what(changes) == [
        "silence S1 created",
        "silence S1 started",
        "alert down/sw-1 muted",
        "incident I1 muted",
    ]
    assert (made.id, made.author) == ("S1", "budi")
    assert world.say("hot/sw-1") == ["alert hot/sw-1 firing"]
    assert world.alert("hot/sw-1").muted_by == ("S1",)
    assert world.say("down/gw") == ["incident I2 opened", "alert down/gw firing"]
    assert not world.alerts.incident("I2").muted
    assert world.later(99) == []
    assert world.later(1) == [
        "silence S1 ended",
        "alert down/sw-1 unmuted",
        "alert hot/sw-1 unmuted",
        "incident I1 unmuted",
    ]


def test_an_incident_that_opens_under_a_silence_opens_muted(world: World) -> None:
    world.alerts.silence(silence("sw-1", 100), "budi", world.now)
    world.say()
    assert world.alerts.incident("I1").muted


def test_one_alert_that_is_heard_makes_its_incident_heard(world: World) -> None:
    world.alerts.silence(silence("down", 100, label="alertname"), "budi", world.now)
    world.say("down/sw-1")
    assert world.say("hot/sw-1") == ["alert hot/sw-1 firing", "incident I1 unmuted"]


def test_a_silence_to_come_begins_in_its_time_even_when_nobody_looked_before(world: World) -> None:
    world.say()
    world.alerts.silence(silence("sw-1", 100, starts_s=50), "budi", world.now)
    assert world.alert().muted_by == ()
    assert world.later(50)[0] == "silence S1 started"
    world.alerts.silence(silence("sw-1", 300, starts_s=200), "budi", world.now)
    world.now = START + 500
    assert "silence S2 ended" in what(world.alerts.tick(world.now))


def test_ended_by_hand_stays_ended_though_the_clock_runs_back(world: World) -> None:
    world.alerts.silence(silence("sw-1", 100), "budi", world.now)
    world.now += 10
    changes = world.alerts.end_silence("S1", "sari", world.now)
    assert what(changes) == ["silence S1 ended"]
    ended = world.alerts.silences()[0]
    assert (ended.ends_at, ended.ended_by) == (START + 10, "sari")
    assert world.later(-5) == []
    with pytest.raises(Invalid):
        world.alerts.end_silence("S1", "sari", world.now)


def test_ids_are_known_in_any_case() -> None:
    world = World(maintenance=[nightly(name=name, start="00:00", end="00:00") for name in ("ups", "UPS", "fan")])
    world.later(0)
    world.alerts.silence(silence("sw-1", 100), "budi", world.now)
    assert what(world.alerts.end_silence(" s1 ", "sari", world.now)) == ["silence S1 ended"]
    windows = {window.schedule: window.id for window in world.alerts.maintenances() if window.starts_at <= START}
    assert what(world.alerts.end_maintenance(windows["fan"].upper(), "sari", world.now))[0].endswith("ended")
    with pytest.raises(Invalid, match="stands for"):
        world.alerts.end_maintenance(windows["ups"].title(), "sari", world.now)
    world.alerts.end_maintenance(windows["ups"], "sari", world.now)
    with pytest.raises(Unknown):
        world.alerts.end_maintenance("s1", "sari", world.now)


def test_a_clock_that_is_set_back_opens_a_silence_again(world: World) -> None:
    world.alerts.silence(silence("sw-1", 100), "budi", world.now)
    assert world.later(100) == ["silence S1 ended"]
    world.now -= 50
    assert what(world.alerts.tick(world.now)) == ["silence S1 started"]


def test_two_silences_over_one_alert(world: World) -> None:
    world.say()
    world.alerts.silence(silence("sw-1", 100), "budi", world.now)
    world.alerts.silence(silence("sw-.", 200, is_regex=True), "budi", world.now)
    assert world.alert().muted_by == ("S1", "S2")
    assert world.later(100) == ["silence S1 ended", "alert down/sw-1 muted"]
    assert world.alert().muted_by == ("S2",)


def test_a_change_of_severity_can_leave_a_silence(world: World) -> None:
    world.alerts.silence(silence("warning", 1000, label="severity"), "budi", world.now)
    world.say(severity="warning")
    world.later(60)
    assert world.alerts.incident("I1").muted
    assert world.say(severity="critical") == [
        "alert down/sw-1 raised",
        "incident I1 worse",
        "incident I1 unmuted",
    ]


@pytest.mark.parametrize(
    ("matchers", "problem"),
    [
        ((), "matches everything|match everything"),
        ((Matcher("instance", "(", is_regex=True),), "does not compile"),
        ((Matcher("instance", "(?=x)", is_regex=True),), "RE2 syntax"),
        ((Matcher("instance", "x" * 1001),), "longer than 1000"),
        ((Matcher("a-b", "x"),), "no name of a label"),
        ((Matcher("instance", ".*", is_regex=True),), "label is absent"),
        ((Matcher("instance", ""),), "label is absent"),
        ((Matcher("instance", "x", is_equal=False),), "label is absent"),
        ((Matcher("instance", "x"),) * 51, "too many"),
    ],
)
def test_silences_that_make_no_sense(world: World, matchers: tuple[Matcher, ...], problem: str) -> None:
    with pytest.raises(Invalid, match=problem):
        world.alerts.silence(NewSilence(matchers, START, START + 10, "why"), "budi", START)
    assert world.alerts.silences() == []


@pytest.mark.parametrize(
    ("starts_s", "ends_s", "reason", "problem"),
    [
        (0, -1, "why", "has ended already"),
        (20, 10, "why", "before it starts"),
        (0, float("nan"), "why", "points in time"),
        (0, 10, " ", "reason is empty"),
    ],
)
def test_times_and_reasons_that_make_no_sense(
    world: World, starts_s: float, ends_s: float, reason: str, problem: str
) -> None:
    new = NewSilence((Matcher("instance", "x"),), START + starts_s, START + ends_s, reason)
    with pytest.raises(Invalid, match=problem):
        world.alerts.silence(new, "budi", START)
    window = NewMaintenance(("site:kota",), START + starts_s, START + ends_s, reason)
    with pytest.raises(Invalid, match=problem):
        world.alerts.maintain(window, "budi", START)


def test_only_so_many(world: World) -> None:
    world = World(max_silences=1)
    world.alerts.silence(silence("x", 10), "budi", START)
    with pytest.raises(Invalid, match="already"):
        world.alerts.silence(silence("x", 10), "budi", START)
    world.alerts.maintain(maintenance("site:kota", 10), "budi", START)
    world.alerts.end_silence("S1", "budi", START)
    world.alerts.silence(silence("x", 10), "budi", START)


def test_a_silence_from_elsewhere_needs_no_reason(world: World) -> None:
    new = NewSilence((Matcher("instance", "x"),), START, START + 10, "", origin="am-1")
    assert world.alerts.silence(new, "budi", START)[0].origin == "am-1"


def test_maintenance_mutes_what_its_scope_means(world: World) -> None:
    world.say("down/sw-1")
    world.say("down/gw")
    made, changes = world.alerts.maintain(maintenance("site:kota", 100), "budi", world.now)
    assert (made.id, made.title) == ("M1", "site:kota")
    assert "alert down/sw-1 muted" in what(changes)
    assert world.alert("down/gw").muted_by == ()
    changes = world.alerts.end_maintenance("M1", "sari", world.now)
    assert what(changes) == ["maintenance M1 ended", "alert down/sw-1 unmuted", "incident I1 unmuted"]
    with pytest.raises(Unknown):
        world.alerts.end_silence("M1", "sari", world.now)


def test_unknown_scopes_are_refused(world: World) -> None:
    with pytest.raises(Invalid, match="link:x"):
        world.alerts.maintain(maintenance("link:x", 100), "budi", world.now)


def test_a_window_of_the_calendar_opens_and_closes_over_midnight() -> None:
    world = World(maintenance=[nightly()], expires_s=100_000)
    world.now = at("2026-11-20 21:00")
    world.later(0)
    assert [(each.id, each.schedule) for each in world.alerts.maintenances()] == [("backup@2026-11-20", "backup")]
    world.say("down/sw-1")
    assert world.later(3599) == []
    assert world.later(1) == [
        "maintenance backup@2026-11-20 created",
        "maintenance backup@2026-11-20 started",
        "alert down/sw-1 muted",
        "incident I1 muted",
    ]
    window = next(each for each in world.alerts.maintenances() if each.id == "backup@2026-11-20")
    assert (window.ends_at, window.reason, window.author) == (at("2026-11-21 02:00"), "backups", "settings")
    assert world.later(4 * 3600 - 1) == []
    assert world.later(1)[0] == "maintenance backup@2026-11-20 ended"


def test_a_restart_in_the_middle_of_a_window_neither_opens_nor_closes_it() -> None:
    world = World(maintenance=[nightly()])
    world.now = at("2026-11-20 23:00")
    world.later(0)
    kept = world.alerts.snapshot()
    world.alerts = engine(settings(maintenance=[nightly()]))
    world.alerts.restore(kept)
    assert world.later(60) == []
    world.alerts = engine(settings())  # and now the entry is gone
    world.alerts.restore(kept)
    assert world.later(60) == ["maintenance backup@2026-11-20 ended"]


def test_a_window_that_was_ended_by_hand_stays_ended() -> None:
    world = World(maintenance=[nightly()], keep_resolved_s=0)
    world.now = at("2026-11-20 23:00")
    world.later(0)
    world.alerts.end_maintenance("backup@2026-11-20", "budi", world.now)
    assert world.later(60) == []
    assert world.later(24 * 3600)[0] == "maintenance backup@2026-11-21 created"


def test_an_entry_whose_scope_is_gone_is_told_and_mutes_nothing() -> None:
    world = World(maintenance=[nightly(scope=["link:cut"]), nightly(name="other")])
    world.now = at("2026-11-20 23:00")
    assert world.later(0) == ["maintenance other@2026-11-20 created", "maintenance other@2026-11-20 started"]
    assert dict(world.alerts.calendar_faults()) == {"backup": "there is no link:cut"}


def test_pending_alerts_are_muted_too(world: World) -> None:
    world.say(severity="error")
    _, changes = world.alerts.silence(silence("sw-1", 100), "budi", world.now)
    assert what(changes)[-1] == "alert down/sw-1 muted"
    assert world.alert().state is State.PENDING


def configure(world: World, *entries: dict[str, Any]) -> list[str]:
    """Give the calendar these entries and no others; return what the next tick does."""
    chosen = settings(maintenance=list(entries))
    world.alerts.configure(chosen, BySite(chosen))
    return world.later(1)


def test_a_calendar_that_changes_takes_effect_on_the_window_that_is_open() -> None:
    world = World(maintenance=[nightly()], expires_s=100_000)
    world.now = at("2026-11-20 22:30")
    world.say("down/sw-1")
    world.say("down/gw")
    world.later(0)
    assert world.alert("down/sw-1").muted_by == ("backup@2026-11-20",)
    assert configure(world, nightly(scope=["device:gw"], end="03:00")) == [
        "maintenance backup@2026-11-20 created",
        "maintenance backup@2026-11-20 started",
        "alert down/sw-1 unmuted",
        "alert down/gw muted",
        "incident I1 unmuted",
        "incident I2 muted",
    ]
    window = next(each for each in world.alerts.maintenances() if each.id == "backup@2026-11-20")
    assert window.ends_at == at("2026-11-21 03:00")
    assert configure(world, nightly(scope=["device:gw"], end="03:00")) == []
    assert configure(world)[0] == "maintenance backup@2026-11-20 ended"
    assert "alert down/sw-1 muted" in configure(world, nightly())  # taking it out was a mistake


def test_what_a_changed_calendar_did_is_the_same_after_a_replay() -> None:
    world = World(maintenance=[nightly()], expires_s=100_000)
    world.now = at("2026-11-20 22:30")
    made = world.alerts.say(finding("down/sw-1"), "here", world.now) + world.alerts.tick(world.now)
    changed = settings(maintenance=[nightly(scope=["device:gw"])])
    world.alerts.configure(changed, BySite(changed))
    made += world.alerts.tick(world.now + 1)
    again = engine(changed)
    for change in made:
        again.apply(change)
    assert again.tick(world.now + 1) == []  # it asks every alert once more, and nothing follows
    assert again.snapshot() == world.alerts.snapshot()


def test_a_changed_calendar_does_not_open_what_a_person_ended() -> None:
    world = World(maintenance=[nightly()])
    world.now = at("2026-11-20 22:30")
    world.later(0)
    world.alerts.end_maintenance("backup@2026-11-20", "budi", world.now)
    assert configure(world, nightly(end="03:00")) == []


def test_other_settings_hold_for_what_comes_and_leave_what_is_there(world: World) -> None:
    world.say("hot/sw-1", "error")  # pending for 30 s
    chosen = settings(pending_for_s={"error": 5})
    world.alerts.configure(chosen, BySite(chosen))
    world.say("hot/gw", "error")
    world.later(5)
    assert world.alert("hot/gw").state is State.FIRING
    assert world.alert("hot/sw-1").state is State.PENDING
    world.later(25)
    assert world.alert("hot/sw-1").state is State.FIRING
