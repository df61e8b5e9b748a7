"""A third party's collector daemon: sends events and findings over the link, and writes down what was acknowledged.

Each event has an id `RUN.NUMBER`. After `flush` has returned, the range that it covers is appended to the file of
acknowledgements, so the file never says more than was promised. SIGUSR1 sends a burst. SIGTERM: say a last time what is
wrong, wait until the core has everything, write the counters, end.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry

from netmon.api import Event, Finding, Severity
from netmon.core.link.settings import LinkSettings
from netmon.core.link.uplink import SpoolingUplink

STEP_S = 0.05
TARGETS = 40  # of findings: half of them are wrong in the end
COUNTERS = ("received_total", "recovered_total", "delivered_total", "spooled_records")


class Load:
    """One run of it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.registry = CollectorRegistry()
        settings = LinkSettings(heartbeat_s=1, dead_after_s=5)
        self.uplink = SpoolingUplink(options.socket, options.spool, "load.bench", settings, self.registry)
        self.folder: Path = options.folder
        self.rate: int = options.rate
        self.burst: int = options.burst
        self.findings: bool = options.findings
        self.run = time.time_ns()
        self.sent = self.secured = self.said = 0
        self.doubtful: list[tuple[int, int]] = []  # ranges of which some were dropped, counted by the uplink
        self.acks = os.open(self.folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.ending = asyncio.Event()

    def value(self, name: str) -> float:
        """Return one of the link's figures."""
        return self.registry.get_sample_value(f"netmon_uplink_{name}") or 0.0

    def dropped(self) -> float:
        """Return how many things the link has dropped, for whatever reason."""
        return sum(
            sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == "netmon_uplink_dropped_total"
        )

    def send(self, count: int) -> None:
        """Send so many events in one call."""
        first, at = self.sent + 1, time.time()
        before = self.dropped()
        self.sent += count
        self.uplink.send([self.event(number, at) for number in range(first, self.sent + 1)])
        if self.dropped() != before:
            self.doubtful.append((first, self.sent))
        if self.findings:
            self.said += 1
            self.say(self.said, self.said // TARGETS % 2 == 0)

    def event(self, number: int, at: float) -> Event:
        """Return one event, told from every other by its id."""
        fields = {"event.id": f"{self.run}.{number}", "message": f"port {number % 48} of switch {number % 300} flapped"}
        return Event(at, "load", f"sw-{number % 300}", "network", Severity.INFO, fields)

    def say(self, number: int, active: bool) -> None:
        """Say that something is wrong with one of the targets, or no longer."""
        target = f"load-{number % TARGETS}"
        self.uplink.send(
            [
                Finding(
                    "load_wrong",
                    target,
                    time.time(),
                    Severity.WARNING,
                    f"{target} is wrong",
                    f"load/{target}",
                    cleared=not active,
                    expires_s=86_400,
                )
            ]
        )

    async def acknowledge(self) -> None:
        """Write down what `flush` promises, again and again."""
        while True:
            mark = self.sent
            await self.uplink.flush()
            if mark > self.secured:
                os.write(self.acks, self.ranges(self.secured + 1, mark))
                self.secured = mark
            await asyncio.sleep(0.01)

    def ranges(self, first: int, last: int) -> bytes:
        """Return lines `run first last` without the doubtful ones."""
        lines = []
        for begin, end in self.doubtful:
            if begin > last or end < first:
                continue
            if begin > first:
                lines.append(f"{self.run} {first} {begin - 1}\n")
            first = end + 1
        if first <= last:
            lines.append(f"{self.run} {first} {last}\n")
        return "".join(lines).encode()

    def tell(self) -> None:
        """Write how it goes, for the bench."""
        said = {name: self.value(name) for name in COUNTERS}
        said |= {"dropped": self.dropped(), "sent": self.sent, "secured": self.secured, "run": self.run}
        said["writable"] = self.value("spool_writable")
        new = self.folder / "status.new"
        new.write_text(json.dumps(said))
        new.replace(self.folder / "status.json")

    async def work(self) -> None:
        """Send until told to end."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.ending.set)
        loop.add_signal_handler(signal.SIGUSR1, lambda: self.send(self.burst))
        await self.uplink.start()
        acknowledging = asyncio.create_task(self.acknowledge())
        due, owed, count = loop.time(), 0.0, 0
        while not self.ending.is_set():
            due += STEP_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.ending.wait(), max(0.0, due - loop.time()))
            owed += self.rate * STEP_S
            if owed >= 1:
                self.send(int(owed))
                owed -= int(owed)
            count += 1
            if count % 2 == 0:
                self.tell()
        if self.findings:
            for number in range(TARGETS):
                self.say(number, number % 2 == 0)
        while self.uplink.pending or self.secured < self.sent:
            self.tell()
            await asyncio.sleep(STEP_S)
        self.tell()
        acknowledging.cancel()
        await self.uplink.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="for acknowledgements and counters")
    parser.add_argument("--rate", type=int, default=1_000, help="events a second")
    parser.add_argument("--burst", type=int, default=50_000)
    parser.add_argument("--findings", action="store_true", help="also findings that come and go")
    options = parser.parse_args()

    async def run() -> None:
        await Load(options).work()

    uvloop.run(run())


if __name__ == "__main__":
    main()
