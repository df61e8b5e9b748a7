"""What keeping flows costs and how soon they answer: writing, merging, top talkers of an hour, on two cores.

Run `python -m bench.flow_store` (`--records 20000000`, `--directory DIR`, `--keep`). Flows of one hour: 400,000 outside
addresses and 3,000 inside ones by Zipf's law, seven services, sizes by Pareto's; a tenth of the hours' top lists comes
from ten addresses. `--spoofed` gives every flow a source of its own.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporters.flowstore.files import Span, look
from exporters.flowstore.query import By, Order, Ranked, matrix, timeline, top
from exporters.flowstore.settings import FlowStoreSettings
from exporters.flowstore.terms import expression
from exporters.flowstore.words import Words
from exporters.flowstore.writer import FlowStore
from netmon.api.networks import Networks, Place
from netmon.api.traffic import MAPPED, RECORD

HOUR = 1_700_002_800 // 3_600 * 3_600
BATCH = 4_096
_WORKERS = ("write", "ask")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=20_000_000)
    parser.add_argument("--minutes", type=int, default=60, help="of the hour, in which all of them end")
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--spoofed", action="store_true")
    parser.add_argument("--part", choices=_WORKERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == "write":
        write(options.directory, options.records, options.minutes, spoofed=options.spoofed)
    elif options.part == "ask":
        ask(options.directory, options.records)
    else:
        folder = Path(tempfile.mkdtemp(dir=options.directory, prefix="flows-"))
        try:
            for part in _WORKERS:  # a process each, so that memory is told apart
                command = [sys.executable, "-m", "bench.flow_store", "--part", part, "--directory", str(folder)]
                extra = ["--spoofed"] if options.spoofed else []
                subprocess.run(
                    [*command, "--records", str(options.records), "--minutes", str(options.minutes), *extra], check=True
                )
        finally:
            if not options.keep:
                shutil.rmtree(folder)


def write(folder: Path, records: int, minutes: int, *, spoofed: bool) -> None:
    """Put an hour's flows as a collector would, in batches; the making of them is not timed."""
    places = [Place(ip_network(f"10.0.{number}.0/24"), f"office-{number:03}") for number in range(200)]
    exporters = ["", *(f"sw-{number}" for number in range(9))]
    store = FlowStore(FlowStoreSettings(max_bytes=1 << 40), folder, Networks(places), lambda: exporters)
    store.open(HOUR)
    made, batch = Maker(), np.empty(BATCH, RECORD)
    put_s = tick_s = wall_s = 0.0
    for minute in range(minutes):
        count = records * (minute + 1) // minutes - records * minute // minutes
        rows = made.minute(minute, count, spoofed=spoofed)
        wall = time.perf_counter()
        for at in range(0, count, BATCH):
            batch[: count - at] = rows[at : at + BATCH]  # into memory that is used again, as a decoder does
            begin = time.process_time()
            store.put(batch[: count - at])
            put_s += time.process_time() - begin
        begin = time.process_time()
        store.tick(HOUR + minute * 60 + 60.5)
        tick_s += time.process_time() - begin
        wall_s += time.perf_counter() - wall
    begin, files = time.process_time(), 0
    for _ in range(64):
        store.tick(HOUR + 3_600 + 400)
        files = sum(1 for _ in folder.rglob("*.parquet"))
    merge_s = time.process_time() - begin
    store.tick(HOUR + 3_600 + 500)
    store.close()
    size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
    print(f"records {records:,}, {size / records:.1f} octets each on disk, files before the sweep {files}")
    for name, seconds in (("put", put_s), ("write", tick_s), ("merge", merge_s)):
        print(f"  {name:6} {seconds / records * 1e9:6.0f} ns of CPU a record")
    print(f"  {wall_s:.1f} s elapsed, memory {peak_mb():.0f} MB")


class Maker:
    """Makes flows."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(7)
        self._inside = np.uint64(MAPPED) | (0x0A00_0000 + self._rng.integers(0, 200 << 8, 3_000, dtype=np.uint64))
        self._outside = np.uint64(MAPPED) | self._rng.integers(0x1000_0000, 0xDF00_0000, 400_000, dtype=np.uint64)
        self._ports = np.array([443, 53, 80, 22, 25, 3389, 123], np.uint16)

    def minute(self, number: int, count: int, *, spoofed: bool) -> NDArray[np.void]:
        """Return the flows that ended in a minute of the hour, in the order in which they did."""
        rng, rows = self._rng, np.zeros(count, RECORD)
        outward = rng.random(count) < 0.5
        inside, outside = self._inside[self._zipf(3_000, count, 0.8)], self._outside[self._zipf(400_000, count, 0.9)]
        if spoofed:
            outward[:] = False
            outside = np.uint64(MAPPED) | rng.integers(0, 1 << 32, count, dtype=np.uint64)
        service, other = self._ports[self._zipf(7, count, 1.2)], rng.integers(1_024, 65_535, count).astype(np.uint16)
        begin = np.uint64((HOUR + number * 60) * 1_000_000_000)
        rows["end_ns"] = begin + np.sort(rng.integers(0, 60_000_000, count)).astype(np.uint64) * np.uint64(1_000)
        rows["start_ns"] = rows["end_ns"] - (rng.exponential(5, count) * 1e9).astype(np.uint64)
        rows["source_lo"], rows["destination_lo"] = np.where(outward, [inside, outside], [outside, inside])
        rows["source_port"], rows["destination_port"] = np.where(outward, [other, service], [service, other])
        rows["packets"] = np.minimum(rng.pareto(1.1, count) * 2 + 1, 1e6)
        rows["bytes"] = rows["packets"] * rng.integers(60, 1_500, count).astype(np.uint64)
        rows["protocol"] = np.where(np.isin(service, (53, 123)), 17, 6)
        rows["tcp_flags"] = np.where(
            rows["protocol"] == 6, rng.choice([2, 27, 18, 24], count, p=[0.1, 0.7, 0.1, 0.1]), 0
        )
        rows["version"], rows["sampling"] = 4, 1
        rows["exporter"], rows["in_interface"] = rng.integers(1, 10, count), rng.integers(1, 20, count)
        rows["out_interface"] = rng.integers(1, 20, count)
        return rows

    def _zipf(self, several: int, count: int, power: float) -> NDArray[np.int64]:
        shares = np.cumsum(1 / np.arange(1, several + 1) ** power)
        return np.searchsorted(shares / shares[-1], self._rng.random(count)).clip(0, several - 1)


def ask(folder: Path, records: int) -> None:
    """Ask each question three times; the files are in the page cache, as an hour just written is."""
    words, span = Words(), Span(HOUR, HOUR + 3_600)

    def tops(by: By, filter_: str = "", over: Span = span, order: Order = "bytes") -> Callable[[], Any]:
        return lambda: look(folder, over, lambda scan: top(scan, by, expression(filter_), Ranked(order), words))

    questions: dict[str, Callable[[], Any]] = {
        "top src": tops("src"),
        "top dst": tops("dst"),
        "top src by flows": tops("src", order="flows"),
        "top site": tops("site"),
        "top app": tops("app"),
        "top src, dst port 443": tops("src", "dst port 443"),
        "top dst, one site": tops("dst", "site office-007"),
        "top dst, one address": tops("dst", "ip 10.0.7.14"),
        "top src, ten minutes": tops("src", over=Span(HOUR + 600, HOUR + 1_200)),
        "matrix": lambda: look(folder, span, lambda scan: matrix(scan, None)),
        "timeline": lambda: look(folder, span, lambda scan: timeline(scan, None, 60)),
    }
    print(f"asked of {records:,} records, best and worst of three, s:")
    for name, question in questions.items():
        times = []
        begin_cpu = time.process_time()
        for _ in range(3):
            begin = time.perf_counter()
            question()
            times.append(time.perf_counter() - begin)
        cpu_s = (time.process_time() - begin_cpu) / 3
        print(f"  {name:24} {min(times):6.2f} {max(times):6.2f}   CPU {cpu_s:6.2f}   memory so far {peak_mb():.0f} MB")


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    main()
