"""What a question finds while the files below it are written, merged, deleted, damaged, or not there."""

from pathlib import Path
from threading import Event, Thread
from typing import ClassVar

import numpy as np
import polars as pl
import pytest

from exporters.flowstore.disk import Disk
from exporters.flowstore.files import Scan, Span, look
from exporters.flowstore.query import Ranked, top
from exporters.flowstore.words import Words
from tests.support.kept_flows import HOUR, kept, record, store
from tests.support.waiting import eventually_sync

ALL = Span(0, 4e9)


def test_asking_while_hours_are_merged_and_deleted(tmp_path: Path) -> None:
    """Each record once at any moment: parts are written, merged and removed while others ask."""
    directory = tmp_path / "flows"
    seen: list[int] = []
    done = Event()

    class Patient(Disk):
        """Removes a file when two questions were answered since: the minute that the store gives, in less time."""

        later: ClassVar[list[tuple[int, Path]]] = []

        def remove(self, path: Path) -> None:
            self.later.append((len(seen), path))
            for asked, each in self.later:
                if len(seen) >= asked + 2:
                    each.unlink(missing_ok=True)

    book = store(directory, Patient(), late_hours=744, merge_after_s=1)

    def ask() -> None:
        while not done.is_set():
            seen.append(look(directory, Span(HOUR, HOUR + 3_600), _asked))

    asker = Thread(target=ask)
    book.put(record(end=HOUR))
    book.tick(HOUR + 61)
    asker.start()
    try:
        now, written = float(HOUR + 4_000), 1
        for _ in range(40):
            for _ in range(2):
                book.put(record(end=HOUR + 5))
                now += 61
                book.tick(now)
                book.tick(now + 2)
                written += 1
            asked = len(seen)
            eventually_sync(lambda asked=asked: len(seen) > asked)  # type: ignore[misc]
    finally:
        done.set()
        asker.join(30)
    book.close()
    assert seen == sorted(seen), "no record comes and goes"
    assert _asked_of(directory) == written
    assert len(list(directory.rglob("*.parquet"))) < 40, "they were merged and removed"


def _asked(scan: Scan) -> int:
    found = top(scan, "vlan", None, Ranked(), Words({}))
    return found.total.flows


def _asked_of(directory: Path) -> int:
    return look(directory, ALL, _asked)


def test_a_file_that_goes_while_it_is_asked_is_asked_again(tmp_path: Path) -> None:
    directory = kept(tmp_path / "flows", np.concatenate([record(end=HOUR + 1), record(end=HOUR + 70)]))
    first, _ = sorted(directory.rglob("*.parquet"))

    def question(scan: Scan) -> int:
        first.unlink(missing_ok=True)  # retention, after the listing
        return scan.table.select(pl.len()).collect().item()  # type: ignore[no-any-return]

    assert look(directory, ALL, question) == 1


def test_no_store_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "none", ALL, lambda scan: scan.records)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    directory = kept(tmp_path / "flows", record())
    (path,) = directory.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(OSError, match=f"it is damaged .*{path.name}"):
        look(directory, ALL, _asked)
