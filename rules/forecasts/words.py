"""What a forecast's summary is filled with: when, how long that is from now, numbers with their units, labels."""

from collections.abc import Mapping
from math import isnan
from typing import Final, Literal

from netmon.api.columns import Series
from rules.forecasts.declared import Way, way
from rules.limits.words import Words, moment, reading
from rules.pack import Forecast

Language = Literal["en", "id"]

LANGUAGES: Final[tuple[Language, ...]] = ("en", "id")

_STEPS: Final = ((86_400.0, 2.0), (3_600.0, 2.0), (60.0, 1.0))  # unit in seconds, and from how many on it is used
_NAMES: Final[Mapping[Language, tuple[str, ...]]] = {"en": ("day", "hour", "minute"), "id": ("hari", "jam", "menit")}
_IN: Final[Mapping[Language, str]] = {"en": "in", "id": "dalam"}
_SOON: Final[Mapping[Language, str]] = {"en": "in less than a minute", "id": "kurang dari satu menit lagi"}
_EXACT_S: Final = 2 * 86_400.0  # further ahead nobody plans by the hour


def words(  # noqa: PLR0913  # what a sentence is made of
    forecast: Forecast, series: Series, language: Language, *, now: float, when: float, value: float, bound: float
) -> Words:
    """Return what a summary's placeholders stand for."""
    share = f"{value / bound:.0%}" if bound and not isnan(bound) else ""
    return Words(
        {
            **dict(series.labels),
            "value": _value(forecast, value, when, language),
            "limit": reading(forecast, bound, language) if not isnan(bound) else "",
            "share": share,
            "target": series.target,
            "metric": forecast.metric,
            "when": date(when, now),
            "left": left(when - now, language),
        }
    )


def left(seconds: float, language: Language) -> str:
    """Return a time ahead as people say it: in 9 days, in 40 minutes; dalam 9 hari."""
    for (unit, least), name in zip(_STEPS, _NAMES[language], strict=True):
        if round(seconds / unit, 1) >= least:
            count = round(seconds / unit)
            plural = "s" if language == "en" and count != 1 else ""
            return f"{_IN[language]} {count} {name}{plural}"
    return _SOON[language]


def date(when: float, now: float) -> str:
    """Return a time as people read it, in UTC: the day, and the minute where it is near."""
    text = moment(when)
    return text[:10] if when - now > _EXACT_S else f"{text[:10]} {text[11:16]} UTC"


def named(series: Series) -> str:
    """Return a series of one target as Prometheus writes it, without the target."""
    labels = ",".join(f'{name}="{value}"' for name, value in series.labels)
    return f"{series.metric}{{{labels}}}" if labels else series.metric


def _value(forecast: Forecast, value: float, when: float, language: Language) -> str:
    return moment(when) if way(forecast) is Way.MOMENT else reading(forecast, value, language)
