"""What is said of a matter: the finding with its evidence, and the subject of its predictions. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan

from netmon.api import Finding, Value
from netmon.api.columns import Series
from rules.forecasts import declared
from rules.forecasts.account import Subject
from rules.forecasts.matters import Matter, tier_of
from rules.forecasts.words import LANGUAGES, named, words
from rules.limits.words import moment
from rules.pack import Forecast

_MISSED_REPEATS = 3  # that may be lost before a finding expires


@dataclass(frozen=True, slots=True)
class Told:
    """What a finding is made from, beside the matter: the series as it is now."""

    forecast: Forecast
    series: Series
    value: float
    bound: float  # NaN where the value itself is the time
    evidence: Mapping[str, str | Value] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        """Return what predictions of it are about."""
        name, series = self.forecast.name, self.series
        return Subject(name, series.target, named(series), declared.key(self.forecast, series))


def finding(told: Told, matter: Matter, now: float, repeat_s: float, *, cleared: bool = False) -> Finding:
    """Return the finding, as it is said again or for the last time."""
    forecast, series, impact = told.forecast, told.series, matter.look.impact
    texts = {
        language: getattr(forecast.summary, language).format_map(
            words(forecast, series, language, now=now, when=impact.p50, value=told.value, bound=told.bound)
        )
        for language in LANGUAGES
    }
    labels = dict(series.labels)
    return Finding(
        forecast.name,
        series.target,
        now,
        tier_of(forecast, matter).severity,
        texts["en"],
        matter.key,
        _evidence(told, matter),
        impact=impact,
        cleared=cleared,
        expires_s=_MISSED_REPEATS * repeat_s,
        labels={name: labels[name] for name in forecast.labels if labels.get(name)},
        summaries={"id": texts["id"]},
        runbook=forecast.runbook,
    )


def _evidence(told: Told, matter: Matter) -> dict[str, str | Value]:
    impact = matter.look.impact
    found: dict[str, str | Value] = {"metric": told.forecast.metric, "value": told.value}
    if not isnan(told.bound):
        found["limit"] = told.bound
    found |= {"p10": moment(impact.p10), "p50": moment(impact.p50), "p90": moment(impact.p90)}
    if matter.look.open_end:
        found["p90_is"] = "the end of the horizon; some ways do not reach the limit within it"
    return {**found, **told.evidence, "since": moment(matter.since)}
