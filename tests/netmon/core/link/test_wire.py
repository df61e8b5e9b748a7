"""The frames of the link: whole, octet by octet, cut short, with more behind, and as garbage."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.core.link import wire

FRAMES: dict[str, wire.Frame] = {
    "hello": wire.Hello("collector-0123abcd", 7),
    "hello of a later version": wire.Hello("collector-0123abcd", 7, version=2),
    "welcome": wire.Welcome(41, 4, 1_000, 1 << 20),
    "batch": wire.Batch(42, [b'{"a":1}', b"", b'{"b":2}']),
    "batch of one": wire.Batch(wire.MAX_NUMBER, [b"{}"]),
    "ack": wire.Ack(44),
    "ack of nothing": wire.Ack(0),
    "heartbeat": wire.Heartbeat(),
    "refused": wire.Refused("version 2 is not spoken here"),
}


def decoder() -> wire.Decoder:
    return wire.Decoder(1 << 16, 10)


def frames(reader: wire.Decoder) -> list[wire.Frame]:
    return list(iter(reader.next_frame, None))


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_frame_whole_by_octet_and_with_more_behind(frame: wire.Frame) -> None:
    data = wire.encode(frame)
    reader = decoder()
    reader.feed(data)
    assert frames(reader) == [frame]
    for at in range(len(data)):
        assert frames(reader) == []
        reader.feed(data[at : at + 1])
    assert frames(reader) == [frame]
    reader.feed(data + wire.encode(wire.Ack(9)) + data[:3])
    assert frames(reader) == [frame, wire.Ack(9)]
    assert reader.waiting_bytes == 3


def framed(kind: int, payload: bytes) -> bytes:
    return (1 + len(payload)).to_bytes(4, "big") + bytes([kind]) + payload


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\0\0\0\0", "a frame of 0 octets; 1 to 65536 are allowed"),
        (b"GET / HTTP/1.1\r\n", "a frame of 1195725856 octets; 1 to 65536 are allowed"),
        (framed(9, b""), "a frame of the unknown kind 9"),
        (b"\0\0\1\0\7", "a frame of the unknown kind 7"),
        (framed(1, b"{"), "no greeting of ours: Input data was truncated"),
        (framed(1, b"{}"), "no greeting of ours: Object missing required field `netmon_link`"),
        (framed(1, b'{"netmon_link":1,"first":0}'), "the number 0 is out of range"),
        (framed(2, b'{"last":-1,"window":1,"records":1,"bytes":1}'), "the number -1 is out of range"),
        (framed(2, b'{"last":0,"window":0,"records":1,"bytes":1}'), "a welcome that allows nothing"),
        (framed(3, b"\0\0\0"), "a batch without its number"),
        (framed(3, bytes(8) + b"{}"), "the number 0 is out of range"),
        (framed(3, b"\x7f" + b"\xff" * 7 + b"{}\n{}"), "the number 9223372036854775808 is out of range"),
        (framed(3, bytes(7) + b"\1" + b"\n" * 10), "a batch of 11 records; 10 are allowed"),
        (framed(4, b"\0"), "a number of 1 octets"),
        (framed(4, b"\xff" * 8), "the number 18446744073709551615 is out of range"),
        (framed(5, b"!"), "a heartbeat that carries something"),
        (framed(6, b"[]"), "no greeting of ours: Expected `object`, got `array`"),
    ],
)
def test_what_is_no_frame(data: bytes, problem: str) -> None:
    reader = decoder()
    reader.feed(data)
    with pytest.raises(wire.WireError) as raised:
        frames(reader)
    assert str(raised.value) == problem


def test_a_stranger_may_say_little() -> None:
    reader = wire.Decoder()
    reader.feed((wire.MAX_GREETING_BYTES + 1).to_bytes(4, "big"))
    with pytest.raises(wire.WireError):
        reader.next_frame()
    reader = wire.Decoder()
    reader.feed(wire.encode(wire.Batch(1, [b"{}"])))
    with pytest.raises(wire.WireError, match="a batch of 1 records; 0 are allowed"):
        reader.next_frame()


def test_the_largest_batch_fits() -> None:
    lines = [b"x" * 100] * 10
    assert len(wire.encode(wire.Batch(1, lines))) <= 4 + wire.max_frame_bytes(1_000, 10)


@given(st.binary(max_size=300), st.integers(1, 40))
def test_anything_is_frames_or_an_error(data: bytes, step: int) -> None:
    whole, pieces = decoder(), decoder()

    def outcome(reader: wire.Decoder, chunks: list[bytes]) -> list[object]:
        found: list[object] = []
        try:
            for chunk in chunks:
                reader.feed(chunk)
                found += frames(reader)
        except wire.WireError as error:
            found.append(str(error))
        return found

    # A whole frame before a bad one is given first, whichever way the octets came.
    in_pieces = outcome(pieces, [data[at : at + step] for at in range(0, len(data), step)])
    at_once: list[object] = []
    whole.feed(data)
    try:
        while (frame := whole.next_frame()) is not None:
            at_once.append(frame)
    except wire.WireError as error:
        at_once.append(str(error))
    assert [x for x in in_pieces if not isinstance(x, str)] == [x for x in at_once if not isinstance(x, str)][
        : len(in_pieces)
    ]
    assert any(isinstance(x, str) for x in in_pieces) == any(isinstance(x, str) for x in at_once)


@given(st.lists(st.sampled_from(list(FRAMES.values())), max_size=6), st.data())
def test_a_changed_octet_is_never_more_than_an_error(sent: list[wire.Frame], data: st.DataObject) -> None:
    octets = bytearray(b"".join(map(wire.encode, sent)))
    for _ in range(data.draw(st.integers(0, 3))):
        if octets:
            octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    reader = decoder()
    reader.feed(bytes(octets))
    with suppress(wire.WireError):
        assert len(frames(reader)) <= len(octets) // 5
