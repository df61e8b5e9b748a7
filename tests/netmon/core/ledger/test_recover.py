"""What a restart makes of what a crash, a bad disk or a stranger left."""

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.record import leaf_hash
from netmon.core.ledger.segments import read, segments
from netmon.core.ledger.settings import LedgerSettings
from netmon.core.ledger.writer import Writer
from tests.support.ledger_store import check, entry, filled, newest, writer


def reopened(directory: Path) -> Writer:
    """Open, write one more, close."""
    ledger = writer(directory)
    ledger.open()
    ledger.commit([[entry(1_000)]])
    ledger.close()
    return ledger


def offsets(content: bytes) -> list[int]:
    """Where each line begins, and the end."""
    return [0, *(at + 1 for at, byte in enumerate(content) if byte == 10)]


def test_an_end_torn_at_any_byte_of_the_last_two_records(tmp_path: Path) -> None:
    filled(tmp_path / "a", 4)
    path = newest(tmp_path / "a")
    content, whole = path.read_bytes(), check(tmp_path / "a").numbers()
    begins = offsets(content)
    for case, cut in enumerate(range(begins[-3], len(content))):
        directory = tmp_path / str(case)
        (directory / "segments").mkdir(parents=True)
        (directory / "segments" / path.name).write_bytes(content[:cut])
        ledger = reopened(directory)
        lost = 2 if cut < begins[-2] else 1
        torn = content[begins[-1 - lost] : cut]
        found = check(directory)
        assert found.numbers() == [*whole[:-lost], 1_000]
        assert found.root == ledger.tree.root()
        assert ledger.damage == ""
        if not torn:
            assert found.own("repaired") == []
            continue
        about = {"what": "repaired", "segment": 0, "bytes": len(torn), "sha256": sha256(torn).hexdigest()}
        assert found.own("repaired") == [about]
        assert ledger.take_repaired_bytes() == len(torn)
        assert [each.read_bytes() for each in (directory / "aside").iterdir()] == [torn]


@pytest.mark.parametrize("tail", [b"\0" * 700, b"garbage\n", b'{"seq":3', b'{"seq":99,"kind":"event"}\n', b"\n\n\n"])
def test_what_was_never_committed_is_cut_off_and_kept_aside(tmp_path: Path, tail: bytes) -> None:
    filled(tmp_path, 2)
    with newest(tmp_path).open("ab") as file:
        file.write(tail)
    ledger = reopened(tmp_path)
    found = check(tmp_path)
    assert (found.numbers(), ledger.damage) == ([0, 1, 1_000], "")
    assert [each["bytes"] for each in found.own("repaired")] == [len(tail)]


def test_a_hole_before_records_that_were_never_acknowledged(tmp_path: Path) -> None:
    """A power cut can lose a page of the last write and keep the next: `committed` says that none of it counted."""
    filled(tmp_path, 3)
    before = (tmp_path / "committed").read_bytes()
    ledger = writer(tmp_path)
    ledger.open()
    ledger.commit([[entry(number)] for number in range(3, 6)])
    ledger.close()
    (tmp_path / "committed").write_bytes(before)
    content = bytearray(newest(tmp_path).read_bytes())
    at = offsets(bytes(content))[-4]
    content[at : at + 20] = bytes(20)
    newest(tmp_path).write_bytes(content)
    ledger = reopened(tmp_path)
    assert (check(tmp_path).numbers(), ledger.damage) == ([0, 1, 2, 1_000], "")


@pytest.mark.parametrize("kept", [1, 2])
def test_an_act_survives_whole_or_not_at_all(tmp_path: Path, kept: int) -> None:
    filled(tmp_path, 2)
    before = (tmp_path / "committed").read_bytes()
    ledger = writer(tmp_path)
    ledger.open()
    ledger.commit([[entry(5, more=True, key="a:50"), entry(6, more=True), entry(7)]])
    ledger.close()
    content = newest(tmp_path).read_bytes()
    newest(tmp_path).write_bytes(content[: offsets(content)[-4 + kept]])
    (tmp_path / "committed").write_bytes(before)
    ledger = reopened(tmp_path)
    assert check(tmp_path).numbers() == [0, 1, 1_000]
    assert ledger.sources == {"a": 1}


def test_a_crash_between_the_cut_and_its_record(tmp_path: Path) -> None:
    filled(tmp_path, 2)
    aside = tmp_path / "aside"
    (aside / "00000000000000000000-900-0123456789abcdef.torn").write_bytes(b"torn")
    reopened(tmp_path)
    assert [each["bytes"] for each in check(tmp_path).own("repaired")] == [4]
    assert [each.suffix for each in aside.iterdir()] == [".cut"]
    reopened(tmp_path)
    assert len(check(tmp_path).own("repaired")) == 1


def damage(directory: Path, old: bytes, new: bytes) -> bytes:
    """Change a byte string in the newest segment; return what stands there now."""
    content = newest(directory).read_bytes()
    assert content.count(old) == 1
    newest(directory).write_bytes(content.replace(old, new))
    return newest(directory).read_bytes()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"number":2,', b'"number":7,'),  # still a record
        (b'"number":2,', b'"number":\0,'),  # none any more
        (b'{"seq":3,', b'{"seq":9,'),
        (b'{"seq":5,', b'{"se'),  # the last one, which was committed
        (b'"what":"segment"', b'"what":"nothing"'),
    ],
)
def test_damage_to_what_was_committed_is_left_alone(tmp_path: Path, old: bytes, new: bytes) -> None:
    filled(tmp_path, 5)
    whole = check(tmp_path)
    damaged = damage(tmp_path, old, new)
    ledger = reopened(tmp_path)
    first, second = segments(tmp_path)
    assert first.path.read_bytes() == damaged
    # The tree goes on from what was committed: earlier checkpoints stay true, and no number is given twice.
    assert (second.first_seq, second.header().frontier[0]) == (6, _frontier(whole.lines)[0])
    lines = [json.loads(line) for _, line in read(tmp_path, 6)]
    assert [each["data"].get("what", each["data"].get("number")) for each in lines] == ["segment", "damaged", 1_000]
    assert lines[0]["data"]["sources"]["a"] == 4 or b"se" in old
    assert lines[1]["data"]["segment"] == 0
    assert "is damaged" in ledger.damage
    again = reopened(tmp_path)
    assert again.damage == ""
    assert again.tree.size == 10


def _frontier(lines: Sequence[bytes]) -> tuple[bytes, ...]:
    tree = Frontier()
    tree.extend(map(leaf_hash, lines))
    return tree.hashes


def test_a_truncated_ledger_gives_no_number_twice(tmp_path: Path) -> None:
    filled(tmp_path, 6)
    whole = check(tmp_path)
    content = newest(tmp_path).read_bytes()
    newest(tmp_path).write_bytes(content[: offsets(content)[-4]])
    ledger = reopened(tmp_path)
    assert segments(tmp_path)[1].first_seq == 7
    assert segments(tmp_path)[1].header().frontier == _frontier(whole.lines)
    assert "it ends before record 6, which was committed" in ledger.damage


def test_every_segment_gone(tmp_path: Path) -> None:
    filled(tmp_path, 6)
    origin = segments(tmp_path)[0].header().origin
    newest(tmp_path).unlink()
    ledger = reopened(tmp_path)
    assert (ledger.origin, segments(tmp_path)[0].first_seq, ledger.tree.size) == (origin, 7, 10)
    assert "every segment is gone" in ledger.damage


@pytest.mark.parametrize("header", [b"", b"{}", b"\0" * 50])
def test_a_header_that_cannot_be_read(tmp_path: Path, header: bytes) -> None:
    filled(tmp_path, 40, LedgerSettings(segment_max_bytes=4_096))
    whole, last = check(tmp_path), segments(tmp_path)[-1]
    content = last.path.read_bytes()
    last.path.write_bytes(header + content[content.index(b"\n") :])
    for hint in ("there", "gone"):
        if hint == "gone":
            segments(tmp_path)[-1].path.unlink()
            (tmp_path / "committed").unlink()
        ledger = reopened(tmp_path)
        new = segments(tmp_path)[-1]
        assert (new.first_seq, new.header().frontier) == (whole.size, _frontier(whole.lines))
        assert "its header cannot be read" in ledger.damage
        assert ledger.sources["a"] == 39


def test_nothing_readable_is_moved_aside(tmp_path: Path) -> None:
    filled(tmp_path, 0)
    (tmp_path / "committed").unlink()
    path = newest(tmp_path)
    path.write_bytes(b"\0" * 100)
    ledger = reopened(tmp_path)
    assert ledger.damage
    assert check(tmp_path).numbers() == [1_000]
    assert (tmp_path / "aside" / f"{path.name}.damaged").read_bytes() == b"\0" * 100


def test_damage_without_the_committed_file(tmp_path: Path) -> None:
    filled(tmp_path, 9)
    (tmp_path / "committed").unlink()
    content = newest(tmp_path).read_bytes()
    lines = content.split(b"\n")
    lines[4] = b"\0" * 30  # record 3
    del lines[6]  # record 5
    lines[7] = lines[7].replace(b'"seq":7', b'"seq":999')  # one flipped digit is no gap
    newest(tmp_path).write_bytes(b"\n".join(lines))
    ledger = reopened(tmp_path)
    assert segments(tmp_path)[1].first_seq == 10
    assert "record 3 cannot be read" in ledger.damage
    assert [seq for seq, _ in read(tmp_path, 10)] == [10, 11, 12]


def test_another_ledgers_committed_file_does_not_count(tmp_path: Path) -> None:
    filled(tmp_path / "a", 3)
    filled(tmp_path / "b", 9)
    (tmp_path / "b" / "committed").replace(tmp_path / "a" / "committed")
    ledger = reopened(tmp_path / "a")
    assert (check(tmp_path / "a").numbers(), ledger.damage) == ([0, 1, 2, 1_000], "")
