"""A spool's small file: who the sender is, what was acknowledged, which numbers may have been given out.

Two slots of fixed length are written in turn, in place: one of them is whole at any moment, and no room on the disk is
needed to write, so that a full disk cannot keep a daemon from starting.
"""

import fcntl
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec

SLOT_BYTES: Final = 512
_to_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What a sender must know about itself. `reserved`: no number above it was ever given out."""

    sender: str
    acknowledged: int = 0
    reserved: int = 0
    generation: int = 0  # the slot with the higher one is the newer


_decoder = msgspec.json.Decoder(SpoolState)


class StateFile:
    """The file, locked for as long as it is open: one process for each spool."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self._generation = 0

    def open(self) -> SpoolState | None:
        """Lock it and return what stands in it, None where it is new or both slots are damaged.

        Raises BlockingIOError when another process has it, and OSError.
        """
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = [state for slot in (0, 1) if (state := _parse(os.pread(fd, SLOT_BYTES, slot * SLOT_BYTES)))]
        except OSError:
            os.close(fd)
            raise
        self._fd = fd
        newest = max(found, key=lambda state: state.generation, default=None)
        self._generation = newest.generation if newest else 0
        return newest

    def write(self, state: SpoolState, *, sync: bool) -> None:
        """Write the older slot; with `sync`, return when it survives a power cut. Raises OSError."""
        self._generation += 1
        slot = self._generation % 2
        os.pwrite(self._fd, _render(replace(state, generation=self._generation)), slot * SLOT_BYTES)
        if sync:
            os.fdatasync(self._fd)

    def close(self) -> None:
        """Let go of it; safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _render(state: SpoolState) -> bytes:
    data = _to_json(state)
    return (b"%08x %b" % (crc32(data), data)).ljust(SLOT_BYTES - 1) + b"\n"


def _parse(slot: bytes) -> SpoolState | None:
    data = slot[9:].rstrip()
    if slot[:8] != b"%08x" % crc32(data):
        return None
    try:
        return _decoder.decode(data)
    except ValueError:
        return None
