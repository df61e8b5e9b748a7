"""What a declaration asks of a series: what its days are judged by, and how much a time matters. Pure."""

from enum import IntEnum
from typing import Final, Literal, TypeAlias

from netmon.api.columns import Series
from rules.pack import Forecast, Tier

Statistic: TypeAlias = Literal["minimum", "maximum", "p95"]


class Way(IntEnum):
    """How the time to the limit is known."""

    UNKNOWN = 0  # nobody looked yet
    NONE = 1  # nothing is declared
    TREND = 2  # from how the values move
    MOMENT = 3  # the value is the Unix time itself
    REMAINING = 4  # the value is the seconds left


class Horizon(IntEnum):
    """What a look ahead is made from, the nearest first."""

    MINUTES = 0
    HOURS = 1
    DAYS = 2


HORIZONS: Final = tuple(Horizon)
_SWINGS: Final = ("_bits_per_second", "_utilisation_ratio", "_utilization_ratio", "_octets", "_total")


def way(forecast: Forecast | None) -> Way:
    """Return how the time to a declaration's limit is known."""
    if forecast is None:
        return Way.NONE
    if forecast.read == "time_left":
        return Way.MOMENT
    return Way.REMAINING if forecast.remaining else Way.TREND


def statistic(forecast: Forecast) -> Statistic:
    """Return what stands for a whole day: of what must not fall the minimum, else the maximum.

    What swings with the people's day, as the load of a link does, is judged by the 95th percentile of its five-minute
    means, which is what links are billed and planned by: its maximum is noise.
    """
    if forecast.below:
        return "minimum"
    return "p95" if forecast.read == "rate" or forecast.metric.endswith(_SWINGS) else "maximum"


def horizons(forecast: Forecast) -> tuple[Horizon, ...]:
    """Return the horizons that are declared, the nearest first."""
    return tuple(horizon for horizon in HORIZONS if horizon.name.lower() in forecast.horizons)


def tier(forecast: Forecast, left_s: float) -> Tier | None:
    """Return the shortest tier that a time left is within; None where it is beyond all."""
    fitting = [each for each in forecast.tiers if left_s <= each.within_s]
    return min(fitting, key=lambda each: each.within_s, default=None)


def longest_s(forecast: Forecast) -> float:
    """Return how far ahead the declaration speaks at most."""
    return max(each.within_s for each in forecast.tiers)


def key(forecast: Forecast, series: Series) -> str:
    """Return the matter's key: the declaration, the target, and the labels that tell its matters apart."""
    labels = dict(series.labels)
    return "/".join((forecast.name, series.target, *(labels.get(name, "") for name in forecast.labels)))
