"""Flows as log-ins: short conversations with a service that has passwords, and how much was said."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.guessing.attempts_kernel import note, read
from rules.traffic.guessing.settings import GuessingSettings

ATTEMPT: Final = np.dtype(
    [
        ("source", "u8"),  # hashed
        ("host", "u8"),  # the destination and its service, hashed
        ("pair", "u8"),  # both
        ("source_hi", "u8"),
        ("source_lo", "u8"),
        ("destination_hi", "u8"),
        ("destination_lo", "u8"),
        ("at_ns", "u8"),  # when it ended
        ("octets", "u4"),  # payload both ways
        ("reply_octets", "u4"),
        ("port", "u2"),
        ("service", "u1"),  # place in the settings
        ("fits", "u1"),  # 1: as a failed log-in may be; 0: longer
    ]
)
_FLOWS: Final = 1 << 17  # whose beginning is remembered: 1 MB; of two that share a place the newer one


class Reader:
    """Reads flows by the services of the settings.

    A packet's headers are 12 octets more with TCP's timestamps, which Linux and macOS send and Windows does not. A
    flow's SYN tells, where it was seen to begin; so do packets that are too small to have them. Where neither does,
    they are taken to be there, and what then falls short of a log-in is one where it would not without them.
    """

    def __init__(self, settings: GuessingSettings) -> None:
        self._place = np.full(65_536, -1, np.int16)
        for place, service in enumerate(settings.services):
            self._place[list(service.ports)] = place
        bounds = [(each.least_octets, each.most_octets, round(each.longest_s * 1e9)) for each in settings.services]
        self._bounds = np.array(bounds, np.uint64).reshape(-1, 3)
        self._plain = np.zeros(_FLOWS, np.uint64)

    def note(self, begun: NDArray[np.void]) -> None:
        """Take flows that just began (RECORD[n])."""
        note(np.ascontiguousarray(begun), self._place, self._plain)

    def read(self, records: NDArray[np.void], *, live: bool) -> NDArray[np.void]:
        """Return the conversations with services among flows (RECORD[n]) that ended, as ATTEMPT[m]."""
        told = np.empty(len(records), ATTEMPT)
        if not len(records):
            return told
        return told[: int(read(np.ascontiguousarray(records), live, self._place, self._bounds, self._plain, told))]


def alike(octets: NDArray[np.uint32], spread: float) -> tuple[float, float]:
    """Return the share of conversations whose size is near the median, and the median."""
    if not len(octets):
        return 0.0, 0.0
    middle = float(np.median(octets))
    near = np.abs(octets.astype(np.float64) - middle) <= max(spread * middle, 40.0)
    return float(near.mean()), middle
