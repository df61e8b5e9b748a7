"""How right the forecasts' rule is: months of simulated series through it, and the account that netmon itself keeps.

`python -m bench.predictions [--series N] [--seed S]` replays 180 days of each kind of `bench/forecast_series.py` after
56 days of past: four polls a day, days that close, one look an hour. What is printed is the tally of the events that
the rule sent, as `netmon predictions --report` shows it: nothing here scores anything.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.forecast_series import DAYS, KINDS, PAST
from netmon.api import Event, Finding
from netmon.api.columns import Batch, Flags, Floats, Rollup, Series
from netmon.api.predictions import RuleAccount
from netmon.core.predictions.tally import Tally
from rules.forecasts.rule import Forecasts
from rules.forecasts.settings import ForecastSettings
from rules.pack import Forecast

DAY_S: Final = 86_400.0
POLLS: Final = 4  # a day
T0: Final = 1_767_225_600.0  # 2026-01-01
_TIERS: Final = [{"within_s": 7 * DAY_S, "severity": "error"}, {"within_s": 30 * DAY_S, "severity": "warning"}]
_HEAD: Final = ("kind", "series", "reached", "hit", "early", "late", "false", "averted", "open", "missed", "precision")
_MORE: Final = ("recall", "lead", "error")


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Series as they were measured, float64[n, 236], what bounds them, and what is declared of them. A `Book`."""

    measured: Floats
    bounds: Floats
    falling: Flags
    kinds: list[str]
    forecasts: dict[str, Forecast]

    @property
    def size(self) -> int:
        """Return how many there are."""
        return len(self.bounds)

    def series(self, slot: int) -> Series:
        """Return a series by its number."""
        return Series(f"{self.kinds[slot].replace(' ', '-')}-{slot}", "value")

    def is_met(self, slot: int) -> bool:
        """Tell that every series came."""
        return 0 <= slot < self.size

    def forecast_of(self, slot: int) -> Forecast:
        """Return what is declared of its kind."""
        return self.forecasts[self.kinds[slot]]


def world(seed: int, number: int) -> World:
    """Return up to `number` series of each kind, those that are not beyond their limit at the start."""
    parts: list[tuple[Floats, Floats, Flags, list[str]]] = []
    forecasts = {}
    for place, (kind, made) in enumerate(KINDS.items()):
        rng = np.random.default_rng([seed, place])
        course = made(rng, number)
        sign = -1.0 if course.falling else 1.0
        past, clean = sign * course.measured[:, :PAST], sign * course.clean
        if course.flat:
            low, high = (1, 3) if course.falling else (8, 20)
            bounds = past.max(axis=1) + rng.uniform(low, high, number)
        else:
            ahead = PAST + rng.integers(4, 120, number)
            off = np.median(past[:, -7:] - clean[:, PAST - 7 : PAST], axis=1)
            bounds = clean[np.arange(number), ahead] + off
        inside = past[:, -7:].max(axis=1) < bounds
        n = int(inside.sum())
        falling = np.full(n, course.falling)
        parts.append((course.measured[inside], sign * bounds[inside], falling, [kind] * n))
        forecasts[kind] = _declared(kind, falling=course.falling)
    columns = [np.concatenate([part[column] for part in parts]) for column in (0, 1, 2)]
    kinds = [kind for part in parts for kind in part[3]]
    return World(columns[0], columns[1], columns[2].astype(np.bool_), kinds, forecasts)


def _declared(kind: str, *, falling: bool) -> Forecast:
    return Forecast.model_validate(
        {
            "name": kind.replace(" ", "_"),
            "metric": "value",
            "read": "rate" if kind.startswith("link") else "value",
            "summary": {"en": "{target} {left}", "id": "{target} {left}"},
            "under" if falling else "over": 0.0,
            "horizons": ["days"],
            "tiers": _TIERS,
        }
    )


def replay(made: World) -> Iterator[Finding | Event]:
    """Give what the rule says from the first day after the past to the last."""
    rule = Forecasts(made, ForecastSettings(full_per_tick=made.size, screens_per_tick=made.size))
    for day in range(DAYS):
        begins = T0 + day * DAY_S
        for poll in range(POLLS if day >= PAST else 0):
            now = begins + (poll + 0.5) / POLLS * DAY_S
            yield from rule.step(_batch(made, day, now))
            yield from rule.tick(now + 1)
        rule.learn(_rollup(made, day, begins))
        if day >= PAST - 1:
            yield from rule.tick(begins + DAY_S)


def _batch(made: World, day: int, now: float) -> Batch:
    slots = np.arange(made.size, dtype=np.int32)
    return Batch(slots, np.full(made.size, now), made.measured[:, day], made.bounds, made.falling)


def _rollup(made: World, day: int, begins: float) -> Rollup:
    values = made.measured[:, day].astype(np.float32)
    slots, counts = np.arange(made.size, dtype=np.int32), np.full(made.size, POLLS, np.uint32)
    return Rollup(begins, int(DAY_S), slots, counts, values, values, values, values)


def account(made: World) -> tuple[Tally, int]:
    """Return the tally of all that the rule sent, and how many findings that were (begun, said again, over)."""
    tally, findings = Tally(), 0
    for said in replay(made):
        if isinstance(said, Event):
            tally.learn(said.target, said.at, said.fields)
        else:
            findings += 1
    return tally, findings


def rows(made: World, tally: Tally) -> Iterator[tuple[str, ...]]:
    """Give the table's rows."""
    beyond = np.where(
        made.falling[:, None], made.measured <= made.bounds[:, None], made.measured >= made.bounds[:, None]
    )
    reached = beyond[:, PAST:].any(axis=1)
    accounts = {each.rule: each for each in tally.accounts()}
    for kind in KINDS:
        mine = np.array([each == kind for each in made.kinds])
        one = accounts.get(kind.replace(" ", "_"))
        counts = (str(int(mine.sum())), str(int((mine & reached).sum())))
        yield (kind, *counts, *(_account(one) if one else ("0",) * 7 + ("-",) * 4))
    yield ("all", str(made.size), str(int(reached.sum())), *_account(_sum(list(accounts.values()))))


def _sum(accounts: list[RuleAccount]) -> RuleAccount:
    """Return all accounts as one. Medians of different kinds say nothing together."""
    names = ("open", "hit", "early", "late", "false", "averted", "void", "missed", "foretold")
    counts = {name: sum(getattr(each, name) for each in accounts) for name in names}
    judged = counts["hit"] + counts["early"] + counts["late"] + counts["false"]
    recall = counts["foretold"] / max(1, counts["foretold"] + counts["missed"])
    shares = {"precision": counts["hit"] / max(1, judged), "recall": recall}
    return RuleAccount("all", **counts, **shares, median_lead_s=None, median_error_s=None)


def _account(one: RuleAccount) -> tuple[str, ...]:
    counts = (one.hit, one.early, one.late, one.false, one.averted, one.open, one.missed)
    shares = ("-" if share is None else f"{share:.0%}" for share in (one.precision, one.recall))
    days = ("-" if span is None else f"{span / DAY_S:.1f} d" for span in (one.median_lead_s, one.median_error_s))
    return (*map(str, counts), *shares, *days)


def main() -> None:
    """Print the account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=40, help="of each kind")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    made = world(asked.seed, asked.series)
    began = time.process_time()
    tally, findings = account(made)
    spent = time.process_time() - began
    print(f"| {' | '.join((*_HEAD, *_MORE))} |")
    print(f"|{'---|' * (len(_HEAD) + len(_MORE))}")
    for row in rows(made, tally):
        print(f"| {' | '.join(row)} |")
    print(f"\n{made.size} series, 180 days, {findings} findings, {spent:.0f} s of CPU")


if __name__ == "__main__":
    main()
