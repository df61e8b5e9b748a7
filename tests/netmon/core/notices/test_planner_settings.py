"""Settings that change under what is open: people who come and go, routes, limits."""

from tests.support.notices import LADDER, TO_ANDI, Scene, incident, scene, settings


def test_somebody_who_left_the_settings_is_told_nothing_more() -> None:
    it = scene(TO_ANDI)
    it.down = {"telegram", "email"}
    it.say(incident())
    it.pass_time(20)
    left = Scene(settings([{"steps": [{"notify": "person:budi"}]}], people=["budi"]), it.now)
    left.planner.restore(it.planner.snapshot())
    left.board = it.board
    left.pass_time(60)
    assert left.told == []
    assert left.planner.tables.notices == {}
    assert left.planner.counts["no_such_person"] == 1


def test_other_settings_reach_what_is_open_and_nobody_is_told_twice() -> None:
    it = scene({"name": "old", **LADDER})
    it.say(incident())
    it.pass_time(20)
    new = {"name": "new", "steps": [{"notify": "person:andi"}, {"after_s": 60, "notify": "person:citra"}]}
    it.planner.configure(settings([new], people=("andi", "citra")))
    it.pass_time(59)
    assert it.whys("andi") == ["opened"]
    assert it.whys("citra") == []
    it.pass_time(2)
    assert it.whys("citra") == ["escalated"]
    it.pass_time(1_000)
    it.resolve("I1")
    it.pass_time(2)
    assert (it.whys("andi"), it.whys("citra"), it.whys("budi")) == (
        ["opened", "resolved"],
        ["escalated", "resolved"],
        [],
    )
    assert it.planner.tables.cases == {}


def test_settings_that_keep_the_route_keep_its_place_on_the_ladder() -> None:
    it = scene({"name": "same", **LADDER})
    it.say(incident())
    it.pass_time(800)
    it.planner.configure(settings([{"name": "same", **LADDER}, TO_ANDI]))
    it.pass_time(111)
    assert it.whys("budi") == ["escalated"]


def test_who_leaves_the_settings_is_told_nothing_more_and_holds_nothing_up() -> None:
    it = scene(LADDER)
    it.slow = True
    it.say(incident())
    it.pass_time(11)
    assert [notice.person for notice, _ in it.flights.values()] == ["andi"]
    it.planner.configure(settings(({"steps": [{"notify": "person:budi"}]},), people=("budi",)))
    it.slow = False
    it.arrive()  # it was on its way already
    it.resolve("I1")
    it.pass_time(60)
    assert it.whys("andi") == ["opened"]
    assert (it.planner.tables.cases, it.planner.tables.notices) == ({}, {})


def test_a_limit_that_is_lifted_lets_out_what_it_held() -> None:
    tight = {"max_messages": 1, "max_critical": 1, "per_s": 86_400}
    it = scene(TO_ANDI, limits=tight)
    for number in range(1, 4):
        it.say(incident(number))
        it.pass_time(11)
    held = len(it.told)
    assert held < 3
    it.planner.configure(settings((TO_ANDI,)))
    it.pass_time(200)
    assert {name for one in it.told for name in one.incidents} == {"I1", "I2", "I3"}


def test_the_first_people_are_told_of_what_was_open_before_them() -> None:
    it = Scene(settings((), people=()))
    it.say(incident())
    it.pass_time(60)
    it.planner.configure(settings((TO_ANDI,)))
    it.pass_time(11)
    assert it.whys("andi") == ["opened"]
