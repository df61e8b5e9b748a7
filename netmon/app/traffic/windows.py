"""Cuts a stream of records into windows of time: by the records' own time, so that a file is judged as a wire is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.packet.sums_kernel import reach

NS: Final = 1_000_000_000
LONGEST_GAP: Final = 400
"""Empty windows that are told one by one: what is longer is jumped over, since by then everything that closes after a
quiet time was closed. A gap of a day in a capture would cost a minute otherwise."""
PATIENCE: Final = 50
"""Jumps after which gaps are not told any more: times that leap to and fro must not cost a second each."""
REST: Final = 60
"""Empty windows after which nothing can come to be told any more where no flow and no finding is open: detectors that
wait wait for so long at most."""
RESTS: Final = 10_000
"""Gaps that are cut short so. Further ones count as jumps: an hour between any two packets would take days."""
STEP_BACK: Final = 30
"""Windows that a record's time may lie behind before time is taken to have been set back: less is disorder."""


class Windows:
    """The clock of a stream: one window is open, once the first record came or a clock was looked at."""

    def __init__(self, length_s: float) -> None:
        self.length_ns = round(length_s * NS)
        self.start_ns = 0
        self.is_open = False
        self.late = 0  # records whose window had ended: they count to the open one
        self.jumps = 0  # gaps jumped over, and times set back
        self.rests = 0  # gaps of which only the beginning was told, since nothing was left to be told

    @property
    def end_ns(self) -> int:
        """Return the end of the open window, in Unix nanoseconds."""
        return self.start_ns + self.length_ns

    @property
    def oldest_ns(self) -> int:
        """Return the time before which a record shows that time was set back."""
        return max(self.start_ns - STEP_BACK * self.length_ns, 0)

    def hold(self, earliest_ns: int, latest_ns: int) -> bool:
        """Tell whether all records between these times belong to the open window, and none is late."""
        return self.is_open and self.start_ns <= earliest_ns and latest_ns < self.start_ns + self.length_ns

    def fits(self, at_ns: NDArray[np.uint64], begin: int) -> int:
        """Return how far the records from `begin` on belong to the open window; `begin` itself where time moved on."""
        if not self.is_open:
            self.open_at(int(at_ns[begin]))
        end, late = reach(at_ns, begin, self.oldest_ns, self.start_ns, self.end_ns)
        self.late += late
        return int(end)

    def ends_before(self, at_ns: int) -> int:
        """Return how many windows are to be told as ended before the one of this time is open."""
        if at_ns < self.start_ns:
            return 1  # time was set back: what is open ends
        distance = (at_ns - self.start_ns) // self.length_ns
        return min(distance, LONGEST_GAP) if self.jumps < PATIENCE else min(distance, 1)

    def advance(self) -> tuple[float, float]:
        """End the open window and open the next; return begin and end of the one that ended, in Unix seconds."""
        start = self.start_ns
        self.start_ns += self.length_ns
        return start / NS, self.start_ns / NS

    def rest_until(self, at_ns: int) -> None:
        """Open the window of this time: of those between, there is nothing to tell."""
        self.rests += 1
        self.jumps += self.rests > RESTS
        self.start_ns = at_ns - at_ns % self.length_ns

    def open_at(self, at_ns: int) -> None:
        """Open the window of this time, whatever was open."""
        start = at_ns - at_ns % self.length_ns
        if self.is_open and start != self.start_ns:
            self.jumps += 1
        self.is_open = True
        self.start_ns = start
