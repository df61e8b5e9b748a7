"""Targets that do not answer: gone after some polls, back after one, forgotten in the end."""

from typing import Any

import pytest

from netmon.api import Missing, Part, Reading, Reason, Severity, Table
from rules.pack import Pack, Unreachable
from tests.support.limits import GONE, SAYS, heat, limit, reading, rule, see, table


def test_a_pack_without_reachability_forgets_who_did_not_answer() -> None:
    declared = Unreachable.model_validate({"name": "away", "polls": 2, "severity": "error", "summary": SAYS})
    judge = rule(limit(), unreachable=declared)
    assert see(judge, reading(0, problem=GONE)) == []
    judge.configure([Pack(name="test", limits=(limit(),))])
    assert see(judge, reading(10, problem=GONE)) == []
    judge.configure([Pack(name="test", limits=(limit(),), unreachable=declared)])
    assert see(judge, reading(20, problem=GONE)) == []  # the first of two
    assert see(judge, reading(30, problem=GONE)) == [(30, "away/sw-1", False)]


def test_what_is_not_judged_any_more_is_forgotten() -> None:
    judge = rule(limit(), unreachable=Unreachable.model_validate(REACH))
    see(judge, heat(0, 80), reading(5, problem=GONE))
    assert list(judge.tick(900)) == []
    assert judge._matters
    assert judge._reach._misses
    assert list(judge.tick(1_900)) == []
    assert not judge._matters
    assert not judge._reach._misses


REACH: dict[str, Any] = {"name": "gone", "severity": "critical", "summary": {"en": "{target}: {reason}", "id": "x"}}


def part(name: str, problem: Missing | None, *tables: Table) -> Part:
    return Part(name, tables, 0.1, problem=problem)


def parts(at: float, *each: Part) -> Reading:
    return Reading("sw-1", "snmp", at, 0.1, each)


ABSENT = part("a", Missing(Reason.NOT_SUPPORTED))
LOST = part("b", GONE)
CAME = part("c", None, table({"heat": [1, 1]}))


@pytest.mark.parametrize("lost", [reading(0, problem=GONE), parts(0, ABSENT, LOST), parts(0, LOST, LOST)])
@pytest.mark.parametrize("back", [parts(0, CAME), parts(0, CAME, LOST)])
def test_a_target_is_gone_after_two_polls_and_back_after_one(lost: Reading, back: Reading) -> None:
    judge = rule(unreachable=Unreachable.model_validate(REACH))

    def poll(like: Reading, at: float) -> Reading:
        return Reading(like.target, like.collector, at, 0.1, like.parts, like.problem)

    assert see(judge, poll(lost, 0), poll(back, 10), poll(lost, 20)) == []
    [found] = judge.observe(poll(lost, 30))
    assert (found.summary, found.severity) == ("sw-1: timeout", Severity.CRITICAL)
    assert found.evidence["since"] == "1970-01-01T00:00:20Z"
    assert see(judge, poll(lost, 40), poll(lost, 330)) == [(330, "gone/sw-1", False)]
    assert see(judge, poll(parts(0, ABSENT), 340)) == []
    assert see(judge, poll(back, 350), poll(back, 360)) == [(350, "gone/sw-1", True)]


@pytest.mark.parametrize("reason", [Reason.BUG, Reason.MALFORMED])
def test_what_is_no_matter_of_reaching_it_does_not_count(reason: Reason) -> None:
    judge = rule(unreachable=Unreachable.model_validate(REACH))
    assert see(judge, *(parts(at, part("a", Missing(reason)), LOST) for at in range(5))) == []
