"""What a rule would have said of a recorded series: its values go through the real rule as polls, one after another.

What it says again and again is one spell here, from its beginning to its end. Pure.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity
from netmon.api.columns import Flags, Floats
from netmon.app.csvseries import Recording
from netmon.app.repolled import Declared, alone, readings, rule_of
from rules.baselines.score import Detector
from rules.baselines.settings import BaselineSettings
from rules.forecasts.declared import Way, way
from rules.forecasts.settings import ForecastSettings
from rules.forecasts.tracks import DAYS
from rules.limits.past import GAP_MAX_S
from rules.pack import WINDOWED, Bound, Forecast, Limit, Measure, Pack

Heard: TypeAlias = Callable[[int], None]
"""Is told how many readings were judged since the last time."""

_LATE_POLLS: Final = 3  # usual distances between readings that a silence may last before it ends what was said
_TELL_EVERY: Final = 500
_WORDS: Final = frozenset(
    {"value", "limit", "window", "share", "target", "metric", "left", "when", "expected", "score"}
)


@dataclass(slots=True)
class Spell:
    """What a rule said, from its first word to its last. Times are Unix seconds."""

    began: float
    ended: float | None  # None: it lasts beyond the last reading
    severity: Severity | None  # the highest; None: the rule knows none
    value: float  # when it began; of a baseline at its highest score
    score: float | None = None  # of a baseline, its highest
    summaries: Mapping[str, str] | None = None  # by language
    expected: float | None = None  # when a forecast's median was when it began


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What a rule said of a recording; columns are in the recording's order."""

    scores: Floats  # of a baseline from 0 to below 1, else the value itself; NaN where there is none
    alerts: Flags
    spells: Sequence[Spell]


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """What the rules are set to."""

    baselines: BaselineSettings
    forecasts: ForecastSettings


def find(packs: Sequence[Pack], name: str) -> Declared | None:
    """Return what the packs declare under a name that can be judged by one series; None where there is nothing."""
    return next((one for one in _declared(packs) if one.name == name), None)


def names(packs: Sequence[Pack]) -> list[str]:
    """Return all names that `find` knows."""
    return [one.name for one in _declared(packs)]


def _declared(packs: Sequence[Pack]) -> Iterator[Declared]:
    for pack in packs:
        yield from pack.limits
        yield from pack.forecasts
        yield from pack.anomalies


def takes_limit(declared: Declared) -> tuple[bool, bool]:
    """Tell whether a rule's bound is a share of the thing's own limit, and whether it has no other."""
    if not isinstance(declared, Bound):
        return False, False
    share = declared.of_upper_limit is not None or declared.of_lower_limit is not None
    return share, share and declared.over is None and declared.under is None


def misfit(declared: Measure, labels: Mapping[str, str]) -> str | None:
    """Return the label by which a rule does not speak of a series; None where it does."""
    for patterns, wanted in ((declared.match, True), (declared.unless, False)):
        for name, pattern in patterns.items():
            if name in labels and (pattern.search(labels[name]) is not None) != wanted:
                return name
    return None


def past_days(declared: Declared | None) -> int:
    """Return how many days before the first reading a rule learns from; 0 where it knows no past."""
    return DAYS if isinstance(declared, Forecast) and way(declared) is Way.TREND else 0


def filled(declared: Declared, labels: Mapping[str, str]) -> Mapping[str, str]:
    """Return labels with which a rule's texts have no hole where the thing stands.

    Where a series has none of the labels that the texts name, the first of them is the metric's name.
    """
    named = [name for _, name, _, _ in Formatter().parse(declared.summary.en) if name and name not in _WORDS]
    return labels if not named or any(map(labels.get, named)) else {**labels, named[0]: declared.metric}


def usual_gap_s(at: Floats) -> float:
    """Return the median distance between readings; 0 of less than two."""
    return float(np.median(np.diff(at))) if len(at) > 1 else 0.0


def blind_beyond_s(declared: Declared) -> float | None:
    """Return how far apart readings may be before a rule sees nothing in them; None where that does not matter."""
    if declared.read in WINDOWED:
        return declared.window_s
    return GAP_MAX_S if isinstance(declared, Limit) and declared.read == "rate" else None


def by_baseline(recordings: Sequence[Recording], settings: BaselineSettings, heard: Heard) -> list[Verdict]:
    """Return the baseline of each series, as `rules.baselines.replay` has it: many cost little more than one."""
    slots = np.repeat(np.arange(len(recordings), dtype=np.int32), [len(recording) for recording in recordings])
    at, values, turns = (
        np.concatenate(columns)
        for columns in zip(*((one.at, one.values, _turns(one)) for one in recordings), strict=True)
    )
    scores = np.full(len(at), np.nan)
    known = np.flatnonzero(turns >= 0)
    known = known[np.lexsort((turns[known], at[known]))]
    detector, waiting = Detector(settings.detector, len(recordings)), len(at) - len(known)
    for rows in np.split(known, np.flatnonzero(np.diff(at[known]) + np.abs(np.diff(turns[known]))) + 1):
        scores[rows] = detector.step(slots[rows], values[rows], at[rows]).scores
        waiting += len(rows)
        if waiting >= _TELL_EVERY:
            heard(waiting)
            waiting = 0
    heard(waiting)
    parts = np.split(scores, np.cumsum([len(recording) for recording in recordings])[:-1])
    return [_baseline(recording, part, settings) for recording, part in zip(recordings, parts, strict=True)]


def _turns(recording: Recording) -> NDArray[np.intp]:
    """Return which of several known values at one time each is, from 0; -1 where it is missing."""
    turns = np.full(len(recording), -1, np.intp)
    known = np.flatnonzero(np.isfinite(recording.values))
    _, first, which = np.unique(recording.at[known], return_index=True, return_inverse=True)
    turns[known] = np.arange(len(known)) - first[which]
    return turns


def _baseline(recording: Recording, scores: Floats, settings: BaselineSettings) -> Verdict:
    """Return the verdict on a series. Anomalies nearer to one another than `calm_s`, or in a row, are one spell."""
    alerts = scores >= settings.threshold
    near_s = max(settings.calm_s, 1.5 * usual_gap_s(recording.at))
    spells: list[Spell] = []
    for row in np.flatnonzero(alerts).tolist():
        at, value, score = (float(column[row]) for column in (recording.at, recording.values, scores))
        last = spells[-1] if spells else None
        if last is None or last.ended is None or at - last.ended > near_s:
            spells.append(Spell(at, at, None, value, score))
            continue
        last.ended = at
        if last.score is None or score > last.score:
            last.value, last.score = value, score
    if spells and alerts[-1]:
        spells[-1].ended = None
    return Verdict(scores, alerts, spells)


def by_declaration(  # noqa: PLR0913, PLR0917  # what is judged, by what, and who waits for it
    declared: Declared,
    recording: Recording,
    target: str,
    limits: Floats,
    settings: RuleSettings,
    heard: Heard,
    past: tuple[Floats, Floats] | None = None,
) -> Verdict:
    """Return what a declaration says of a series. `limits` are the thing's own, float64[n], NaN where none is known.

    `past` are times and values before the first reading, which forecasts learn from; nothing is said of them.
    """
    judged = alone(declared, recording.labels)
    recording = replace(recording, labels=filled(declared, recording.labels))
    judge, learn = rule_of(judged, settings.baselines, settings.forecasts)
    for reading in () if past is None else readings(judged, *_before(recording, target, limits, past)):
        learn(reading)
    told = _Telling(usual_gap_s(recording.at))
    alerts = np.zeros(len(recording), np.bool_)
    for row, reading in enumerate(readings(judged, recording, target, limits)):
        told.silence(reading.at)
        for said in judge(reading):
            if isinstance(said, Finding) and said.rule == declared.name:
                told.take(said)
        told.seen = reading.at
        alerts[row] = told.open is not None
        if (row + 1) % _TELL_EVERY == 0:
            heard(_TELL_EVERY)
    heard(len(recording) % _TELL_EVERY)
    return Verdict(recording.values, alerts, told.spells)


def _before(
    recording: Recording, target: str, limits: Floats, past: tuple[Floats, Floats]
) -> tuple[Recording, str, Floats]:
    """Return the past of a series as `readings` takes it. Its limit then is the first that is known."""
    known = limits[np.isfinite(limits)]
    at, values = past
    earlier = replace(recording, at=at, values=values, rows=np.arange(len(at)), stamps=(), texts=())
    return earlier, target, np.full(len(at), known[0] if len(known) else np.nan)


class _Telling:
    """Turns findings, which are said again and again, into spells."""

    def __init__(self, gap_s: float) -> None:
        self.spells: list[Spell] = []
        self.open: Spell | None = None
        self.seen = 0.0
        self._gap_s = gap_s
        self._expires_s = 0.0

    def take(self, finding: Finding) -> None:
        """Note what was said."""
        self._expires_s = finding.expires_s or 0.0
        if finding.cleared:
            self._end(finding.at)
        elif self.open is None:
            value = finding.evidence.get("value", float("nan"))
            self.open = Spell(
                finding.at,
                None,
                finding.severity,
                float(value),
                summaries={"en": finding.summary, **finding.summaries},
                expected=None if finding.impact is None else finding.impact.p50,
            )
            self.spells.append(self.open)
        elif self.open.severity is None or finding.severity > self.open.severity:
            self.open.severity = finding.severity

    def silence(self, now: float) -> None:
        """End what nobody could have said again for too long: the core takes it to be over."""
        if now - self.seen > self._expires_s + _LATE_POLLS * self._gap_s:
            self._end(self.seen)

    def _end(self, at: float) -> None:
        if self.open is not None:
            self.open.ended = at
        self.open = None
