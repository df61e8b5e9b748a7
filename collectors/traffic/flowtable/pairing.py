"""Flow records of exporters, joined: the two one-way records of a flow become one with both directions."""

from collections.abc import Mapping
from secrets import randbits
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.layout import CHUNK, KEY, SEEDS
from collectors.traffic.flowtable.packed import PART, Packed, Packer, Parts, Unpacker
from collectors.traffic.flowtable.pairing_kernel import add, expire
from collectors.traffic.flowtable.pairing_layout import EXPORTER, EXPORTERS, MARK, PLACE, Tally
from collectors.traffic.flowtable.settings import PairingSettings
from netmon.api.memory import Again
from netmon.api.traffic import RECORD

_FIRST_ROWS: Final = 16_384
"""Rows that may be ready, at least: 2.8 MB. There is more as it is needed, up to `_WHOLE`."""
_WHOLE: Final = PART
"""Flows that are ready as they are: what a window of a sensor has at most. More wait packed, up to `ready_rows`."""
_BLOCK: Final = 65_536
"""Flows that are packed at once: 11 MB, which stay in a core's third cache from who joins to who packs."""
_LARGER: Final = 4
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
        tally[Tally.WAIT_NS] = int(settings.wait_s * 1e9)
        tally[Tally.APART_NS] = int(settings.apart_s * 1e9)
        tally[Tally.SHARE] = int(settings.both_ways_share * 65_536)
        tally[Tally.ENOUGH] = settings.both_ways_records
        self._arrays = Again(RECORD)
        self._packer, self._unpacker = Packer(), Unpacker()
        self._begin_anew(0)
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
            self._make_room()

    def drain(self, now_ns: int) -> tuple[NDArray[np.void], Parts | None]:
        """Return what was joined since the last call, and what has waited long enough by now: RECORD[m], and the rest.

        The rest is None where there is not much. The rows are the caller's for as long as he holds them. What does not
        fit into `ready_rows` waits on.
        """
        while expire(now_ns, *self._held, self._ready, self._exporters):
            if not self._make_room():
                break
        filled = int(self._tally[Tally.READY])
        rows, full = self._ready[:filled], self._full
        rest = Parts((*full[1:], rows), self._unpacker) if full else None
        self._begin_anew(_WHOLE if full else filled + filled // 8)
        if not full:
            self._packer.shed()
            return rows, None
        assert isinstance(full[0], np.ndarray)  # noqa: S101 - the first is not packed
        return full[0], rest

    def finish(self) -> NDArray[np.void]:
        """Return all that is left, also what has not waited long enough: RECORD[m]."""
        left = np.empty(self._laid_by + int(self._tally[Tally.READY]) + self.waiting, RECORD)
        at = 0
        for part in Parts((*self._full, self._ready[: int(self._tally[Tally.READY])]), Unpacker()):
            left[at : at + len(part)] = part
            at += len(part)
        self._tally[Tally.READY] = at
        expire(2**64 - 1, *self._held, left, self._exporters)
        self._begin_anew(0)
        return left

    def _begin_anew(self, rows: int) -> None:
        """Have nothing ready, and room for so many, about."""
        self._full: list[Packed | NDArray[np.void]] = []  # since the last drain: the first as they are, others packed
        self._laid_by = 0  # flows in them
        self._ready = self._arrays.take(min(max(rows, _FIRST_ROWS), _WHOLE))[: self.settings.ready_rows]
        self._tally[Tally.READY] = 0
        self._tally[Tally.MOST] = self.settings.ready_rows

    def _make_room(self) -> bool:
        """Make room for more that are ready, as far as that is allowed; return whether it is."""
        filled, most = int(self._tally[Tally.READY]), self.settings.ready_rows - self._laid_by
        if len(self._ready) >= most:
            return False
        if not self._full and len(self._ready) < _WHOLE:
            larger = self._arrays.take(min(_LARGER * len(self._ready), _WHOLE))[:most]
            larger[:filled] = self._ready[:filled]
            self._ready = larger
            return True
        self._laid_by += filled
        self._tally[Tally.READY], most = 0, most - filled
        self._tally[Tally.MOST] = most
        if self._full:
            self._full.append(self._packer.pack(self._ready[:filled]))
            self._ready = self._ready[:most]
        else:
            self._full.append(self._ready[:filled])
            self._ready = self._arrays.take(_BLOCK)[: min(most, _BLOCK)]
        return True

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
