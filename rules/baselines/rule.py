"""The rule: what is unusual draws attention; where a pack declares it, it is a finding that lasts until it is over.

A declared anomaly lasts until the series has come half the way back to what was expected when it began, or what is
expected has come to it: what stays as it is becomes usual in a day or two. What is followed is not kept across a
restart, only what series were like: a finding that lasted is then over when the core has not heard of it for long
enough.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from netmon.api import Event, Finding, Value
from netmon.api.columns import Arrays, Batch, Book, Rollup, Series, Slots
from rules.baselines.attention import UNUSUAL_MAX, Attention, Unusual
from rules.baselines.score import Detector, Scores
from rules.baselines.settings import BaselineSettings
from rules.limits.words import Words, moment, reading
from rules.pack import Anomaly

_LATE_POLLS: Final = 2  # that may fail before a finding expires


class Declares(Book, Protocol):
    """A book that also knows which series' anomalies are declared."""

    def anomaly_of(self, slot: int) -> Anomaly | None:
        """Return what a pack says of the series at a slot."""


@dataclass(slots=True)
class _Matter:
    """A declared series that is unusual, said or not yet."""

    slot: int
    key: str
    anomaly: Anomaly
    since: float  # Unix seconds, as all here
    seen: float
    unusual: Unusual  # when it last was
    usual: float  # what was expected when it began
    margin: float  # distance from what is expected beyond which it still is unusual
    gap_s: float = 0.0  # between the last two values
    said: float | None = None

    def see(self, at: float) -> None:
        """Note that there was another value. A clock that was set back begins everything anew."""
        if at < self.seen:
            self.since, self.said = at, None if self.said is None else at
        else:
            self.gap_s = at - self.seen
        self.seen = at


class Baselines:
    """Scores every series by its own past."""

    name = "baselines"
    changes = 0  # what series were like may be ten minutes old

    def __init__(self, book: Declares, settings: BaselineSettings) -> None:
        self._book = book
        self._settings = settings
        self._detector = Detector(settings.detector)
        self._attention = Attention(settings.attention_per_minute, settings.calm_s)
        self._matters: dict[str, _Matter] = {}  # by key
        self._led: dict[int, _Matter] = {}  # by the slot that it began with
        self._unfollowed = 0
        self.anomalies = 0  # found since the start, said or not

    @property
    def dropped(self) -> Counter[str]:
        """Count what was not said: `attention`, the less unusual of a minute; `declared`, matters beyond the cap."""
        return Counter(attention=self._attention.dropped, declared=self._unfollowed)

    def configure(self, settings: BaselineSettings) -> None:
        """Judge by these from now on."""
        self._settings = settings
        self._detector.configure(settings.detector)
        self._attention.configure(settings.attention_per_minute, settings.calm_s)

    def step(self, batch: Batch) -> Iterator[Finding | Event]:
        """Score what a tick brought."""
        scored = self._detector.step(batch.slots, batch.values, batch.at)
        rows = np.flatnonzero(scored.scores >= self._settings.threshold)
        self.anomalies += len(rows)
        if len(rows) > UNUSUAL_MAX:
            rows = rows[np.argsort(-scored.scores[rows], kind="stable")]
        for place, row in enumerate(rows.tolist()):
            self._anomaly(batch, scored, row, among_first=place < UNUSUAL_MAX)
        if self._led:
            leading = np.fromiter(self._led, np.int32, len(self._led))
            for row in np.flatnonzero(np.isin(batch.slots, leading)).tolist():
                yield from self._follow(self._led[int(batch.slots[row])], batch, scored, row)

    def learn(self, rollup: Rollup) -> None:
        """Do nothing: series are judged by their single values."""

    def tick(self, now: float) -> Iterator[Finding | Event]:
        """Say the anomalies of a minute that has ended; forget matters whose series went silent."""
        for matter in [m for m in self._matters.values() if now - m.seen > 2 * self._expires_s(m)]:
            self._forget(matter)
        yield from self._attention.tick(now)

    def free(self, slots: Slots) -> None:
        """Forget what was at these slots."""
        self._detector.free(slots)
        self._attention.free(slots.tolist())
        for slot in slots.tolist():
            if slot in self._led:
                self._forget(self._led[slot])

    def save(self) -> Arrays:
        """Return copies of what series were like."""
        return self._detector.save()

    def restore(self, arrays: Arrays) -> None:
        """Take what `save` gave; ValueError where it does not fit, and then nothing has changed."""
        self._detector.restore(arrays)

    def current(self, limit: int) -> list[Unusual]:
        """Return the series that are most unusual now, the most unusual first."""
        return self._attention.current(limit)

    def _anomaly(self, batch: Batch, scored: Scores, row: int, *, among_first: bool) -> None:
        slot = int(batch.slots[row])
        anomaly = self._book.anomaly_of(slot)
        if anomaly is None and not among_first:
            self._attention.skip()
            return
        series = self._book.series(slot)
        if series is None:
            return
        unusual = _unusual(series, batch, scored, row)
        if anomaly is None:
            self._attention.take(slot, unusual)
            return
        self._attention.see(slot, unusual)
        key = _key(anomaly, series)
        if key in self._matters:
            return
        if len(self._matters) >= self._settings.declared_max:
            self._unfollowed += 1
            return
        margin = max(float(scored.margin[row]), abs(unusual.value - unusual.expected) / 2)
        matter = _Matter(slot, key, anomaly, unusual.at, unusual.at, unusual, unusual.expected, margin)
        self._matters[key] = self._led[slot] = matter

    def _follow(self, matter: _Matter, batch: Batch, scored: Scores, row: int) -> Iterator[Finding]:
        anomaly, at = self._book.anomaly_of(matter.slot), float(batch.at[row])
        if anomaly is None or _key(anomaly, matter.unusual.series) != matter.key:
            self._forget(matter)  # what nothing declares any more is said no more, and so expires
            return
        matter.anomaly = anomaly
        matter.see(at)
        value = float(batch.values[row])
        far = min(abs(value - scored.expected[row]), abs(value - matter.usual)) > matter.margin
        if far or scored.scores[row] >= self._settings.threshold:
            matter.unusual = _unusual(matter.unusual.series, batch, scored, row)
        elif matter.said is None or not 0 <= at - matter.unusual.at < self._settings.calm_s:
            self._forget(matter)
            if matter.said is not None:
                yield self._finding(matter, cleared=True)
            return
        due = matter.said is None or at - matter.said >= self._settings.repeat_s
        if due and at - matter.since >= matter.anomaly.for_s:
            matter.said = at
            yield self._finding(matter)

    def _finding(self, matter: _Matter, *, cleared: bool = False) -> Finding:
        anomaly, unusual = matter.anomaly, matter.unusual
        labels = dict(unusual.series.labels)
        evidence: dict[str, str | Value] = {
            "metric": anomaly.metric,
            "value": unusual.value,
            "expected": unusual.expected,
            "score": unusual.score,
            "since": moment(matter.since),
        }
        return Finding(
            anomaly.name,
            unusual.series.target,
            matter.seen,
            anomaly.severity,
            anomaly.summary.en.format_map(_words(anomaly, unusual, "en")),
            matter.key,
            evidence,
            cleared=cleared,
            expires_s=self._expires_s(matter),
            labels={name: labels[name] for name in anomaly.labels if labels.get(name)},
            summaries={"id": anomaly.summary.id.format_map(_words(anomaly, unusual, "id"))},
            runbook=anomaly.runbook,
        )

    def _expires_s(self, matter: _Matter) -> float:
        return 3 * self._settings.repeat_s + _LATE_POLLS * matter.gap_s

    def _forget(self, matter: _Matter) -> None:
        del self._matters[matter.key], self._led[matter.slot]


def _unusual(series: Series, batch: Batch, scored: Scores, row: int) -> Unusual:
    return Unusual(
        series, float(batch.at[row]), float(batch.values[row]), float(scored.expected[row]), float(scored.scores[row])
    )


def _words(anomaly: Anomaly, unusual: Unusual, language: str) -> Words:
    """Return what a summary's placeholders stand for."""
    return Words(
        {
            **dict(unusual.series.labels),
            "target": unusual.series.target,
            "metric": anomaly.metric,
            "value": reading(anomaly, unusual.value, language),
            "expected": reading(anomaly, unusual.expected, language),
            "score": f"{unusual.score:.2f}",
        }
    )


def _key(anomaly: Anomaly, series: Series) -> str:
    labels = dict(series.labels)
    return "/".join((anomaly.name, series.target, *(labels.get(name, "") for name in anomaly.labels)))
