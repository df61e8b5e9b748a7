"""A spool with its sender's identity: what survives the daemon. Blocking: called from one thread of its own."""

import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog

from netmon.api import ConfigError, Fault
from netmon.core.link.spool import Spool
from netmon.core.link.state import SpoolState, StateFile
from netmon.core.link.wire import MAX_NUMBER

RESERVED_AT_ONCE: Final = 1 << 24
"""Numbers that may be given out before the file must be written again. After a crash those that are left are skipped:
some may have reached the core without ever reaching this disk, and one number must not stand for two things."""

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,126}"
_SENDER: Final = re.compile(rf"{_NAME}-[0-9a-f]{{8}}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a spool held when it was opened."""

    sender: str
    next_number: int
    reserved: int
    acknowledged: int
    runs: Sequence[tuple[int, int]]


def new_sender(name: str) -> str:
    """Return a name that no other spool has."""
    return f"{name}-{secrets.token_hex(4)}"


def is_sender(text: str) -> bool:
    """Tell whether `new_sender` could have made this."""
    return _SENDER.fullmatch(text) is not None


def source_of(sender: str) -> str:
    """Return the daemon's name in a sender's."""
    name, dash, _ = sender.rpartition("-")
    return name if dash else sender


class Store:
    """Opens and closes spool and state together."""

    def __init__(self, directory: Path, name: str, segment_bytes: int) -> None:
        self.spool = Spool(directory, segment_bytes)
        self._directory = directory
        self._name = name
        self._file = StateFile(directory / "state")
        self._state = SpoolState("")

    def open(self) -> Recovered:
        """Lock, read and reserve; ConfigError where the operator can mend it."""
        if not re.fullmatch(_NAME, self._name):
            remedy = "use up to 127 letters, digits and _.:- and begin with a letter or a digit"
            raise self._fault(f"the name {self._name!r} of this daemon cannot be used on the link", remedy)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self._file.open()
            runs = self.spool.open()
            last = runs[-1][1] if runs else 0
            if found is None or source_of(found.sender) != self._name:
                found = SpoolState(new_sender(self._name), reserved=last)
            begin = max(found.reserved, last)
            self._state = replace(found, reserved=min(begin + RESERVED_AT_ONCE, MAX_NUMBER))
            self._file.write(self._state, sync=True)
            self._sync_directory()
        except BlockingIOError:
            self.close()
            raise self._fault("another daemon uses this spool", "give each daemon its own state_dir") from None
        except OSError as error:
            self.close()
            remedy = "let this user write there, on a disk with room"
            raise self._fault(f"the spool cannot be used: {error.strerror or error}", remedy) from error
        if self.spool.torn_bytes:
            log.warning("the end of the spool was torn and is skipped", bytes=self.spool.torn_bytes)
        return Recovered(found.sender, begin + 1, self._state.reserved, found.acknowledged, runs)

    def reserve(self, last: int) -> int:
        """Allow many more numbers than `last`; return the highest allowed. Raises OSError."""
        state = replace(self._state, reserved=min(last + RESERVED_AT_ONCE, MAX_NUMBER))
        self._file.write(state, sync=True)
        self._state = state
        return state.reserved

    def rename(self) -> str:
        """Become a sender that the core has never heard of. Raises OSError."""
        state = replace(self._state, sender=new_sender(self._name))
        self._file.write(state, sync=True)
        self._state = state
        return state.sender

    def acknowledge(self, through: int) -> None:
        """Forget what the core has. A crash may undo it, which only sends some things twice. Raises OSError."""
        self._state = replace(self._state, acknowledged=through)
        self._file.write(self._state, sync=False)
        self.spool.forget(through)

    def finish(self, through: int, last: int) -> None:
        """Note a clean end: the next start gives out the number after `last`. Raises OSError."""
        self.spool.forget(through)
        self._file.write(replace(self._state, acknowledged=through, reserved=last), sync=True)

    def close(self) -> None:
        """Let go of every file; safe to call twice."""
        self.spool.close()
        self._file.close()

    def _sync_directory(self) -> None:
        fd = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _fault(self, problem: str, remedy: str) -> ConfigError:
        return ConfigError(Fault(str(self._directory), 0, 0, problem, remedy))
