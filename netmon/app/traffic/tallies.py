"""What a stream of records held in all: for metrics, and for the last lines of a replay, a sensor, a flow collector."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from collectors.traffic.packet.sums_kernel import EARLIEST, LATEST, NEVER, OCTETS, PACKETS, SUMS, VERDICT, add_up, join
from netmon.api.traffic import Traffic, Verdict

_NS: Final = 1e9


class Tallies:
    """Sums over records."""

    def __init__(self) -> None:
        self.flows = 0
        self._sums = np.zeros(SUMS, np.uint64)
        self._sums[EARLIEST] = NEVER
        self._verdicts = self._sums[VERDICT:]

    @property
    def packets(self) -> int:
        """Return how many packets there were, sampling applied."""
        return int(self._sums[PACKETS])

    @property
    def bytes(self) -> int:
        """Return how many octets they had, sampling applied."""
        return int(self._sums[OCTETS])

    def take(self, traffic: Traffic) -> None:
        """Add a batch."""
        if traffic.notes is None:
            add_up(traffic.records, self._sums)
        else:
            join(self._sums, traffic.notes.sums)
        if traffic.beside is not None:
            join(self._sums, traffic.beside)

    def plain(self) -> dict[str, list[int]]:
        """Return the sums, for another process."""
        sums: list[int] = self._sums[:VERDICT].tolist()
        spans = sums[2:] if sums[2] != NEVER else []
        return {"sums": sums[:2], "verdicts": self._verdicts.tolist(), "span": spans}

    def join(self, plain: Mapping[str, Sequence[int]]) -> None:
        """Add the sums of another process; KeyError or ValueError for what cannot be that."""
        packets, octets = plain["sums"]
        first, last = plain["span"] or (int(NEVER), 0)
        verdicts = np.array(plain["verdicts"], np.uint64)
        if len(verdicts) != len(self._verdicts):
            raise ValueError("another number of verdicts")
        join(self._sums, np.concatenate([np.array([packets, octets, first, last], np.uint64), verdicts]))

    @property
    def span_s(self) -> float:
        """Return the time from the first record to the last, in seconds."""
        first, last = int(self._sums[EARLIEST]), int(self._sums[LATEST])
        return 0.0 if first == NEVER else (last - first) / _NS

    def verdicts(self) -> dict[str, int]:
        """Return how many records there were of each verdict that occurred, in small letters."""
        return {one.name.lower(): int(self._verdicts[one]) for one in Verdict if self._verdicts[one]}

    def odd(self) -> dict[str, int]:
        """Return how many were malformed, by verdict."""
        whole = {Verdict.OK.name.lower(), Verdict.NOT_IP.name.lower()}
        return {verdict: count for verdict, count in self.verdicts().items() if verdict not in whole}
