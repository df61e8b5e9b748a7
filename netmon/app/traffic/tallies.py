"""What a stream of records held in all: for metrics, and for the last lines of a replay, a sensor, a flow collector."""

from collections.abc import Mapping, Sequence
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

    def plain(self) -> dict[str, list[int]]:
        """Return the sums, for another process."""
        spans = [] if self._first_ns is None else [self._first_ns, self._last_ns]
        return {"sums": [self.packets, self.bytes], "verdicts": self._verdicts.tolist(), "span": spans}

    def join(self, plain: Mapping[str, Sequence[int]]) -> None:
        """Add the sums of another process; KeyError or ValueError for what cannot be that."""
        packets, octets = plain["sums"]
        self._verdicts += np.array(plain["verdicts"], np.int64)
        self.packets += packets
        self.bytes += octets
        if plain["span"]:
            first, last = plain["span"]
            self._first_ns = first if self._first_ns is None else min(self._first_ns, first)
            self._last_ns = max(self._last_ns, last)

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
