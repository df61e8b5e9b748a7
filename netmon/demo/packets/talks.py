"""Conversations as frames in time: connections with all that belongs to them, questions and answers, streams of video.

Each gives pairs of seconds since its beginning and a frame, in the order of time. Pure: chance is an argument.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

from netmon.demo.packets.frames import ACK, FIN, MSS, PSH, SYN, End, tcp, udp

Timed: TypeAlias = tuple[float, bytes]
Exchange: TypeAlias = tuple[int, int]
"""Octets asked, octets answered."""

_GAP_S: Final = 0.0004  # between two segments of one answer
# What is carried looks encrypted, and is nothing.
_CONTENT: Final = Random(77).randbytes(1 << 16)  # noqa: S311 - no secret
_DNS: Final = struct.Struct("!6H")  # RFC 1035, 4.1.1
_TXT: Final = 16


@dataclass(frozen=True, slots=True)
class Pace:
    """How quickly two talk: a round trip, and what passes between an answer and the next question."""

    rtt_s: float
    think_s: float


def connection(client: End, server: End, exchanges: Sequence[Exchange], pace: Pace, chance: Random) -> Iterator[Timed]:
    """Give a TCP connection from its handshake to its end."""
    rtt_s, seq = pace.rtt_s, chance.getrandbits(32)
    at, ours, theirs = 0.0, seq, seq ^ 0x5A5A_5A5A
    yield at, tcp(client, server, SYN, ours, 0)
    yield at + rtt_s / 2, tcp(server, client, SYN | ACK, theirs, ours + 1)
    ours, theirs, at = ours + 1, theirs + 1, at + rtt_s
    yield at, tcp(client, server, ACK, ours, theirs)
    for asked, answered in exchanges:
        for size in _segments(asked):
            yield at, tcp(client, server, ACK | PSH, ours, theirs, _CONTENT[:size])
            ours += size
        at += rtt_s / 2
        segments = _segments(answered)
        for number, size in enumerate(segments, 1):
            at += _GAP_S
            yield at, tcp(server, client, ACK | PSH, theirs, ours, _CONTENT[-size:])
            theirs += size
            if number % 2 == 0 or number == len(segments):
                yield at, tcp(client, server, ACK, ours, theirs)
        at += rtt_s / 2 + pace.think_s
    yield at, tcp(client, server, FIN | ACK, ours, theirs)
    yield at + rtt_s / 2, tcp(server, client, FIN | ACK, theirs, ours + 1)
    yield at + rtt_s, tcp(client, server, ACK, ours + 1, theirs + 1)


def question(client: End, server: End, name: str, answer: bytes, rtt_s: float) -> Iterator[Timed]:
    """Give a DNS question for an A record, and its answer."""
    number = client.port ^ 0x5A5A
    asked = _labels(name) + struct.pack("!HH", 1, 1)
    for frame in udp(client, server, _DNS.pack(number, 0x0100, 1, 0, 0, 0) + asked):
        yield 0.0, frame
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, len(answer)) + answer
    for frame in udp(server, client, _DNS.pack(number, 0x8180, 1, 1, 0, 0) + asked + record):
        yield rtt_s, frame


def unasked_answer(name: str, octets: int, number: int) -> bytes:
    """Return a DNS message as amplifiers send them: TXT records of about so many octets to a question for any."""
    asked = _labels(name) + struct.pack("!HH", 255, 1)
    text = b"\xff" + b"v" * 255
    record = b"\xc0\x0c" + struct.pack("!HHIH", _TXT, 1, 3_600, len(text)) + text
    count = max(1, octets // len(record))
    return _DNS.pack(number, 0x8580, 1, count, 0, 0) + asked + record * count


def call(caller: End, far: End, *, seconds: float, each_s: float) -> Iterator[Timed]:
    """Give a video call over UDP: pictures both ways, every `each_s` a datagram of RTP (RFC 3550) from each side."""
    for number in range(int(seconds / each_s)):
        head = struct.pack("!BBHII", 0x80, 96, number & 0xFFFF, number * 3_000 & 0xFFFF_FFFF, caller.port)
        size = 700 + number * 37 % 400
        yield number * each_s, udp(far, caller, head + _CONTENT[:size])[0]
        yield number * each_s + each_s / 3, udp(caller, far, head + _CONTENT[: size - 300])[0]


def _segments(octets: int) -> list[int]:
    whole, rest = divmod(octets, MSS)
    return [MSS] * whole + [rest] * (rest > 0)


def _labels(name: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode() for label in name.split(".")) + b"\0"
