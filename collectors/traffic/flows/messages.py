"""IPFIX messages cut out of a stream of octets (RFC 7011, 10.4): no sockets, no clock."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from collectors.traffic.flows.datagrams import DATAGRAM, Datagrams

_HEAD: Final = struct.Struct("!HH")  # version 10, octets of the message with its header: RFC 7011, 3.1
_SMALLEST: Final = 16
LARGEST: Final = 65_535

STREAM_BYTES: Final = 1 << 17  # of one stream: the largest message, begun anywhere in a read of as many octets again
_BATCH_BYTES: Final = 1 << 22  # of all streams: 4 MB a turn are 400 MB/s at 100 turns a second
_BATCH_MESSAGES: Final = 1 << 16


@dataclass(slots=True)
class Stream:
    """The octets of one stream that are not yet a whole message. `key` is what its messages give as their exporter."""

    key: int
    octets: bytearray
    filled: int = 0

    def room(self) -> memoryview:
        """Return where the next octets belong."""
        return memoryview(self.octets)[self.filled :]


class MessageBatch:
    """Whole messages of many streams, one behind the other, until they are taken."""

    def __init__(self) -> None:
        self._buffer = np.zeros(_BATCH_BYTES, np.uint8)
        self._view = self._buffer.data
        self._index = np.zeros(_BATCH_MESSAGES, DATAGRAM)
        self._used = 0
        self._count = 0

    def has_room(self) -> bool:
        """Tell whether all that a stream's buffer may hold has room here."""
        return self._used + STREAM_BYTES <= _BATCH_BYTES and self._count + STREAM_BYTES // _SMALLEST <= _BATCH_MESSAGES

    def cut(self, stream: Stream, received_ns: int) -> tuple[int, bool]:
        """Move a stream's whole messages here; return how many there were, and whether the stream can go on.

        It cannot where no IPFIX message follows: where the next one begins is then not known. `has_room` comes first.
        """
        at, count, sound = 0, 0, True
        rows: list[tuple[int, int, int, int]] = []
        while stream.filled - at >= _HEAD.size:
            version, length = _HEAD.unpack_from(stream.octets, at)
            if version != 10 or length < _SMALLEST:
                sound = False
                break
            if length > stream.filled - at:
                break
            rows.append((self._used + at, length, stream.key, received_ns))
            at += length
            count += 1
        if rows:
            self._index[self._count : self._count + count] = rows
            self._view[self._used : self._used + at] = memoryview(stream.octets)[:at]
            self._count += count
            self._used += at
            rest = stream.filled - at
            stream.octets[:rest] = stream.octets[at : stream.filled]
            stream.filled = rest
        return count, sound

    def take(self) -> Datagrams:
        """Return the messages and make room for others: they are valid until the next call of `cut`."""
        index = self._index[: self._count]
        self._used = self._count = 0
        return Datagrams(self._buffer, index)
