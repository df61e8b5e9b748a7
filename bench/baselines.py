"""What scoring every series costs: CPU for each value and series, seconds of a tick, bytes of state, at every size.

`python -m bench.baselines [--series 1000 10000 100000 1000000]`. Medians of nine ticks in which every series has a new
value, after 48 that are not counted; one thread. Differences under 1.5x are ties.
"""

import statistics
import time
from argparse import ArgumentParser
from collections.abc import Callable

import numpy as np

from netmon.api.columns import Floats, Slots
from rules.baselines.score import Detector
from rules.baselines.settings import DetectorSettings

START = 1_760_000_000.0
STEP_S = 300.0
WARM, ROUNDS = 48, 9
KINDS = 4
SERIES_OF_TARGET = 50


def values_of(count: int, seed: int) -> list[Floats]:
    """Return a few ticks' values: levels over six orders of magnitude, each with noise, some that never move."""
    random = np.random.default_rng(seed)
    level, noise = 10.0 ** random.uniform(-1, 5, count), random.choice([0, 0.01, 0.1, 0.5], count)
    return [level * (1 + noise * random.normal(0, 1, count)) for _ in range(KINDS)]


def ticks(detector: Detector, slots: Slots, values: list[Floats]) -> tuple[float, float]:
    """Return the median of a tick in CPU seconds and in seconds, after some that are not counted."""
    cpu, wall = [], []
    for tick in range(WARM + ROUNDS):
        at = START + tick * STEP_S + np.zeros(len(slots))
        began, began_cpu = time.perf_counter(), time.process_time()
        detector.step(slots, values[tick % KINDS], at)
        cpu.append(time.process_time() - began_cpu)
        wall.append(time.perf_counter() - began)
    return statistics.median(cpu[WARM:]), statistics.median(wall[WARM:])


def by_target(count: int) -> Slots:
    """Return the slots as polls bring them: targets in any order, each with a run of series."""
    targets = np.random.default_rng(2).permutation(count // SERIES_OF_TARGET)
    return (targets[:, None] * SERIES_OF_TARGET + np.arange(SERIES_OF_TARGET)).ravel().astype(np.int32)


def shuffled(count: int) -> Slots:
    """Return them in no order: the worst for the processor's caches, and nothing that a poll brings."""
    return np.random.default_rng(2).permutation(count).astype(np.int32)


def ordered(count: int) -> Slots:
    return np.arange(count, dtype=np.int32)


def measure(count: int, order: Callable[[int], Slots]) -> str:
    detector = Detector(DetectorSettings())
    slots = order(count)
    cpu, wall = ticks(detector, slots, values_of(count, 1))
    each, state = cpu / count * 1e6, detector.nbytes
    return f"{count:>9,} {order.__name__:9} {each:12.3f} {wall:12.3f} {state / detector.size:12.0f} {state / 1e6:8.1f}"


def main() -> None:
    parser = ArgumentParser(prog="python -m bench.baselines", description=__doc__)
    parser.add_argument("--series", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    print("   series slots     us CPU each     s a tick   bytes each       MB")
    for count in options.series:
        for order in (ordered, by_target, shuffled):
            print(measure(count, order), flush=True)


if __name__ == "__main__":
    main()
