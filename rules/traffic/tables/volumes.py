"""The tables of a window where no detector is on: volumes by address and by port, for who measures."""

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second
from rules.traffic.tables.ports import Ports
from rules.traffic.tables.ports_kernel import PORT, PORT_ROWS
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.volumes_kernel import AHEAD, STATE, VOLUME, add_up


class _Table:
    """Rows by address, and the index that leads to them."""

    def __init__(self, rows: int) -> None:
        self.rows = np.zeros(rows, VOLUME)
        self.index = np.zeros(1 << (2 * rows - 1).bit_length(), np.uint64)

    def drain(self, used: int) -> NDArray[np.void]:
        """Return the rows used and empty the table."""
        rows = self.rows[:used]
        told = rows.copy()
        rows.view(np.uint64).fill(0)
        self.index.fill(0)
        return told


class Volumes:
    """Adds up records until they are drained as a Second, as `Tables` does, at a fraction of the cost.

    Of addresses only bytes and packets are told (VOLUME: a row of ENDPOINT would be eight times the memory, new each
    window), and no sample. Each record counts whole, however long its flow
    lasted: a rate is none of its business.
    """

    def __init__(self, settings: TablesSettings | None = None, *, seed: int | None = None) -> None:
        """`seed`: of the hash; told only by tests that want the same twice."""
        rows = (settings or TablesSettings()).rows
        self._destinations, self._sources = _Table(rows), _Table(rows)
        self._ports = Ports(np.zeros(PORT_ROWS, PORT))
        self._ahead = np.zeros((AHEAD, 2), np.uint64)
        self._states = np.zeros(1, STATE)
        self._states["seed"] = np.random.default_rng(seed).integers(1, 1 << 63, dtype=np.uint64)

    def add(self, records: NDArray[np.void]) -> None:
        """Count records (RECORD[n])."""
        add_up(
            records,
            self._states,
            self._destinations.rows,
            self._destinations.index,
            self._sources.rows,
            self._sources.index,
            self._ports.rows,
            self._ports.used,
            self._ahead,
        )

    def drain(self, start: float, end: float, *, live: bool = False) -> Second:
        """Return what was counted as the window from `start` to `end` (Unix seconds), and begin the next one."""
        state = self._states[0]
        unlisted = {"destinations": int(state["no_destination"]), "sources": int(state["no_source"])}
        second = Second(
            start=start,
            end=end,
            live=live,
            records=int(state["records"]),
            packets=int(state["packets"]),
            bytes=int(state["bytes"]),
            destinations=self._destinations.drain(int(state["destinations"])),
            sources=self._sources.drain(int(state["sources"])),
            unlisted={table: count for table, count in unlisted.items() if count},
            ports=self._ports.drain(int(state["ports"])),
        )
        for name in (STATE.names or ())[1:]:  # all but the seed
            state[name] = 0
        return second
