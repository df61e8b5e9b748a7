"""Flows read as contacts."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic.learned import hashed
from rules.traffic.numbering import Numbering
from rules.traffic.scans.contact import CONTACT
from rules.traffic.scans.contacts_kernel import read
from rules.traffic.tables.amplifiers import AMPLIFIERS

_ASKING: Final = 1 << 13  # ports that asked everybody, 64 kB; of two that share a place the newer one
_AHEAD: Final = 64  # contacts whose slots are asked for at once: 5 kB
_SPREAD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)


class Reader:
    """Reads contacts by a table that is used again."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._answering = np.zeros(65_536, np.uint8)
        self._answering[[port for port in AMPLIFIERS if port >= 1024]] = 1
        self._asking = np.zeros(_ASKING, np.uint64)
        self._telling = np.zeros(65_536, np.uint8)
        self._ahead = np.zeros(_AHEAD, CONTACT)

    def read(self, records: NDArray[np.void], *, live: bool) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """Return what flows (RECORD[n], ended or just begun) tell, each contact (CONTACT) once, as it was first.

        First those that a scan leaves (see BAD), then those that are pending or were answered; half open is both.
        """
        bad, opened = np.empty(len(records), CONTACT), np.empty(len(records), CONTACT)
        if not len(records):
            return bad, opened
        if not live:
            self._telling[:] = 0
        slots, seed = self._numbering.slots(len(records)), self._numbering.seed
        rows = np.ascontiguousarray(records)
        lists, tables = (bad, opened), (self._answering, self._asking, self._telling)
        bads, opens = read(rows, live, *tables, seed, slots, self._ahead, *lists)
        return bad[: int(bads)], opened[: int(opens)]


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
