"""Capture files that are cut, lie, or are none: what is there is given, and the rest counted."""

import gzip
import random
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.traffic.capture.faults import CaptureFault
from collectors.traffic.capture.files import open_capture
from tests.support.capture_rows import PACKETS, T0, as_rows, read
from tests.support.captures import FRAME, Pcapng, pcap


@pytest.mark.parametrize(
    ("resolution", "offset_s", "ticks"),
    [
        (0, 0, 1 << 40),
        (9, -1, 5),
        (9, 1 << 40, 5),
        (9, -(1 << 63), 5),
        (9, 18_446_744_073, 1 << 63),
        (0x80, 0, 1 << 50),
    ],
)
def test_a_time_that_nobody_can_hold_is_the_last_packets(
    tmp_path: Path, resolution: int, offset_s: int, ticks: int
) -> None:
    ng = Pcapng()
    octets = ng.section() + ng.interface(resolution=9) + ng.interface(resolution=resolution, offset_s=offset_s)
    got, counts = read(tmp_path, octets + ng.enhanced(FRAME, T0) + ng.enhanced(FRAME, ticks, interface=1))
    assert [row[0] for row in got] == [T0, T0]
    assert counts.odd == {"no_time": 1}


def test_a_packed_file_that_ends_early_gives_what_is_there(tmp_path: Path) -> None:
    packets = [(T0 + number, random.Random(number).randbytes(900)) for number in range(1_000)]
    packed = gzip.compress(pcap(packets, magic=0xA1B23C4D))
    got, counts = read(tmp_path, packed[: len(packed) // 2])
    assert 400 < len(got) < 600
    assert got == as_rows(packets)[: len(got)]
    assert counts.dropped == {"truncated": 1}
    assert counts.why == "the gzip file ends early"


def test_what_unpacks_to_very_much_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(pcap([]))
        for _ in range(64):
            file.write(bytes(1 << 20))
    with open_capture(path) as capture:
        assert sum(map(len, capture.batches())) == (64 << 20) // 16  # empty packets of 1970
        assert len(capture._octets.buffer) == 1 << 20


@pytest.mark.parametrize("whole", [pcap(PACKETS, magic=0xA1B23C4D), pcap(PACKETS, order=">", magic=0xA1B2CD34)])
def test_pcap_cut_at_every_octet(tmp_path: Path, whole: bytes) -> None:
    header = 24 if whole[:2] == b"\xa1\xb2" else 16
    ends = [24]
    for _, octets in PACKETS:
        ends.append(ends[-1] + header + len(octets))
    for length in range(24, len(whole)):
        got, counts = read(tmp_path, whole[:length])
        assert len(got) == sum(end <= length for end in ends[1:])
        assert counts.dropped == ({} if length in ends else {"truncated": 1})
        assert counts.stopped_at == (None if length in ends else max(end for end in ends if end <= length))


def test_pcapng_cut_at_every_octet(tmp_path: Path) -> None:
    ng = Pcapng()
    parts = [ng.section(), ng.interface(), ng.enhanced(FRAME, 1), ng.simple(FRAME, 46), ng.block(5, bytes(8))]
    whole = b"".join(parts)
    ends = [sum(map(len, parts[:count])) for count in range(len(parts) + 1)]
    for length in range(12, len(whole)):
        got, counts = read(tmp_path, whole[:length])
        assert len(got) == sum(end <= length for end in ends[3:5])
        assert counts.dropped == ({} if length in ends else {"truncated": 1})


@pytest.mark.parametrize(
    ("octets", "packets", "dropped", "odd"),
    [
        (pcap([(T0, bytes(300_000)), (T0, FRAME)]), 1, {"too_long": 1}, {}),
        (pcap([(T0, FRAME)])[:-46] + b"\xff\xff\xff\xff" * 2, 0, {"truncated": 1}, {}),
        (pcap([(T0, FRAME)], wire=3), 1, {}, {"lying_length": 1}),
        (pcap([(T0, FRAME), (T0 - 10_000, FRAME)]), 2, {}, {"backwards": 1}),
        (pcap([(T0, FRAME)], snaplen=0), 1, {}, {}),
        (pcap([(T0, FRAME)], snaplen=10), 1, {}, {}),
        (pcap([(T0, FRAME)]) + struct.pack("<IIII", 1, 1, 0xFFFF_FFF0, 60), 1, {"too_long": 1, "truncated": 1}, {}),
    ],
)
def test_pcap_that_lies(
    tmp_path: Path, octets: bytes, packets: int, dropped: dict[str, int], odd: dict[str, int]
) -> None:
    got, counts = read(tmp_path, octets)
    assert (len(got), counts.dropped, counts.odd) == (packets, dropped, odd)


NG = Pcapng()
START = NG.section() + NG.interface()
GOOD = NG.enhanced(FRAME, 7)


@pytest.mark.parametrize(
    ("octets", "packets", "dropped", "odd"),
    [
        (START + NG.enhanced(FRAME, 7, captured=1000) + GOOD, 1, {"bad_block": 1}, {}),
        (START + NG.enhanced(FRAME, 7, captured=0xFFFF_FFFF) + GOOD, 1, {"bad_block": 1}, {}),
        (START + NG.block(6, bytes(8)) + GOOD, 1, {"bad_block": 1}, {}),
        (START + NG.simple(FRAME, 1000) + GOOD, 1, {"bad_block": 1}, {}),  # no snaplen says that it was cut
        (NG.section() + NG.block(1, b"") + GOOD, 0, {"bad_block": 1, "unknown_interface": 1}, {}),
        (START + NG.enhanced(FRAME, 7, interface=1) + GOOD, 1, {"unknown_interface": 1}, {}),
        (START + NG.section() + GOOD, 0, {"unknown_interface": 1}, {}),  # a section has its own interfaces
        (START + NG.enhanced(bytes(300_000), 7) + GOOD, 1, {"too_long": 1}, {}),
        (START + NG.block(6, bytes(20), trailer=99) + GOOD, 2, {}, {"bad_trailer": 1, "no_time": 1}),
        (START + NG.enhanced(FRAME, 7, wire=3) + GOOD, 2, {}, {"lying_length": 1}),
        (START + GOOD + struct.pack("<III", 6, 8, 0) + GOOD, 1, {"damaged": 1}, {}),
        (START + GOOD + struct.pack("<III", 6, 0, 0) + GOOD, 1, {"damaged": 1}, {}),
        (START + GOOD + struct.pack("<III", 0x99, 33, 0) + GOOD, 1, {"damaged": 1}, {}),
        (START + GOOD + NG.section(major=2) + GOOD, 1, {"damaged": 1}, {}),
        (START + GOOD + struct.pack("<III", 0x99, 0xFFFF_FFFC, 0) + GOOD, 1, {"truncated": 1}, {"other_blocks": 1}),
        (START + NG.interface() * 65_600 + GOOD, 1, {"too_many_interfaces": 65}, {}),
    ],
)
def test_pcapng_that_lies(
    tmp_path: Path, octets: bytes, packets: int, dropped: dict[str, int], odd: dict[str, int]
) -> None:
    got, counts = read(tmp_path, octets)
    assert (len(got), counts.dropped, counts.odd) == (packets, dropped, odd)


@pytest.mark.parametrize(
    ("octets", "problem", "octet"),
    [
        (b"", "is empty (octet 0)", 0),
        (b"GET / HTTP/1.1\r\n", "begins with 47 45 54 20, which is neither pcap nor pcapng (octet 0)", 0),
        (pcap([])[:20], "ends inside its header (octet 20)", 20),
        (
            b"\x0a\x0d\x0d\x0a" + bytes(30),
            "looks like pcapng, but its section header names no order of octets (octet 8)",
            8,
        ),
        (
            gzip.compress(b"nothing to see", mtime=0),
            "begins with 6e 6f 74 68, which is neither pcap nor pcapng (octet 0)",
            0,
        ),
    ],
)
def test_what_is_no_capture(tmp_path: Path, octets: bytes, problem: str, octet: int) -> None:
    with pytest.raises(CaptureFault) as caught:
        read(tmp_path, octets)
    (fault,) = caught.value.faults
    assert fault.problem == problem
    assert fault.file == str(tmp_path / "capture")
    assert caught.value.octet == octet


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(CaptureFault, match="cannot be opened: No such file"):
        open_capture(tmp_path / "nothing")
    with pytest.raises(CaptureFault, match="is a folder"):
        open_capture(tmp_path)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_damage_is_counted_and_never_raises(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    big = Pcapng(">")
    seeds = [
        pcap(PACKETS),
        pcap(PACKETS, order=">", magic=0xA1B2CD34),
        START + GOOD + NG.simple(FRAME, 46) + NG.obsolete(FRAME, 5) + NG.interface(resolution=0x8A, offset_s=-5) + GOOD,
        big.section() + big.interface(resolution=12) + big.enhanced(FRAME, 9) + START + GOOD,
    ]
    octets = bytearray(data.draw(st.sampled_from(seeds)))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(12, len(octets) - 1))
        octets[at] = data.draw(st.sampled_from([0, 1, 3, 4, 0x7F, 0x80, 0xFF]))
    folder = tmp_path_factory.mktemp("damage")
    try:
        got, counts = read(folder, bytes(octets))
    except CaptureFault:
        return
    assert counts.packets == len(got) <= len(octets) // 16
    assert all(len(row[3]) == row[1] <= row[2] for row in got)  # every frame lies in the buffer
