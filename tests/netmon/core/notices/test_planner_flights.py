"""Messages that are on their way, or cannot be delivered, while their incidents change."""

from netmon.api import Severity, State
from tests.support.notices import LADDER, TO_ANDI, Scene, incident, scene


def test_a_channel_that_fails_is_left_for_the_next_and_then_the_next_step_is_called() -> None:
    it = scene(LADDER)
    it.down = {"andi/telegram"}
    it.say(incident())
    it.pass_time(60)
    assert [(one.person, one.channel) for one in it.told] == [("andi", "email")]
    assert it.told[0].notice.attempts == 4
    it.down = {"andi/telegram", "andi/email"}
    it.say(incident(2))
    it.pass_time(300)
    assert it.whys("budi", "I2") == ["escalated"]
    it.down = set()
    it.pass_time(1_800)
    assert it.whys("andi", "I2") == ["opened"]


def test_a_channel_that_refuses_is_not_asked_again() -> None:
    it = scene()
    it.refused = {"telegram"}
    it.say(incident())
    it.pass_time(11)
    assert [(one.channel, one.notice.attempts) for one in it.told] == [("email", 2)]


def test_after_a_day_it_is_given_up_loudly() -> None:
    it = scene(fallback="person:budi")
    it.down = {"andi/telegram", "andi/email"}
    it.say(incident())
    it.pass_time(86_000, 60)
    assert it.given_up() == []
    it.pass_time(2_000, 60)
    assert [(n.person, n.problem) for n in it.given_up()] == [("andi", "the line is down")]
    assert it.whys("budi") == ["escalated"]
    assert "andi could not be reached" in it.told[0].body


def test_when_every_channel_refuses_the_fallback_is_told_at_once() -> None:
    it = scene(fallback="person:budi")
    it.refused = {"andi/telegram", "andi/email"}
    it.say(incident())
    it.pass_time(12)
    assert it.whys("budi") == ["escalated"]
    it.refused |= {"telegram", "email"}
    it.say(incident(2))
    it.pass_time(3_600, 10)
    assert sorted(n.person for n in it.given_up()) == ["andi", "andi", "budi"]


def test_what_changes_while_a_message_is_on_its_way_is_told_after_it() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.now += 10
    it.note(it.planner.tick(it.now, it.board))
    (notice,) = it.planner.due(it.now)
    draft = it.planner.message(notice, it.board, it.now)
    it.resolve("I1")
    it.note(it.planner.delivered(notice.id, it.now + 2, draft.said))
    it.pass_time(10)
    assert it.whys("andi") == ["resolved"]
    assert it.planner.tables.cases == {}


def test_what_changes_before_a_message_is_written_needs_no_second_one() -> None:
    it = scene(LADDER)
    it.down = {"telegram", "email"}
    it.say(incident())
    it.pass_time(12)
    it.resolve("I1")
    it.down = set()
    it.pass_time(900)
    assert it.whys("andi") == ["resolved"]


def test_what_opens_again_before_its_end_was_told_climbs_its_steps_again() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(60)
    it.down = {"telegram", "email"}
    it.resolve("I1")
    it.pass_time(5)
    it.change("I1", state=State.FIRING, resolved_at=None)
    it.down = set()
    it.pass_time(1_000)
    assert it.whys("andi") == ["opened", "opened"]  # the one that was to say that it was over says what is so
    assert it.whys("budi") == ["escalated"]


def test_who_knows_that_it_was_over_is_called_again_only_by_a_step() -> None:
    it = scene(LADDER)
    it.say(incident())
    it.pass_time(1_000)
    it.slow = True
    it.resolve("I1")
    it.pass_time(1)
    (budis,) = (key for key, (notice, _) in it.flights.items() if notice.person == "budi")
    kept = {key: flight for key, flight in it.flights.items() if key != budis}
    it.flights = {budis: it.flights[budis]}
    it.arrive()  # budi knows that it is over, andi's message is still on its way
    it.flights = kept
    it.change("I1", state=State.FIRING, resolved_at=None)
    it.arrive()
    it.slow = False
    it.pass_time(60)
    it.change("I1", severity=Severity.CRITICAL)
    it.pass_time(60)
    assert it.whys("budi") == ["escalated", "resolved"]
    assert it.whys("andi")[-1] == "worse"


def test_a_step_adds_no_second_message_to_one_on_its_way() -> None:
    it = scene({"steps": [{"notify": "person:andi"}, {"after_s": 60, "notify": "person:andi"}], "repeat_s": 0})
    it.slow = True
    it.say(incident())
    it.pass_time(100)
    it.slow = False
    it.arrive()
    it.pass_time(100)
    assert it.whys("andi") == ["opened"]


def test_what_was_muted_when_a_message_that_counts_many_was_written_is_told_later() -> None:
    it = scene(TO_ANDI | {"repeat_s": 0}, limits={"max_messages": 2, "max_critical": 2, "per_s": 60})
    it.slow = True
    it.say(*(incident(number) for number in (1, 2, 3)))
    it.pass_time(10)
    (together,) = (key for key, (notice, _) in it.flights.items() if len(notice.incidents) == 3)
    it.down = {"telegram", "email"}
    it.arrive()
    it.slow, it.down = False, set()
    it.change("I3", muted=True)
    it.pass_time(60)
    assert [one.incidents for one in it.told if one.notice.id == together] == [("I1", "I2")]
    it.acknowledge("I3")
    it.change("I3", muted=False)
    it.pass_time(120)
    assert it.whys("andi", "I3") == ["acknowledged"]


def told_together(it: Scene) -> None:
    """Tell andi of I1, I2 and I3, and have a reminder of all three written in which I2, muted by then, is missing."""
    it.say(*(incident(number) for number in (1, 2, 3)))
    it.pass_time(60)
    assert {name for one in it.told for name in one.incidents} == {"I1", "I2", "I3"}
    it.down = {"telegram", "email"}
    it.pass_time(600)
    it.change("I2", muted=True)
    it.down, it.slow = set(), True
    it.pass_time(600)
    ((notice, draft),) = [flight for flight in it.flights.values() if "I2" in flight[0].incidents]
    assert (notice.incidents, draft.message.incidents) == (("I1", "I2", "I3"), ("I1", "I3"))


def reminded() -> Scene:
    return scene(TO_ANDI | {"repeat_s": 300}, limits={"max_messages": 2, "max_critical": 2, "per_s": 60})


def test_the_end_of_what_a_message_on_its_way_left_out_is_told_to_who_knew_of_it() -> None:
    it = reminded()
    told_together(it)
    it.resolve("I2")  # while it is muted, and what is on its way does not name it
    it.slow = False
    it.arrive()
    it.pass_time(120)
    assert it.whys("andi", "I2")[-1] == "resolved"


def test_what_a_message_on_its_way_left_out_is_said_again_once_it_is_not_muted_any_more() -> None:
    it = reminded()
    told_together(it)
    before = len(it.whys("andi", "I2"))
    it.change("I2", muted=False)
    it.slow = False
    it.arrive()
    it.pass_time(120)
    assert len(it.whys("andi", "I2")) == before + 1


def test_what_a_message_on_its_way_left_out_is_not_said_while_it_is_muted() -> None:
    it = reminded()
    told_together(it)
    before = it.whys("andi", "I2")
    it.slow = False
    it.arrive()
    it.pass_time(120)
    assert it.whys("andi", "I2") == before
