"""Random disks: refusals, kills and power cuts at any operation. What was acknowledged is there, once, and in order."""

import errno
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.core.ledger.settings import LedgerSettings
from tests.support.ledger_store import Clock, FailingDisk, check, entry, path_of, writer

PAGE = 64  # bytes; small, so that a group is several


class PowerCut(BaseException):
    """The machine is off."""


@dataclass
class Flaky(FailingDisk):
    """Remembers what is not synced; refuses, or cuts the power, when chance says so."""

    chance: random.Random = field(default_factory=random.Random)
    synced: dict[str, int] = field(default_factory=dict)  # file -> bytes that survive a power cut
    refuse: float = 0.0
    cut: float = 0.0

    def _ask(self, name: str) -> None:
        if self.chance.random() < self.cut:
            raise PowerCut
        if self.chance.random() < self.refuse:
            error = self.chance.choice((errno.ENOSPC, errno.EIO))
            raise OSError(error, os.strerror(error))
        super()._ask(name)

    def create(self, path: Path) -> int:
        self.synced[str(path)] = 0
        return super().create(path)

    def write(self, fd: int, data: bytes, at: int) -> None:
        if self.chance.random() < self.refuse:
            self.room = self.chance.randrange(len(data))
        try:
            super().write(fd, data, at)
        finally:
            self.room = None

    def sync(self, fd: int) -> None:
        super().sync(fd)
        self.synced[str(path_of(fd))] = os.fstat(fd).st_size

    def truncate(self, fd: int, size: int) -> None:
        super().truncate(fd, size)
        name = str(path_of(fd))
        self.synced[name] = min(size, self.synced.get(name, 0))

    def replace(self, old: Path, new: Path) -> None:
        super().replace(old, new)
        self.synced[str(new)] = self.synced.pop(str(old), 0)

    def lose_power(self, directory: Path, hints: Sequence[bytes]) -> None:
        """Leave what was synced, and of the rest what chance leaves: cut anywhere, any pages of it zero."""
        for path in (directory / "segments").iterdir():
            content, sure = bytearray(path.read_bytes()), self.synced.get(str(path), 0)
            end = self.chance.randint(sure, max(sure, len(content)))
            for page in range(sure, end, PAGE):
                if self.chance.random() < 0.2:
                    size = min(PAGE, end - page)
                    content[page : page + size] = bytes(size)
            path.write_bytes(content[:end])
        if hints:
            (directory / "committed").write_bytes(self.chance.choice(hints))


@settings(max_examples=80)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.3]), st.sampled_from([0.0, 0.05, 0.2]))
def test_nothing_acknowledged_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, seed: int, refuse: float, cut: float
) -> None:
    directory = tmp_path_factory.mktemp("ledger")
    chance, clock = random.Random(seed), Clock()
    acknowledged: list[int] = []
    number, hints = 0, []
    disk = Flaky(chance=chance)
    for _ in range(6):
        ledger = writer(directory, LedgerSettings(segment_max_bytes=4_096), disk, clock)
        disk.refuse, disk.cut = refuse, cut
        waiting: list[int] = []
        try:
            for _ in range(12):
                clock.at += chance.choice((1, 1, 1, 40_000))
                waiting += range(number, number := number + chance.randint(1, 3))
                try:
                    ledger.commit([[entry(each)] for each in waiting])
                except OSError:
                    continue
                acknowledged, waiting = acknowledged + waiting, []
                hints.append((directory / "committed").read_bytes())
        except PowerCut:
            ledger.close()
            disk.lose_power(directory, hints[-3:])
        else:
            ledger.close()
        disk.refuse = disk.cut = 0.0
    ledger = writer(directory, disk=disk, now=clock)
    ledger.open()
    ledger.commit([[entry(-1)]])
    ledger.close()
    assert ledger.damage == ""
    found = check(directory)
    numbers = found.numbers()
    assert len(set(numbers)) == len(numbers)
    there = set(numbers)
    assert [each for each in acknowledged if each not in there] == []
    assert [each for each in numbers if each in set(acknowledged)] == acknowledged
    assert found.root == ledger.tree.root()
