"""The spool's files: appended, read in order, torn, damaged, full, forgotten."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api import ConfigError
from netmon.core.link import lines
from netmon.core.link.spool import Spool
from netmon.core.link.state import SLOT_BYTES, SpoolState, StateFile
from netmon.core.link.store import RESERVED_AT_ONCE, Store, is_sender, source_of
from netmon.core.link.wire import Batch
from tests.support.link_disk import file_size_limit

SEGMENT = 200


def line(number: int) -> bytes:
    return b'{"number":%d}' % number


def fill(spool: Spool, first: int, last: int) -> None:
    while first <= last:
        first = spool.append(Batch(first, [line(number) for number in range(first, last + 1)])) + 1


def contents(spool: Spool, start: int = 1, records: int = 3) -> Iterator[int]:
    """Read everything in batches, checking each line."""
    while (batch := spool.read(start, records, 1 << 20)) is not None:
        assert len(batch.lines) <= records
        for at, found in enumerate(batch.lines):
            assert found == line(batch.first + at)
            yield batch.first + at
        start = batch.last + 1


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    found = Spool(tmp_path, SEGMENT)
    found.open()
    yield found
    found.close()


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def reopened(folder: Path) -> tuple[Spool, list[tuple[int, int]]]:
    spool = Spool(folder, SEGMENT)
    return spool, spool.open()


def test_what_is_appended_is_read_in_order(spool: Spool, tmp_path: Path) -> None:
    fill(spool, 1, 40)
    assert len(files(tmp_path)) > 3
    assert all(path.stat().st_size < SEGMENT + len(lines.encode(40, line(40))) for path in files(tmp_path))
    assert spool.bytes == sum(path.stat().st_size for path in files(tmp_path))
    assert list(contents(spool)) == list(range(1, 41))
    assert list(contents(spool, 17)) == list(range(17, 41))
    fill(spool, 41, 43)
    assert list(contents(spool, 40)) == [40, 41, 42, 43]


def test_reading_follows_writing(spool: Spool) -> None:
    for number in range(1, 60):
        fill(spool, number, number)
        assert spool.read(number, 10, 1_000) == Batch(number, [line(number)])
        assert spool.read(number + 1, 10, 1_000) is None


def test_a_batch_ends_at_its_size_and_at_a_gap(spool: Spool) -> None:
    fill(spool, 1, 5)
    fill(spool, 9, 10)
    assert spool.read(1, 10, 2 * len(line(1))) == Batch(1, [line(1), line(2)])
    assert spool.read(1, 10, 1) == Batch(1, [line(1)])
    assert spool.read(3, 10, 1_000) == Batch(3, [line(3), line(4), line(5)])
    assert spool.read(6, 10, 1_000) == Batch(9, [line(9), line(10)])
    assert list(contents(spool)) == [1, 2, 3, 4, 5, 9, 10]


def test_what_is_acknowledged_goes_by_whole_files(spool: Spool, tmp_path: Path) -> None:
    fill(spool, 1, 40)
    second = int(files(tmp_path)[1].stem)
    spool.forget(second - 2)
    assert list(contents(spool)) == list(range(1, 41))
    spool.forget(second - 1)
    assert list(contents(spool)) == list(range(second, 41))
    spool.forget(40)
    assert (files(tmp_path), spool.bytes) == ([], 0)
    fill(spool, 41, 42)
    assert list(contents(spool)) == [41, 42]


def test_files_that_go_before_they_are_forced_to_disk_are_closed(spool: Spool) -> None:
    before = open_files()
    for number in range(1, 200):
        fill(spool, number, number)
        spool.forget(number - 1)
    assert open_files() <= before + 1


def test_another_process_goes_on_in_files_of_its_own(spool: Spool, tmp_path: Path) -> None:
    fill(spool, 1, 20)
    spool.close()
    again, runs = reopened(tmp_path)
    assert (runs[0][0], runs[-1][1]) == (1, 20)
    assert all(last + 1 == first for (_, last), (first, _) in pairwise(runs))
    fill(again, 100, 105)
    assert list(contents(again)) == [*range(1, 21), *range(100, 106)]
    again.close()


def test_an_end_torn_at_every_octet(spool: Spool, tmp_path: Path) -> None:
    fill(spool, 1, 6)
    spool.close()
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    ends = [at + 1 for at, octet in enumerate(whole) if octet == ord("\n")]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        kept = sum(end <= length for end in ends)
        again, runs = reopened(tmp_path)
        assert runs == ([(1, kept)] if kept else [])
        assert list(contents(again)) == list(range(1, kept + 1))
        assert again.torn_bytes == length - ([0, *ends][kept])
        fill(again, 50, 51)
        assert list(contents(again)) == [*range(1, kept + 1), 50, 51]
        again.forget(10)
        again.close()
        for each in files(tmp_path):
            each.unlink()


def test_an_end_that_a_power_cut_left_as_zeros(spool: Spool, tmp_path: Path) -> None:
    fill(spool, 1, 6)
    spool.close()
    with files(tmp_path)[0].open("ab") as file:
        file.write(bytes(10 * lines.MAX_LINE_BYTES))
    again, runs = reopened(tmp_path)
    assert runs == [(1, 6)]
    assert list(contents(again)) == [1, 2, 3, 4, 5, 6]
    again.close()


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_octet_costs_at_most_two_lines(tmp_path_factory: pytest.TempPathFactory, at: int, octet: int) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool, _ = reopened(folder)
    fill(spool, 1, 12)
    spool.close()
    path = files(folder)[at % len(files(folder))]
    data = bytearray(path.read_bytes())
    data[at % len(data)] = octet
    path.write_bytes(data)
    again, _ = reopened(folder)
    found = list(contents(again))
    assert found == sorted(set(found) & set(range(1, 13)))
    assert len(found) >= 10
    again.close()


def test_a_deleted_file_is_a_gap(spool: Spool, tmp_path: Path) -> None:
    fill(spool, 1, 30)
    gone = files(tmp_path)[1]
    first, after = int(gone.stem), int(files(tmp_path)[2].stem)
    gone.unlink()
    assert list(contents(spool)) == [*range(1, first), *range(after, 31)]


def test_a_write_that_ends_short_leaves_nothing(spool: Spool, tmp_path: Path) -> None:
    fill(spool, 1, 3)
    size = files(tmp_path)[0].stat().st_size
    for room in range(60):
        with file_size_limit(size + room), pytest.raises(OSError, match="File too large"):
            spool.append(Batch(4, [line(4) + b" " * 60]))
        assert files(tmp_path)[0].stat().st_size == size
    fill(spool, 4, 5)
    assert list(contents(spool)) == [1, 2, 3, 4, 5]


def test_a_full_disk_at_the_first_line_leaves_no_file(spool: Spool, tmp_path: Path) -> None:
    before = open_files()
    for _ in range(3):
        with file_size_limit(5), pytest.raises(OSError, match="File too large"):
            fill(spool, 1, 3)
    assert files(tmp_path) == []
    assert open_files() == before
    fill(spool, 1, 3)
    assert list(contents(spool)) == [1, 2, 3]


def test_a_failed_sync_ends_the_file(spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(spool, 1, 2)

    def fail(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(OSError, match="Input/output error"):
            spool.sync()
    fill(spool, 3, 4)
    spool.sync()
    assert len(files(tmp_path)) == 2
    assert list(contents(spool)) == [1, 2, 3, 4]


def test_a_state_torn_at_every_octet_is_the_one_before(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state")
    assert file.open() is None
    for acknowledged in (1, 2, 3):
        before = (tmp_path / "state").read_bytes()
        file.write(SpoolState("a-00000000", acknowledged), sync=True)
    file.close()
    after = (tmp_path / "state").read_bytes()
    found = list[int]()
    for torn in range(SLOT_BYTES):
        at = SLOT_BYTES + torn  # the third write went to the second slot
        (tmp_path / "state").write_bytes(after[:at] + before[at:])
        state = file.open()
        assert state is not None
        found.append(state.acknowledged)
        file.close()
    assert found == sorted(found)
    assert set(found) == {2, 3}


def test_numbers_are_never_given_out_twice(tmp_path: Path) -> None:
    store = Store(tmp_path, "collector", SEGMENT)
    first = store.open()
    assert (first.next_number, first.runs) == (1, [])
    assert is_sender(first.sender)
    assert source_of(first.sender) == "collector"
    fill(store.spool, 1, 5)
    store.acknowledge(2)
    store.close()  # as a crash would: some that went out may not have been written
    second = store.open()
    assert second.sender == first.sender
    assert second.acknowledged == 2
    assert second.next_number == RESERVED_AT_ONCE + 1
    fill(store.spool, second.next_number, second.next_number + 3)
    store.finish(second.next_number, second.next_number + 3)
    store.close()
    third = store.open()
    assert third.next_number == second.next_number + 4  # after a clean end there is no gap
    assert [last for _, last in third.runs] == [second.next_number + 3]
    store.close()


def test_a_spool_without_its_state_is_a_new_sender_and_keeps_what_it_holds(tmp_path: Path) -> None:
    store = Store(tmp_path, "collector", SEGMENT)
    first = store.open()
    fill(store.spool, 1, 5)
    store.close()
    (tmp_path / "state").unlink()
    second = store.open()
    assert second.sender != first.sender
    assert (second.runs, second.next_number) == ([(1, 5)], 6)
    store.close()


def test_one_process_for_each_spool(tmp_path: Path) -> None:
    store = Store(tmp_path, "collector", SEGMENT)
    store.open()
    with pytest.raises(ConfigError, match="another daemon uses this spool; give each daemon its own state_dir"):
        Store(tmp_path, "collector", SEGMENT).open()
    store.close()


def test_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="the spool cannot be used: Not a directory; let this user write there"):
        Store(tmp_path / "file" / "spool", "collector", SEGMENT).open()
    with pytest.raises(ConfigError, match="the name 'über' of this daemon cannot be used on the link"):
        Store(tmp_path / "spool", "über", SEGMENT).open()


def test_files_are_the_owners_only(tmp_path: Path) -> None:
    store = Store(tmp_path / "spool", "collector", SEGMENT)
    store.open()
    fill(store.spool, 1, 2)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "spool").iterdir()} == {0o600}
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    store.close()
