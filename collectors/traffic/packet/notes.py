"""Decoding into arrays that are used again and again, with the notes that who comes after goes by."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.packet.decode_kernel import NO_TAGS, NO_TIMES, decode_noting
from collectors.traffic.packet.sums_kernel import SUMS
from netmon.api.traffic import RECORD, Frames, Notes, Traffic


class Decoder:
    """Room for the records of a batch and for what is noted of them. For one thread."""

    def __init__(self, most: int, tunnels: int = 0) -> None:
        """`most`: records of a batch; `tunnels`: what to look inside of, a bit mask of 1 << Tunnel."""
        self.records: Final = np.zeros(most, RECORD)
        self._tunnels = tunnels
        self._sums = np.zeros(SUMS, np.uint64)
        self._noted = np.zeros(most, np.uint32)
        self._stations = np.zeros(most, np.uint64)

    def decode(
        self, frames: Frames, times: NDArray[np.uint64] = NO_TIMES, tags: NDArray[np.uint32] = NO_TAGS
    ) -> Traffic:
        """Decode frames, at most as many as there is room for; valid until the next call.

        `times`, `tags`: as the loop takes them; without them the times stand in `records` before.
        """
        count = len(frames.index)
        noted = decode_noting(
            frames.buffer,
            frames.index,
            times,
            tags,
            self.records,
            count,
            frames.link_type,
            self._tunnels,
            self._sums,
            self._noted,
            self._stations,
        )
        notes = Notes(self._sums, self._noted[: int(noted)], self._stations[:count])
        return Traffic(self.records[:count], frames, notes)
