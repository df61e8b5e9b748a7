"""What a stream of records held in all: for metrics, and for the last lines of a replay, a sensor, a flow collector."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.packet.sums_kernel import VERDICTS, add_up
from netmon.api.traffic import Verdict

_NS: Final = 1e9
_NEVER: Final = 2**64 - 1  # the earliest time before there is one


class Tallies:
    """Sums over records."""

    def __init__(self) -> None:
        self.flows = 0
        self._sums = np.array([0, 0, _NEVER, 0], np.uint64)  # packets, bytes, the earliest start, the latest end
        self._verdicts = np.zeros(VERDICTS, np.uint64)

    @property
    def packets(self) -> int:
        """Return how many packets there were, sampling applied."""
        return int(self._sums[0])

    @property
    def bytes(self) -> int:
        """Return how many octets they had, sampling applied."""
        return int(self._sums[1])

    def take(self, records: NDArray[np.void]) -> None:
        """Add a batch."""
        add_up(records, self._sums, self._verdicts)

    def plain(self) -> dict[str, list[int]]:
        """Return the sums, for another process."""
        sums: list[int] = self._sums.tolist()
        spans = sums[2:] if sums[2] != _NEVER else []
        return {"sums": sums[:2], "verdicts": self._verdicts.tolist(), "span": spans}

    def join(self, plain: Mapping[str, Sequence[int]]) -> None:
        """Add the sums of another process; KeyError or ValueError for what cannot be that."""
        packets, octets = plain["sums"]
        first, last = plain["span"] or (_NEVER, 0)
        verdicts = np.array(plain["verdicts"], np.uint64)
        self._verdicts += verdicts
        self._sums[:2] += np.array([packets, octets], np.uint64)
        self._sums[2] = min(int(self._sums[2]), first)
        self._sums[3] = max(int(self._sums[3]), last)

    @property
    def span_s(self) -> float:
        """Return the time from the first record to the last, in seconds."""
        first, last = int(self._sums[2]), int(self._sums[3])
        return 0.0 if first == _NEVER else (last - first) / _NS

    def verdicts(self) -> dict[str, int]:
        """Return how many records there were of each verdict that occurred, in small letters."""
        return {one.name.lower(): int(self._verdicts[one]) for one in Verdict if self._verdicts[one]}

    def odd(self) -> dict[str, int]:
        """Return how many were malformed, by verdict."""
        whole = {Verdict.OK.name.lower(), Verdict.NOT_IP.name.lower()}
        return {verdict: count for verdict, count in self.verdicts().items() if verdict not in whole}
