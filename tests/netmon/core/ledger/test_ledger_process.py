"""Real processes: killed at any moment, on a disk that fills up, on one that cannot be written."""

import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.support.ledger_store import check, writer
from tests.support.link_disk import small_disk
from tests.support.waiting import eventually_sync


@dataclass
class Load:
    """A process under load, and what it said so far."""

    process: subprocess.Popen[bytes]
    acknowledged: list[tuple[int, int, int]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Read what it says until it ends; a line that a kill cut short does not count."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            text = line.decode()
            if not text.endswith("\n"):
                return
            if text[0].isdigit():
                seq, number, size = map(int, text.split())
                self.acknowledged.append((seq, number, size))
            else:
                self.said.append(text.strip())

    def reach(self, acts: int) -> None:
        """Wait until so many were acknowledged."""
        eventually_sync(lambda: len(self.acknowledged) >= acts, 20)

    def end(self) -> None:
        """Ask it to end, and wait."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(20) == 0

    def heard(self, word: str) -> bool:
        return any(each.startswith(word) for each in self.said)


@contextmanager
def load(directory: Path, *arguments: str) -> Iterator[Load]:
    command = [sys.executable, "-m", "tests.support.ledger_load", str(directory), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        running = Load(process)
        listener = threading.Thread(target=running.listen)
        listener.start()
        try:
            yield running
        finally:
            process.kill()
            process.wait()
            listener.join()


def holds(directory: Path, acknowledged: list[tuple[int, int, int]]) -> None:
    """Fail unless every acknowledged act is there, once, under the number that was said, and every act is whole."""
    found = check(directory)
    records = list(map(json.loads, found.lines))
    numbers = found.numbers()
    assert len(numbers) == len(set(numbers))
    for seq, number, size in acknowledged:
        assert [each["data"].get("number") for each in records[seq : seq + size]] == list(range(number, number + size))
    for each, following in pairwise(records):
        if each.get("more"):
            assert following["data"]["number"] == each["data"]["number"] + 1
    assert not records[-1].get("more")


def reopen(directory: Path) -> None:
    """Start and end, as a daemon would: a torn end is cut off, and nothing is taken for damage."""
    ledger = writer(directory)
    ledger.open()
    ledger.close()
    assert ledger.damage == ""


def test_killed_at_random_moments(tmp_path: Path) -> None:
    chance, acknowledged = random.Random(), []
    for _ in range(20):
        with load(tmp_path) as running:
            wanted = chance.choice((1, 1, 50, 300, 2_000))
            running.reach(wanted)
        acknowledged += running.acknowledged
    reopen(tmp_path)
    assert len(acknowledged) > 20
    holds(tmp_path, acknowledged)


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    with load(tmp_path, "100000") as running:
        eventually_sync(lambda: running.heard("unhealthy"))
        assert "File too large" in running.said[-1]
        before = len(running.acknowledged)
        assert running.process.stdin is not None
        running.process.stdin.write(b"more room\n")
        running.process.stdin.flush()
        eventually_sync(lambda: running.heard("healthy") and len(running.acknowledged) > before + 500)
    reopen(tmp_path)
    holds(tmp_path, running.acknowledged)


def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(400_000))
        with load(disk / "ledger") as running:
            eventually_sync(lambda: running.heard("unhealthy"))
            assert "no space left" in running.said[-1]
            before = len(running.acknowledged)
            ballast.unlink()
            eventually_sync(lambda: running.heard("healthy") and len(running.acknowledged) > before)
            eventually_sync(lambda: running.said[-1].startswith("unhealthy"))  # and full again
            running.end()
        holds(disk / "ledger", running.acknowledged)


def test_killed_on_a_full_disk_and_started_there_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(400_000))
        with load(disk / "ledger") as running:
            eventually_sync(lambda: running.heard("unhealthy"))
        acknowledged = running.acknowledged
        with load(disk / "ledger") as running:
            eventually_sync(lambda: running.heard("open") and running.heard("unhealthy"))
            ballast.unlink()
            eventually_sync(lambda: bool(running.acknowledged))
        acknowledged += running.acknowledged
        reopen(disk / "ledger")
        holds(disk / "ledger", acknowledged)


def test_a_disk_that_becomes_read_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64m") as disk:
        with load(disk / "ledger") as running:
            eventually_sync(lambda: len(running.acknowledged) > 100)
        acknowledged = running.acknowledged
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with load(disk / "ledger") as running:
            eventually_sync(lambda: running.heard("unhealthy"))
            assert "is read-only" in running.said[0]
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
            eventually_sync(lambda: running.heard("healthy") and len(running.acknowledged) > 100)
        reopen(disk / "ledger")
        holds(disk / "ledger", acknowledged + running.acknowledged)


def test_the_end_of_input_ends_it_in_order(tmp_path: Path) -> None:
    with load(tmp_path) as running:
        eventually_sync(lambda: len(running.acknowledged) > 100)
        running.end()
    holds(tmp_path, running.acknowledged)
