"""Both ends as processes that are killed at random moments under load: nothing that was flushed is lost or doubled."""

import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.processes import running
from tests.support.waiting import eventually_sync

KILLS = 12  # `bench/faults` has hundreds


class Pair:
    """A sender and a core, each started again after it was killed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.file = folder / "stored"
        self.flushed = folder / "flushed"
        self._folder = folder
        self._stack = stack
        self._logs = 0
        self._processes: dict[str, object] = {}

    def start(self, role: str) -> None:
        socket = str(self._folder / "core.sock")
        paths = [self.file] if role == "core" else [self._folder / "spool", self._folder / "sent", self.flushed]
        command = [sys.executable, "-m", "tests.support.link_child", role, socket, *map(str, paths)]
        self._logs += 1
        log = self._folder / f"{role}-{self._logs}.log"
        process = self._stack.enter_context(running(command, log))

        def ready() -> bool:
            assert process.poll() is None, log.read_text()
            return "ready" in log.read_text()

        eventually_sync(ready, 30)
        self._processes[role] = process

    def kill(self, role: str) -> None:
        process = self._processes[role]
        process.kill()  # type: ignore[attr-defined] # a Popen
        process.wait()  # type: ignore[attr-defined] # the same

    def stored(self) -> list[tuple[str, int, int]]:
        """Return (sender, number, serial) of whole lines."""
        data = self.file.read_bytes() if self.file.exists() else b""
        lines = data[: data.rfind(b"\n") + 1].decode().split()
        return [(sender, int(number), int(serial)) for sender, number, serial in (line.split("/") for line in lines)]

    def safe(self) -> set[int]:
        """Return the serials that a flush made safe."""
        return {serial for first, end in self.flushes().items() for serial in range(first, end)}

    def flushes(self) -> dict[int, int]:
        """Return from where to where each sender's life was flushed."""
        lines = self.flushed.read_text().splitlines() if self.flushed.exists() else []
        return {int(first): int(end) for first, end in (line.split() for line in lines)}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        yield Pair(tmp_path, stack)


@pytest.mark.parametrize("victims", [["sender"], ["core"], ["sender", "core"]], ids="-".join)
def test_kill_9_under_load(pair: Pair, victims: list[str]) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    print(f"seed {seed}")  # noqa: T201 - to run a failure again
    pair.start("core")
    pair.start("sender")
    for _ in range(KILLS // len(victims)):
        before = pair.flushes()
        eventually_sync(lambda old=before: pair.flushes() != old, 30)  # type: ignore[misc] # mypy cannot infer a default
        time.sleep(chance.uniform(0, 0.1))  # not to wait: to kill at any moment
        for victim in chance.sample(victims, len(victims)):
            pair.kill(victim)
        for victim in sorted(victims):
            pair.start(victim)
    pair.kill("sender")
    safe = pair.safe()
    pair.start("sender")  # it delivers what its spool holds
    eventually_sync(lambda: (stored := pair.stored()) and stored[-1][2] > max(safe), 60)
    pair.kill("sender")
    pair.kill("core")

    stored = pair.stored()
    assert len({sender for sender, _, _ in stored}) == 1
    numbers = [number for _, number, _ in stored]
    assert numbers == sorted(set(numbers))
    serials = [serial for _, _, serial in stored]
    assert serials == sorted(set(serials))  # each once, in order
    missing = safe - set(serials)
    assert not missing, f"flushed and lost: {sorted(missing)[:10]}"
    assert len(safe) > 1_000
