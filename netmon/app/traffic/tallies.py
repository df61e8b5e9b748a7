"""What a stream of records held in all: for metrics, and for the last lines of a replay, a sensor, a flow collector."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Verdict

_KINDS: Final = 32  # more than there are verdicts
_NS: Final = 1e9


class Tallies:
    """Sums over records."""

    def __init__(self) -> None:
        self.packets = 0
        self.bytes = 0
        self.flows = 0
        self._verdicts = np.zeros(_KINDS, np.int64)
        self._first_ns: int | None = None
        self._last_ns = 0

    def take(self, records: NDArray[np.void]) -> None:
        """Add a batch."""
        if not len(records):
            return
        self.packets += int(records["packets"].sum())
        self.bytes += int(records["bytes"].sum())
        self._verdicts += np.bincount(records["verdict"], minlength=_KINDS)[:_KINDS]
        first = int(records["start_ns"].min())
        self._first_ns = first if self._first_ns is None else min(self._first_ns, first)
        self._last_ns = max(self._last_ns, int(records["end_ns"].max()))

    @property
    def span_s(self) -> float:
        """Return the time from the first record to the last, in seconds."""
        return 0.0 if self._first_ns is None else (self._last_ns - self._first_ns) / _NS

    def verdicts(self) -> dict[str, int]:
        """Return how many records there were of each verdict that occurred, in small letters."""
        return {one.name.lower(): int(self._verdicts[one]) for one in Verdict if self._verdicts[one]}

    def odd(self) -> dict[str, int]:
        """Return how many were malformed, by verdict."""
        whole = {Verdict.OK.name.lower(), Verdict.NOT_IP.name.lower()}
        return {verdict: count for verdict, count in self.verdicts().items() if verdict not in whole}
