"""Messages out of streams, without sockets."""

import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.traffic.flows.datagrams import Datagrams
from collectors.traffic.flows.messages import LARGEST, STREAM_BYTES, MessageBatch, Stream

SHARED = MessageBatch()  # 4 MB: made once


def message(body: bytes) -> bytes:
    return struct.pack("!HHIII", 10, 16 + len(body), 0, 0, 0) + body


def texts(batch: Datagrams) -> list[tuple[int, bytes]]:
    return [
        (int(row["exporter"]), batch.buffer[int(row["at"]) :][: int(row["length"])].tobytes()) for row in batch.index
    ]


def feed(stream: Stream, data: bytes) -> None:
    stream.room()[: len(data)] = data
    stream.filled += len(data)


def new(key: int = 1) -> Stream:
    return Stream(key, bytearray(STREAM_BYTES))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=12), st.data())
def test_however_the_octets_are_parted_the_messages_are_the_same(bodies: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(map(message, bodies))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    stream, counted = new(7), 0
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        feed(stream, whole[start:end])
        count, sound = SHARED.cut(stream, 5)
        counted += count
        assert sound
    assert texts(SHARED.take()) == [(7, message(body)) for body in bodies]
    assert (counted, stream.filled) == (len(bodies), 0)


def test_streams_do_not_mix() -> None:
    first, second = new(1), new(2)
    feed(first, message(b"a")[:10])
    feed(second, message(b"b"))
    SHARED.cut(first, 5)
    SHARED.cut(second, 5)
    feed(first, message(b"a")[10:])
    SHARED.cut(first, 5)
    assert texts(SHARED.take()) == [(2, message(b"b")), (1, message(b"a"))]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_noise_ends_a_stream_after_the_messages_before_it(noise: bytes) -> None:
    stream = new()
    feed(stream, message(b"good") + noise)
    count, sound = SHARED.cut(stream, 5)
    taken = texts(SHARED.take())
    assert taken[0] == (1, message(b"good"))
    assert len(taken) == count
    if len(noise) >= 4 and noise[:2] != b"\0\x0a":
        assert not sound
    if sound:
        assert sum(len(text) for _, text in taken) + stream.filled == len(message(b"good") + noise)


def test_a_stream_holds_the_largest_message_and_a_read_more() -> None:
    stream, large = new(), message(bytes(LARGEST - 16))
    feed(stream, large[:-1])
    assert SHARED.cut(stream, 5) == (0, True)
    assert len(stream.room()) > LARGEST
    feed(stream, large[-1:] + large[:-1])
    assert SHARED.cut(stream, 5) == (1, True)
    assert texts(SHARED.take()) == [(1, large)]
    assert stream.filled == len(large) - 1


def test_a_batch_says_when_it_is_full_and_is_empty_once_taken() -> None:
    for size in (0, LARGEST - 16):
        one = message(bytes(size))
        fitting = one * (STREAM_BYTES // len(one))
        rounds = 0
        while SHARED.has_room():
            stream = new()
            feed(stream, fitting)
            SHARED.cut(stream, 5)
            rounds += 1
        assert rounds > 5
        taken = SHARED.take()
        assert len(taken) == rounds * (len(fitting) // len(one))
        assert int((taken.index["at"] + taken.index["length"].astype(np.uint64)).max()) <= len(taken.buffer)
        assert SHARED.has_room()
