"""Flows read as contacts."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.learned import hashed
from rules.traffic.scans.contact import CONTACT
from rules.traffic.scans.contacts_kernel import number, read
from rules.traffic.tables.amplifiers import AMPLIFIERS

_SPREAD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
_SLOTS: Final = 1 << 20  # at most: 8 MB, for the 524,288 flows that a window has at most
_LEAST: Final = 1 << 10


class Reader:
    """Reads contacts, and numbers equal keys, by a table that is used again."""

    def __init__(self, *, seed: int | None = None) -> None:
        """`seed`: of the hash; None draws one, so that nobody can choose addresses that share a slot."""
        self._seed = np.random.default_rng(seed).integers(1, 1 << 63, dtype=np.uint64)
        self._answering = np.zeros(65_536, np.uint8)
        self._answering[[port for port in AMPLIFIERS if port >= 1024]] = 1
        self._telling = np.zeros(65_536, np.uint8)
        self._slots = np.zeros(0, np.uint64)
        self._rows = np.zeros(0, np.uint32)

    def read(self, records: NDArray[np.void], *, live: bool) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """Return what flows (RECORD[n], ended or just begun) tell, each contact (CONTACT) once, as it was first.

        First those that a scan leaves (see BAD), then those that are pending or were answered; half open is both.
        """
        bad, opened = np.empty(len(records), CONTACT), np.empty(len(records), CONTACT)
        if not len(records):
            return bad, opened
        if not live:
            self._telling[:] = 0
        slots = self._free(len(records))
        rows = np.ascontiguousarray(records)
        bads, opens = read(rows, live, self._answering, self._telling, self._seed, slots, bad, opened)
        return bad[: int(bads)], opened[: int(opens)]

    def number(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint32], int]:
        """Return a number for each key (u8[n]), equal ones the same, in the order in which they come, and how many."""
        groups = np.empty(len(keys), np.uint32)
        slots = self._free(len(keys))
        return groups, int(number(np.ascontiguousarray(keys), self._seed, slots, self._rows, groups))

    def _free(self, count: int) -> NDArray[np.uint64]:
        """Return at least twice as many empty slots, if there may be so many."""
        size = min(max(1 << (2 * count - 1).bit_length(), _LEAST), _SLOTS)
        if size > len(self._slots):
            self._slots, self._rows = np.zeros(size, np.uint64), np.zeros(size, np.uint32)
        slots = self._slots[:size]
        slots[:] = 0
        return slots


def distinct(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return each contact once, as it was first."""
    return rows[np.unique(rows["contact"], return_index=True)[1]]


def keyed(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Fill the hashes of contacts whose other fields are set; return them."""
    rows["source"] = hashed(rows["source_hi"], rows["source_lo"])
    rows["destination"] = hashed(rows["destination_hi"], rows["destination_lo"])
    with np.errstate(over="ignore"):
        what = (rows["port"].astype(np.uint64) << np.uint64(8)) | rows["protocol"].astype(np.uint64)
        rows["contact"] = hashed(rows["source"], rows["destination"] ^ (what + np.uint64(1)) * _SPREAD)
    return rows
