"""A disk that refuses at any step, files that somebody else removes, and damage inside of files."""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from exporters.flowstore.disk import Disk
from exporters.flowstore.files import look
from exporters.flowstore.memory import Octets
from exporters.flowstore.names import File, file_of, live
from exporters.flowstore.query import Ranked, top
from exporters.flowstore.settings import FlowStoreSettings
from exporters.flowstore.words import Words
from exporters.flowstore.writer import FlowStore
from tests.support.kept_flows import HOUR, NETWORKS, kept, many, record, store
from tests.support.measured_flows import ALL, Measured, files, read


class Refusing(Disk):
    """Says no once, at its Nth step, before or after it was done."""

    def __init__(self, left: int, *, done: bool) -> None:
        self._left = left
        self._done = done

    @property
    def refused(self) -> bool:
        return self._left <= 0

    def _refuse(self, *, done: bool) -> None:
        if done == self._done:
            self._left -= 1
            if not self._left:
                raise OSError(28, "No space left on device")

    def make(self, folder: Path) -> None:
        self._refuse(done=False)
        super().make(folder)
        self._refuse(done=True)

    def fill(self, content: Sequence[Octets], path: Path) -> None:
        self._refuse(done=False)
        super().fill(content, path)
        self._refuse(done=True)

    def rename(self, old: Path, new: Path) -> None:
        self._refuse(done=False)
        super().rename(old, new)
        self._refuse(done=True)

    def sync_directory(self, path: Path) -> None:
        self._refuse(done=False)
        super().sync_directory(path)
        self._refuse(done=True)

    def remove(self, path: Path) -> None:
        self._refuse(done=False)
        super().remove(path)
        self._refuse(done=True)


def counted(directory: Path) -> int:
    """Return how many records there are, by the names of the files."""
    found = (file_of(path.name) for path in directory.rglob("*.parquet"))
    return sum(file.records for file in live(file for file in found if file))


def lived(directory: Path, disk: Refusing) -> None:
    """Keep two parts, a good file of them, and a late record: 1, 2, 4 … bytes; ticks a second after each refusal."""
    book = FlowStore(FlowStoreSettings(merge_after_s=10), directory, NETWORKS, disk=disk)
    book.open(HOUR)
    for minute in range(2):
        book.put(record(end=HOUR + minute * 60, bytes=1 << 2 * minute))
        book.tick(HOUR + minute * 60 + 60.5)
        book.put(record(end=HOUR + minute * 60 + 1, bytes=2 << 2 * minute))  # also before what is tried again
        book.tick(HOUR + minute * 60 + 61.5)
        assert counted(directory) <= 2 * minute + 2
    for now in (3_700, 3_701, 3_800):
        book.tick(HOUR + now)
    assert counted(directory) == 4
    book.put(record(end=HOUR + 200, bytes=16))
    for now in (3_870, 3_871, 3_900, 3_901):
        book.tick(HOUR + now)
    book.close()


@pytest.mark.parametrize("done", [False, True])
def test_a_disk_that_refuses_once_costs_nothing_and_gives_nothing_twice(tmp_path: Path, done: bool) -> None:
    for step in count(4):  # behind those of opening
        directory, disk = tmp_path / str(step), Refusing(step, done=done)
        lived(directory, disk)
        assert sorted(read(directory)["bytes"].to_list()) == [1, 2, 4, 8, 16], step
        assert not list(directory.rglob("*.new"))
        if not disk.refused:
            break
    assert step > 20


def test_pieces_of_which_the_kernel_takes_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.writev

    def some(fd: int, pieces: Sequence[memoryview]) -> int:
        joined = b"".join(pieces)
        assert len(pieces) <= os.sysconf("SC_IOV_MAX")
        return whole(fd, [joined[: max(1, len(joined) * 2 // 3)]])

    monkeypatch.setattr(os, "writev", some)
    content = [bytes([number % 256]) * (number % 5) for number in range(2_500)] + [b"", b"end", b""]
    Disk().fill(content, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"".join(content)


def test_what_a_disk_kept_against_its_word_counts_once() -> None:
    less, more = File(3, 4, 10, 0, 5), File(3, 4, 12, 0, 9)
    assert live([less, more]) == live([more, less]) == [more]
    assert live([File(0, 9, 1, 0, 0), less, more]) == [File(0, 9, 1, 0, 0)]


def test_an_hour_of_which_a_file_was_removed_is_merged_without_it(tmp_path: Path) -> None:
    directory = kept(tmp_path / "flows", np.concatenate([record(end=HOUR + 60 * n, bytes=1 << n) for n in range(5)]))
    one = Measured(directory, merge_after_s=10)
    next(directory.rglob("000002-*.parquet")).unlink()
    for now in (4_000, 4_001, 4_002, 4_100):
        one.store.tick(HOUR + now)
    assert sorted(read(directory)["bytes"].to_list()) == [1, 2, 8, 16]
    assert len(files(directory)) == 1
    assert one.value("write_failures_total") == 0
    one.store.close()


def test_a_store_whose_directory_is_removed_goes_on(tmp_path: Path) -> None:
    directory = tmp_path / "flows"
    one = Measured(directory, merge_after_s=10)
    for minute in range(2):
        one.store.put(record(end=HOUR + minute * 60, bytes=7))
        one.store.tick(HOUR + minute * 60 + 61)
    for path in sorted(directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    directory.rmdir()
    one.store.put(record(end=HOUR + 130, bytes=9))
    for now in (191, 4_000, 4_001, 4_100):
        one.store.tick(HOUR + now)
    assert 9 in read(directory)["bytes"].to_list()
    assert one.value("writable") == 1
    one.store.close()


def test_names_that_are_no_text_and_names_that_are_the_same(tmp_path: Path) -> None:
    names = ["", "\ud800", "same", "same", 'x"\n\0\U0001f600']
    book = FlowStore(FlowStoreSettings(), tmp_path, NETWORKS, lambda: names)
    book.open(HOUR)
    book.put(np.concatenate([record(exporter=row) for row in (1, 2, 3, 4)]))
    book.close()
    found = look(tmp_path, ALL, lambda scan: top(scan, "exporter", None, Ranked(), Words()))
    assert {row.key: row.flows for row in found.rows} == {"?": 1, "same": 2, 'x"\n\0\U0001f600': 1}


def test_damage_inside_of_a_file_is_told_with_its_name(tmp_path: Path) -> None:
    directory = kept(tmp_path / "flows", many(2_000, length_s=100))
    store(directory).close()
    victim = directory / files(directory)[1]
    whole = victim.read_bytes()
    victim.write_bytes(whole[:4] + b"\xff" * 300 + whole[304:])
    with pytest.raises(OSError, match="it is damaged") as told:
        look(directory, ALL, lambda scan: scan.table.collect())
    assert told.value.filename == str(victim)
