"""What the ledger's index costs: records a second taken in, size, and how long searches take.

Run `python -m bench.index [--records 1000000] [--postgresql]`. It writes a ledger of typical records to a temporary
directory, fills the index from it and asks what people ask. Times of queries are the median of five runs, over the
whole way: statement, fetching, decoding.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice, pairwise
from pathlib import Path

from pydantic import SecretStr

from netmon.api import Query, Severity
from netmon.core.ledger.filler import Filler
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.lookup import Lookup
from netmon.core.ledger.record import Entry, Kind
from tests.support.postgresql import postgresql
from tests.support.processes import memory_mb
from tests.support.segments import START, Segments

TARGETS = 500
SEGMENT = 150_000  # records: about 64 MiB
STEP_S = 0.5  # between two records


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL started for it, not on SQLite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="netmon-bench-") as name:
        ledger = write(Path(name), options.records)
        with postgresql() if options.postgresql else nullcontext() as server:
            settings = IndexSettings(url=SecretStr(server.url)) if server is not None else IndexSettings()
            fill(ledger, settings, options.records)
            if server is not None:
                size = int(server.run("SELECT pg_database_size('netmon')"))
            else:
                size = sum(path.stat().st_size for path in ledger.glob("index.sqlite*"))
            print(f"{'size of the index':<46}{size / 1e6:10.0f} MB, {size / options.records:.0f} bytes a record")
            ask(ledger, settings, options.records)


def write(folder: Path, count: int) -> Path:
    """Write a ledger; return its directory."""
    ledger = Segments(folder / "ledger")
    entries = make(random.Random(1), count)
    while ledger.size < count:
        ledger.add(islice(entries, 5_000))
        if ledger.size % SEGMENT == 0:
            ledger.begin()
    written = sum(path.stat().st_size for path in (folder / "ledger" / "segments").iterdir())
    print(f"{'ledger':<46}{written / 1e6:10.0f} MB, {written / count:.0f} bytes a record")
    return ledger.directory


def make(numbers: random.Random, count: int) -> Iterator[Entry]:
    """Give findings, events of the log and changes of alerts, as they come."""
    severities = [Severity.INFO] * 70 + [Severity.WARNING] * 20 + [Severity.ERROR] * 9 + [Severity.CRITICAL]
    for number in range(count):
        at, target = START + number * STEP_S, f"sw-{numbers.randrange(TARGETS)}"
        port, severity = f"GigabitEthernet1/0/{numbers.randrange(48)}", numbers.choice(severities)
        if number % 10 < 7:
            message = f"%LINEPROTO-5-UPDOWN: Line protocol on Interface {port}, changed state to down ({number})"
            fields = {"message": message, "log.syslog.priority": 189, "host.name": target, "source.ip": "192.0.2.7"}
            data = {"at": at, "source": "syslog", "target": target, "category": "network", "fields": fields}
            yield Entry(Kind.EVENT, at, "poller-1", data, "network", target, severity, f"poller-1:{number}")
        else:
            labels = {"ifName": port, "ifAlias": f"uplink {number % 977}"}
            data = {"rule": "limits", "target": target, "at": at, "summary": f"{port} is down", "labels": labels}
            data |= {"key": f"interface_down/{target}/{port}", "evidence": {"value": 0, "limit": 1, "since": at}}
            yield Entry(Kind.FINDING, at, "poller-1", data, "", target, severity, f"poller-1:{number}")


def fill(ledger: Path, settings: IndexSettings, count: int) -> None:
    filler = Filler(ledger, settings)
    marks, cpu = [(0, time.perf_counter())], time.process_time()
    memory = memory_mb(os.getpid())
    while filler.fill(count).read:
        if filler.next_seq - marks[-1][0] >= count // 10:
            marks.append((filler.next_seq, time.perf_counter()))
    rates = [(after[0] - before[0]) / (after[1] - before[1]) for before, after in pairwise(marks)]
    took, cpu = marks[-1][1] - marks[0][1], time.process_time() - cpu
    filler.close()
    print(f"{'taken in':<46}{marks[-1][0] / took:10.0f} records/s, {cpu / count * 1e6:.0f} us of our CPU each", end="")
    print(f"; first tenth {rates[0]:.0f}/s, last {rates[-1]:.0f}/s; memory +{memory_mb(os.getpid()) - memory:.0f} MB")


def ask(ledger: Path, settings: IndexSettings, count: int) -> None:
    end = START + count * STEP_S
    hour = end - 3600
    queries = {
        "newest 100": Query(),
        "newest 100 of a target": Query(targets=("sw-17",)),
        "newest 100 of sw-1*": Query(targets=("sw-1*",)),
        "last hour, newest 100": Query(since=hour, until=end),
        "last hour, all of it": Query(since=hour, until=end, limit=10_000),
        "an hour in the middle": Query(since=(START + end) / 2, until=(START + end) / 2 + 3600),
        "second half, newest 100": Query(since=(START + end) / 2),
        "since the beginning, oldest 100": Query(since=START, newest_first=False),
        "since the beginning, newest 100": Query(since=START),
        "critical": Query(severity=Severity.CRITICAL),
        "critical of a target, all time": Query(severity=Severity.CRITICAL, targets=("sw-17",)),
        "alerts (there are none)": Query(kinds=("alert",)),
        "category that is not there": Query(categories=("authentication",)),
        "text that is common": Query(text="gigabitethernet1/0/7"),
        "text that is there once": Query(text=f"({count // 2 // 10 * 10})"),
        "text that is not there": Query(text="power supply"),
        "text that is not there, last hour": Query(text="power supply", since=hour),
        "text that is not there, of a target": Query(text="power supply", targets=("sw-17",)),
    }
    lookup = Lookup(ledger, settings)
    for name, query in queries.items():
        times = []
        for _ in range(5):
            began = time.perf_counter()
            found = lookup.find(query, count)
            times.append(time.perf_counter() - began)
        print(f"{name:<46}{statistics.median(times) * 1e3:10.1f} ms, {len(found.records)} records")
    lookup.close()


if __name__ == "__main__":
    main()
