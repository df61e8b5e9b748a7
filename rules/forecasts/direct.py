"""What needs no trend: a date that stands in a certificate, the seconds that a battery says it lasts. Pure.

No predictions are made of these: the value itself says when, and to count that as foresight would flatter the account.
"""

from collections import Counter
from collections.abc import Iterator
from math import isfinite, nan
from typing import Final

import msgspec

from netmon.api import Finding, Impact
from netmon.api.columns import Series
from rules.forecasts import declared, matters
from rules.forecasts.declared import Horizon, Way
from rules.forecasts.matters import Look, Matter
from rules.forecasts.settings import ForecastSettings
from rules.forecasts.telling import Told, finding
from rules.pack import Forecast

_SILENT_POLLS: Final = 3  # without a value, and a battery is no longer in use
_SILENT_S: Final = 60.0  # at least
_LATEST: Final = 253_402_300_799.0  # the end of the year 9999: findings know no later time


class DirectMatter(msgspec.Struct):
    """A matter and what is needed to say it again."""

    matter: Matter
    series: Series
    value: float
    seen: float
    gap_s: float = 0.0


class Direct:
    """Matters by key."""

    def __init__(self, settings: ForecastSettings) -> None:
        self.settings = settings
        self._matters: dict[str, DirectMatter] = {}
        self._forecasts: dict[str, Forecast] = {}  # by name: those that something was seen of
        self.dropped: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._matters)

    def configure(self) -> None:
        """Follow other declarations: what is no longer seen expires."""
        self._forecasts = {}

    def see(self, forecast: Forecast, series: Series, slot: int, at: float, value: float) -> Iterator[Finding]:
        """Take one value."""
        when = value if declared.way(forecast) is Way.MOMENT else at + value
        if not isfinite(when) or value <= 0:  # no chain was verified, or nothing is known of the battery
            return
        self._forecasts[forecast.name] = forecast
        when = min(max(when, at), _LATEST)
        key = declared.key(forecast, series)
        known = self._matters.get(key)
        if known is None:
            yield from self._begin(forecast, series, slot, at, value, when, key)
        elif known.matter.slot == slot:
            known.gap_s, known.seen, known.value = max(0.0, at - known.seen), at, value
            yield from self._go_on(known, forecast, when)

    def rest(self, forecast: Forecast, series: Series, slot: int, at: float) -> Iterator[Finding]:
        """Note that the condition does not hold: the battery is not in use."""
        known = self._matters.get(declared.key(forecast, series))
        if known is not None and known.matter.slot == slot:
            known.seen = at
            del self._matters[known.matter.key]
            yield self._said(known, forecast, at, cleared=True)

    def _begin(  # noqa: PLR0913, PLR0917  # what a matter is made of
        self, forecast: Forecast, series: Series, slot: int, at: float, value: float, when: float, key: str
    ) -> Iterator[Finding]:
        matter = matters.begin(forecast, Look(Impact(when, when, when), Horizon.MINUTES), slot, key, at)
        if matter is None:
            return
        if len(self._matters) >= self.settings.matters_max:
            self.dropped["matters_max"] += 1
            return
        known = self._matters[key] = DirectMatter(matter, series, value, at)
        yield self._said(known, forecast, at)

    def _go_on(self, known: DirectMatter, forecast: Forecast, when: float) -> Iterator[Finding]:
        matter, at = known.matter, known.seen
        look = Look(Impact(when, when, when), Horizon.MINUTES)
        sharper = matters.go_on(matter, forecast, look, at, self.settings)
        if matter.far_since is not None:  # renewed, or charged again
            matter.look = look
            del self._matters[matter.key]
            yield self._said(known, forecast, at, cleared=True)
        elif sharper or matters.is_due(matter, at, self.settings):
            yield self._said(known, forecast, at)

    def tick(self, now: float) -> Iterator[Finding]:
        """End what is no longer seen. A reading that only counts in some state stops coming when that is over."""
        for key, known in tuple(self._matters.items()):
            forecast = self._forecasts.get(known.matter.name)
            silent_s = now - known.seen
            if silent_s > 3 * self.settings.repeat_s + _SILENT_POLLS * known.gap_s:
                del self._matters[key]  # it expires
            elif forecast is not None and forecast.where and silent_s > max(_SILENT_S, _SILENT_POLLS * known.gap_s):
                del self._matters[key]
                yield self._said(known, forecast, now, cleared=True)

    def forget(self, slots: set[int]) -> None:
        """Forget series."""
        for key in [key for key, known in self._matters.items() if known.matter.slot in slots]:
            del self._matters[key]

    def save(self) -> list[DirectMatter]:
        """Return what is open."""
        return list(self._matters.values())

    def restore(self, saved: list[DirectMatter]) -> None:
        """Take what `save` gave."""
        self._matters = {known.matter.key: known for known in saved}

    def _said(self, known: DirectMatter, forecast: Forecast, now: float, *, cleared: bool = False) -> Finding:
        known.matter.said, known.matter.said_p50 = now, known.matter.look.impact.p50
        told = Told(forecast, known.series, known.value, nan)
        return finding(told, known.matter, now, self.settings.repeat_s + known.gap_s, cleared=cleared)
