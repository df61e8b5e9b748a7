"""The planner's decisions, one story a test."""

from dataclasses import replace

import pytest

from netmon.api import Severity, State
from tests.support.notices import LADDER, START, TO_ANDI, Scene, alert, incident, scene, settings


def test_one_message_per_incident_after_the_group_wait() -> None:
    it = scene()
    it.say(incident())
    it.pass_time(9)
    assert it.told == []
    it.pass_time(1)
    assert [(one.person, one.channel, one.why) for one in it.told] == [("andi", "telegram", "opened")]
    it.change("I1", targets=("sw-1", "sw-2"), target_count=2)
    it.pass_time(60)
    assert len(it.told) == 1


def test_nobody_is_told_without_people() -> None:
    it = Scene(settings((), people=()))
    it.say(incident())
    it.pass_time(60)
    assert it.told == []
    assert it.planner.tables.cases == {}


def test_the_next_step_comes_when_nobody_answers() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(909)
    assert it.whys("budi") == []
    it.pass_time(1)
    assert it.whys("budi") == ["escalated"]
    assert it.whys("andi") == ["opened"]


def test_an_acknowledgement_stops_steps_and_repeats_and_is_told_to_those_who_were_told() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(60)
    it.acknowledge("I1")
    it.pass_time(20_000, 60)
    assert it.whys("andi") == ["opened", "acknowledged"]
    assert it.whys("budi") == []


def test_who_took_it_in_hand_is_not_told_so() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(1_000)
    it.acknowledge("I1", by="andi")
    it.pass_time(60)
    assert it.whys("andi") == ["opened"]
    assert it.whys("budi") == ["escalated", "acknowledged"]


def test_putting_it_back_is_told_and_starts_the_steps_again() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(60)
    it.acknowledge("I1")
    it.pass_time(60)
    it.change("I1", state=State.FIRING, acknowledged_by="")
    it.pass_time(899)
    assert it.whys("andi") == ["opened", "acknowledged", "repeated"]
    assert it.whys("budi") == []
    it.pass_time(2)
    assert it.whys("budi") == ["escalated"]


def test_it_is_repeated_to_those_whose_step_was_taken() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(3_700, 10)
    assert it.whys("andi") == ["opened", "repeated"]
    assert it.whys("budi") == ["escalated", "repeated"]


def test_the_end_is_told_to_exactly_those_who_were_told() -> None:
    it = scene(LADDER)
    it.say(incident(1), incident(2))
    it.pass_time(60)
    it.resolve("I1")
    it.pass_time(900)
    it.resolve("I2")
    it.pass_time(60)
    assert it.whys("andi", "I1") == ["opened", "resolved"]
    assert it.whys("budi", "I1") == []
    assert it.whys("budi", "I2") == ["escalated", "resolved"]
    assert it.planner.tables.cases == {}


def test_what_is_over_before_anybody_was_told_is_told_once() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(5)
    it.resolve("I1")
    it.pass_time(60)
    assert it.whys("andi") == ["resolved"]
    assert it.planner.tables.cases == {}


def test_a_muted_incident_tells_nobody_until_it_is_unmuted() -> None:
    it = scene(LADDER)
    it.say(incident(muted=True))
    it.pass_time(50_000, 60)
    assert it.told == []
    it.change("I1", muted=False)
    it.pass_time(60)
    assert it.whys("andi") == ["opened"]
    assert it.whys("budi") == []


def test_a_mute_in_the_middle_stops_steps_and_repeats_and_the_end_is_still_told() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(60)
    it.change("I1", muted=True)
    it.pass_time(50_000, 60)
    assert it.whys("andi") == ["opened"]
    it.change("I1", muted=False)
    it.pass_time(60)
    assert it.whys("andi") == ["opened", "repeated"]
    it.change("I1", muted=True)
    it.pass_time(60)
    it.resolve("I1")
    it.pass_time(60)
    assert it.whys("andi") == ["opened", "repeated", "resolved"]
    assert it.whys("budi") == []


def test_muted_from_its_beginning_to_its_end_nobody_hears_of_it() -> None:
    it = scene(LADDER)
    it.say(incident(muted=True))
    it.pass_time(60)
    it.resolve("I1")
    it.pass_time(60)
    assert it.told == []
    assert it.planner.tables.cases == {}
    assert it.planner.counts["muted"] == 1


def test_a_worse_one_is_told_again_and_takes_its_new_route() -> None:
    night = {"match": {"severity": "critical"}, "steps": [{"notify": "person:budi"}]}
    it = scene(night, TO_ANDI)
    it.say(incident(severity=Severity.WARNING))
    it.pass_time(60)
    assert it.whys("budi") == []
    it.change("I1", severity=Severity.CRITICAL)
    it.pass_time(60)
    assert it.whys("andi") == ["opened", "worse"]
    assert it.whys("budi") == ["opened"]


def test_a_digest_waits_for_its_hour_and_what_gets_worse_does_not() -> None:
    night = {"match": {"severity": ["critical"]}, "steps": [{"notify": "person:andi"}], "repeat_s": 0}
    it = scene(night, TO_ANDI | {"digest": True})
    it.say(incident(1, Severity.INFO), incident(2, Severity.INFO), incident(3, Severity.INFO))
    it.pass_time(60)
    assert it.told == []
    it.change("I3", severity=Severity.CRITICAL)
    it.resolve("I2")
    it.pass_time(60)
    assert [(one.why, one.incidents) for one in it.told] == [("opened", ("I3",))]
    it.pass_time(86_400, 60)
    at_seven = START + 16 * 3600  # 07:00 in Jakarta
    digest = it.told[1]
    assert digest.at == pytest.approx(at_seven, abs=60)
    assert set(digest.incidents) == {"I1", "I2"}
    assert digest.why == "digest"
    assert "I2" not in it.planner.tables.cases


def test_a_full_digest_goes_at_once() -> None:
    it = scene(TO_ANDI | {"digest": True}, digest={"max_incidents": 5})
    it.say(*(incident(number, Severity.INFO) for number in range(5)))
    it.pass_time(60)
    assert [len(one.incidents) for one in it.told] == [5]


def test_the_end_of_what_a_digest_told_waits_for_the_next_one() -> None:
    it = scene(TO_ANDI | {"digest": True, "repeat_s": 0})
    it.say(incident(1, Severity.INFO))
    it.pass_time(86_400, 60)
    it.resolve("I1")
    it.pass_time(3_600, 60)
    assert it.whys("andi") == ["digest"]
    it.pass_time(86_400, 60)
    assert it.whys("andi") == ["digest", "digest"]


def test_without_a_route_the_fallback_is_told() -> None:
    it = scene(TO_ANDI | {"match": {"site": "desa"}}, fallback="person:budi")
    it.say(incident())
    it.pass_time(20)
    assert it.whys("budi") == ["opened"]
    assert it.planner.counts["no_route"] == 1


def test_routes_match_labels_and_go_on_when_told_to() -> None:
    links = {"match": {"matchers": 'alertname=~"link_.*"'}, "steps": [{"notify": "person:budi"}], "continue": True}
    it = scene(links, TO_ANDI)
    one, other = incident(1), incident(2)
    it.board.alerts = {"I1": [alert(one, "link_down")], "I2": [alert(other, "a_link_down")]}
    it.say(one, other)
    it.pass_time(20)
    assert (it.whys("andi", "I1"), it.whys("budi", "I1")) == (["opened"], ["opened"])
    assert (it.whys("andi", "I2"), it.whys("budi", "I2")) == (["opened"], [])


def test_a_step_can_name_channels() -> None:
    it = scene({"steps": [{"notify": "person:andi", "channels": "email"}]})
    it.say(incident())
    it.pass_time(20)
    it.resolve("I1")
    it.pass_time(20)
    assert [one.channel for one in it.told] == ["email", "email"]


def test_what_was_merged_is_told_as_part_of_the_other() -> None:
    it = scene(TO_ANDI, limits={"max_messages": 1, "max_critical": 1})
    it.say(incident(1))
    it.pass_time(60)
    it.say(incident(2))  # held back by the limit
    it.pass_time(60)
    it.say(incident(9, title="Site kota: 3 devices"))
    it.change("I1", state=State.RESOLVED, merged_into="I9")
    it.change("I2", state=State.RESOLVED, merged_into="I9")
    it.pass_time(700)
    assert [one.incidents for one in it.told] == [("I1",), ("I9",)]
    assert "Takes in: I1, I2" in it.told[1].body
    it.resolve("I9")
    it.pass_time(700)
    assert it.whys("andi", "I9") == ["opened", "resolved"]
    assert it.planner.tables.cases == {}


def test_an_incident_that_opens_again_is_told_again() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(20)
    it.resolve("I1")
    it.pass_time(1)
    it.change("I1", state=State.FIRING, resolved_at=None)
    it.pass_time(20)
    assert it.whys("andi") == ["opened", "resolved", "opened"]


def test_a_step_of_the_clock_moves_steps_and_not_digests() -> None:
    it = scene(LADDER | {"match": {"severity": "error"}}, TO_ANDI | {"digest": True})
    it.say(incident(1), incident(2, Severity.INFO))
    it.pass_time(60)
    it.now += 3600
    it.planner.step_clock(3600)
    it.pass_time(849)
    assert it.whys("budi") == []
    it.pass_time(2)
    assert it.whys("budi") == ["escalated"]
    it.pass_time(START + 16 * 3600 - it.now, 60)
    assert "digest" in it.whys("andi")


def test_on_call_is_asked_when_the_message_is_due() -> None:
    rota = {"people": ["andi", "budi"], "start": "2027-01-15", "every": "day", "handover": "16:00"}
    it = scene({"steps": [{"notify": "oncall:noc"}], "repeat_s": 3600}, oncall={"noc": rota})
    it.say(incident())  # at 15:00, an hour before the first turn begins
    it.pass_time(60)
    assert it.whys("budi") == ["opened"]
    it.pass_time(3_600, 10)
    assert it.whys("andi") == ["handover", "repeated"]
    it.resolve("I1")
    it.pass_time(30)
    assert it.whys("andi")[-1] == it.whys("budi")[-1] == "resolved"


def test_what_opened_while_nobody_looked_is_told_after_the_start() -> None:
    it = scene()
    it.board.all["I1"] = incident()
    it.board.all["I2"] = replace(incident(2), state=State.RESOLVED)
    it.pass_time(20)
    assert [one.incidents for one in it.told] == [("I1",)]
