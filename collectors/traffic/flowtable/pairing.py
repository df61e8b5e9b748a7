"""Flow records of exporters, joined: the two one-way records of a flow become one with both directions."""

from collections.abc import Mapping
from secrets import randbits
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.layout import CHUNK, KEY, SEEDS
from collectors.traffic.flowtable.pairing_kernel import add, expire
from collectors.traffic.flowtable.pairing_layout import EXPORTER, EXPORTERS, MARK, PLACE, Tally
from collectors.traffic.flowtable.settings import PairingSettings
from netmon.api.memory import Again
from netmon.api.traffic import RECORD

_FIRST_ROWS: Final = 16_384
"""Rows that may be ready, at least: 2.8 MB. There is more as it is needed, up to the setting `ready_rows`."""
_LARGER: Final = 8
"""So many times larger is the next array where one is full: rows that nothing is written to take no memory, and those
that are ready are copied rarely."""
_NO_OCTETS: Final = np.zeros(0, np.uint8)
_TOLD: Final = (
    Tally.RECORDS,
    Tally.PAIRS,
    Tally.ONE_WAY,
    Tally.UNKNOWN,
    Tally.PASSED,
    Tally.SUPERSEDED,
    Tally.EVICTED,
)


class Pairing:
    """Records that wait for their reverse. One thread at a time may use it.

    Two records of one exporter join when addresses, ports and protocol are each other's reverse and not more than
    `apart_s` lies between them. The source of the result is who began: whose record starts earlier; where both start
    together, who sent SYN and no ACK; else who has not the lower port. `state` follows from the flags of both.

    A record without partner goes out after `wait_s`, or when another of the same direction comes: ONE_WAY where its
    exporter is known to report both directions, by the share of its records that were joined so far; else UNKNOWN.
    """

    def __init__(self, settings: PairingSettings | None = None, *, seed: int | None = None) -> None:
        """`seed`: the secret bits of the hash; told only by tests that want the same twice."""
        self.settings = settings = PairingSettings() if settings is None else settings
        bits = randbits(64 * SEEDS) if seed is None else seed
        self._seeds = np.array([bits >> 64 * i & 0xFFFF_FFFF_FFFF_FFFF for i in range(SEEDS)], np.uint64)
        self._scratch = np.zeros(CHUNK + 1, KEY)
        self._tally = tally = np.zeros(Tally.SIZE, np.uint64)
        tally[Tally.MOST] = settings.ready_rows
        tally[Tally.WAIT_NS] = int(settings.wait_s * 1e9)
        tally[Tally.APART_NS] = int(settings.apart_s * 1e9)
        tally[Tally.SHARE] = int(settings.both_ways_share * 65_536)
        tally[Tally.ENOUGH] = settings.both_ways_records
        self._arrays = Again(RECORD)
        self._ready = self._arrays.take(min(_FIRST_ROWS, settings.ready_rows))
        self._held = (
            np.empty(settings.records, RECORD),
            np.empty(settings.records, MARK),
            np.zeros(1 << (2 * settings.records - 1).bit_length(), np.uint64),
            np.empty(2 * settings.records, PLACE),
            np.empty(settings.records, np.uint32),
            tally,
        )
        self._exporters = np.zeros(EXPORTERS, EXPORTER)

    def add(self, records: NDArray[np.void], now_ns: int) -> None:
        """Take flow records (RECORD[n]) that came at this time, Unix nanoseconds."""
        taken = 0
        while True:
            taken = add(
                records, taken, now_ns, *self._held, self._ready, self._exporters, self._seeds, self._scratch,
                _NO_OCTETS,
            )  # fmt: skip
            if taken == len(records):
                break
            self._enlarge(_LARGER * len(self._ready))

    def drain(self, now_ns: int) -> NDArray[np.void]:
        """Return what was joined since the last call, and what has waited long enough by now: RECORD[m].

        The rows are the caller's for as long as he holds them. What does not fit into `ready_rows` waits on.
        """
        while expire(now_ns, *self._held, self._ready, self._exporters):
            if len(self._ready) == self.settings.ready_rows:
                break
            self._enlarge(_LARGER * len(self._ready))
        filled = int(self._tally[Tally.READY])
        self._tally[Tally.READY] = 0
        rows = self._ready[:filled]
        self._ready = self._arrays.take(min(max(filled + filled // 8, _FIRST_ROWS), self.settings.ready_rows))
        return rows

    def finish(self) -> NDArray[np.void]:
        """Return all that is left, also what has not waited long enough: RECORD[m]."""
        filled = int(self._tally[Tally.READY])
        left = np.empty(filled + self.waiting, RECORD)
        left[:filled] = self._ready[:filled]
        expire(2**64 - 1, *self._held, left, self._exporters)
        self._tally[Tally.READY] = 0
        return left

    def _enlarge(self, rows: int) -> None:
        """Make room for so many that are ready, as far as that is allowed."""
        filled = int(self._tally[Tally.READY])
        larger = self._arrays.take(min(rows, self.settings.ready_rows))
        larger[:filled] = self._ready[:filled]
        self._ready = larger

    @property
    def waiting(self) -> int:
        """Return how many records wait for their reverse."""
        return int(self._tally[Tally.WAITING])

    @property
    def counts(self) -> Mapping[str, int]:
        """Return what happened so far, by name; `waiting` is of now."""
        told = {place.name.lower(): int(self._tally[place]) for place in _TOLD}
        lost = {"": Tally.LOST, "_packets": Tally.LOST_PACKETS, "_bytes": Tally.LOST_BYTES}
        told |= {f"unwritten{name}": int(self._tally[place]) for name, place in lost.items()}
        return {**told, "waiting": self.waiting}
