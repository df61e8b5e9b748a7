"""Ledgers as tests write them: entries, a disk that fails on demand, and a plain second opinion on what is on disk."""

import errno
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from netmon.api import Severity
from netmon.core.ledger.files import Disk
from netmon.core.ledger.ledger import Ledger
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.record import Entry, Kind
from netmon.core.ledger.settings import LedgerSettings
from netmon.core.ledger.writer import Host, Writer

NOON = 1_790_000_000.0 - 1_790_000_000 % 86_400 + 43_200  # so that a few hours more are the same day


def entry(number: int, *, key: str = "", more: bool = False, category: str = "", text: str = "") -> Entry:
    """Return a finding-like entry that says its number."""
    data = {"number": number, "text": text or f"port {number} of the switch is down"}
    return Entry(Kind.FINDING, NOON + number % 1_000, "test", data, category, "sw-1", Severity.WARNING, key, more)


class Clock:
    """A wall clock that a test sets."""

    def __init__(self, at: float = NOON) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@dataclass
class FailingDisk(Disk):
    """A disk that refuses what it is told to: `fail` maps the name of an operation to an errno."""

    fail: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    room: int | None = None  # bytes that a write still takes before the disk is full

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if name in self.fail:
            raise OSError(self.fail[name], os.strerror(self.fail[name]))

    def create(self, path: Path) -> int:
        self._ask("create")
        return super().create(path)

    def open(self, path: Path) -> int:
        if path.name != "committed":  # that one is a hint
            self._ask("open")
        return super().open(path)

    def write(self, fd: int, data: bytes, at: int) -> None:
        self._ask("write")
        if self.room is not None and path_of(fd).name != "committed":
            part, self.room = data[: self.room], max(0, self.room - len(data))
            super().write(fd, part, at)
            if len(part) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return
        super().write(fd, data, at)

    def sync(self, fd: int) -> None:
        self._ask("sync")
        super().sync(fd)

    def truncate(self, fd: int, size: int) -> None:
        self._ask("truncate")
        super().truncate(fd, size)

    def replace(self, old: Path, new: Path) -> None:
        self._ask("replace")
        super().replace(old, new)


def writer(
    directory: Path,
    settings: LedgerSettings | None = None,
    disk: Disk | None = None,
    now: Callable[[], float] | None = None,
) -> Writer:
    """Return a writer that is not open yet."""
    return Writer(directory, settings or LedgerSettings(), Host("host", now or Clock(), lambda: None, disk or Disk()))


def filled(directory: Path, count: int, settings: LedgerSettings | None = None) -> None:
    """Make a ledger of `count` records and one for each segment, each record committed by itself."""
    ledger = writer(directory, settings)
    ledger.open()
    for number in range(count):
        ledger.commit([[entry(number, key=f"a:{number}")]])
    ledger.close()


@asynccontextmanager
async def running(
    directory: Path,
    settings: LedgerSettings | None = None,
    registry: CollectorRegistry | None = None,
    disk: Disk | None = None,
    now: Callable[[], float] | None = None,
) -> AsyncIterator[Ledger]:
    """Start a ledger and stop it."""
    ledger = Ledger(
        directory,
        settings or LedgerSettings(commit_wait_ms=0),
        registry or CollectorRegistry(),
        host_name="host",
        now=now or Clock(),
        disk=disk,
    )
    await ledger.start()
    try:
        yield ledger
    finally:
        await ledger.stop()


@dataclass(frozen=True)
class Checked:
    """What is on disk, as a plain reader finds it."""

    lines: Sequence[bytes]
    size: int
    root: bytes

    def numbers(self) -> list[int]:
        """The numbers of the entries that `entry` made."""
        return [int(data["number"]) for data in map(_data, self.lines) if "number" in data]

    def own(self, what: str) -> list[dict[str, object]]:
        """What the ledger said of itself."""
        return [data for data in map(_data, self.lines) if data.get("what") == what]


def check(directory: Path) -> Checked:
    """Read every segment with nothing of the store but the tree; fail unless numbers, chain and stubs are right."""
    tree, lines, origins = Frontier(), [], set()
    for path in sorted((directory / "segments").glob("*.jsonl")):
        content = path.read_bytes()
        assert content.endswith(b"\n"), path
        first, *records = content[:-1].split(b"\n")
        header = json.loads(first)
        assert header["first_seq"] == tree.size == int(path.stem), path
        assert [bytes.fromhex(each) for each in header["frontier"]] == list(tree.hashes), path
        origins.add(header["origin"])
        for line in records:
            said = json.loads(line)
            assert said["seq"] == tree.size, (path, line)
            purged = said.get("purged")
            tree.push(bytes.fromhex(purged) if purged else sha256(b"\0" + line).digest())
            lines.append(line)
    assert len(origins) <= 1
    return Checked(lines, tree.size, tree.root())


def newest(directory: Path) -> Path:
    """Return the last segment's file."""
    return max((directory / "segments").glob("*.jsonl"))


def path_of(fd: int) -> Path:
    """Return the path of an open file."""
    return Path(f"/proc/self/fd/{fd}").readlink()


def _data(line: bytes) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(line).get("data", {})
    return data
