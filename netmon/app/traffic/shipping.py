"""Windows of traffic from one process of ours to another: a head in JSON, then rows as they lie in memory.

Nothing is unpickled: a process that decodes what strangers send is not to have a say in the one that judges.
"""

import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import (
    BRIDGE,
    DNS,
    ENDPOINT,
    LEASE,
    MAC_SEEN,
    NEIGHBOUR,
    PORT_LOAD,
    RECORD,
    ROUTER,
    Second,
)
from netmon.app.traffic.lending import Borrower, Lender

_LENGTHS: Final = struct.Struct("=IQ")  # octets of the head, and of all rows
_LONGEST_HEAD: Final = 1 << 20  # a head with all counters has some 5 kB
_LONGEST_ROWS: Final = 1 << 30  # a flood's tables are 67 MB; all flows of a large table, at the stop, 200 MB
_TABLES: Final[Mapping[str, np.dtype[np.void]]] = {
    "destinations": ENDPOINT,
    "sources": ENDPOINT,
    "ports": PORT_LOAD,
    "begun": RECORD,
    "ended": RECORD,
    "sample": RECORD,
    "dns": DNS,
    "neighbours": NEIGHBOUR,
    "leases": LEASE,
    "routers": ROUTER,
    "bridges": BRIDGE,
    "macs": MAC_SEEN,
}
_SCALARS: Final = ("start", "end", "live", "records", "packets", "bytes")


class BrokenOffError(Exception):
    """The other end is gone, or says what cannot be."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent at once: words, and one window or none."""

    head: Mapping[str, Any]
    second: Second | None = None

    @property
    def octets(self) -> int:
        """Return how much memory the rows take."""
        return 0 if self.second is None else sum(getattr(self.second, name).nbytes for name in _TABLES)


def send(to: socket.socket, parcel: Parcel, lender: Lender | None = None) -> int:
    """Send a parcel; blocks for as long as the other end takes. OSError where it is gone.

    Rows that lie in the lender's memory stay there; return how many octets they are.
    """
    head, parts, lent = dict(parcel.head), [], 0
    second = parcel.second
    if second is not None:
        rows = {name: array for name in _TABLES if len(array := getattr(second, name))}
        places = {name: lender.lend(array) for name, array in rows.items()} if lender is not None else {}
        head["lent"] = {name: at for name, at in places.items() if at is not None}
        parts = [np.ascontiguousarray(array) for name, array in rows.items() if name not in head["lent"]]
        lent = sum(rows[name].nbytes for name in head["lent"])
        head["second"] = {name: getattr(second, name) for name in _SCALARS}
        head["unlisted"] = dict(second.unlisted)
        head["rows"] = {name: len(array) for name, array in rows.items()}
    words = json.dumps(head, default=int).encode()  # counters may be numpy's
    to.sendall(_LENGTHS.pack(len(words), sum(part.nbytes for part in parts)) + words)
    for part in parts:
        to.sendall(part.view(np.uint8).data)
    return lent


def receive(of: socket.socket, borrower: Borrower | None = None) -> Parcel:
    """Return the next parcel; BrokenOffError where there is none, or none that can be understood.

    `borrower`: has the memory in which some of the rows may lie.
    """
    try:
        words_length, rows_length = _LENGTHS.unpack(_exactly(of, np.empty(_LENGTHS.size, np.uint8)).data)
        if words_length > _LONGEST_HEAD or rows_length > _LONGEST_ROWS:
            raise BrokenOffError(f"a parcel of {words_length} and {rows_length} octets")
        head = json.loads(_exactly(of, np.empty(words_length, np.uint8)).tobytes())
        rows = _exactly(of, np.empty(rows_length, np.uint8))
        return Parcel(head, _second(head, rows, borrower) if "second" in head else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenOffError(str(error)) from error


def _second(head: Mapping[str, Any], octets: NDArray[np.uint8], borrower: Borrower | None) -> Second:
    tables: dict[str, Any] = {}
    at = 0
    counts, lent = head["rows"], head["lent"] if borrower is not None else {}
    for name, dtype in _TABLES.items():
        count = int(counts.get(name, 0))
        if borrower is not None and name in lent:
            tables[name] = borrower.rows(int(lent[name]), count, dtype)
            continue
        if count < 0 or at + count * dtype.itemsize > len(octets):
            raise ValueError("rows beyond the parcel's end")
        end = at + count * dtype.itemsize
        if count:
            tables[name] = octets[at:end].view(dtype)
        at = end
    if at != len(octets):
        raise ValueError("octets beyond the rows")
    scalars = {name: head["second"][name] for name in _SCALARS}
    return Second(**scalars, unlisted={str(name): int(count) for name, count in head["unlisted"].items()}, **tables)


def _exactly(of: socket.socket, octets: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fill an array with what comes."""
    view = octets.data
    while view:
        got = of.recv_into(view)
        if not got:
            raise BrokenOffError("the other end is gone")
        view = view[got:]
    return octets
