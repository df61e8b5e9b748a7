"""What keeping history costs: disk, memory, the event loop's time and the writer's, at 100,000 bounded quantities.

Run `python -m bench.history` (`--series 100000 --days 365 --directory DIR`). Polls each 30 s, spread over its
seconds: the first part times fifteen minutes of them without waiting for real time, the last writes a year of days.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from netmon.api.columns import Batch
from netmon.core.history.history import History
from netmon.core.history.metrics import Metrics
from netmon.core.history.periods import DAY_S, FIVE_MINUTES_S, PERIODS, Columns
from netmon.core.history.settings import HistorySettings
from netmon.core.history.store import Store
from tests.support.history import MIDNIGHT, Shelf
from tests.support.processes import memory_mb

EVERY_S = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--directory", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.directory))
    try:
        book = Shelf([f"sw{i // 50:05}.example.go.id/{i % 50}" for i in range(options.series)])
        polls(folder, book)
        day(folder, options.series)
        year(folder, book, options.days)
    finally:
        shutil.rmtree(folder)


def opened(folder: Path, book: Shelf) -> History:
    kept = History(folder, HistorySettings(keep_days=3_660), book, CollectorRegistry())
    kept.open()
    return kept


def polls(folder: Path, book: Shelf) -> None:
    """Time `add` and `tick` of ten minutes, a batch a second, and what the memory grew by."""
    chance = np.random.default_rng(1)
    slots = np.array_split(np.arange(book.size, dtype=np.int32), EVERY_S)
    bounds, falling = np.full(book.size, 100.0), np.zeros(book.size, np.bool_)
    values = chance.normal(50, 10, book.size)
    before = memory_mb(pid())
    kept = opened(folder, book)
    adds: list[float] = []
    first: list[float] = []
    ticks: list[float] = []
    closes: list[float] = []
    for second in range(3 * FIVE_MINUTES_S):
        now, mine = MIDNIGHT + second, slots[second % EVERY_S]
        batch = Batch(mine, np.full(len(mine), now), values[mine] + second, bounds[mine], falling[mine])
        began = time.perf_counter()
        kept.add(batch)
        (first if second < EVERY_S else adds).append((time.perf_counter() - began) / len(mine))
        began = time.perf_counter()
        kept.tick(now)
        ticks.append(time.perf_counter() - began)
        if second % FIVE_MINUTES_S == 60:
            began = time.perf_counter()
            kept.flush()
            closes.append(time.perf_counter() - began)
    print(f"{book.size} series polled each {EVERY_S} s, {len(slots[0])} rows a batch")
    print(
        f"add: {statistics.median(adds) * 1e6:.3f} us a row;"
        f" a series' first row {statistics.median(first) * 1e6:.2f} us"
    )
    print(f"tick: median {statistics.median(ticks) * 1e6:.0f} us, longest {max(ticks) * 1e3:.1f} ms")
    print(f"a period summed up and forced to disk: {max(closes) * 1e3:.0f} ms on the writer's thread")
    print(f"memory: {memory_mb(pid()) - before:.0f} MB more, at most {memory_mb(pid(), 'VmHWM') - before:.0f} MB")
    kept.close()


def day(folder: Path, count: int) -> None:
    """Time the making of a day of 288 periods."""
    store = Store(folder, HistorySettings(), Metrics(CollectorRegistry()))
    store.open()
    for i in range(PERIODS):
        store.append(FIVE_MINUTES_S, int(MIDNIGHT) + DAY_S + i * FIVE_MINUTES_S, columns(count, i))
    before = memory_mb(pid(), "VmHWM")
    began, cpu = time.perf_counter(), time.process_time()
    made = store.day(int(MIDNIGHT) + DAY_S)
    print(
        f"a day of {len(made)} series made of {PERIODS} periods: {time.perf_counter() - began:.1f} s,"
        f" {time.process_time() - cpu:.1f} s CPU, {memory_mb(pid(), 'VmHWM') - before:.0f} MB above the peak so far"
    )
    print(f"five-minute periods on disk: {size(folder / 'hours') / PERIODS / 1e6:.2f} MB each")


def year(folder: Path, book: Shelf, days: int) -> None:
    """Write days and read them all."""
    store = Store(folder, HistorySettings(keep_days=3_660), Metrics(CollectorRegistry()))
    store.open()
    began = time.perf_counter()
    for i in range(days):
        store.append(DAY_S, int(MIDNIGHT) - (days - i) * DAY_S, columns(book.size, i))
    print(f"{days} days written, each forced to disk: {time.perf_counter() - began:.1f} s")
    total = size(folder / "days") + (folder / "names").stat().st_size
    print(f"{days} days of {book.size} series with their names: {total / 1e6:.0f} MB")
    began = time.perf_counter()
    kept = opened(folder, book)
    print(f"open: {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    read = sum(len(one.slots) for one in kept.past(DAY_S, 0))
    print(f"past: {read} records in {time.perf_counter() - began:.1f} s")
    kept.close()


def columns(count: int, seed: int) -> Columns:
    values = np.random.default_rng(seed).normal(50, 10, count).astype(np.float32)
    return Columns(
        np.arange(1, count + 1, dtype=np.uint32),
        np.full(count, 2_880, np.uint32),
        values - 9,
        values,
        values + 9,
        values,
    )


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def pid() -> int:
    return os.getpid()


if __name__ == "__main__":
    main()
