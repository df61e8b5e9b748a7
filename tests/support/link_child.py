"""Both ends of the link as processes that a test can kill.

`python -m tests.support.link_child core SOCKET FILE` keeps in FILE what comes; `… sender SOCKET SPOOL SENT FLUSHED`
sends without end, writes to SENT which serials it will have used before it sends them, and to FLUSHED after each flush
which are safe now.
"""

import asyncio
import os
import sys
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry

from netmon.core.link import IntakeServer, SpoolingUplink
from tests.support.link import QUICK, FileCore, findings

GROUP = 50


async def core(socket: Path, file: Path) -> None:
    keeper = FileCore(file)
    await IntakeServer(socket, QUICK, keeper.take, keeper.last, CollectorRegistry()).start()
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    await asyncio.Event().wait()


async def sender(socket: Path, spool: Path, sent: Path, flushed: Path) -> None:
    begin = serial = _noted(sent)
    uplink = SpoolingUplink(socket, spool, "collector", QUICK, CollectorRegistry())
    await uplink.start()
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    flushes = flushed.open("ab", buffering=0)
    while True:
        _note(sent, serial + GROUP)
        uplink.send(findings(serial, GROUP))
        serial += GROUP
        if serial % (4 * GROUP) == 0:
            await uplink.flush()
            flushes.write(b"%d %d\n" % (begin, serial))  # from the first of this process to below it, all is safe
        else:
            await asyncio.sleep(0)


def _noted(sent: Path) -> int:
    return int(sent.read_text()) if sent.exists() else 0


def _note(sent: Path, serial: int) -> None:
    """Change the file in one step, so that a killed sender never uses a serial twice."""
    new = sent.with_suffix(".new")
    new.write_text(str(serial))
    os.replace(new, sent)  # noqa: PTH105 - shorter


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[2:]]
    work = core(*paths) if sys.argv[1] == "core" else sender(*paths)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)
