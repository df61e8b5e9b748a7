"""A process that appends to a ledger and says what was acknowledged, for tests that kill it or fill its disk.

    python -m tests.support.ledger_load DIRECTORY [MAX_FILE_BYTES]

Prints `open SIZE`, then for each act that is on disk `SEQ NUMBER COUNT`, and `unhealthy …`, `healthy` as it changes.
Each act is COUNT records with numbers from NUMBER on. With MAX_FILE_BYTES, the system lets no file grow beyond (EFBIG)
until a line comes in on standard input. Ends when standard input does.
"""

import asyncio
import os
import resource
import sys
import time
from functools import partial
from itertools import count
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from netmon.core.ledger.ledger import Ledger, LedgerFull
from netmon.core.ledger.settings import LedgerSettings
from tests.support.ledger_store import entry


async def main(directory: Path, limit: int | None) -> None:
    """Append until the input ends."""
    settings = LedgerSettings(commit_wait_ms=1, segment_max_bytes=1 << 18, max_waiting_records=1_000)
    ledger = Ledger(directory, settings, CollectorRegistry(), host_name="load", now=time.time)
    ledger.on_health.append(lambda healthy, problem: say("healthy" if healthy else f"unhealthy {problem}"))
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: heard(ended))
    await ledger.start()
    say(f"open {ledger.size}")
    base = int(time.time() * 1e6)
    for number in count(base, 3):
        if ended.is_set():
            break
        size = 1 + number % 3
        act = [entry(number + i, key=f"load:{number + i}", more=i + 1 < size) for i in range(size)]
        try:
            future = ledger.append(act)
        except LedgerFull:
            await asyncio.sleep(0.01)
            continue
        future.add_done_callback(partial(acknowledge, number, size))
        await asyncio.sleep(0)
    await ledger.stop()
    await asyncio.sleep(0)


def acknowledge(number: int, size: int, done: "asyncio.Future[int]") -> None:
    """Say that an act is on disk."""
    if not done.exception():
        say(f"{done.result()} {number} {size}")


def heard(ended: asyncio.Event) -> None:
    """Take a line for more room, and the end of input for the end."""
    if os.read(sys.stdin.fileno(), 100):
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        ended.set()


def say(line: str) -> None:
    """Write a line at once, in one piece."""
    os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
