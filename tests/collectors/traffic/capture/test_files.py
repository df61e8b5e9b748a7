"""Whole capture files of every kind, against what was put in and against other readers."""

import gzip
import io
import os
import random
import shutil
import struct
import subprocess
import threading
from pathlib import Path

import pytest
import zstandard

from collectors.traffic.capture.files import CaptureFile, open_capture
from tests.support.capture_rows import ORDERS, PACKETS, T0, Row, as_rows, read, rows
from tests.support.captures import FRAME, IP, Pcapng, pcap


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1), (0xA1B2CD34, 1000)])
def test_pcap_of_both_orders_and_all_fractions(tmp_path: Path, order: str, magic: int, unit: int) -> None:
    got, counts = read(tmp_path, pcap(PACKETS, order=order, magic=magic))
    assert got == as_rows(PACKETS, unit)
    assert (counts.packets, counts.octets) == (3, sum(len(octets) for _, octets in PACKETS))
    assert (counts.dropped, counts.odd, counts.stopped_at) == ({}, {}, None)


def test_more_packets_than_a_batch_holds_and_than_the_buffer(tmp_path: Path) -> None:
    packets = [(T0 + number * 1000, number.to_bytes(4, "big") * (number % 300)) for number in range(12_000)]
    got, _ = read(tmp_path, pcap(packets, magic=0xA1B23C4D))
    assert got == as_rows(packets)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("resolution", "ticks", "time_ns"),
    [
        (None, 1_700_000_000_123_456, 1_700_000_000_123_456_000),
        (0, 1_700_000_000, 1_700_000_000_000_000_000),
        (3, 1_700_000_000_123, 1_700_000_000_123_000_000),
        (9, T0, T0),
        (10, T0 * 10 + 7, T0),  # finer than a nanosecond
        (12, 1_700_000_000_123_456_789, 1_700_000_000_123_456),  # 64 bits of picoseconds end in 1970
        (0x80 | 0, 1_700_000_000, 1_700_000_000_000_000_000),
        (0x80 | 10, 1_700_000_000 << 10 | 512, 1_700_000_000_500_000_000),
        (0x80 | 32, 1_700_000_000 << 32 | 1 << 31, 1_700_000_000_500_000_000),
        (0x80 | 40, 9 << 40 | 3 << 38, 9_750_000_000),
        (0x80 | 63, 1 << 63 | 1 << 62, 1_500_000_000),
        (0x80 | 70, 1 << 63, 7_812_500),
    ],
)
def test_times_of_every_resolution(
    tmp_path: Path, order: str, resolution: int | None, ticks: int, time_ns: int
) -> None:
    ng = Pcapng(order)
    got, counts = read(tmp_path, ng.section() + ng.interface(resolution=resolution) + ng.enhanced(FRAME, ticks))
    assert got == [(time_ns, len(FRAME), len(FRAME), FRAME)]
    assert counts.odd == {}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("offset_s", [1_600_000_000, -100_000_000])
def test_times_with_an_offset(tmp_path: Path, order: str, offset_s: int) -> None:
    ng = Pcapng(order)
    octets = ng.section() + ng.interface(resolution=9, offset_s=offset_s) + ng.enhanced(FRAME, 10**17 + 1)
    got, _ = read(tmp_path, octets)
    assert got[0][0] == 10**17 + 1 + offset_s * 10**9


def test_all_kinds_of_packet_blocks_between_others(tmp_path: Path) -> None:
    little, big = Pcapng("<"), Pcapng(">")
    octets = b"".join(
        [
            little.section(),
            little.interface(snaplen=30, resolution=9),
            little.block(5, bytes(12)),  # statistics
            little.enhanced(FRAME, T0, wire=1500),
            little.block(0x0BAD, b"somebody's own" * 9),
            little.simple(FRAME[:30], 900),
            little.obsolete(FRAME[:41], T0 + 5),
            big.section(),
            big.interface(resolution=6),
            big.block(4, bytes(400)),  # names
            big.enhanced(FRAME, 1_700_000_001_000_000),
        ]
    )
    got, counts = read(tmp_path, octets)
    assert got == [
        (T0, len(FRAME), 1500, FRAME),
        (T0, 30, 900, FRAME[:30]),
        (T0 + 5, 41, 41, FRAME[:41]),
        (1_700_000_001_000_000_000, len(FRAME), len(FRAME), FRAME),
    ]
    assert (counts.dropped, counts.odd) == ({}, {"no_time": 1, "other_blocks": 3})


def test_a_batch_has_one_link_type(tmp_path: Path) -> None:
    ng = Pcapng()
    octets = ng.section() + ng.interface() + ng.interface(link_type=101) + ng.interface(link_type=228)
    for interface, frame in [(0, FRAME), (0, FRAME), (1, IP), (2, IP), (0, FRAME)]:
        octets += ng.enhanced(frame, 5, interface=interface)
    (tmp_path / "mixed").write_bytes(octets)
    with open_capture(tmp_path / "mixed") as capture:
        got = []
        for batch in capture.batches():
            assert batch.frames is not None
            got.append((batch.frames.link_type, batch.records["source_port"].tolist()))
    assert got == [(1, [53, 53]), (101, [53]), (101, [53]), (1, [53])]


def packed_gzip(octets: bytes) -> bytes:
    half = len(octets) // 2
    return gzip.compress(octets[:half]) + gzip.compress(octets[half:]) + bytes(512)  # members, and a tape's padding


def packed_zstd(octets: bytes) -> bytes:
    half = len(octets) // 2
    one = zstandard.ZstdCompressor().compress
    return one(octets[:half]) + one(octets[half:])


def packed_zstd_skippable(octets: bytes) -> bytes:
    return struct.pack("<II", 0x184D2A50, 4) + b"note" + packed_zstd(octets)


@pytest.mark.parametrize("pack", [packed_gzip, packed_zstd, packed_zstd_skippable])
def test_packed_files(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    packets = [(T0 + number, random.Random(number).randbytes(900)) for number in range(4_000)]
    got, counts = read(tmp_path, pack(pcap(packets, magic=0xA1B23C4D)))
    assert got == as_rows(packets)
    assert counts.stopped_at is None


def test_a_pipe_gives_packets_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    octets = pcap(PACKETS, magic=0xA1B23C4D)
    seen = threading.Event()

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            pipe.write(octets[:3])  # not even the magic number in one piece
            pipe.write(octets[3:-25])  # the last packet's header is cut
            seen.wait(10)
            pipe.write(octets[-25:])

    writer = threading.Thread(target=write)
    writer.start()
    with open_capture(path) as capture:
        got: list[Row] = []
        for row in rows(capture.batches()):
            got.append(row)
            if len(got) == 2:
                seen.set()
    writer.join()
    assert got == as_rows(PACKETS)


def test_our_own_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "capture").write_bytes(packed_gzip(pcap(PACKETS, magic=0xA1B23C4D)))
    with (tmp_path / "capture").open("rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))
        with open_capture("-") as capture:
            assert list(rows(capture.batches())) == as_rows(PACKETS)
        os.fstat(file.fileno())  # it is not ours to close


def test_a_file_may_be_closed_while_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "capture").write_bytes(pcap(PACKETS * 5_000))
    capture: CaptureFile = open_capture(tmp_path / "capture")
    batches = capture.batches()
    first = next(batches)
    capture.close()
    capture.close()
    assert len(first) == 4_096
    assert sum(map(len, batches)) < 15_000


def other_rows(path: Path) -> list[tuple[int, int, int]]:
    """Return what tshark says: times, captured lengths, lengths."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is missing")
    fields = ["-e", "frame.time_epoch", "-e", "frame.cap_len", "-e", "frame.len"]
    done = subprocess.run(["tshark", "-nr", path, "-T", "fields", *fields], capture_output=True, text=True, check=True)
    got = []
    for line in done.stdout.splitlines():
        time, captured, wire = line.split("\t")
        seconds, fraction = time.split(".")
        got.append((int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9]), int(captured), int(wire)))
    return got


def test_tshark_reads_the_same(tmp_path: Path) -> None:
    source = random.Random(5)
    parts = []
    for order in ("<", ">", "<"):
        ng = Pcapng(order)
        resolutions = [None, 9, 6, 3, 0x80 | 20]
        parts.append(ng.section())
        parts += [ng.interface(resolution=each, offset_s=source.choice([None, 0, 3600])) for each in resolutions]
        for _ in range(300):
            interface = source.randrange(len(resolutions))
            scale = (10**6, 10**9, 10**6, 10**3, 1 << 20)[interface]
            ticks = int(source.uniform(1.6e9, 1.8e9)) * scale + source.randrange(scale)
            octets = source.randbytes(source.randrange(14, 200))
            parts.append(ng.enhanced(octets, ticks, interface=interface, wire=len(octets) + source.randrange(1000)))
    path = tmp_path / "capture"
    got, counts = read(tmp_path, b"".join(parts))
    assert [row[:3] for row in got] == other_rows(path)
    assert counts.packets == 900


def test_scapy_reads_the_same(tmp_path: Path) -> None:
    from scapy.utils import RawPcapNgReader, RawPcapReader

    source = random.Random(6)
    packets = [(T0 + number * 12_345, source.randbytes(source.randrange(1, 200))) for number in range(200)]
    for order in ORDERS:
        got, _ = read(tmp_path, pcap(packets, order=order, magic=0xA1B23C4D))
        with RawPcapReader(str(tmp_path / "capture")) as reader:
            others = [(meta.sec * 10**9 + meta.usec, meta.caplen, meta.wirelen, octets) for octets, meta in reader]
        assert got == others
        ng = Pcapng(order)
        blocks = b"".join(ng.enhanced(octets, time_ns, wire=len(octets) + 9) for time_ns, octets in packets)
        got, _ = read(tmp_path, ng.section() + ng.interface(resolution=9) + blocks)
        with RawPcapNgReader(str(tmp_path / "capture")) as reader:
            read_by_scapy = [(meta._asdict(), octets) for octets, meta in reader]
        others = [
            ((meta["tshigh"] << 32) + meta["tslow"], len(octets), meta["wirelen"], octets)
            for meta, octets in read_by_scapy
        ]
        assert got == others
