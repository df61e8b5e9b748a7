"""Segment files as readers see them, and the header on their first line."""

from pathlib import Path

import pytest

from netmon.core.ledger import committed, header
from netmon.core.ledger.files import Disk
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.segments import read, segments, seq_of
from netmon.core.ledger.settings import LedgerSettings
from tests.support.ledger_store import check, entry, filled, newest, writer

SMALL = LedgerSettings(segment_max_bytes=4_096)
LEAF = bytes(range(32))


def test_header_both_ways() -> None:
    head = header.Header("netmon/host/0011aabb", 3, "2026-11-22T00:00:00.000000Z", (LEAF, LEAF))
    line = header.encode(head)
    assert header.decode(line) == head
    assert line.startswith(b'{"netmon_ledger":1,"origin":"netmon/host/0011aabb","first_seq":3,"created":"2026-11-22T')


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b'{"netmon_ledger":2,"origin":"o","first_seq":0,"created":"","frontier":[]}',
        b'{"netmon_ledger":1,"origin":"o","first_seq":1,"created":"","frontier":[]}',
        b'{"netmon_ledger":1,"origin":"o","first_seq":-1,"created":"","frontier":["00"]}',
        b'{"netmon_ledger":1,"origin":"o","first_seq":1,"created":"","frontier":["00"]}',
        b'{"netmon_ledger":1,"origin":"o","first_seq":1,"created":"","frontier":["zz"]}',
    ],
)
def test_what_is_no_header(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        header.decode(line)


@pytest.mark.parametrize("name", ["1.jsonl", "00000000000000000001.jsonl.new", "00000000000000000001.hashes", "x"])
def test_what_names_no_segment(name: str) -> None:
    assert header.first_seq_of(name) is None
    assert header.first_seq_of(header.file_name(7)) == 7


@pytest.mark.parametrize(
    ("line", "seq"), [(b'{"seq":12,"time"', 12), (b'{"seq":12}', None), (b'{"time":1', None), (b'{"seq":-1,', None)]
)
def test_seq_of(line: bytes, seq: int | None) -> None:
    assert seq_of(line) == seq


def test_read_gives_every_record_once_from_anywhere(tmp_path: Path) -> None:
    filled(tmp_path, 60, SMALL)
    lines = check(tmp_path).lines
    assert len(segments(tmp_path)) > 3
    for first in (0, 1, 13, len(lines) - 1, len(lines), len(lines) + 5):
        assert list(read(tmp_path, first)) == list(enumerate(lines))[first:]


def test_read_finds_its_place_in_a_long_segment(tmp_path: Path) -> None:
    ledger = writer(tmp_path)
    ledger.open()
    ledger.commit([[entry(number, text="x" * 500)] for number in range(2_000)])
    ledger.close()
    lines = check(tmp_path).lines
    for first in range(0, len(lines), 37):
        assert next(read(tmp_path, first)) == (first, lines[first])


def test_read_of_nothing(tmp_path: Path) -> None:
    assert list(read(tmp_path / "absent")) == []


def test_read_stops_at_what_was_committed(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    with newest(tmp_path).open("ab") as file:
        file.write(b'{"seq":4,"kind":"event"}\n{"seq":5,')
    assert [seq for seq, _ in read(tmp_path)] == [0, 1, 2, 3]
    (tmp_path / "committed").unlink()
    assert [seq for seq, _ in read(tmp_path)] == [0, 1, 2, 3, 4]  # then every whole line


def test_read_takes_no_other_ledgers_word(tmp_path: Path) -> None:
    filled(tmp_path / "a", 5)
    filled(tmp_path / "b", 2)
    (tmp_path / "b" / "committed").replace(tmp_path / "a" / "committed")
    assert len(list(read(tmp_path / "a"))) == 6


def test_read_passes_over_what_is_damaged(tmp_path: Path) -> None:
    filled(tmp_path, 60, SMALL)
    lines = check(tmp_path).lines
    path = segments(tmp_path)[1].path
    content = path.read_bytes().split(b"\n")
    content[2] = b"\0" * len(content[2])
    path.write_bytes(b"\n".join(content))
    bad = segments(tmp_path)[1].first_seq + 1
    assert list(read(tmp_path)) == [each for each in enumerate(lines) if each[0] != bad]


def test_the_newest_whole_block_counts(tmp_path: Path) -> None:
    file, tree = committed.CommittedFile(tmp_path, Disk()), Frontier()
    for _ in range(3):
        tree.push(LEAF)
        file.write("o", tree)
    file.close()
    found = committed.load(tmp_path)
    assert found is not None
    assert (found.origin, found.tree.size, found.tree.hashes) == ("o", 3, tree.hashes)
    content = bytearray((tmp_path / "committed").read_bytes())
    content[90] ^= 1  # in the block of size 3
    (tmp_path / "committed").write_bytes(content)
    found = committed.load(tmp_path)
    assert found is not None
    assert found.tree.size == 2
    content[committed.BLOCK + 90] ^= 1
    (tmp_path / "committed").write_bytes(content)
    assert committed.load(tmp_path) is None
