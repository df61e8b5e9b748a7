"""Writers that are killed at their Nth step on the disk, a process each: `child.py DIRECTORY STEPS`.

Prints what each was sure of. The processes are forked before polars has any threads, so that it is imported only once.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from exporters.flowstore.disk import Disk
from exporters.flowstore.memory import Octets
from tests.support.kept_flows import HOUR, record, store


def say(*words: object) -> None:
    """Tell the test, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Deadly(Disk):
    """Kills the process before, or in the middle of, a step."""

    def __init__(self, left: int) -> None:
        self._left = left

    def _step(self) -> bool:
        self._left -= 1
        return self._left == 0

    def _die(self) -> None:
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    def fill(self, content: Sequence[Octets], path: Path) -> None:
        super().fill(content, path)
        if self._step():
            os.truncate(path, path.stat().st_size // 2)
            self._die()

    def rename(self, old: Path, new: Path) -> None:
        if self._step():
            self._die()
        super().rename(old, new)
        if self._step():
            self._die()

    def sync_directory(self, path: Path) -> None:
        if self._step():
            self._die()
        super().sync_directory(path)

    def remove(self, path: Path) -> None:
        if self._step():
            self._die()
        super().remove(path)

    def remove_directory(self, path: Path) -> None:
        if self._step():
            self._die()
        super().remove_directory(path)


def main() -> None:
    directory = Path(sys.argv[1])
    for step in range(1, int(sys.argv[2])):
        say("step", step)
        child = os.fork()
        if not child:
            try:
                write(directory / str(step), step)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        say("status", os.waitstatus_to_exitcode(status))


def write(directory: Path, step: int) -> None:
    book = store(directory, Deadly(step), merge_after_s=10, keep_days=1, late_hours=30)
    for minute in range(4):
        say("put", minute)
        book.put(record(end=HOUR + minute * 60, bytes=minute))
        book.tick(HOUR + minute * 60 + 60.5)
        say("kept", minute)
    book.tick(HOUR + 3_700)  # merges
    book.tick(HOUR + 3_800)  # removes the parts
    say("end")
    book.close()


if __name__ == "__main__":
    main()
