"""Packets of a moment as a file: as they came, whole or not at all, never more than asked for."""

import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from collectors.traffic.capture.evidence import Captured, Written, write_pcap
from collectors.traffic.capture.files import open_capture
from netmon.api.traffic import FRAME, RECORD, Frames, Traffic
from tests.support.captures import pcap

T0 = 1_700_000_000_123_456_789


def captured(*packets: bytes, link_type: int = 1, tags: list[int] | None = None, more_on_wire: int = 0) -> Captured:
    index = np.zeros(len(packets), FRAME)
    ends = np.cumsum([3, *map(len, packets)])
    index["at"] = ends[:-1]
    index["captured"] = np.diff(ends)
    index["wire"] = index["captured"] + more_on_wire
    buffer = np.frombuffer(b"..." + b"".join(packets), np.uint8)
    times = T0 + np.arange(len(packets), dtype=np.uint64)
    return Captured(Frames(buffer, index, link_type), times, None if tags is None else np.array(tags, np.uint32))


def test_the_file_is_what_a_nanosecond_pcap_is(tmp_path: Path) -> None:
    packets = [bytes([number % 256]) * number for number in (1, 60, 1500)]
    path = tmp_path / "evidence.pcap"
    written = write_pcap(path, [captured(*packets[:2]), captured()], max_bytes=10_000)
    whole = pcap([(T0, packets[0]), (T0 + 1, packets[1])], magic=0xA1B23C4D, snaplen=262_144)
    assert path.read_bytes() == whole
    assert written == Written(2, len(whole), 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_tags_go_back_in(tmp_path: Path) -> None:
    packet = bytes(range(60))
    given = captured(packet, packet, packet[:11], tags=[0x8100_6007, 0, 0x8100_0009], more_on_wire=4)
    write_pcap(tmp_path / "evidence", [given], max_bytes=10_000)
    with open_capture(tmp_path / "evidence") as capture:
        (batch,) = capture.batches()
        assert batch.frames is not None
        got = [batch.frames.buffer[at : at + length].tobytes() for at, length, _ in batch.frames.index.tolist()]
        assert got == [packet[:12] + b"\x81\x00\x60\x07" + packet[12:], packet, packet[:11]]
        assert batch.frames.index["wire"].tolist() == [64, 64, 15]


def test_no_more_than_asked_for(tmp_path: Path) -> None:
    given = [captured(*[bytes(100)] * 50), captured(*[bytes(100)] * 50)]
    for room in (0, 23, 24, 139, 140, 3_000, 8_000, 11_624):
        path = tmp_path / str(room)
        written = write_pcap(path, given, max_bytes=room)
        assert written.packets == max(room - 24, 0) // 116
        assert written.left_out == 100 - written.packets
        assert path.stat().st_size == written.octets == 24 + 116 * written.packets


def test_more_than_is_written_at_once(tmp_path: Path) -> None:
    packets = [number.to_bytes(4, "big") * 350 for number in range(3_000)]
    write_pcap(tmp_path / "evidence", [captured(*packets)], max_bytes=1 << 30)
    assert (tmp_path / "evidence").read_bytes() == pcap(
        [(T0 + number, packet) for number, packet in enumerate(packets)], magic=0xA1B23C4D, snaplen=262_144
    )


def test_one_file_has_one_link_type(tmp_path: Path) -> None:
    given = [
        captured(link_type=113),
        captured(bytes(20), link_type=101),
        captured(bytes(60)),
        captured(b"2", link_type=101),
    ]
    assert write_pcap(tmp_path / "evidence", given, max_bytes=1_000) == Written(2, 24 + 36 + 17, 1)
    with open_capture(tmp_path / "evidence") as capture:
        (batch,) = capture.batches()
        assert batch.frames is not None
        assert batch.frames.link_type == 101


def test_frames_that_are_not_in_the_buffer_are_empty(tmp_path: Path) -> None:
    given = captured(bytes(60), bytes(60))
    given.frames.index["at"] = [2**64 - 8, 100]
    assert write_pcap(tmp_path / "evidence", [given], max_bytes=1_000).octets == 24 + 2 * 16


def test_nothing_is_left_of_a_file_that_could_not_be_finished(tmp_path: Path) -> None:
    def broken() -> Iterator[Captured]:
        yield captured(bytes(60))
        raise OSError("no more")

    (tmp_path / "evidence").write_bytes(b"an earlier one")
    with pytest.raises(OSError, match="no more"):
        write_pcap(tmp_path / "evidence", broken(), max_bytes=1_000)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"an earlier one"]


def test_those_that_matter_alone() -> None:
    given = captured(b"a", b"bb", b"ccc", tags=[1, 2, 3]).only(np.array([True, False, True]))
    assert len(given) == 2
    assert given.tags is not None
    assert (given.tags.tolist(), given.frames.index["captured"].tolist()) == ([1, 3], [1, 3])


def test_flows_have_no_packets() -> None:
    with pytest.raises(ValueError, match="no packets"):
        Captured.of(Traffic(np.zeros(1, RECORD)))
