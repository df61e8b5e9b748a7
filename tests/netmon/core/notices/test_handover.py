"""Turns on call that begin while something is open, one story a test."""

from typing import Any

from netmon.api import Severity
from netmon.core.ledger.record import Record, decode, encode
from netmon.core.notices.changes import NoticeChange, from_record, to_entry
from netmon.core.notices.planner import Planner
from netmon.core.notices.words import Duty
from tests.support.notices import Scene, Told, incident, settings

ROTA = {"people": ["andi", "budi"], "start": "2027-01-15", "every": "day", "handover": "16:00"}  # at 15:00 it is budi
NOC = {"steps": [{"notify": "oncall:noc"}]}
TO_HANDOVER = 3_600


def scene(*routes: Any, **more: Any) -> Scene:
    return Scene(settings(routes or (NOC,), ("andi", "budi", "citra"), **({"oncall": {"noc": ROTA}} | more)))


def handovers(it: Scene) -> list[Told]:
    return [one for one in it.told if one.why == "handover"]


def test_who_comes_on_call_gets_one_message_with_all_that_is_open() -> None:
    it = scene()
    it.say(*(incident(number) for number in range(1, 6)))
    it.pass_time(60)
    it.acknowledge("I2", by="budi")
    it.resolve("I3")
    it.pass_time(TO_HANDOVER - 70, 10)
    assert it.whys("andi") == []
    it.pass_time(60)
    (told,) = it.told[-1:]
    assert handovers(it) == [told]
    assert (told.person, set(told.incidents)) == ("andi", {"I1", "I2", "I4", "I5"})
    assert told.subject == "[ON CALL, ERROR] open now: 4 incidents: kota"
    assert "You are on call now" in told.body
    assert "I2 error kota: Device sw-2 does not answer (in hand: budi)" in told.body
    it.resolve("I1")
    it.pass_time(10)
    assert it.whys("andi", "I1") == ["handover", "resolved"]


def test_one_that_is_in_hand_is_handed_over_saying_by_whom() -> None:
    it = scene()
    it.say(incident())
    it.pass_time(60)
    it.acknowledge("I1", by="budi")
    it.pass_time(2 * TO_HANDOVER, 10)
    (told,) = handovers(it)
    assert told.subject == "[ON CALL, ERROR] kota: Device sw-1 does not answer (I1)"
    assert "budi has it in hand since 15:01 WIB, Fri 15 Jan." in told.body


def test_a_turn_that_begins_with_nothing_open_is_quiet() -> None:
    it = scene()
    it.say(incident(1), incident(2, muted=True))
    it.pass_time(60)
    it.resolve("I1")
    it.pass_time(2 * TO_HANDOVER, 10)
    assert it.whys("andi") == []


def test_only_routes_that_name_the_rota_and_only_steps_that_were_taken_count() -> None:
    later = {
        "match": {"severity": "error"},
        "steps": [{"notify": "person:citra"}, {"after_s": 7_000, "notify": "oncall:noc"}],
    }
    it = scene(later, {"steps": [{"notify": "person:citra"}]})
    it.say(incident(1), incident(2, Severity.WARNING))
    it.pass_time(6_900, 10)
    assert it.whys("andi") == []
    it.pass_time(200, 10)
    assert it.whys("andi", "I1") == ["escalated"]


def test_what_the_fallback_was_told_is_handed_over_too() -> None:
    it = scene({"match": {"site": "desa"}, "steps": [{"notify": "person:citra"}]}, fallback="oncall:noc")
    it.say(incident())
    it.pass_time(TO_HANDOVER + 60, 10)
    assert (it.whys("budi"), it.whys("andi")) == (["opened"], ["handover"])


def test_small_things_wait_for_the_digest_of_who_came() -> None:
    it = scene(NOC | {"digest": True}, digest={"at": ["15:30", "17:00"]})
    it.say(incident())
    it.pass_time(TO_HANDOVER + 60, 10)
    assert (it.whys("budi"), it.whys("andi")) == (["digest"], [])
    it.pass_time(TO_HANDOVER, 10)
    assert it.whys("andi") == ["digest"]


def test_it_keeps_to_the_limits_of_who_came_and_says_what_is_so_when_it_goes() -> None:
    tight = {"max_messages": 1, "max_critical": 1, "per_s": 600}
    everybody = {"match": {"severity": "warning"}, "steps": [{"notify": "person:andi"}]}
    it = scene(everybody, NOC, limits=tight)
    it.say(incident(1), incident(2))
    it.pass_time(TO_HANDOVER - 60, 10)
    it.say(incident(3, Severity.WARNING))  # takes andi's only message
    it.pass_time(120)
    assert it.whys("andi") == ["opened"]
    it.acknowledge("I1", by="budi")
    it.pass_time(600)
    (told,) = handovers(it)
    assert set(told.incidents) == {"I1", "I2"}
    assert "(in hand: budi)" in told.body
    assert it.whys("andi") == ["opened", "handover"]


def test_what_was_muted_and_in_hand_is_told_to_who_came_once_it_is_not_muted() -> None:
    it = scene()
    it.say(incident())
    it.pass_time(60)
    it.acknowledge("I1", by="budi")
    it.change("I1", muted=True)
    it.pass_time(TO_HANDOVER, 10)
    assert it.whys("andi") == []
    it.change("I1", muted=False)
    it.pass_time(10)
    assert it.whys("andi") == ["handover"]
    assert it.whys("budi") == ["opened"]


def test_an_override_that_comes_with_a_reload_is_a_handover() -> None:
    it = scene()
    it.say(incident())
    it.pass_time(60)
    stand_in = ROTA | {"overrides": [{"from": "2027-01-15 15:00", "until": "2027-01-15 15:30", "person": "citra"}]}
    it.planner.configure(settings((NOC,), ("andi", "budi", "citra"), oncall={"noc": stand_in}))
    it.pass_time(60)
    assert it.whys("citra") == ["handover"]
    it.pass_time(1_800, 10)
    assert it.whys("budi") == ["opened", "handover"]


def replayed(it: Scene, since: int, kept: dict[str, Any]) -> Planner:
    """Return a planner as a start makes it: from a snapshot, and the ledger's records after it."""
    fresh = Planner(it.planner.settings)
    fresh.restore(kept)
    for seq, change in enumerate(it.made[since:]):
        record = decode(encode(to_entry(change, 0.0, "core"), seq, 0.0))
        assert isinstance(record, Record)
        read = from_record(record)
        assert read == change
        assert read is not None
        fresh.apply(read)
    return fresh


def test_a_restart_neither_repeats_nor_loses_a_handover() -> None:
    it = scene()
    kept, since = it.planner.snapshot(), len(it.made)
    it.say(incident(1), incident(2))
    it.pass_time(TO_HANDOVER - 60, 10)
    it.planner = replayed(it, since, kept)
    it.now += 300  # nobody looked when the turn began
    it.pass_time(10)
    assert len(handovers(it)) == 1
    it.planner = replayed(it, since, kept)  # from the ledger alone
    it.pass_time(600, 10)
    kept, since = it.planner.snapshot(), len(it.made)
    it.planner = replayed(it, since, kept)  # from the snapshot alone
    it.pass_time(600, 10)
    assert len(handovers(it)) == 1
    assert it.whys("andi") == ["handover"]


def test_a_restart_between_decision_and_delivery_sends_the_same_message() -> None:
    it = scene()
    kept, since = it.planner.snapshot(), len(it.made)
    it.say(incident(1), incident(2))
    it.pass_time(TO_HANDOVER - 10, 10)
    it.slow = True
    it.pass_time(60)
    it.flights.clear()
    it.planner = replayed(it, since, kept)
    it.slow = False
    it.pass_time(60)
    (told,) = handovers(it)
    assert told.incidents == ("I1", "I2")


def test_a_snapshot_of_an_earlier_version_knows_nobodys_turn_and_tells_nobody() -> None:
    it = scene()
    it.say(incident())
    it.pass_time(60)
    kept = it.planner.snapshot()
    del kept["duty"]
    it.planner.restore(kept)
    it.pass_time(600, 10)
    assert handovers(it) == []
    assert [change for change in it.made if isinstance(change.notice, Duty)][-1] == NoticeChange(
        "on call", Duty("noc", "budi")
    )
