"""The ledger beside what one would take instead: SQLite in WAL mode, and a file that is synced after each record.

    .venv/bin/python -m bench.ledger [--records 1000000] [--acts 1 100] [--directory DIR] [--json]

Records are findings as rules say them, about 450 bytes each. Every program keeps what it acknowledged over a power cut:
netmon syncs a group, SQLite (synchronous=FULL) a transaction of as many records, the plain file each record. What
netmon does besides: it encodes the records, chains them in a Merkle tree, rotates segments, remembers senders' numbers.
The feeder shares the event loop, as the core does: at most 32,768 records are under way. `lag` is how late a coroutine
wakes that asks to be woken every millisecond. Latency is from append to the future's end, under a paced load.
"""

import asyncio
import json
import os
import sqlite3
import statistics
import tempfile
import time
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections import deque
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from netmon.api import Severity
from netmon.core.ledger import record
from netmon.core.ledger.files import Disk
from netmon.core.ledger.ledger import Ledger, read
from netmon.core.ledger.record import Entry, Kind
from netmon.core.ledger.settings import LedgerSettings
from tests.support.processes import cpu_s, memory_mb

UNDER_WAY = 32_768
GROUP = 8_192


@dataclass(frozen=True, slots=True)
class Figures:
    """One program's figures."""

    name: str
    records: int
    per_s: float
    cpu_us: float
    syncs: int
    note: str = ""

    def show(self) -> None:
        """Print them."""
        print(
            f"{self.name:44} {self.per_s:10,.0f} records/s  {self.cpu_us:6.2f} us CPU a record"
            f"  {self.syncs:8,} syncs  {self.note}"
        )


class Counting(Disk):
    """A disk that counts its syncs."""

    def __init__(self) -> None:
        self.syncs = 0
        self.sync_s = 0.0

    def sync(self, fd: int) -> None:
        """Count, and sync."""
        started = time.perf_counter()
        super().sync(fd)
        self.syncs += 1
        self.sync_s += time.perf_counter() - started


def finding(number: int) -> Entry:
    target = f"sw-{number % 500:03}"
    data = {
        "finding": {
            "rule": "interface_down",
            "target": target,
            "at": 1_790_000_000.0 + number,
            "severity": "warning",
            "summary": f"Interface GigabitEthernet0/{number % 48} has been down for 5 minutes",
            "key": f"interface_down/{target}/Gi0/{number % 48}",
            "evidence": {"value": 2, "since": 1_790_000_000.0},
        }
    }
    at = 1_790_000_000.0 + number * 1e-3
    return Entry(Kind.FINDING, at, "collector-1", data, "", target, Severity.WARNING, f"collector-1-0a1b2c3d:{number}")


async def fill(ledger: Ledger, options: Namespace, act: int) -> list[str]:
    """Append all records as quickly as the ledger takes them; return how memory grew."""
    grown: list[str] = []
    last: asyncio.Future[int] | None = None
    marks: deque[asyncio.Future[int] | None] = deque()
    step = max(1, options.records // 10)
    for number in range(0, options.records, act):
        marks.append(last)
        if len(marks) > UNDER_WAY // act and (mark := marks.popleft()) is not None:
            await mark
        last = ledger.append([finding(number + i) for i in range(act)])
        if number % 256 < act:
            await asyncio.sleep(0)
        if number % step < act:
            grown.append(f"{memory_mb(os.getpid()):.0f}")
    if last is not None:
        await last
    return [*grown, f"{memory_mb(os.getpid()):.0f}"]


async def watch(lags: list[float]) -> None:
    """Note how late the event loop is."""
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(0.001)
        lags.append((time.perf_counter() - asked - 0.001) * 1e3)


async def ours(folder: Path, options: Namespace, act: int) -> Figures:
    """Measure the ledger's throughput, then how long a restart takes."""
    disk, lags = Counting(), list[float]()
    ledger = Ledger(folder, LedgerSettings(), CollectorRegistry(), host_name="bench", disk=disk)
    await ledger.start()
    watcher = asyncio.create_task(watch(lags))
    started, cpu, before = time.perf_counter(), cpu_s(os.getpid()), disk.syncs
    memory = await fill(ledger, options, act)
    took, spent = time.perf_counter() - started, cpu_s(os.getpid()) - cpu
    watcher.cancel()
    await ledger.stop()
    syncs = disk.syncs - before
    slow = disk.sync_s / disk.syncs * 1e3
    note = f"{slow:.1f} ms each, lag p99 {quantile(lags, 0.99):.1f} ms, RSS {' '.join(memory)} MB"
    return Figures(
        f"netmon, {act} a call", options.records, options.records / took, spent / options.records * 1e6, syncs, note
    )


async def restart(folder: Path) -> None:
    """Say how long a start takes with what is there, and a reading of all of it."""
    ledger = Ledger(folder, LedgerSettings(), CollectorRegistry(), host_name="bench")
    size = sum(each.stat().st_size for each in (folder / "segments").iterdir())
    started = time.perf_counter()
    await ledger.start()
    took = time.perf_counter() - started
    last = max((folder / "segments").iterdir()).stat().st_size
    print(f"restart with {ledger.size:,} records in {size / 1e9:.2f} GB, {last / 1e6:.0f} MB to read: {took:.2f} s")
    await ledger.stop()
    started = time.perf_counter()
    count = sum(1 for _ in read(folder))
    print(f"read all: {count / (time.perf_counter() - started):,.0f} records/s")


async def latency(folder: Path, per_s: int, seconds: float) -> None:
    """Say how long a record takes from append to disk while this many come a second."""
    ledger = Ledger(folder, LedgerSettings(), CollectorRegistry(), host_name="bench")
    await ledger.start()
    took: list[float] = []
    lags: list[float] = []
    last: asyncio.Future[int] | None = None
    watcher = asyncio.create_task(watch(lags))
    begin, number = time.perf_counter(), 0
    while (now := time.perf_counter() - begin) < seconds:
        while number < now * per_s:
            last = ledger.append([finding(number)])
            last.add_done_callback(partial(_note, took, time.perf_counter()))
            number += 1
        await asyncio.sleep(0.001)
    if last is not None:
        await last
    watcher.cancel()
    await ledger.stop()
    print(
        f"latency at {per_s:,} records/s: p50 {quantile(took, 0.5):.1f} ms, p99 {quantile(took, 0.99):.1f} ms,"
        f" most {max(took):.1f} ms; event loop's lag p99 {quantile(lags, 0.99):.1f} ms"
    )


def _note(took: list[float], asked: float, _: "asyncio.Future[int]") -> None:
    took.append((time.perf_counter() - asked) * 1e3)


def sqlite(folder: Path, records: int) -> Figures:
    """Measure SQLite with the same lines in transactions as large as our groups."""
    database = sqlite3.connect(folder / "bench.sqlite", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE ledger (seq INTEGER PRIMARY KEY, line BLOB NOT NULL)")
    started, cpu, groups = time.perf_counter(), cpu_s(os.getpid()), 0
    for begin in range(0, records, GROUP):
        numbers = range(begin, min(begin + GROUP, records))
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO ledger VALUES (?, ?)", ((n, record.encode(finding(n), n, 1_790_000_000.0)) for n in numbers)
        )
        database.execute("COMMIT")
        groups += 1
    took, spent = time.perf_counter() - started, cpu_s(os.getpid()) - cpu
    database.close()
    return Figures(
        f"SQLite WAL, {GROUP} a transaction", records, records / took, spent / records * 1e6, groups, "and checkpoints"
    )


def plain(folder: Path, records: int) -> Figures:
    """Measure a file that is appended to and synced after each record."""
    fd = os.open(folder / "bench.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    started, cpu = time.perf_counter(), cpu_s(os.getpid())
    for number in range(records):
        os.write(fd, record.encode(finding(number), number, 1_790_000_000.0) + b"\n")
        os.fdatasync(fd)
    took, spent = time.perf_counter() - started, cpu_s(os.getpid()) - cpu
    os.close(fd)
    return Figures("a file, synced after each record", records, records / took, spent / records * 1e6, records)


def quantile(values: list[float], share: float) -> float:
    """Return a quantile, 0 of nothing."""
    return statistics.quantiles(values, n=1_000)[round(share * 1_000) - 1] if len(values) > 1 else 0.0


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--acts", type=int, nargs="+", default=[100, 1], help="records appended in one call")
    parser.add_argument("--directory", type=Path, help="on the disk to be measured; it needs 0.5 kB a record")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON too")
    options = parser.parse_args()
    figures = []
    for act in options.acts:
        with tempfile.TemporaryDirectory(dir=options.directory) as folder:
            figures.append(asyncio.run(ours(Path(folder), options, act)))
            figures[-1].show()
            asyncio.run(restart(Path(folder)))
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        for per_s in (1_000, 10_000, 50_000):
            asyncio.run(latency(Path(folder) / str(per_s), per_s, 5.0))
        for other in (sqlite(Path(folder), min(options.records, 1_000_000)), plain(Path(folder), 5_000)):
            figures.append(other)
            other.show()
    if options.json:
        print(json.dumps([asdict(each) for each in figures]))


if __name__ == "__main__":
    main()
