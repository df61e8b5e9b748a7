"""Packets of a moment as a capture file that any tool opens: nanosecond pcap, written whole or not at all."""

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.capture.pack_kernel import pack
from collectors.traffic.capture.settings import LARGEST
from netmon.api.traffic import FRAME, Frames, Traffic

_HEADER: Final = struct.Struct("<IHHiIII")  # draft-ietf-opsawg-pcap, 4
_NANOSECONDS: Final = 0xA1B2_3C4D
_BUFFER: Final = 1 << 20  # octets written at once; holds the longest packet
_MODE: Final = 0o600  # packets may hold what is secret


@dataclass(frozen=True, slots=True)
class Captured:
    """Packets as they came: their octets, when, and what the kernel took out of them."""

    frames: Frames
    times_ns: NDArray[np.uint64]
    tags: NDArray[np.uint32] | None = (
        None  # 802.1Q or 802.1ad tags that are to go back in, TPID in the high half; 0: none
    )

    def __len__(self) -> int:
        return len(self.times_ns)

    @classmethod
    def of(cls, traffic: Traffic) -> Self:
        """Return a batch of a capture file, whose frames are whole. ValueError where it has none."""
        if traffic.frames is None:
            raise ValueError("records of flows have no packets")
        return cls(traffic.frames, traffic.records["start_ns"])

    def only(self, keep: NDArray[np.bool_]) -> "Captured":
        """Return those where `keep` is set."""
        frames = Frames(self.frames.buffer, self.frames.index[keep], self.frames.link_type)
        return Captured(frames, self.times_ns[keep], None if self.tags is None else self.tags[keep])


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a pcap."""

    packets: int
    octets: int  # of the file
    left_out: int  # packets beyond the size, or of another link type than the first


def write_pcap(path: Path, captured: Iterable[Captured], *, max_bytes: int) -> Written:
    """Write packets to a file of at most `max_bytes`, which appears when it is complete and only we may read.

    OSError where it cannot be written; then nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            written = _write(file.fileno(), captured, max_bytes)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return written


def warm_up() -> None:
    """Compile or load what `write_pcap` needs, while compiled code can still be stored and nothing is urgent."""
    nothing = np.zeros(0, np.uint32)
    pack(np.zeros(0, np.uint8), np.zeros(0, FRAME), np.zeros(0, np.uint64), nothing, 0, np.zeros(0, np.uint8), 0)


def _write(descriptor: int, captured: Iterable[Captured], max_bytes: int) -> Written:
    out = np.zeros(_BUFFER, np.uint8)
    link_type, packets, octets, left_out, full = -1, 0, _HEADER.size, 0, max_bytes < _HEADER.size
    for each in captured:
        if link_type < 0 and len(each):
            link_type = each.frames.link_type
            _write_all(descriptor, _HEADER.pack(_NANOSECONDS, 2, 4, 0, 0, LARGEST, link_type))
        if full or each.frames.link_type != link_type:
            left_out += len(each)
            continue
        tags = np.zeros(len(each), np.uint32) if each.tags is None else each.tags
        times_ns = np.ascontiguousarray(each.times_ns)  # a column of records is not: it would be compiled for anew
        at = 0
        while at < len(each) and not full:
            room = min(_BUFFER, max_bytes - octets)
            count, length = pack(each.frames.buffer, each.frames.index, times_ns, tags, at, out, room)
            _write_all(descriptor, out[: int(length)].data)
            at, packets, octets = at + int(count), packets + int(count), octets + int(length)
            full = count == 0
        left_out += len(each) - at
    if link_type < 0:
        _write_all(descriptor, _HEADER.pack(_NANOSECONDS, 2, 4, 0, 0, LARGEST, 1))
    return Written(packets, octets, left_out)


def _write_all(descriptor: int, octets: bytes | memoryview) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
