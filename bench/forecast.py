"""How well time to saturation is foretold: per kind of series, beside ordinary methods, over minutes, and its cost.

Run `python -m bench.forecast` (70 s). Parameters were chosen on other seeds than those printed (101, 102, 201, 501 to
508). CPU time of one core; the machine's other work moves it, so take differences below 1.5x as ties.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from time import process_time
from typing import Final

import numpy as np

from bench import forecast_minutes, forecast_peers
from bench.forecast_cases import Cases, cases, shortened, with_gaps
from bench.forecast_minutes import EVERY, HORIZON_S, KEPT, POLL_S, POLLS
from bench.forecast_series import FUTURE
from netmon.api.columns import Flags, Floats
from rules.forecasts.nowcast import soon
from rules.forecasts.passage import Passage, first_passage, reach
from rules.forecasts.screen import may_reach

SEEDS: Final = (301, 302)  # of the tables over days
MINUTE_SEEDS: Final = (303,)
KIND_HEADS: Final = (
    "series", "n", "interval holds", "reached before it", "after it", "median error, days", "of the time left",
    "median width, days", "true time, days",
)  # fmt: skip
FLAT_HEADS: Final = ("flat series", "n", "p50 within 90 days", "p50 within 180", "p10 within 30")
WHOLE_HEADS: Final = (
    "method", "interval holds", "disks", "links", "light", "median error, days", "of the time left", "flat within 90",
    "µs a series",
)  # fmt: skip
MINUTE_HEADS: Final = (
    "day of", "days", "events", "foretold", "5 minutes before and more", "lead, minutes", "interval holds",
    "alarms came true", "false episodes a day",
)  # fmt: skip


def table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a table in Markdown."""
    print("\n| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def world(seeds: tuple[int, ...], number: int) -> Cases:
    """Return the cases of several seeds as one."""
    parts = [cases(seed, number) for seed in seeds]
    return Cases(*(np.concatenate([getattr(part, name) for part in parts]) for name in Cases.__slots__))


def only(some: Cases, chosen: Flags) -> Cases:
    return Cases(*(getattr(some, name)[chosen] for name in Cases.__slots__))


def within(found: Passage, chosen: Flags) -> Passage:
    return Passage(found.p10[chosen], found.p50[chosen], found.p90[chosen])


@dataclass(frozen=True, slots=True)
class Score:
    """How well the series that head somewhere were foretold."""

    holds: float
    before: float
    after: float
    error: float  # days; what was not foretold, or does not come, counts as the horizon
    share: float
    width: float

    @classmethod
    def of(cls, some: Cases, found: Passage) -> "Score":
        """Score a method's answer. An interval up to 'never' holds for what does not come within the horizon."""
        truth = some.truth
        reached = np.isfinite(truth)
        error = np.abs(np.minimum(found.p50, FUTURE) - np.minimum(truth, FUTURE))[reached]
        return cls(
            float(((found.p10 <= truth) & (truth <= found.p90)).mean()),
            float((truth < found.p10).mean()),
            float((truth > found.p90).mean()),
            float(np.median(error)),
            float(np.median(error / truth[reached])),
            float(np.median(np.minimum(found.p90, FUTURE) - np.minimum(found.p10, FUTURE))),
        )


def ours(some: Cases) -> Passage:
    return first_passage(some.history, some.bounds, some.falling)


def by_kind(some: Cases, found: Passage) -> None:
    """Print how each kind of series is foretold."""
    heading, flat = [], []
    for kind in dict.fromkeys(some.kind.tolist()):
        chosen = some.kind == kind
        part, answer = only(some, chosen), within(found, chosen)
        if part.flat[0]:
            shares = (answer.p50 < 90).mean(), (answer.p50 < 180).mean(), (answer.p10 < 30).mean()
            flat.append((kind, str(len(part)), *(f"{100 * share:.1f}%" for share in shares)))
            continue
        score = Score.of(part, answer)
        shares = score.holds, score.before, score.after
        rest = f"{score.error:.1f}", percent(score.share), f"{score.width:.0f}", f"{np.median(part.truth):.0f}"
        heading.append((kind, str(len(part)), *map(percent, shares), *rest))
    table(KIND_HEADS, heading)
    table(FLAT_HEADS, flat)


def row(name: str, some: Cases, method: Callable[[Cases], Passage]) -> tuple[str, ...]:
    """Return one method's row over all series."""
    began = process_time()
    found = method(some)
    cost = (process_time() - began) / len(some) * 1e6
    score = Score.of(only(some, ~some.flat), within(found, ~some.flat))
    families = []
    for family in ("disk", "link", "light"):
        chosen = ~some.flat & np.char.startswith(some.kind, family)
        families.append(percent(Score.of(only(some, chosen), within(found, chosen)).holds))
    false = (found.p50[some.flat] < 90).mean()
    error = f"{score.error:.1f}", percent(score.share), f"{100 * false:.1f}%"
    return name, percent(score.holds), *families, *error, f"{cost:.0f}"


def peer(method: Callable[[Floats, Floats], Passage]) -> Callable[[Cases], Passage]:
    """Return a peer, which knows rising series alone, as a method for all."""

    def answer(some: Cases) -> Passage:
        sign = np.where(some.falling, -1.0, 1.0)
        return method(sign[:, None] * some.history, sign * some.bounds)

    return answer


def in_reach(some: Cases) -> Cases:
    """Return the same, where what comes later than can be told from so short a past counts as not coming."""
    told = some.truth <= reach(~np.isnan(some.history))
    return replace(some, truth=np.where(told, some.truth, np.inf))


def side_by_side(some: Cases) -> None:
    """Print all methods on whole histories, and ours on shorter ones and such with gaps."""
    pairs: list[tuple[str, Callable[[Floats, Floats], Passage]]] = [
        ("least squares, 28 days", forecast_peers.least_squares),
        ("Theil-Sen, 28 days", forecast_peers.theil_sen),
        ("Holt", forecast_peers.holt),
    ]
    rows = [row("first passage (netmon)", some, ours), *(row(name, some, peer(method)) for name, method in pairs)]
    rows.append(row("netmon, a tenth of the days and a week missing", in_reach(with_gaps(some, 9)), ours))
    rows += [row(f"netmon, {days} days of history", in_reach(shortened(some, days)), ours) for days in (40, 20, 10)]
    table(WHOLE_HEADS, rows)


def screened(some: Cases, found: Passage) -> None:
    """Print what the screen keeps of what would have been foretold, and what of the rest."""
    near = may_reach(some.history, some.bounds, some.falling)
    rng = np.random.default_rng(SEEDS[0])
    swing = 5 * np.sin(2 * np.pi * np.arange(56) / 7)
    quiet = 40 + rng.normal(0, 2, (20_000, 56)) + swing
    far = may_reach(quiet, np.full(len(quiet), 100.0), np.zeros(len(quiet), np.bool_))
    print(
        f"\nScreen: keeps {100 * near[found.p50 <= 180].mean():.2f}% of what has a p50 within 180 days,"
        f" {100 * near[found.p50 <= 90].mean():.2f}% within 90, {100 * near[found.p10 <= 30].mean():.2f}% with a p10"
        f" within 30; passes {percent(near[some.flat].mean())} of the flat controls (their limits are near) and"
        f" {percent(far.mean())} of 20,000 series of noise and a weekly swing at 40% with the limit at 100%."
    )


def best(work: Callable[[], object], number: int) -> float:
    """Return µs of CPU a series, the best of five."""
    costs = []
    for _ in range(5):
        began = process_time()
        work()
        costs.append((process_time() - began) / number * 1e6)
    return min(costs)


def growth(some: Cases) -> None:
    """Print what a series costs, by the number of them."""
    rows = []
    for number in (1, 100, 1_000, 10_000):
        chosen = np.resize(np.arange(len(some)), number)
        history, bounds, falling = some.history[chosen], some.bounds[chosen], some.falling[chosen]
        polls = np.broadcast_to(np.arange(KEPT) * POLL_S, (number, KEPT))
        filling = 40 + np.random.default_rng(1).normal(0, 1, (number, KEPT)) + np.arange(KEPT) * 0.2
        costs = (
            best(partial(may_reach, history, bounds, falling), number),
            best(partial(first_passage, history, bounds, falling), number),
            best(partial(soon, polls, filling, np.full(number, 90.0), falling, horizon_s=HORIZON_S), number),
        )
        rows.append((f"{number:,}", *(f"{cost:.1f}" for cost in costs)))
    table(("series at once", "screen, µs a series", "full, 56 days", "within the hour, 64 polls"), rows)


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """Forecasts over days of polls, every EVERY polls: float64[looks, n]."""

    p10: Floats
    p50: Floats
    p90: Floats
    truth: Floats  # seconds until the bound is reached, inf: not that day
    at: Floats  # number of the poll


def watch(days: forecast_minutes.Days) -> Watched:
    """Forecast days of polls as the daemon would."""
    sign = np.where(days.falling, -1.0, 1.0)[:, None]
    over = sign * days.values >= sign * days.bounds[:, None]
    after = np.where(over, np.arange(POLLS), np.inf)
    following = np.minimum.accumulate(after[:, ::-1], axis=1)[:, ::-1]
    at, found = np.arange(KEPT, POLLS - int(HORIZON_S / POLL_S), EVERY) - 1, []
    polls = np.broadcast_to(np.arange(KEPT) * POLL_S, (len(over), KEPT))
    for last in at:
        seen = days.values[:, last - KEPT + 1 : last + 1]
        found.append(soon(polls, seen, days.bounds, days.falling, horizon_s=HORIZON_S))
    low, middle, high = (np.stack([getattr(one, name) for one in found]) for name in ("p10", "p50", "p90"))
    truth: Floats = ((following[:, at].T - at[:, None]) * POLL_S).astype(np.float64)
    return Watched(low, middle, high, truth, at.astype(np.float64))


def minutes(number: int) -> Iterator[tuple[str, ...]]:
    """Give a row for each kind of day."""
    for kind in forecast_minutes.KINDS:
        parts = [forecast_minutes.days(seed, kind, number) for seed in MINUTE_SEEDS]
        for days in parts:
            seen = watch(days)
            alarm = (seen.truth > 0) & (seen.p50 <= HORIZON_S)
            false = alarm & (seen.truth > HORIZON_S)
            episodes = (false & ~np.vstack([np.zeros((1, number), np.bool_), false[:-1]])).sum() / number
            true = percent(1 - false.sum() / alarm.sum()) if alarm.any() else "-"
            yield (kind, str(number), *_events(days, seen, alarm), true, f"{episodes:.2f}")


def _events(days: forecast_minutes.Days, seen: Watched, alarm: Flags) -> tuple[str, ...]:
    """Return how the events of such days were foretold: the first alarm after each began and before it was there."""
    leads, events, holds = [], 0, []
    for series in np.flatnonzero(np.isfinite(days.began)):
        running = (seen.at > days.began[series]) & (seen.truth[:, series] > 0)
        if days.falling[series] == 0 and not (seen.truth[:, series] == 0).any():
            continue  # it stayed below the limit
        events += 1
        alarms = np.flatnonzero(running & alarm[:, series])
        leads += [seen.truth[alarms[0], series] / 60] if len(alarms) else []
        truth = seen.truth[alarms, series]
        holds += ((seen.p10[alarms, series] <= truth) & (truth <= seen.p90[alarms, series])).tolist()
    if not leads:
        return str(events), "-", "-", "-", "-"
    early = sum(lead >= 5 for lead in leads)
    shares = percent(len(leads) / events), percent(early / events)
    return str(events), *shares, f"{np.median(leads):.0f}", percent(float(np.mean(holds)))


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=400, help="series of each kind and seed (400)")
    number = parser.parse_args().number
    some = world(SEEDS, number)
    found = ours(some)
    print(f"Seeds {SEEDS}, {len(some)} series of 56 days, 180 days ahead.")
    by_kind(some, found)
    side_by_side(some)
    screened(some, found)
    growth(some)
    table(MINUTE_HEADS, list(minutes(number // 2)))


if __name__ == "__main__":
    main()
