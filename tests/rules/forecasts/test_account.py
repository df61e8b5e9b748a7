"""Predictions kept to account: outcomes, what counts as missed, what is kept."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import Event, Impact, Severity
from rules.forecasts.account import Account, Prediction, Subject
from rules.forecasts.settings import AccountSettings

T0 = 1_780_000_000.0
SUBJECT = Subject("disk_will_fill", "db-1", 'used{mountpoint="/"}', "disk_will_fill/db-1//")


def told(events: Any) -> list[dict[str, Any]]:
    found = list(events)
    assert all(isinstance(each, Event) and each.category == "prediction" for each in found)
    assert all(each.target == "db-1" and each.severity is Severity.INFO for each in found)
    return [{name.removeprefix("netmon.prediction."): v for name, v in each.fields.items()} for each in found]


def predict(account: Account, at: float = T0, within_s: float = 10_000.0, shift: float = 0.0) -> list[dict[str, Any]]:
    impact = Impact(T0 + 4_000 + shift, T0 + 6_000 + shift, T0 + 8_000 + shift)
    return told(
        account.predict(
            SUBJECT,
            impact,
            at=at,
            bound=100.0,
            value=90.0,
            horizon="days",
            severity=Severity.WARNING,
            within_s=within_s,
        )
    )


@pytest.fixture
def account() -> Account:
    return Account(AccountSettings())


def test_a_prediction_says_all_that_is_needed_to_judge_it(account: Account) -> None:
    (made,) = predict(account)
    assert made == {
        "id": made["id"],
        "rule": "disk_will_fill",
        "series": 'used{mountpoint="/"}',
        "key": "disk_will_fill/db-1//",
        "made_at": T0,
        "bound": 100.0,
        "value": 90.0,
        "horizon": "days",
        "severity": "warning",
        "first": 1,
        "p10": T0 + 4_000,
        "p50": T0 + 6_000,
        "p90": T0 + 8_000,
        "outcome": "open",
    }
    assert len(account) == 1


@pytest.mark.parametrize(
    ("after", "outcome"), [(3_999, "late"), (4_000, "hit"), (8_000, "hit"), (8_001, "early"), (11_999, "early")]
)
def test_what_a_reached_limit_makes_of_it(account: Account, after: float, outcome: str) -> None:
    (made,) = predict(account)
    (scored,) = told(account.reached(SUBJECT, T0 + after, 100.0, predictable=True))
    assert scored["outcome"] == outcome
    assert (scored["id"], scored["lead_s"], scored["error_s"]) == (made["id"], after, after - 6_000)
    assert scored["first"] == 1
    assert len(account) == 0


def test_what_did_not_come_true_in_time_is_false(account: Account) -> None:
    predict(account)
    assert told(account.tick(T0 + 11_999, lambda _: T0 + 11_000)) == []
    (scored,) = told(account.tick(T0 + 12_000, lambda _: T0 + 11_000))
    assert scored["outcome"] == "false"
    assert "reached_at" not in scored
    assert told(account.tick(T0 + 99_999, lambda _: T0)) == []


def test_what_was_not_seen_until_its_time_is_void(account: Account) -> None:
    predict(account)
    (scored,) = told(account.tick(T0 + 12_000, lambda _: T0 + 7_999))
    assert scored["outcome"] == "void"


@pytest.mark.parametrize(("after", "outcome"), [(0, "averted"), (8_000, "averted"), (8_001, "false")])
def test_a_step_away_averts_before_its_time(account: Account, after: float, outcome: str) -> None:
    predict(account)
    (scored,) = told(account.turned(SUBJECT.key, T0 + after))
    assert scored["outcome"] == outcome


def test_what_the_rule_takes_back_is_false(account: Account) -> None:
    predict(account)
    assert [each["outcome"] for each in told(account.withdrawn(SUBJECT.key, T0 + 5))] == ["false"]
    assert told(account.withdrawn(SUBJECT.key, T0 + 6)) == []


def test_the_same_said_again_is_no_new_prediction(account: Account) -> None:
    assert len(predict(account)) == 1
    assert predict(account, T0 + 60, shift=1_999) == []
    assert [each["first"] for each in predict(account, T0 + 120, shift=2_001)] == [0]  # the median left the interval
    assert [each["first"] for each in predict(account, T0 + 180, within_s=500)] == [0]  # a sharper tier
    assert predict(account, T0 + 240, within_s=10_000) == []
    assert len(account) == 3
    scored = told(account.reached(SUBJECT, T0 + 5_000, 100.0, predictable=True))
    assert [each["first"] for each in scored] == [1, 0, 0]
    assert len({each["id"] for each in scored}) == 3


@pytest.mark.parametrize(("lead_s", "outcomes"), [(599, ["late", "missed"]), (600, ["late"])])
def test_too_late_a_prediction_leaves_the_limit_missed(account: Account, lead_s: float, outcomes: list[str]) -> None:
    predict(account)
    scored = told(account.reached(SUBJECT, T0 + lead_s, 100.0, predictable=True))
    assert [each["outcome"] for each in scored] == outcomes
    assert scored[0]["first"] == (lead_s >= 600)


def test_what_nobody_could_foretell_is_not_missed(account: Account) -> None:
    assert told(account.reached(SUBJECT, T0, 100.0, predictable=False)) == []
    (missed,) = told(account.reached(SUBJECT, T0, 100.0, predictable=True))
    assert missed["outcome"] == "missed"
    assert "made_at" not in missed


def test_what_is_open_is_kept(account: Account) -> None:
    predict(account)
    predict(account, T0 + 1, within_s=5.0)
    kept = msgspec.json.decode(msgspec.json.encode(account.save()), type=list[Prediction])
    other = Account(AccountSettings())
    other.restore(kept)
    assert len(other) == 2
    both = [told(each.reached(SUBJECT, T0 + 5_000, 100.0, predictable=True)) for each in (account, other)]
    assert both[0] == both[1]


def test_no_more_are_open_than_may_be() -> None:
    account = Account(AccountSettings(open_max=2))
    for number in range(4):
        predict(account, T0 + number, shift=number * 5_000.0)
    assert len(account) == 2
    assert account.dropped == {"disk_will_fill": 2}
    smaller = Account(AccountSettings(open_max=1))
    smaller.restore(account.save())
    assert len(smaller) == 1
    assert smaller.dropped == {"disk_will_fill": 1}


@given(st.lists(st.tuples(st.sampled_from("prtwkv"), st.floats(0.002, 20_000)), max_size=40))
def test_each_prediction_has_one_outcome(acts: list[tuple[str, float]]) -> None:
    account, now, events = Account(AccountSettings()), T0, []
    for act, seconds in acts:
        now += seconds
        if act == "p":
            events += predict(account, now, shift=now - T0)
        elif act == "r":
            events += told(account.reached(SUBJECT, now, 100.0, predictable=True))
        elif act == "t":
            events += told(account.turned(SUBJECT.key, now))
        elif act == "w":
            events += told(account.withdrawn(SUBJECT.key, now))
        elif act == "v":
            events += told(account.void(SUBJECT.key, now))
        else:
            events += told(account.tick(now, {SUBJECT.key: now}.__getitem__))
    opened = [each["id"] for each in events if each["outcome"] == "open"]
    ended = [each["id"] for each in events if each["outcome"] not in {"open", "missed"}]
    assert len(set(opened)) == len(opened)
    assert len(set(ended)) == len(ended)
    assert set(ended) <= set(opened)
    assert len(opened) - len(ended) == len(account)


def test_what_was_said_when_the_limit_was_already_reached_foretold_nothing(account: Account) -> None:
    predict(account)
    predict(account, T0 + 5_000, within_s=500)
    scored = told(account.reached(SUBJECT, T0 + 5_000, 100.0, predictable=True))
    assert [each["outcome"] for each in scored] == ["hit", "void"]
    assert "lead_s" not in scored[1]
    predict(account, T0 + 9_000)
    assert [each["outcome"] for each in told(account.reached(SUBJECT, T0 + 9_000, 100.0, predictable=True))] == [
        "void",
        "missed",
    ]


def test_a_day_is_known_when_it_is_over(account: Account) -> None:
    predict(account, T0 + 3_000)
    (scored,) = told(account.reached(SUBJECT, T0 + 2_000, 100.0, seen_at=T0 + 4_000, predictable=False))
    assert (scored["outcome"], scored["lead_s"], scored["error_s"]) == ("late", 0.0, -4_000.0)


def test_every_prediction_and_every_outcome_is_a_change(account: Account) -> None:
    counts = [account.changes]
    acts: list[Any] = [
        lambda: predict(account),
        lambda: predict(account, T0 + 1),  # the same again
        lambda: told(account.withdrawn(SUBJECT.key, T0 + 2)),
        lambda: told(account.withdrawn(SUBJECT.key, T0 + 3)),
        lambda: told(account.reached(SUBJECT, T0 + 4, 100.0, predictable=True)),
        lambda: predict(account, T0 + 5),
        lambda: told(account.tick(T0 + 99_999, lambda _: T0)),
    ]
    for act in acts:
        act()
        counts.append(account.changes)
    assert steps(counts) == [1, 0, 1, 0, 1, 1, 1]


def steps(counts: list[int]) -> list[int]:
    return [after - before for before, after in pairwise(counts)]
