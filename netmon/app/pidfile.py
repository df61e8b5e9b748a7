"""One daemon of a role for each state directory: a locked file with its process id, and how its last reload went."""

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import structlog

from netmon.api import ConfigError, Fault

NAMES: Final = ("netmon", "core", "poller")
"""What daemons are called: `netmon` does everything, the others are roles."""


log = structlog.get_logger(__name__)


class PidFile:
    """The lock on a name in a state directory; the kernel gives it up when the daemon ends, however it ends."""

    def __init__(self, state: Path, name: str = "netmon") -> None:
        self.path = state / f"{name}.pid"
        self._fd: int | None = None

    def take(self) -> None:
        """Lock it and write our process id; ConfigError when another daemon holds it."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 32).decode("ascii", "replace").strip()
            os.close(fd)
            problem = f"another netmon daemon (process {holder or 'unknown'}) uses this state directory"
            remedy = "stop that one, or give this one its own state_dir"
            raise ConfigError(Fault(str(self.path), 0, 0, problem, remedy)) from None
        self._fd = fd
        try:
            os.ftruncate(fd, 0)
            os.write(fd, f"{os.getpid()}\n".encode())
        except OSError as error:  # a full disk keeps no daemon from starting: the lock holds without the number
            log.warning("the process id could not be written", file=str(self.path), error=str(error))

    def release(self) -> None:
        """Give the lock up. The file stays, empty: removing it would race with the next daemon's lock."""
        if self._fd is not None:
            with suppress(OSError):  # a disk that became read-only: the lock is what counts
                os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None


def daemon_pid(state: Path, name: str = "netmon") -> int | None:
    """Return the process id of the daemon that holds this name in the state directory, or None when none does."""
    try:
        fd = os.open(state / f"{name}.pid", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(fd, 32).decode("ascii", "replace").strip()
        return int(text) if text.isdecimal() else None
    finally:
        os.close(fd)
    return None  # nobody holds the lock: what the file says is left from a daemon that was killed


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The outcome of a reload: its number since the daemon started, and the faults when it was refused."""

    pid: int
    number: int
    ok: bool
    faults: tuple[str, ...] = ()

    def write(self, state: Path, name: str = "netmon") -> None:
        """Put it where `netmon reload` looks, in one step."""
        new = state / f"{name}.reload.new"
        new.touch(mode=0o600)
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.replace(state / f"{name}.reload.json")

    @classmethod
    def read(cls, state: Path, name: str = "netmon") -> "Reloaded | None":
        """Return the last outcome, or None when there is none that can be read."""
        try:
            data = json.loads((state / f"{name}.reload.json").read_text(encoding="utf-8"))
            return cls(int(data["pid"]), int(data["number"]), bool(data["ok"]), tuple(map(str, data["faults"])))
        except (OSError, ValueError, KeyError, TypeError):
            return None
