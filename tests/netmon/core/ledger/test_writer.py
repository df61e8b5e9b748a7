"""Groups, segments, and a disk that refuses: what was committed stays, what was not comes again."""

import errno
import json
from pathlib import Path

import pytest

from netmon.core.ledger.group import TooLong
from netmon.core.ledger.segments import segments
from netmon.core.ledger.settings import LedgerSettings
from tests.support.ledger_store import NOON, Clock, FailingDisk, check, entry, newest, writer


def test_the_first_segment_begins_with_what_it_is(tmp_path: Path) -> None:
    ledger = writer(tmp_path)
    ledger.open()
    ledger.close()
    header, first = newest(tmp_path).read_bytes().splitlines()
    said = json.loads(header)
    assert said["origin"].startswith("netmon/host/")
    assert (said["netmon_ledger"], said["first_seq"], said["frontier"]) == (1, 0, [])
    assert json.loads(first)["data"] == {"what": "segment", "sources": {}}
    assert newest(tmp_path).stat().st_mode & 0o777 == 0o600
    assert newest(tmp_path).parent.stat().st_mode & 0o777 == 0o700


def test_commit_numbers_acts_in_order(tmp_path: Path) -> None:
    ledger = writer(tmp_path)
    ledger.open()
    assert ledger.commit([[entry(1, more=True), entry(2)], [entry(3)]]) == [1, 3]
    assert ledger.commit([[entry(4)]]) == [4]
    found = check(tmp_path)
    assert (found.size, found.root, found.numbers()) == (5, ledger.tree.root(), [1, 2, 3, 4])
    fresh = ledger.take_fresh()
    assert [first for first, _ in fresh] == [0, 1, 4]
    assert [line for _, lines in fresh for line in lines] == found.lines
    ledger.close()


def test_one_that_is_no_record_keeps_no_other_from_the_disk(tmp_path: Path) -> None:
    ledger = writer(tmp_path, LedgerSettings(max_record_bytes=2_000))
    ledger.open()
    unencodable = entry(1, more=True), entry(2)
    object.__setattr__(unencodable[1], "data", {"thing": object()})
    outcomes = ledger.commit([list(unencodable), [entry(3)], [entry(4, text="x" * 3_000)], [entry(5)]])
    assert outcomes[1::2] == [1, 2]
    assert type(outcomes[0]) is ValueError
    assert isinstance(outcomes[2], TooLong)
    assert check(tmp_path).numbers() == [3, 5]
    ledger.close()


@pytest.mark.parametrize("at", [float("nan"), float("inf"), 1e300, 1e17])
def test_a_time_that_is_none_is_the_entrys_fault(tmp_path: Path, at: float) -> None:
    ledger = writer(tmp_path)
    ledger.open()
    bad = entry(1)
    object.__setattr__(bad, "at", at)
    outcomes = ledger.commit([[bad], [entry(2)]])
    assert isinstance(outcomes[0], ValueError)
    assert outcomes[1] == 1
    ledger.close()


def test_a_group_of_long_records_ends_early(tmp_path: Path) -> None:
    ledger = writer(tmp_path)
    ledger.open()
    acts = [[entry(number, text="x" * 900_000)] for number in range(20)]
    done = 0
    while done < 20:
        outcomes = ledger.commit(acts[done:])
        assert 1 <= len(outcomes) <= 11
        done += len(outcomes)
    assert check(tmp_path).numbers() == list(range(20))
    ledger.close()


def test_rotation_by_size_carries_the_senders(tmp_path: Path) -> None:
    ledger = writer(tmp_path, LedgerSettings(segment_max_bytes=4_096))
    ledger.open()
    for number in range(40):
        ledger.commit([[entry(number, key=f"a-1:{number}", text="x" * 100)]])
    found = check(tmp_path)
    assert found.numbers() == list(range(40))
    assert ledger.segment_count == len(segments(tmp_path)) > 2
    sizes = [each.path.stat().st_size for each in segments(tmp_path)]
    assert all(4_096 <= size < 4_096 + 1_000 for size in sizes[:-1])
    last = json.loads(newest(tmp_path).read_bytes().splitlines()[1])
    assert last["data"]["sources"] == {"a-1": last["seq"] - len(sizes)}  # the number just before
    ledger.close()


def test_rotation_by_day(tmp_path: Path) -> None:
    clock = Clock()
    ledger = writer(tmp_path, now=clock)
    ledger.open()
    ledger.commit([[entry(1)]])
    clock.at += 11 * 3_600
    ledger.commit([[entry(2)]])
    assert len(segments(tmp_path)) == 1
    clock.at = NOON + 12 * 3_600  # midnight, UTC
    ledger.commit([[entry(3)]])
    assert [each.first_seq for each in segments(tmp_path)] == [0, 3]
    ledger.close()
    clock.at += 86_400
    ledger = writer(tmp_path, now=clock)
    ledger.open()  # a new day alone makes no segment
    assert len(segments(tmp_path)) == 2
    ledger.commit([[entry(4)]])
    assert [each.first_seq for each in segments(tmp_path)] == [0, 3, 5]
    assert check(tmp_path).numbers() == [1, 2, 3, 4]
    ledger.close()


def test_a_restart_goes_on(tmp_path: Path) -> None:
    ledger = writer(tmp_path)
    ledger.open()
    ledger.commit([[entry(1, key="a:7")], [entry(2, key="b:1")]])
    ledger.commit([[entry(3, key="a:6")]])
    assert ledger.sources == {"a": 7, "b": 1}
    ledger.close()
    again = writer(tmp_path)
    again.open()
    assert (again.origin, again.sources, again.tree.root()) == (ledger.origin, {"a": 7, "b": 1}, ledger.tree.root())
    assert again.take_fresh() == []
    assert again.commit([[entry(4)]]) == [4]
    assert check(tmp_path).numbers() == [1, 2, 3, 4]
    again.close()


def test_the_senders_longest_silent_are_forgotten(tmp_path: Path) -> None:
    ledger = writer(tmp_path, LedgerSettings(max_senders=10))
    ledger.open()
    for number in range(12):
        ledger.commit([[entry(number, key=f"s{number}:1")], [entry(number, key=f"s0:{number}")]])
    assert list(ledger.sources) == ["s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s0"]
    assert ledger.sources["s0"] == 11
    ledger.close()


@pytest.mark.parametrize("operation", ["write", "sync"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_refused_group_comes_again(tmp_path: Path, operation: str, error: int) -> None:
    disk = FailingDisk()
    ledger = writer(tmp_path, disk=disk)
    ledger.open()
    ledger.commit([[entry(1)]])
    disk.fail[operation] = error
    for _ in range(3):
        with pytest.raises(OSError, match=r".+"):
            ledger.commit([[entry(2)], [entry(3)]])
        assert ledger.tree.size == 2
    disk.fail.clear()
    ledger.commit([[entry(2)], [entry(3)]])
    ledger.commit([[entry(4)]])
    found = check(tmp_path)
    assert found.numbers() == [1, 2, 3, 4]
    assert found.root == ledger.tree.root()
    assert len(segments(tmp_path)) == (2 if operation == "sync" else 1)  # never again the file that could not sync
    ledger.close()


@pytest.mark.parametrize("also", ["", "truncate"])
def test_a_file_that_could_not_sync_is_cut_before_the_next_begins(tmp_path: Path, also: str) -> None:
    disk = FailingDisk()
    ledger = writer(tmp_path, disk=disk)
    ledger.open()
    first = segments(tmp_path)[0].path
    disk.fail = dict.fromkeys(("sync", *filter(None, [also])), errno.EIO)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            ledger.commit([[entry(1)]])
    assert (b'"number":1' in first.read_bytes()) == bool(also)
    assert len(segments(tmp_path)) == 1
    disk.fail = {"create": errno.ENOSPC}  # not even the next segment can be made
    with pytest.raises(OSError, match="No space"):
        ledger.commit([[entry(1)]])
    assert b'"number":1' not in first.read_bytes()
    ledger.close()
    again = writer(tmp_path)
    again.open()
    assert again.commit([[entry(2)]]) == [1]
    assert check(tmp_path).numbers() == [2]
    again.close()


def test_a_full_disk_leaves_no_half_record(tmp_path: Path) -> None:
    disk = FailingDisk()
    ledger = writer(tmp_path, disk=disk)
    ledger.open()
    for room in range(0, 700, 50):
        disk.room = room
        with pytest.raises(OSError, match="No space"):
            ledger.commit([[entry(number)] for number in range(4)])
        assert check(tmp_path).size == 1
    disk.room = None
    ledger.commit([[entry(9)]])
    assert check(tmp_path).numbers() == [9]
    ledger.close()


@pytest.mark.parametrize("operation", ["create", "write", "sync", "replace", "open"])
def test_a_segment_that_cannot_be_made(tmp_path: Path, operation: str) -> None:
    clock, disk = Clock(), FailingDisk()
    ledger = writer(tmp_path, disk=disk, now=clock)
    ledger.open()
    ledger.commit([[entry(1)]])
    clock.at += 86_400
    disk.fail[operation] = errno.ENOSPC
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            ledger.commit([[entry(2)]])
    disk.fail.clear()
    ledger.commit([[entry(2)]])
    assert check(tmp_path).numbers() == [1, 2]
    assert len(segments(tmp_path)) == ledger.segment_count == 2
    ledger.close()


@pytest.mark.parametrize("operation", ["create", "write", "sync", "replace", "open"])
def test_a_first_segment_that_cannot_be_made(tmp_path: Path, operation: str) -> None:
    disk = FailingDisk(fail={operation: errno.EROFS})
    ledger = writer(tmp_path, disk=disk)
    for _ in range(2):
        with pytest.raises(OSError, match="Read-only"):
            ledger.open()
    disk.fail.clear()
    ledger.open()
    ledger.commit([[entry(1)]])
    found = check(tmp_path)
    assert found.numbers() == [1]
    assert found.root == ledger.tree.root()
    ledger.close()


def test_a_segment_removed_under_us_is_noticed(tmp_path: Path) -> None:
    ledger = writer(tmp_path)
    ledger.open()
    newest(tmp_path).unlink()
    with pytest.raises(OSError, match="was removed"):
        ledger.commit([[entry(1)]])
    ledger.close()


def test_leftovers_of_a_killed_process_go(tmp_path: Path) -> None:
    ledger = writer(tmp_path)
    ledger.open()
    ledger.close()
    leftover = tmp_path / "segments" / "00000000000000000009.jsonl.new"
    leftover.write_bytes(b"{")
    ledger.open()
    assert not leftover.exists()
    ledger.close()
