"""Predictions kept to account: each is recorded when it is made, and scored by the values that came afterwards. Pure.

A prediction ends in one of these outcomes:

- hit: the limit was reached between its p10 and its p90;
- late: reached before its p10, so that it left less time than it said;
- early: reached after its p90, within a grace in proportion to the time it spoke of;
- false: not reached by then, or withdrawn by the rule itself before;
- averted: before its p90 the value made a clear step away from the limit. Whether people did that or a nightly job,
  nobody here knows; so it is neither counted for the rule nor against it;
- void: nothing can be said: the series ended, was silent or had nothing to measure; or the reading that reached the
  limit was already on its way when the prediction was made.

A limit that was reached without a prediction at least `min_lead_s` before is `missed`, where there was enough history
to predict. Predictions of one matter that say the same are one: a new one is made where its tier sharpens, or where
the median left the interval of the one before.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import inf
from typing import Any, Final

from netmon.api import Event, Impact, Severity, Value
from netmon.api.predictions import PREDICTION, PREDICTION_PREFIX, Outcome
from rules.forecasts.settings import AccountSettings

SOURCE: Final = "forecasts"

ALL: Final = frozenset({"minutes", "hours", "days"})

_GRACE_MIN_S: Final = 60.0  # no poll is exact to the second


@dataclass(frozen=True, slots=True)
class Subject:
    """What a prediction is about: a declaration, a target, and its series in words for people and programs."""

    rule: str
    target: str
    series: str
    key: str  # of the finding


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said. Times are Unix seconds. `first`: no other prediction of the matter was open when it was made."""

    id: str
    subject: Subject
    made_at: float
    bound: float
    value: float
    horizon: str
    severity: Severity
    within_s: float  # its tier
    p10: float
    p50: float
    p90: float
    first: bool

    def due_at(self, settings: AccountSettings) -> float:
        """Return when it can come true no more."""
        return self.p90 + max(_GRACE_MIN_S, settings.grace_share * (self.p90 - self.made_at))

    def scored(self, at: float) -> Outcome:
        """Return what it is when the limit is reached at a time."""
        if at < self.p10:
            return Outcome.LATE
        return Outcome.HIT if at <= self.p90 else Outcome.EARLY


class Account:
    """Open predictions by the key of their matter."""

    def __init__(self, settings: AccountSettings) -> None:
        self._settings = settings
        self._open: dict[str, list[Prediction]] = {}
        self._count = 0
        self._next_due = 0.0  # nothing is due before
        self.changes = 0  # predictions and outcomes so far
        self.dropped: Counter[str] = Counter()  # predictions that were not followed, by rule: too many were open

    def configure(self, settings: AccountSettings) -> None:
        """Score by these from now on."""
        self._settings = settings
        self._next_due = 0.0

    def __len__(self) -> int:
        return self._count

    def open(self, key: str) -> Sequence[Prediction]:
        """Return the open predictions of a matter, the oldest first."""
        return tuple(self._open.get(key, ()))

    def predict(  # noqa: PLR0913  # what a prediction is made of
        self,
        subject: Subject,
        impact: Impact,
        *,
        at: float,
        bound: float,
        value: float,
        horizon: str,
        severity: Severity,
        within_s: float,
    ) -> Iterator[Event]:
        """Record that a matter is foretold, unless an open prediction says the same."""
        before = self._open.get(subject.key, [])
        if any(each.p10 <= impact.p50 <= each.p90 and each.within_s <= within_s for each in before):
            return
        if self._count >= self._settings.open_max:
            self.dropped[subject.rule] += 1
            return
        made = Prediction(
            _identity(subject, at, within_s),
            subject,
            at,
            bound,
            value,
            horizon,
            severity,
            within_s,
            impact.p10,
            impact.p50,
            impact.p90,
            not before,
        )
        self._open.setdefault(subject.key, []).append(made)
        self._count += 1
        self.changes += 1
        self._next_due = min(self._next_due, made.due_at(self._settings))
        yield _event(made, Outcome.OPEN, at)

    def reached(  # noqa: PLR0913  # what an outcome depends on
        self,
        subject: Subject,
        at: float,
        bound: float,
        *,
        predictable: bool,
        seen_at: float | None = None,
        horizons: Collection[str] = ALL,
    ) -> Iterator[Event]:
        """Score what was said from these horizons of a matter whose limit is reached.

        `predictable`: there was enough history, so that what was not foretold is missed. `seen_at`: when the value that
        reached it was read, where that is later (a day is over when it ends); what was said from then on foretold
        nothing.
        """
        known_at = at if seen_at is None else seen_at
        made = self._take(subject.key, horizons)
        foretold = any(at - each.made_at >= self._settings.min_lead_s for each in made)
        for number, each in enumerate(made):
            if each.made_at >= known_at:
                yield _event(each, Outcome.VOID, at)
            else:
                scored = replace(each, first=foretold and number == 0)
                yield _event(scored, each.scored(at), at, reached_at=at)
        if predictable and not foretold:
            self.changes += 1
            yield _missed(subject, at, bound)

    def turned(self, key: str, at: float) -> Iterator[Event]:
        """Close what was said of a matter whose value made a clear step away from its limit."""
        for each in self._take(key):
            yield _event(each, Outcome.AVERTED if at <= each.p90 else Outcome.FALSE, at)

    def withdrawn(self, key: str, at: float) -> Iterator[Event]:
        """Close what the rule takes back: the limit is no longer expected to be reached."""
        for each in self._take(key):
            yield _event(each, Outcome.FALSE, at)

    def void(self, key: str, at: float) -> Iterator[Event]:
        """Close what can no longer be judged."""
        for each in self._take(key):
            yield _event(each, Outcome.VOID, at)

    def tick(self, now: float, seen_at: Callable[[str], float]) -> Iterator[Event]:
        """Close what did not come true in time. `seen_at` tells when the series of a matter was last seen."""
        if now < self._next_due:
            return
        for key in tuple(self._open):
            yield from self._overdue(key, now, seen_at(key))
        due = (each.due_at(self._settings) for made in self._open.values() for each in made)
        self._next_due = min(due, default=inf)

    def _overdue(self, key: str, now: float, seen_at: float) -> Iterator[Event]:
        over = [each for each in self._open[key] if each.due_at(self._settings) <= now]
        if not over:
            return
        left = [each for each in self._open[key] if each not in over]
        self._count -= len(over)
        self.changes += len(over)
        if left:
            self._open[key] = left
        else:
            del self._open[key]
        for each in over:
            yield _event(each, Outcome.FALSE if seen_at >= each.p90 else Outcome.VOID, now)

    def _take(self, key: str, horizons: Collection[str] = ALL) -> list[Prediction]:
        made = self._open.pop(key, [])
        taken = [each for each in made if each.horizon in horizons]
        if len(taken) < len(made):
            self._open[key] = [each for each in made if each.horizon not in horizons]
        self._count -= len(taken)
        self.changes += len(taken)
        return taken

    def save(self) -> list[Prediction]:
        """Return the open predictions."""
        return [each for made in self._open.values() for each in made]

    def restore(self, saved: Sequence[Prediction]) -> None:
        """Take what `save` gave, as many as may be open."""
        self._open = {}
        for each in saved[: self._settings.open_max]:
            self._open.setdefault(each.subject.key, []).append(each)
        self.dropped.update(each.subject.rule for each in saved[self._settings.open_max :])
        self._count = sum(map(len, self._open.values()))
        self._next_due = 0.0


def _identity(subject: Subject, at: float, within_s: float) -> str:
    """Return the same text for the same prediction, however often it is sent."""
    said = f"{subject.key}\x1f{at:.3f}\x1f{within_s:g}"
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _event(made: Prediction, outcome: Outcome, at: float, *, reached_at: float | None = None) -> Event:
    fields: dict[str, Any] = {
        "id": made.id,
        **_about(made.subject),
        "made_at": made.made_at,
        "bound": made.bound,
        "value": made.value,
        "horizon": made.horizon,
        "severity": made.severity.value,
        "first": int(made.first),
        "p10": made.p10,
        "p50": made.p50,
        "p90": made.p90,
        "outcome": outcome.value,
    }
    if reached_at is not None:
        lead_s = max(0.0, reached_at - made.made_at)  # a day's limit counts as reached in the middle of it
        fields |= {"reached_at": reached_at, "lead_s": lead_s, "error_s": reached_at - made.p50}
    return _named(made.subject, at, fields)


def _missed(subject: Subject, at: float, bound: float) -> Event:
    fields = {
        "id": _identity(subject, at, 0.0),
        **_about(subject),
        "bound": bound,
        "outcome": Outcome.MISSED.value,
        "reached_at": at,
    }
    return _named(subject, at, fields)


def _about(subject: Subject) -> dict[str, Value | str]:
    return {"rule": subject.rule, "series": subject.series, "key": subject.key}


def _named(subject: Subject, at: float, fields: Mapping[str, Value | str]) -> Event:
    named = {PREDICTION_PREFIX + name: value for name, value in fields.items()}
    return Event(at, SOURCE, subject.target, PREDICTION, Severity.INFO, named)
