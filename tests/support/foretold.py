"""A world of few series for the forecasts' rule: its own panel and clock, periods that close as they do in life."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from netmon.api import Event, Finding
from netmon.api.columns import Batch, Rollup, Series
from rules.forecasts.rule import Forecasts
from rules.forecasts.settings import ForecastSettings
from rules.pack import Forecast

DAY_S = 86_400
T0 = 1_780_012_800.0  # a midnight in UTC


def declared(**more: Any) -> Forecast:
    """Return a declaration: a disk that is full at 100, unless told otherwise."""
    given: dict[str, Any] = {
        "name": "disk_will_fill",
        "metric": "netmon_storage_used_bytes",
        "summary": {
            "en": "{mountpoint} of {target} is full {left} ({when}): {value} of {limit}",
            "id": "{mountpoint} pada {target} penuh {left} ({when}): {value} dari {limit}",
        },
        "labels": ["mountpoint"],
        "over": 100.0,
        "tiers": [{"within_s": 3 * DAY_S, "severity": "error"}, {"within_s": 14 * DAY_S, "severity": "warning"}],
    }
    return Forecast.model_validate(given | more)


class FakePanel:
    """One series a slot."""

    def __init__(self, forecasts: Sequence[Forecast | None]) -> None:
        self.forecasts = list(forecasts)
        self.same_target = False
        self.met = set(range(len(self.forecasts)))

    @property
    def size(self) -> int:
        return len(self.forecasts)

    def series(self, slot: int) -> Series | None:
        forecast = self.forecasts[slot]
        metric = "other" if forecast is None else forecast.metric
        return Series("t0" if self.same_target else f"t{slot}", metric, (("mountpoint", "/srv"), ("device", "sda1")))

    def forecast_of(self, slot: int) -> Forecast | None:
        return self.forecasts[slot] if self.is_met(slot) else None

    def is_met(self, slot: int) -> bool:
        return slot in self.met


class World:
    """Time goes on in steps; what the rule says is kept."""

    def __init__(self, forecasts: Sequence[Forecast | None], **settings: Any) -> None:
        self.panel = FakePanel(forecasts)
        self.settings = ForecastSettings.model_validate(settings)
        self.rule = Forecasts(self.panel, self.settings)
        self.now = T0
        self.in_use = True  # whether a battery's condition holds
        self.said: list[Finding | Event] = []
        self._periods: dict[tuple[int, float], dict[int, list[float]]] = {}

    @property
    def findings(self) -> list[Finding]:
        return [each for each in self.said if isinstance(each, Finding)]

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return the fields of the prediction events, without their prefix."""
        events = [each for each in self.said if isinstance(each, Event)]
        return [{name.removeprefix("netmon.prediction."): v for name, v in each.fields.items()} for each in events]

    @property
    def outcomes(self) -> list[str]:
        return [str(each["outcome"]) for each in self.events]

    def past(self, days: Sequence[float], slot: int = 0) -> None:
        """Tell the rule of whole days before now, each by one value."""
        first = self.now - len(days) * DAY_S
        for number, value in enumerate(days):
            self.rule.learn(rollup(first + number * DAY_S, DAY_S, {slot: [value]}))

    def poll(self, values: dict[int, float]) -> None:
        """Have values come in now."""
        bounds = [self._bound(slot) for slot in values]
        falling = [bool(forecast and forecast.below) for forecast in (self.panel.forecasts[slot] for slot in values)]
        batch = Batch(
            np.fromiter(values, np.int32),
            np.full(len(values), self.now),
            np.fromiter(values.values(), np.float64),
            np.array(bounds),
            np.array(falling),
        )
        self.said += self.rule.step(batch)
        for length_s in (300, DAY_S):
            began = self.now // length_s * length_s
            for slot, value in values.items():
                self._periods.setdefault((length_s, began), {}).setdefault(slot, []).append(value)

    def wait(self, seconds: float) -> None:
        """Let time pass: periods close, and the rule has its tick."""
        self.now += seconds
        for length_s, began in sorted(self._periods, key=lambda period: (period[1] + period[0], period[0])):
            if began + length_s <= self.now:
                self.rule.learn(rollup(began, length_s, self._periods.pop((length_s, began))))
        self.said += self.rule.tick(self.now)

    def run(self, seconds: float, every_s: float, value: Callable[[float], float], slot: int = 0) -> None:
        """Poll a series for a while; `value` is given the seconds since T0."""
        end = self.now + seconds
        while self.now < end:
            self.poll({slot: value(self.now - T0)})
            self.wait(every_s)

    def restart(self) -> None:
        """Go on with a rule that knows only what the other kept."""
        kept = self.rule.save()
        self.rule = Forecasts(self.panel, self.settings)
        self.rule.restore(kept)

    def _bound(self, slot: int) -> float:
        forecast = self.panel.forecasts[slot]
        if forecast is not None and forecast.remaining:
            return 0.0 if self.in_use else float("nan")
        fixed = None if forecast is None else forecast.over if forecast.above else forecast.under
        return float("nan") if fixed is None else fixed


def rollup(begins: float, length_s: int, values: Mapping[int, Iterable[float]]) -> Rollup:
    """Return a closed period with these values."""
    columns = [np.array(list(each)) for each in values.values()]

    def singles(of: Callable[[Any], Any]) -> Any:
        return np.clip([of(column) for column in columns], -3e38, 3e38).astype(np.float32)

    counts = np.array([len(column) for column in columns], np.uint32)
    p95 = singles(lambda column: np.percentile(column, 95))
    slots = np.fromiter(values, np.int32)
    return Rollup(begins, length_s, slots, counts, singles(np.min), singles(np.mean), singles(np.max), p95)
