"""A flood from ten million forged sources on an interface: what memory a sensor takes, of one process and of several.

    .venv/bin/python -m bench.spoofed_live [--sources 10000000] [--processes 1,2,4] [--folder DIR]

The capture of bench.spoofed_flood (70 octets of disk a source) is sent once by tcpreplay over a veth pair between two
network namespaces, from memory and as fast as it can; `netmon sensor` listens at the other end, every detector on, all
settings as they are by default, and keeps the flows. Each 100 ms all of its processes are looked at: the resident
memory of each (RSS), and together what is each one's own and, once, what they share (smaps_rollup of proc(5); the most
that one shares, since those that were forked share the most among themselves). Takes root.
"""

import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import Final, Self

from bench import live_sensor, spoofed_flood
from tests.support.netns import INTERFACE, lan
from tests.support.waiting import eventually_sync

_EACH_S: Final = 0.1
_SETTLE_S: Final = 3.0
_SEND: Final = (
    "-q",
    "--topspeed",
    "--preload-pcap",
    "--no-flow-stats",
)  # its statistics take minutes for so many flows


class Watched:
    """The memory of a process and of all that it started, over time."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.most_each: dict[int, float] = {}  # RSS by process
        self.together: list[tuple[float, float]] = []  # after so many seconds, so many MB
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def most_mb(self, until_s: float = inf) -> float:
        """Return the most that all took together, until then."""
        return max((mb for at, mb in self.together if at <= until_s), default=0.0)

    def _watch(self) -> None:
        began = time.monotonic()
        while not self._done.wait(_EACH_S):
            own, shared = 0.0, 0.0
            for pid in family(self._pid):
                with suppress(OSError, KeyError):  # it ended meanwhile
                    of = rollup_mb(pid)
                    own += of["Private_Clean"] + of["Private_Dirty"]
                    shared = max(shared, of["Shared_Clean"] + of["Shared_Dirty"])
                    self.most_each[pid] = max(self.most_each.get(pid, 0.0), of["Rss"])
            self.together.append((time.monotonic() - began, own + shared))


def family(pid: int) -> list[int]:
    """Return a process and all that it started, and what those started."""
    with suppress(OSError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [pid, *(each for child in children for each in family(int(child)))]
    return []


def rollup_mb(pid: int) -> dict[str, float]:
    """Return what a process has in memory by kind, in MB of 10^6 bytes; OSError where it is gone."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    return {name.rstrip(":"): int(count) * 1024 / 1e6 for name, count, *_ in map(str.split, lines)}


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=10_000_000)
    parser.add_argument("--processes", default="1,2,4")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        sent = spoofed_flood.write(folder / "flood.pcap", options.sources)
        for processes in map(int, options.processes.split(",")):
            flooded(folder, processes, sent)


def flooded(folder: Path, processes: int, sent: int) -> None:
    """Send the flood to a sensor, and show what it took."""
    store, log = folder / "flows", folder / "said"
    shutil.rmtree(store, ignore_errors=True)
    command = live_sensor.netmon(on=True, processes=processes).command(folder)
    with lan("sender", "listener") as net, net["listener"].popen(*command, "--store", str(store), log=log) as process:
        eventually_sync(lambda: "listening: " in log.read_text(errors="replace"), 600)
        with Watched(process.pid) as seen:
            threading.Event().wait(_SETTLE_S)
            replay = net["sender"].command("tcpreplay", *_SEND, "-i", INTERFACE, str(folder / "flood.pcap"))
            said = subprocess.run(replay, check=True, capture_output=True, text=True, timeout=600).stdout
            threading.Event().wait(_SETTLE_S)
            process.send_signal(signal.SIGINT)
            process.wait(60)
    got, dropped = live_sensor.result(log.read_text(encoding="utf-8", errors="replace"))
    each = ", ".join(f"{mb:.0f}" for mb in seen.most_each.values())
    rate = re.search(r"([0-9.]+) pps", said)
    pps = float(rate.group(1)) if rate else 0.0
    print(f"{processes} processes, {sent:,} packets sent at {pps:,.0f}/s, {got:,} seen, {dropped:,} dropped")
    print(f"  together at most {seen.most_mb():.0f} MB, before the flood {seen.most_mb(_SETTLE_S):.0f}; each: {each}")
    shown = seen.together[:: max(1, len(seen.together) // 16)]
    print("  over time: " + ", ".join(f"{at:.0f} s {mb:.0f}" for at, mb in shown), flush=True)


if __name__ == "__main__":
    main()
