"""What is unusual draws attention within bounds; what is declared is found, said again, and over once."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from netmon.api import Event, Finding, Severity
from netmon.api.columns import Batch, Floats, Series
from rules.baselines.attention import UNUSUAL_MAX
from rules.baselines.replay import replay
from rules.baselines.rule import Baselines
from rules.baselines.settings import BaselineSettings
from rules.pack import Anomaly

START = 1_760_000_000.0
STEP_S = 300.0
LEARNT = 500  # steps after which nothing that is usual here is unusual any more
SAYS = {"en": "{target} {ifName}: {value} instead of {expected}", "id": "id {ifName} {score}"}


class Book:
    """A few series; some are declared."""

    def __init__(self, names: Sequence[str], **declared: Any) -> None:
        self.all: list[Series | None] = [Series("sw-1", "traffic_bytes", (("ifName", name),)) for name in names]
        self.declared = dict.fromkeys(range(len(names)), anomaly(**declared)) if declared else {}

    @property
    def size(self) -> int:
        return len(self.all)

    def series(self, slot: int) -> Series | None:
        return self.all[slot]

    def anomaly_of(self, slot: int) -> Anomaly | None:
        return self.declared.get(slot)


def anomaly(**changes: Any) -> Anomaly:
    fields = {"name": "odd", "metric": "traffic_bytes", "severity": "warning", "labels": ["ifName"], "summary": SAYS}
    return Anomaly.model_validate({**fields, **changes})


def batch(values: Sequence[float], at: float, slots: Iterable[int] | None = None) -> Batch:
    count = len(values)
    return Batch(
        np.array(range(count) if slots is None else list(slots), np.int32),
        np.full(count, at),
        np.array(values, np.float64),
        np.full(count, np.nan),
        np.zeros(count, np.bool_),
    )


class Watched:
    """A rule that has learnt its series, each with a noise of its own, and the clock that goes on."""

    def __init__(self, book: Book, steps: int = LEARNT, **settings: Any) -> None:
        self.book = book
        self.rule = Baselines(book, BaselineSettings(**settings))
        self.at = START
        self.random = np.random.default_rng(1)
        said = [one for _ in range(steps) for one in self.step()]
        assert all(one.at < self.at - 100 * STEP_S for one in said)

    def step(self, *more: float, back_s: float = 0.0) -> list[Finding | Event]:
        """Bring what is usual of every series, and these much more of the first ones."""
        self.at += STEP_S - back_s
        values = 100 + self.random.uniform(-1, 1, self.book.size)
        values[: len(more)] += more
        return [*self.rule.step(batch(values.tolist(), self.at)), *self.rule.tick(self.at)]

    def minute(self) -> list[Event]:
        """Let the minute end without any value."""
        self.at += 60
        return [said for said in self.rule.tick(self.at) if isinstance(said, Event)]


def findings(said: Iterable[Finding | Event]) -> list[Finding]:
    return [one for one in said if isinstance(one, Finding)]


def test_an_anomaly_that_nothing_declares_is_an_event_and_no_finding() -> None:
    watched = Watched(Book(["p1", "p2"]))
    said = watched.step(50.0)
    [event] = said or watched.minute()
    assert isinstance(event, Event)
    assert (event.at, event.source, event.target, event.category) == (watched.at, "baselines", "sw-1", "anomaly")
    assert event.severity is Severity.INFO
    assert event.fields["netmon.metric"] == "traffic_bytes"
    assert event.fields["netmon.labels"] == "ifName=p1"
    assert event.fields["netmon.value"] == pytest.approx(150, abs=5)
    assert event.fields["netmon.expected"] == pytest.approx(100, abs=5)
    assert float(event.fields["netmon.score"]) >= BaselineSettings().threshold
    assert watched.rule.anomalies == 1


def test_of_a_minutes_anomalies_the_highest_are_said_and_the_others_counted() -> None:
    watched = Watched(Book([f"p{number}" for number in range(20)]), attention_per_minute=3)
    watched.rule.step(batch([], watched.at))
    said = watched.step(*(20.0 + 10 * number for number in range(20)))
    events = [one for one in said if isinstance(one, Event)] or watched.minute()
    scores = [float(event.fields["netmon.score"]) for event in events]
    assert len(events) == 3
    assert scores == sorted(scores, reverse=True)
    assert watched.rule.dropped["attention"] == watched.rule.anomalies - 3 > 10
    assert min(scores) >= sorted(one.score for one in watched.rule.current(20))[-3]
    assert not watched.minute()


def test_what_is_unusual_now_is_told_and_forgotten_when_it_no_longer_is() -> None:
    watched = Watched(Book(["p1", "p2", "p3"]), calm_s=900)
    watched.step(40.0, 80.0)
    scores = [one.score for one in watched.rule.current(9)]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert watched.rule.current(1)[0].score == scores[0]
    for _ in range(4):
        watched.step()
    assert not watched.rule.current(9)


def test_when_all_is_unusual_at_once_the_most_unusual_are_looked_at_and_all_that_is_declared() -> None:
    book = Book([f"p{number}" for number in range(2 * UNUSUAL_MAX)])
    watched = Watched(book, attention_per_minute=5)
    book.declared[7] = anomaly()
    before = watched.rule.anomalies, watched.rule.dropped["attention"]
    said = watched.step(*(20.0 + number for number in range(2 * UNUSUAL_MAX)))
    assert [one.key for one in findings(said)] == ["odd/sw-1/p7"]
    events = [one for one in said if isinstance(one, Event)] or watched.minute()
    assert len(events) == 5
    found = watched.rule.anomalies - before[0]
    assert found > 1.5 * UNUSUAL_MAX
    assert watched.rule.dropped["attention"] - before[1] == found - 1 - 5
    assert len(watched.rule.current(10**6)) == UNUSUAL_MAX


def test_a_declared_anomaly_is_a_finding_with_all_that_is_to_be_known() -> None:
    watched = Watched(Book(["p1"], runbook="https://runbooks.example/odd"))
    [found] = findings(watched.step(4_000.0))
    assert (found.rule, found.target, found.at, found.severity) == ("odd", "sw-1", watched.at, Severity.WARNING)
    assert found.key == "odd/sw-1/p1"
    assert found.summary.startswith("sw-1 p1: 4 KiB instead of 10")
    assert found.summaries["id"].startswith("id p1 ")
    assert found.labels == {"ifName": "p1"}
    assert found.runbook == "https://runbooks.example/odd"
    assert found.evidence["metric"] == "traffic_bytes"
    assert found.evidence["value"] == pytest.approx(4_100, abs=5)
    assert found.evidence["since"].startswith("2025-")  # type: ignore[union-attr]
    assert found.expires_s == 900  # nothing else came yet
    assert not found.cleared
    assert not watched.minute()  # no event beside it
    assert len(watched.rule.current(1)) == 1


def test_a_declared_anomaly_lasts_while_the_level_is_another_and_is_over_once_when_it_is_back() -> None:
    watched = Watched(Book(["p1"]), repeat_s=600, calm_s=900)
    watched.book.declared[0] = anomaly()
    begun, said = watched.at + STEP_S, []
    for _ in range(8):
        said += findings(watched.step(500.0))
    assert [one.at - begun for one in said] == [0, 600, 1_200, 1_800]
    assert said[-1].expires_s == 3 * 600 + 2 * 300
    after = [(one.at, one.cleared) for _ in range(12) for one in findings(watched.step())]
    back = begun + 8 * STEP_S
    assert [cleared for _, cleared in after].count(True) == 1
    assert after[-1] == (back - STEP_S + 900, True)


def test_a_level_that_stays_becomes_what_is_expected() -> None:
    watched = Watched(Book(["p1"]), repeat_s=3_600)
    watched.book.declared[0] = anomaly()
    said = [one for _ in range(3 * 288) for one in findings(watched.step(500.0))]
    assert said[-1].cleared
    assert 3_600 < said[-1].at - said[0].at < 2 * 86_400


def test_what_must_last_is_not_said_of_one_value() -> None:
    watched = Watched(Book(["p1"], for_s=600))
    assert not findings([*watched.step(500.0), *watched.step(), *watched.step(), *watched.step()])
    assert watched.rule.anomalies == 1
    watched = Watched(Book(["p1"], for_s=600))
    said = [findings(watched.step(500.0)) for _ in range(3)]
    assert [len(one) for one in said] == [0, 0, 1]


def test_series_that_share_their_labels_are_one_matter() -> None:
    watched = Watched(Book(["p1", "p2"], labels=[]))
    [found] = findings(watched.step(500.0, 500.0))
    assert found.key == "odd/sw-1"


def test_no_more_matters_are_followed_than_there_is_room_for() -> None:
    watched = Watched(Book(["p1", "p2", "p3"], for_s=0), declared_max=1)
    assert len(findings(watched.step(500.0, 500.0, 500.0))) == 1
    assert watched.rule.dropped["declared"] == 2


def test_a_matter_whose_series_is_silent_or_gone_is_forgotten() -> None:
    watched = Watched(Book(["p1", "p2"], for_s=0), declared_max=1)
    assert findings(watched.step(500.0))
    watched.rule.free(np.array([0], np.int32))
    watched.book.all[0] = None
    assert not watched.rule.current(9)
    assert [one.key for one in findings(watched.step(500.0, 500.0))] == ["odd/sw-1/p2"]  # there is room again
    watched.at += 7 * 86_400
    list(watched.rule.tick(watched.at))
    watched.book.all[0] = Series("sw-2", "traffic_bytes", ())
    for _ in range(LEARNT):
        watched.step()
    assert [one.key for one in findings(watched.step(500.0))] == ["odd/sw-2/"]


def test_a_clock_that_was_set_back_neither_silences_nor_repeats_for_ever() -> None:
    watched = Watched(Book(["p1"], for_s=0), repeat_s=300)
    assert findings(watched.step(500.0))
    said = [len(findings(watched.step(500.0, back_s=1e6))), *(len(findings(watched.step(500.0))) for _ in range(4))]
    assert said[0] == 0
    assert sum(said) >= 3


def test_another_configuration_holds_from_then_on() -> None:
    watched = Watched(Book(["p1", "p2"], for_s=0))
    assert findings(watched.step(500.0))
    watched.book.declared = {}
    watched.rule.configure(BaselineSettings(threshold=0.999, attention_per_minute=0))
    assert not findings(watched.step(500.0))
    assert not findings([*(one for _ in range(9) for one in watched.step())])  # it expires; nobody says that it is over
    watched.step(0.0, 900.0)
    assert watched.rule.anomalies == 1


def test_what_series_were_like_survives_a_restart() -> None:
    watched, other = Watched(Book(["p1"], for_s=0)), Watched(Book(["p1"], for_s=0), steps=0)
    other.rule.restore(watched.rule.save())
    other.at, other.random = watched.at, np.random.default_rng(7)
    watched.random = np.random.default_rng(7)
    assert findings(other.step(500.0)) == findings(watched.step(500.0)) != []


def _series() -> tuple[Floats, Floats]:
    at = START + np.arange(1_500) * STEP_S
    values = 100 + np.random.default_rng(3).uniform(-1, 1, 1_500)
    values[1_200:] += 60
    return np.asarray(at), values


def test_a_replay_says_what_would_have_been_said() -> None:
    at, values = _series()
    scores, alerts = replay(at, values, BaselineSettings())
    rule = Baselines(Book(["p1"], for_s=0), BaselineSettings())
    live = [list(rule.step(batch([value], when))) for when, value in zip(at.tolist(), values.tolist(), strict=True)]
    begun = [row for row, said in enumerate(live) if any(not one.cleared for one in findings(said))]
    assert 1_200 in np.flatnonzero(alerts)
    assert {1_200, *begun} - set(range(1_201, 1_500)) <= set(np.flatnonzero(alerts).tolist())
    assert np.isfinite(scores).all()


def test_a_missing_reading_has_no_score_and_teaches_nothing() -> None:
    at, values = _series()
    holes = np.random.default_rng(4).random(len(values)) < 0.2
    with_holes, spoiled_at = np.where(holes, np.nan, values), at.copy()
    spoiled_at[np.flatnonzero(~holes)[5]] = np.inf
    scores, alerts = replay(spoiled_at, with_holes, BaselineSettings())
    missing = holes | np.isinf(spoiled_at)
    assert (np.isnan(scores) == missing).all()
    dense, dense_alerts = replay(at[~missing], values[~missing], BaselineSettings())
    np.testing.assert_array_equal(scores[~missing], dense)
    np.testing.assert_array_equal(alerts[~missing], dense_alerts)
    assert not alerts[missing].any()
