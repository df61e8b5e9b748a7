"""The decoder's typed face: arrays of the right shape, frames from Python's octets, compiling beforehand."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.packet.notes import Decoder
from netmon.api.traffic import FRAME, RECORD, Frames, Traffic

ETHERNET: Final = 1
"""LINKTYPE_ETHERNET; the others' numbers: `Frames.link_type`."""


def allocate(count: int) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return room for `count` frames: index (FRAME) and records (RECORD), zeroed, to be used again and again."""
    return np.zeros(count, FRAME), np.zeros(count, RECORD)


def decode_frames(
    frames: Sequence[bytes],
    link_type: int = ETHERNET,
    tunnels: int = 0,
    *,
    start_ns: Sequence[int] = (),
    wire: Sequence[int] = (),
) -> Traffic:
    """Decode frames that Python holds: for a few of them, since each costs a copy.

    `start_ns` are their times (0 without), `wire` how long they were on the wire (as long as they are, without).
    """
    index, decoder = np.zeros(len(frames), FRAME), Decoder(len(frames), tunnels)
    lengths = np.array([len(frame) for frame in frames], np.uint64)
    index["at"] = np.cumsum(lengths) - lengths
    index["captured"] = lengths
    index["wire"] = np.array(wire, np.uint32) if len(wire) else lengths
    if len(start_ns):
        decoder.records["start_ns"] = np.array(start_ns, np.uint64)
    buffer = np.frombuffer(b"".join(frames), np.uint8)
    return decoder.decode(Frames(buffer, index, link_type))


def warm_up() -> None:
    """Have the decoder compiled, or read from its cache: importing does so, one frame proves it."""
    decode_frames([bytes(64)])
