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


def send(to: socket.socket, parcel: Parcel) -> None:
    """Send a parcel; blocks for as long as the other end takes. OSError where it is gone."""
    head, parts = dict(parcel.head), []
    second = parcel.second
    if second is not None:
        parts = [np.ascontiguousarray(getattr(second, name)) for name in _TABLES]
        head["second"] = {name: getattr(second, name) for name in _SCALARS}
        head["unlisted"] = dict(second.unlisted)
        head["rows"] = {name: len(part) for name, part in zip(_TABLES, parts, strict=True) if len(part)}
    words = json.dumps(head, default=int).encode()  # counters may be numpy's
    to.sendall(_LENGTHS.pack(len(words), sum(part.nbytes for part in parts)) + words)
    for part in parts:
        if len(part):
            to.sendall(part.view(np.uint8).data)


def receive(of: socket.socket) -> Parcel:
    """Return the next parcel; BrokenOffError where there is none, or none that can be understood."""
    try:
        words_length, rows_length = _LENGTHS.unpack(_exactly(of, _LENGTHS.size).data)
        if words_length > _LONGEST_HEAD or rows_length > _LONGEST_ROWS:
            raise BrokenOffError(f"a parcel of {words_length} and {rows_length} octets")
        head = json.loads(_exactly(of, words_length).tobytes())
        rows = _exactly(of, rows_length)
        return Parcel(head, _second(head, rows) if "second" in head else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenOffError(str(error)) from error


def _second(head: Mapping[str, Any], octets: NDArray[np.uint8]) -> Second:
    tables: dict[str, Any] = {}
    at = 0
    counts = head["rows"]
    for name, dtype in _TABLES.items():
        count = int(counts.get(name, 0))
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


def _exactly(of: socket.socket, count: int) -> NDArray[np.uint8]:
    octets = np.empty(count, np.uint8)
    view = octets.data
    while view:
        got = of.recv_into(view)
        if not got:
            raise BrokenOffError("the other end is gone")
        view = view[got:]
    return octets
