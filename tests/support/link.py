"""Things to send, cores that take them, a transport in memory, and the identity of the counters."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from prometheus_client import CollectorRegistry

from netmon.api import Event, Finding, Receipt, Severity
from netmon.core.link import LinkDown, LinkSettings, Terms
from netmon.core.link.wire import Batch

Numbered: TypeAlias = Sequence[tuple[int, Finding | Event]]

QUICK = LinkSettings(
    heartbeat_s=0.05,
    dead_after_s=1,
    connect_timeout_s=1,
    reconnect_min_s=0.01,
    reconnect_max_s=0.05,
    spool_sync_s=0.01,
)


def finding(serial: int, size: int = 0) -> Finding:
    """Return a finding that is told apart by its key, with `size` letters more."""
    return Finding("link_down", "sw-01", 1.0 + serial, Severity.WARNING, "port 3 is down" + "x" * size, f"key/{serial}")


def findings(first: int, count: int, size: int = 0) -> list[Finding]:
    """Return findings in order."""
    return [finding(serial, size) for serial in range(first, first + count)]


def serial_of(thing: Finding | Event) -> int:
    """Return which one it is."""
    assert isinstance(thing, Finding)
    return int(thing.key.removeprefix("key/"))


@dataclass
class Core:
    """Takes things as the core does: each number of a sender once. `obstacle` may wait or raise before it takes."""

    taken: dict[str, list[tuple[int, Finding | Event]]] = field(default_factory=dict)
    calls: int = 0
    obstacle: Callable[[str, Numbered], Awaitable[None]] | None = None

    async def take(self, sender: str, things: Numbered) -> Receipt:
        self.calls += 1
        if self.obstacle is not None:
            await self.obstacle(sender, things)
        known = self.last(sender)
        new = [each for each in things if each[0] > known]
        self.taken.setdefault(sender, []).extend(new)
        dropped = {"duplicate": len(things) - len(new)} if len(new) < len(things) else {}
        return Receipt(len(things), len(new), dropped)

    def last(self, sender: str) -> int:
        return self.taken[sender][-1][0] if self.taken.get(sender) else 0

    def serials(self, sender: str | None = None) -> list[int]:
        """Return what it has, in order, of one sender or of all."""
        chosen = [self.taken.get(sender, [])] if sender is not None else list(self.taken.values())
        return [serial_of(thing) for things in chosen for _, thing in things]


class FileCore:
    """A core that keeps lines of `sender number serial` in a file and forces each batch to disk."""

    def __init__(self, path: Path) -> None:
        self._last: dict[str, int] = {}
        whole = path.read_bytes().rpartition(b"\n")[0] + b"\n" if path.exists() else b""
        for line in whole.split():
            sender, number, _ = line.decode().split("/")
            self._last[sender] = int(number)
        self._file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self._file.truncate(len(whole.lstrip(b"\n")))
        self._file.seek(0, 2)

    async def take(self, sender: str, things: Numbered) -> Receipt:
        known = self.last(sender)
        new = [(number, thing) for number, thing in things if number > known]
        lines = b"".join(b"%b/%d/%d\n" % (sender.encode(), number, serial_of(thing)) for number, thing in new)
        await asyncio.get_running_loop().run_in_executor(None, self._append, lines)
        if new:
            self._last[sender] = new[-1][0]
        return Receipt(len(things), len(new), {"duplicate": len(things) - len(new)})

    def last(self, sender: str) -> int:
        return self._last.get(sender, 0)

    def _append(self, lines: bytes) -> None:
        import os

        self._file.write(lines)
        os.fdatasync(self._file.fileno())


class MemoryTransport:
    """A way to a core in the same process: the second transport, without octets. `away` makes it fail."""

    def __init__(self, core: Core, window: int = 2, records: int = 100) -> None:
        self.away = False
        self.sessions: list[MemorySession] = []
        self._core = core
        self._limits = (window, records, 1 << 20)

    def check(self) -> None:
        """Nothing can be wrong."""

    async def connect(self, sender: str, first: int) -> "MemorySession":
        assert first > 0
        if self.away:
            raise LinkDown("away")
        self.sessions.append(MemorySession(self, self._core, sender, Terms(self._core.last(sender), *self._limits)))
        return self.sessions[-1]


class MemorySession:
    def __init__(self, transport: MemoryTransport, core: Core, sender: str, terms: Terms) -> None:
        self.terms = terms
        self._transport = transport
        self._core = core
        self._sender = sender
        self._sent = asyncio.Queue[Batch](terms.window)
        self._cut = asyncio.Event()

    def cut(self) -> None:
        """End the session from the other side."""
        self._cut.set()

    async def send(self, batch: Batch) -> None:
        assert len(batch.lines) <= self.terms.records
        self._fail_if_cut()
        self._sent.put_nowait(batch)  # raises when the uplink keeps more under way than it may

    async def acknowledged(self) -> int:
        from netmon.core import codec

        getting = asyncio.ensure_future(self._sent.get())
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait([getting, cut], return_when=asyncio.FIRST_COMPLETED)
            self._fail_if_cut()
            batch = getting.result()
        finally:
            getting.cancel()
            cut.cancel()
        await self._core.take(self._sender, [(batch.first + at, codec.decode(x)) for at, x in enumerate(batch.lines)])
        return batch.last

    async def close(self) -> None:
        self._cut.set()

    def _fail_if_cut(self) -> None:
        if self._transport.away or self._cut.is_set():
            raise LinkDown("cut")


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    """Return one sample, 0 where there is none."""
    return registry.get_sample_value(name, labels) or 0.0


def sums(registry: CollectorRegistry, name: str) -> dict[str, float]:
    """Return the samples of a name by their `source`, or by an empty string, added up over other labels."""
    found: dict[str, float] = {}
    for family in registry.collect():
        for sample in family.samples:
            if sample.name == name:
                source = sample.labels.get("source", "")
                found[source] = found.get(source, 0) + sample.value
    return found


def check_uplink(registry: CollectorRegistry) -> None:
    """Hold the sender's counters to their identity."""
    came, went = ("received_total", "recovered_total"), ("delivered_total", "dropped_total", "spooled_records")
    total = [sum(sums(registry, f"netmon_uplink_{name}").get("", 0) for name in names) for names in (came, went)]
    assert total[0] == total[1], total


def check_intake(registry: CollectorRegistry) -> None:
    """Hold the core's counters to their identity, for each source."""
    received = sums(registry, "netmon_intake_received_total")
    for source, count in received.items():
        parts = [
            sums(registry, f"netmon_intake_{name}").get(source, 0)
            for name in ("stored_total", "dropped_total", "pending_records")
        ]
        assert count == sum(parts), (source, count, parts)
