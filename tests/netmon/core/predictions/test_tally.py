"""The tally of predictions: counts by rule, what comes twice, what makes no sense."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from netmon.api.predictions import PREDICTION_PREFIX, Outcome
from netmon.core.predictions import tally as module
from netmon.core.predictions.metrics import PredictionMetrics
from netmon.core.predictions.tally import Tally

T0 = 1_780_000_000.0


def fields(identity: str, outcome: str = "open", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": identity,
        "rule": "disk_will_fill",
        "series": "used",
        "key": f"k/{identity}",
        "made_at": T0,
        "bound": 100,
        "value": 90.5,
        "horizon": "days",
        "severity": "warning",
        "first": 1,
        "p10": T0 + 1_000,
        "p50": T0 + 2_000,
        "p90": T0 + 3_000,
        "outcome": outcome,
    }
    return {PREDICTION_PREFIX + name: value for name, value in (made | more).items()}


def missed(identity: str, **more: Any) -> dict[str, Any]:
    said = {"id": identity, "rule": "disk_will_fill", "series": "used", "key": "k", "bound": 1, "outcome": "missed"}
    return {PREDICTION_PREFIX + name: value for name, value in (said | {"reached_at": T0} | more).items()}


def ended(tally: Tally, identity: str, outcome: str, at: float = T0 + 2_100, **more: Any) -> None:
    tally.learn("db-1", T0, fields(identity))
    reached = {"reached_at": at} if outcome in {"hit", "early", "late"} else {}
    tally.learn("db-1", at, fields(identity, outcome, **reached, **more))


def test_the_account_of_a_rule() -> None:
    tally = Tally()
    for number, outcome in enumerate(["hit", "hit", "hit", "early", "late", "false", "averted", "void"]):
        ended(tally, f"p{number}", outcome, T0 + 2_000 + 100 * number)
    tally.learn("db-1", T0, fields("p9"))
    for identity in ("m1", "m2", "m1"):
        tally.learn("db-1", T0, missed(identity))
    (account,) = tally.accounts()
    assert (account.hit, account.early, account.late, account.false) == (3, 1, 1, 1)
    assert (account.averted, account.void, account.missed, account.open, account.foretold) == (1, 1, 2, 1, 5)
    assert account.precision == 3 / 6
    assert account.recall == 5 / 7
    assert account.median_lead_s == 2_200
    assert account.median_error_s == 200


def test_nothing_scored_is_none_and_not_zero() -> None:
    tally = Tally()
    tally.learn("db-1", T0, fields("p1"))
    (account,) = tally.accounts()
    assert (account.precision, account.recall, account.median_lead_s, account.median_error_s) == (None,) * 4


def test_what_is_not_first_counts_for_precision_only() -> None:
    tally = Tally()
    ended(tally, "p1", "hit", first=0)
    (account,) = tally.accounts()
    assert (account.hit, account.foretold, account.precision, account.recall) == (1, 0, 1.0, None)


def test_what_comes_twice_counts_once() -> None:
    tally = Tally()
    for _ in range(2):
        ended(tally, "p1", "hit")
    tally.learn("db-1", T0, fields("p7", "hit", reached_at=T0))  # nobody heard of it
    (account,) = tally.accounts()
    assert (account.hit, account.open) == (1, 0)


def test_a_first_prediction_takes_the_place_of_one_that_its_rule_forgot() -> None:
    tally = Tally()
    tally.learn("db-1", T0, fields("p1", key="same"))
    tally.learn("db-1", T0, fields("p2", key="same", first=0))
    assert len(tally.predictions()) == 2
    tally.learn("db-1", T0, fields("p3", key="same"))
    assert [each.id for each in tally.predictions()] == ["p3"]
    assert tally.accounts()[0].void == 2


def test_since_counts_only_what_was_scored_from_then_on() -> None:
    tally = Tally()
    ended(tally, "p1", "hit", T0 + 100)
    ended(tally, "p2", "false", T0 + 200)
    (account,) = tally.accounts(T0 + 150)
    assert (account.hit, account.false, account.precision, account.recall) == (0, 1, 0.0, None)


def test_predictions_by_outcome_in_their_order() -> None:
    tally = Tally()
    tally.learn("db-1", T0, fields("late", p50=T0 + 9_000))
    tally.learn("db-1", T0, fields("soon"))
    ended(tally, "p1", "hit", T0 + 100)
    ended(tally, "p2", "false", T0 + 200)
    assert [each.id for each in tally.predictions()] == ["soon", "late"]
    found = tally.predictions(tuple(Outcome))
    assert [(each.id, each.outcome) for each in found[2:]] == [("p2", Outcome.FALSE), ("p1", Outcome.HIT)]
    assert found[3].reached_at == T0 + 100


def test_a_snapshot_holds_everything() -> None:
    tally, other = Tally(), Tally()
    for number, outcome in enumerate(["hit", "early", "false", "averted"]):
        ended(tally, f"p{number}", outcome)
    tally.learn("db-1", T0, fields("p9", key="same"))
    tally.learn("db-1", T0, missed("m1"))
    other.restore(msgspec.json.decode(msgspec.json.encode(tally.snapshot())))
    assert other.snapshot() == tally.snapshot()
    for each in (tally, other):
        each.learn("db-1", T0, fields("p10", key="same"))
        each.learn("db-1", T0, missed("m1"))
    assert other.accounts() == tally.accounts()


@pytest.mark.parametrize("wrong", [None, {}, {"open": [], "scored": [], "counts": {"a": {"leads": [1]}}, "over": []}])
def test_a_snapshot_that_is_none_changes_nothing(wrong: object) -> None:
    tally = Tally()
    ended(tally, "p1", "hit")
    with pytest.raises(ValueError, match=r"."):
        tally.restore(wrong)
    assert tally.accounts()[0].hit == 1


ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@given(st.dictionaries(st.sampled_from(sorted(fields("x"))), ANY))
def test_whatever_is_sent_nothing_is_raised(wrong: dict[str, Any]) -> None:
    tally = Tally()
    tally.learn("db-1", T0, fields("x") | wrong)
    tally.learn("db-1", T0, wrong)
    tally.learn("db-1", T0, list(wrong))
    assert tally.dropped["malformed"] >= 2
    assert len(tally.predictions()) + tally.dropped["malformed"] >= 2
    msgspec.json.encode(tally.snapshot())


def test_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_MAX", 2)
    monkeypatch.setattr(module, "RULES_MAX", 2)
    monkeypatch.setattr(module, "OVER_MAX", 2)
    tally = Tally()
    for number in range(4):
        tally.learn("db-1", T0, fields(f"p{number}"))
        tally.learn("db-1", T0, missed(f"m{number}", rule=f"r{number}"))
    assert tally.dropped == {"open": 2, "rules": 3}
    assert len(tally.predictions()) == 2
    assert [account.rule for account in tally.accounts()] == ["disk_will_fill", "r0"]


def test_metrics() -> None:
    tally, registry = Tally(), CollectorRegistry()
    PredictionMetrics(tally, registry)
    tally.learn("db-1", T0, fields("p0"))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    rule = {"rule": "disk_will_fill"}
    assert value("netmon_predictions_open", **rule) == 1
    assert value("netmon_predictions_total", **rule, outcome="hit") == 0
    assert value("netmon_prediction_precision_ratio", **rule) is None
    assert value("netmon_prediction_recall_ratio", **rule) is None
    ended(tally, "p1", "hit", T0 + 3_000)
    ended(tally, "p2", "false")
    tally.learn("db-1", T0, [])
    assert value("netmon_predictions_total", **rule, outcome="hit") == 1
    assert value("netmon_prediction_precision_ratio", **rule) == 0.5
    assert value("netmon_prediction_recall_ratio", **rule) == 1
    assert value("netmon_prediction_lead_seconds_sum", **rule) == 3_000
    assert value("netmon_prediction_lead_seconds_bucket", **rule, le="1800.0") == 0
    assert value("netmon_prediction_lead_seconds_bucket", **rule, le="3600.0") == 1
    assert value("netmon_prediction_lead_seconds_bucket", **rule, le="+Inf") == 1
    assert value("netmon_predictions_dropped_total", reason="malformed") == 1
    assert list(text_string_to_metric_families(generate_latest(registry).decode()))
