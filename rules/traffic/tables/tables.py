"""The tables of a window: who received and who sent what, by which ports, and a sample of it, in one compiled pass."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.memory import Again, Allocate
from netmon.api.traffic import ENDPOINT, RECORD, SAMPLE, Second
from rules.traffic.tables.ends_kernel import BEGUN_BITS, KNOWN_ENDS, LOOKS
from rules.traffic.tables.memory import laid_out
from rules.traffic.tables.ports import Ports
from rules.traffic.tables.ports_kernel import PORT, PORT_ROWS
from rules.traffic.tables.row_kernel import reserve, settle, vacate
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.tables_kernel import STATE, add

_KEPT_FROM: Final = 16
"""Packets in a window from which an address may have its room kept: below, it is one of a flood's many."""
_GIVEN_AWAY_FROM: Final = 32_768
"""Rows, 8 MB: fewer are copied, in a millisecond or two, so that their memory is at once there for the next window.
Of a smaller table a quarter is: it has less memory to spare."""
_BUFFERS: Final = 4
"""Tables' worth of rows that are kept: one each that fills, and what is judged meanwhile of a flood in both of them."""
_COPIED_APART: Final = 4_096
"""Rows, 1 MB: fewer are copied to memory of their own, more to such as comes back too."""


class _Table:
    """Rows by address, and the index that leads to them."""

    def __init__(self, count: int, memory: Again, copies: Again, index: NDArray[np.uint64]) -> None:
        self.rows = memory.take(count)
        self.index = index
        self._memory = memory
        self._copies = copies
        self._few = _few(count)
        self._busy = np.zeros(len(self.rows), np.uint32)
        self._reserved = 0

    def drain(self, used: int, kept: int, seed: np.uint64) -> tuple[NDArray[np.void], int]:
        """Return the rows used and empty the table, but for room for its busiest; return also how many have that."""
        if used >= self._few:
            self.index.fill(0)
        else:
            vacate(self.rows, self.index, np.uint64(used), seed)
        used, count = settle(self.rows, np.uint64(self._reserved), np.uint64(used), _KEPT_FROM, self._busy)
        busy = self._busy[:count]
        if count > kept:
            packets = self.rows["packets"][busy]
            busy = busy[np.argpartition(packets, count - kept)[count - kept :]] if kept else busy[:0]
        keys = np.stack((self.rows["hi"][busy], self.rows["lo"][busy]), axis=1)
        if used < self._few:
            rows = _copied(self.rows[:used], None if used < _COPIED_APART else self._copies.take(self._few))
        else:
            rows, self.rows = self.rows[:used], self._memory.take(len(self.rows))
        for memory in (self._memory, self._copies):
            memory.shed(_BUFFERS)
        self._reserved = int(reserve(self.rows, self.index, keys, seed))
        return rows, self._reserved


class Tables:
    """Counts records until they are drained as a Second.

    Addresses are told apart up to `settings.rows`; records of others are counted in `Second.unlisted`. The addresses
    that were busiest have room in the next window too, so that a flood of forged sources cannot hide its victim's
    answers. `seed`: of the hash, the sample and rounding; None draws one, so that nobody can choose addresses that
    collide; a replay gives one to tell the same twice.
    """

    def __init__(
        self,
        settings: TablesSettings | None = None,
        *,
        window_s: float = 1.0,
        seed: int | None = None,
        new: Allocate | None = None,
    ) -> None:
        """Allocate the tables; `window_s` is how long a window is, for flows that lasted longer.

        `new`: where the memory comes from in which rows are told (see Again).
        """
        self._settings = settings or TablesSettings()
        slots = 1 << (4 * self._settings.rows - 1).bit_length()
        shapes = (slots, np.uint64), (slots, np.uint64), (BEGUN_BITS // 32, np.uint64), (KNOWN_ENDS, np.uint64)
        index, other, begun, known, ports = laid_out((*shapes, (PORT_ROWS, PORT)))
        self._rows, self._copies = Again(ENDPOINT, new), Again(ENDPOINT, new)
        self._destinations = _Table(self._settings.rows, self._rows, self._copies, index)
        self._sources = _Table(self._settings.rows, self._rows, self._copies, other)
        self._ports = Ports(ports)
        self._begun = begun  # two windows, word by word
        self._known = known
        self._ahead = laid_out([(LOOKS * 8, np.uint64)])[0]
        self._amplifiers = np.zeros(1_024, np.uint64)  # a bit for each port
        for port in self._settings.amplifier_ports:
            self._amplifiers[port >> 6] |= np.uint64(1 << (port & 63))
        self._sample = np.zeros(SAMPLE, RECORD)
        self._states = np.zeros(1, STATE)
        draw = np.random.default_rng(seed)
        self._states["seed"] = draw.integers(1, 1 << 63, dtype=np.uint64)
        self._states["random"] = draw.integers(1, 1 << 63, dtype=np.uint64)
        self._states["window_ns"] = int(window_s * 1e9)

    def touch(self) -> None:
        """Take the memory of a flood's windows from the kernel now: forged sources fill one table and then another,
        their victims, who were first to be given rows, a part of one that is copied. 92 MB, as it would be then.
        """
        rows = self._settings.rows
        part = _few(rows)
        self._rows.touch(rows, part, rows, rows)
        self._copies.touch(part, part, part)

    def add(self, records: NDArray[np.void]) -> None:
        """Count records (RECORD[n])."""
        add(
            records,
            self._states,
            self._destinations.rows,
            self._destinations.index,
            self._sources.rows,
            self._sources.index,
            self._ports.rows,
            self._ports.used,
            self._begun,
            self._amplifiers,
            self._sample,
            self._known,
            self._ahead,
        )

    def drain(self, start: float, end: float, *, live: bool = True) -> Second:
        """Return what was counted as the window from `start` to `end` (Unix seconds), and begin the next one."""
        state = self._states[0]
        records = int(state["records"])
        unlisted = {"destinations": int(state["no_destination"]), "sources": int(state["no_source"])}
        kept, seed = self._settings.kept, state["seed"]
        destinations, kept_destinations = self._destinations.drain(int(state["destinations"]), kept, seed)
        sources, kept_sources = self._sources.drain(int(state["sources"]), kept, seed)
        second = Second(
            start=start,
            end=end,
            live=live,
            records=records,
            packets=int(state["packets"]),
            bytes=int(state["bytes"]),
            destinations=destinations,
            sources=sources,
            unlisted={table: count for table, count in unlisted.items() if count},
            ports=self._ports.drain(int(state["ports"])),
            sample=_copied(self._sample[: min(records, SAMPLE)]),
        )
        for name in ("no_destination", "no_source", "records", "packets", "bytes", "next", "ports"):
            state[name] = 0
        state["destinations"], state["sources"] = kept_destinations, kept_sources
        state["turn"] ^= np.uint64(1)
        self._begun[int(state["turn"]) :: 2] = 0
        self._known.fill(0)
        return second


def _few(rows: int) -> int:
    """Return from how many rows on those of a window are given away, of a table that has room for so many."""
    return max(min(rows, _COPIED_APART), min(rows // 4, _GIVEN_AWAY_FROM))


def _copied(rows: NDArray[np.void], to: NDArray[np.void] | None = None) -> NDArray[np.void]:
    """Return a copy of rows, made octet by octet: numpy's own goes through them field by field."""
    if to is None:
        return rows.view(np.uint8).copy().view(rows.dtype)
    copy = to[: len(rows)]
    copy.view(np.uint8)[:] = rows.view(np.uint8)
    return copy
