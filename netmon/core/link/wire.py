"""Octets on the socket ↔ frames. Pure: octets in, frames out.

A frame is the length of what follows (4 octets, big-endian), its kind (1 octet) and its payload. Numbers are 8 octets,
big-endian. A sender says HELLO, is answered WELCOME or REFUSED, and then sends BATCH after BATCH, each answered by ACK
once it is on the core's disk; HEARTBEAT goes both ways.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias, TypeVar

import msgspec

T = TypeVar("T")

VERSION: Final = 1
MAX_GREETING_BYTES: Final = 4_096  # all that is read of a peer that has not said who it is
MAX_NUMBER: Final = (1 << 63) - 1

_LENGTH = struct.Struct(">IB")
_NUMBER = struct.Struct(">Q")


class WireError(ValueError):
    """What came is none of ours, or too long: the connection is of no use any more."""


class FrameKind(IntEnum):
    """The octet behind the length."""

    HELLO = 1
    WELCOME = 2
    BATCH = 3
    ACK = 4
    HEARTBEAT = 5
    REFUSED = 6


@dataclass(frozen=True, slots=True)
class Hello:
    """Who sends, in which version, and the lowest number that it has not seen acknowledged."""

    sender: str
    first: int
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Welcome:
    """The highest number of this sender that the core has on disk (0: none), and how much it takes at a time.

    `window` is how many batches may be under way, `records` and `bytes` what one may hold (`bytes` of lines).
    """

    last: int
    window: int
    records: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines without their newlines, numbered from `first` without gaps."""

    first: int
    lines: Sequence[bytes]

    @property
    def last(self) -> int:
        """Return the number of the last line."""
        return self.first + len(self.lines) - 1


@dataclass(frozen=True, slots=True)
class Ack:
    """Everything up to this number is on the core's disk, or was dropped and counted there."""

    through: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The core will not talk: why, in words for the operator."""

    why: str


Frame: TypeAlias = Hello | Welcome | Batch | Ack | Heartbeat | Refused


class _HelloData(msgspec.Struct):
    netmon_link: int
    sender: str = ""
    first: int = 1


class _WelcomeData(msgspec.Struct):
    last: int
    window: int
    records: int
    bytes: int


class _RefusedData(msgspec.Struct):
    why: str


_to_json = msgspec.json.Encoder().encode
_hello = msgspec.json.Decoder(_HelloData)
_welcome = msgspec.json.Decoder(_WelcomeData)
_refused = msgspec.json.Decoder(_RefusedData)


def encode(frame: Frame) -> bytes:
    """Return a frame's octets."""
    match frame:
        case Batch():
            return _framed(FrameKind.BATCH, _NUMBER.pack(frame.first) + b"\n".join(frame.lines))
        case Ack():
            return _framed(FrameKind.ACK, _NUMBER.pack(frame.through))
        case Heartbeat():
            return _framed(FrameKind.HEARTBEAT, b"")
        case Hello():
            return _framed(FrameKind.HELLO, _to_json(_HelloData(frame.version, frame.sender, frame.first)))
        case Welcome():
            data = _WelcomeData(frame.last, frame.window, frame.records, frame.bytes)
            return _framed(FrameKind.WELCOME, _to_json(data))
        case Refused():
            return _framed(FrameKind.REFUSED, _to_json(_RefusedData(frame.why[:1_000])))


def max_frame_bytes(lines_bytes: int, records: int) -> int:
    """Return how long a frame can be that carries a batch of this many octets of lines."""
    return 1 + _NUMBER.size + lines_bytes + records


class Decoder:
    """Frames out of octets as they come: `feed`, then `next_frame` until it gives None.

    `max_bytes` caps a frame and `max_records` the lines of a batch; raise them when the peer is known.
    """

    def __init__(self, max_bytes: int = MAX_GREETING_BYTES, max_records: int = 0) -> None:
        self.max_bytes = max_bytes
        self.max_records = max_records
        self._buffer = bytearray()

    @property
    def waiting_bytes(self) -> int:
        """Return how many octets came that no frame was made of yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take octets from the peer."""
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """Return the next whole frame; WireError when what came cannot become one, at the first octet that says so."""
        if len(self._buffer) < 4:
            return None
        length = int.from_bytes(self._buffer[:4], "big")
        if not 1 <= length <= self.max_bytes:
            raise WireError(f"a frame of {length} octets; 1 to {self.max_bytes} are allowed")
        if len(self._buffer) > 4 and self._buffer[4] not in _DECODERS:
            raise WireError(f"a frame of the unknown kind {self._buffer[4]}")
        if len(self._buffer) < 4 + length:
            return None
        kind, payload = self._buffer[4], bytes(memoryview(self._buffer)[5 : 4 + length])
        del self._buffer[: 4 + length]
        frame = _DECODERS[kind](payload)
        if isinstance(frame, Batch) and len(frame.lines) > self.max_records:
            raise WireError(f"a batch of {len(frame.lines)} records; {self.max_records} are allowed")
        return frame


def _framed(kind: FrameKind, payload: bytes) -> bytes:
    return _LENGTH.pack(1 + len(payload), kind) + payload


def _decode_hello(payload: bytes) -> Hello:
    data = _json(_hello, payload)
    _check(data.first, 1)
    return Hello(data.sender, data.first, data.netmon_link)


def _decode_welcome(payload: bytes) -> Welcome:
    data = _json(_welcome, payload)
    _check(data.last, 0)
    if min(data.window, data.records, data.bytes) < 1:
        raise WireError("a welcome that allows nothing")
    return Welcome(data.last, data.window, data.records, data.bytes)


def _decode_batch(payload: bytes) -> Batch:
    if len(payload) < _NUMBER.size:
        raise WireError("a batch without its number")
    batch = Batch(_number(payload[: _NUMBER.size], 1), payload[_NUMBER.size :].split(b"\n"))
    _check(batch.last, 1)
    return batch


def _decode_ack(payload: bytes) -> Ack:
    return Ack(_number(payload, 0))


def _decode_heartbeat(payload: bytes) -> Heartbeat:
    if payload:
        raise WireError("a heartbeat that carries something")
    return Heartbeat()


def _decode_refused(payload: bytes) -> Refused:
    return Refused(_json(_refused, payload).why)


def _number(octets: bytes, least: int) -> int:
    if len(octets) != _NUMBER.size:
        raise WireError(f"a number of {len(octets)} octets")
    number: int = _NUMBER.unpack(octets)[0]
    return _check(number, least)


def _check(number: int, least: int) -> int:
    if not least <= number <= MAX_NUMBER:
        raise WireError(f"the number {number} is out of range")
    return number


def _json(decoder: "msgspec.json.Decoder[T]", payload: bytes) -> T:
    try:
        return decoder.decode(payload)
    except (ValueError, RecursionError) as error:
        raise WireError(f"no greeting of ours: {error}") from error


_DECODERS: Final[dict[int, Callable[[bytes], Frame]]] = {
    FrameKind.HELLO: _decode_hello,
    FrameKind.WELCOME: _decode_welcome,
    FrameKind.BATCH: _decode_batch,
    FrameKind.ACK: _decode_ack,
    FrameKind.HEARTBEAT: _decode_heartbeat,
    FrameKind.REFUSED: _decode_refused,
}
