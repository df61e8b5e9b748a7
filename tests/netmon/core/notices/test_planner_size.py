"""Floods: limits hold, pieces stay small, and nobody is left out."""

import pytest

from netmon.api import Severity, State
from netmon.core.ledger.record import encode
from netmon.core.notices.changes import to_entry
from netmon.core.notices.delivery import Failure
from netmon.core.notices.words import Case, Notice
from tests.support.notices import TO_ANDI, Scene, incident, scene, settings


@pytest.mark.parametrize("people", [1, 10])
def test_a_flood_is_counted_within_everybodys_limit(people: int) -> None:
    names = [f"p{number}" for number in range(people)]
    everybody = {"steps": [{"notify": [f"person:{name}" for name in names]}], "repeat_s": 0}
    it = Scene(settings([everybody], names))
    flood = [incident(number, list(Severity)[number % 4]) for number in range(3_000)]
    it.say(*flood)
    it.pass_time(600)
    for name in names:
        theirs = [one for one in it.told if one.person == name]
        assert len(theirs) == 10  # nine critical ones, and one message that counts 2,991
        assert {number for one in theirs for number in one.incidents} == {one.id for one in flood}
        assert "2991" in theirs[-1].subject
    for one in flood:
        it.resolve(one.id)
    it.pass_time(1_200, 5)
    assert it.planner.tables.cases == {}
    assert all(sum(len(one.incidents) for one in it.told if one.person == name) == 6_000 for name in names)


def test_in_a_long_storm_nobody_waits_a_whole_window() -> None:
    it = scene(TO_ANDI | {"repeat_s": 0})
    for number in range(600):
        it.say(incident(number, Severity.WARNING, opened_at=it.now))
        it.pass_time(1)
    it.pass_time(300)
    heard = {name: one.at for one in it.told for name in one.incidents}
    waits = [heard[name] - one.opened_at for name, one in it.board.all.items()]
    assert len(waits) == 600
    assert max(waits) <= 10 + 120 + 2
    times = [one.at for one in it.told]
    assert max(sum(at <= other < at + 600 for other in times) for at in times) <= 10


@pytest.mark.parametrize("digest", [False, True])
def test_no_record_outgrows_the_ledger_and_a_flood_of_20000_is_told_to_the_last_one(digest: bool) -> None:
    it = scene(TO_ANDI | {"digest": digest, "repeat_s": 0})
    flood = [incident(10_000_000_000 + number, list(Severity)[number % 4]) for number in range(20_000)]
    it.say(*flood)
    it.pass_time(11)
    assert sum(len(one.incidents) for one in it.told) == 20_000
    it.pass_time(600, 30)  # room again
    for one in flood:
        it.resolve(one.id)
    it.pass_time(1_200, 30)
    ends = [said for one in it.told for said in one.notice.said if said.state is State.RESOLVED]
    if not digest:
        assert sum(len(said.incidents) for said in ends) == 20_000
        assert it.planner.tables.cases == {}
    assert max(len(encode(to_entry(change, 0.0, "core"), 0, 0.0)) for change in it.made) < 512 * 1024


def test_what_other_programs_say_is_cut_in_records() -> None:
    it = scene()
    it.say(incident(title="x" * 600_000, titles={"id": "y" * 600_000}))
    it.now += 10
    it.note(it.planner.tick(it.now, it.board))
    (notice,) = it.planner.due(it.now)
    it.note(it.planner.failed(notice.id, Failure("z" * 600_000), it.now))
    assert max(len(encode(to_entry(change, 0.0, "core"), 0, 0.0)) for change in it.made) < 10_000


def test_a_tick_can_be_done_in_pieces_and_comes_to_the_same() -> None:
    names = [f"p{number}" for number in range(5)]
    chosen = settings([{"steps": [{"notify": [f"person:{name}" for name in names]}]}], names)
    whole, pieces = Scene(chosen), Scene(chosen)
    for it in (whole, pieces):
        it.say(*(incident(number, list(Severity)[number % 4]) for number in range(500)))
        it.now += 10
    whole.note(whole.planner.tick(whole.now, whole.board))
    ticks = 0
    while pieces.planner.behind(pieces.now):
        made = pieces.planner.tick(pieces.now, pieces.board, 50)
        cases = [change for change in made if isinstance(change.notice, Case)]
        people = {change.notice.person for change in made if isinstance(change.notice, Notice)}
        assert len(cases) <= 50
        assert len(people) <= 1
        pieces.note(made)
        ticks += 1
    assert ticks == 10 + 4  # the last steps and the first person are one
    assert pieces.planner.snapshot() == whole.planner.snapshot()
    assert not whole.planner.behind(whole.now)


def test_nothing_is_behind_that_only_waits() -> None:
    it = scene(TO_ANDI, limits={"max_messages": 1, "max_critical": 1})
    it.say(incident(1), incident(2, muted=True))
    it.pass_time(10)
    it.say(incident(3))
    it.pass_time(60)
    assert len(it.told) == 1
    assert not it.planner.behind(it.now)
