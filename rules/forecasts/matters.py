"""Matters that are foretold: when one begins, is said again, changes its tier, and is over. Pure.

It begins when the median falls within a tier. So that it does not come and go, a sharper tier counts at once, a milder
one only when the median is beyond 1.5 times the sharper, and it is over when the median stayed beyond 1.5 times the
longest, or there is no trend any more, for as long as its horizon takes to be sure.
"""

from dataclasses import dataclass
from typing import Final

from netmon.api import Impact
from rules.forecasts.declared import Horizon, longest_s, tier
from rules.forecasts.settings import ForecastSettings
from rules.pack import Forecast, Tier

SURE_S: Final = {Horizon.MINUTES: 300.0, Horizon.HOURS: 1_800.0, Horizon.DAYS: 7_200.0}


@dataclass(frozen=True, slots=True)
class Look:
    """What the horizons together say of a series. `open_end`: p90 is where the horizon ends."""

    impact: Impact
    horizon: Horizon
    open_end: bool = False


@dataclass(slots=True)
class Matter:
    """A limit that is expected to be reached. Times are Unix seconds."""

    key: str
    slot: int
    name: str  # of its declaration
    since: float
    look: Look
    within_s: float  # its tier
    said: float  # when it was last said
    said_p50: float
    judged: float = 0.0
    far_since: float | None = None  # since when nothing supports it
    counted: bool = True  # its predictions go into the account
    reached_at: float | None = None  # since when its limit is reached: only its alert is left


def begin(forecast: Forecast, look: Look, slot: int, key: str, now: float) -> Matter | None:
    """Return a matter where the median falls within a tier."""
    found = tier(forecast, look.impact.p50 - now)
    if found is None:
        return None
    return Matter(key, slot, forecast.name, now, look, found.within_s, now, look.impact.p50, now)


def go_on(matter: Matter, forecast: Forecast, look: Look | None, now: float, settings: ForecastSettings) -> bool:
    """Take in what the horizons say now; return whether its tier became sharper."""
    matter.judged = now
    left_s = float("inf") if look is None else look.impact.p50 - now
    if look is None or left_s > settings.clear_share * longest_s(forecast):
        matter.far_since = now if matter.far_since is None else min(matter.far_since, now)
        return False
    matter.far_since = None
    matter.look = look
    found = tier(forecast, left_s)
    sharper = found is not None and found.within_s < matter.within_s
    if found is not None and (sharper or left_s > settings.clear_share * matter.within_s):
        matter.within_s = found.within_s
    return sharper


def is_over(matter: Matter, now: float) -> bool:
    """Tell whether nothing supported it for long enough."""
    return matter.far_since is not None and now - matter.far_since >= SURE_S[matter.look.horizon]


def is_due(matter: Matter, now: float, settings: ForecastSettings) -> bool:
    """Tell whether it is to be said again: for long it was not, or the median moved by a good share of what is left."""
    moved = abs(matter.look.impact.p50 - matter.said_p50)
    least_s = settings.look_every_s
    large = moved > settings.moved_share * max(matter.said_p50 - now, least_s)
    since_s = now - matter.said
    return since_s < 0 or since_s >= settings.repeat_s or (large and since_s >= least_s)


def tier_of(forecast: Forecast, matter: Matter) -> Tier:
    """Return the matter's tier; after a reload the nearest that there is."""
    return min(forecast.tiers, key=lambda each: abs(each.within_s - matter.within_s))
