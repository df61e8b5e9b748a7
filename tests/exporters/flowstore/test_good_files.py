"""From the parts of minutes to the files that stay: what is written once more, from where, and what is not."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.support.kept_flows import HOUR, kept, many, record, store
from tests.support.measured_flows import Measured, files, full_disk, read


def numbers(directory: Path) -> list[str]:
    return [Path(name).name[:13] + "-" + name.split("-")[4] for name in files(directory)]


def test_parts_become_a_good_file_without_being_read_again(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", file_records=32_768)
    records = many(20_000, length_s=3_000)
    for minute, part in enumerate(np.array_split(records, 4), 1):
        one.store.tick(HOUR + 3_000 + minute * 60)
        one.store.put(part)
        for path in (tmp_path / "flows").rglob("*.parquet"):
            path.write_bytes(b"")  # nobody is to read them
    one.store.tick(HOUR + 3_400)
    assert "000000-000003-20000" in numbers(tmp_path / "flows")
    one.store.tick(HOUR + 3_461)
    assert numbers(tmp_path / "flows") == ["000000-000003-20000"]
    assert one.value("kept_records_total") == 20_000
    assert one.value("merged_files_total") == 3
    wanted = kept(tmp_path / "wanted", records)
    assert read(tmp_path / "flows").sort(pl.all()).equals(read(wanted).sort(pl.all()))
    one.store.close()


def test_a_lone_part_is_packed_in_its_place(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows")
    records = many(5_000)
    one.store.tick(HOUR + 3_600)
    one.store.put(records)
    one.store.tick(HOUR + 3_661)
    (path,) = (tmp_path / "flows").rglob("*.parquet")
    before, size = read(tmp_path / "flows").sort(pl.all()), path.stat().st_size
    one.store.tick(HOUR + 4_000)
    assert path.stat().st_size < size
    assert read(tmp_path / "flows").sort(pl.all()).equals(before)
    assert one.value("size_bytes") == path.stat().st_size
    one.store.close()


def test_where_memory_is_short_what_is_in_parts_goes_from_it(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", buffer_records=131_072, merge_after_s=60)
    records = many(300_000)
    for minute, part in enumerate(np.array_split(records, 6), 1):
        one.store.tick(HOUR + 3_000 + minute * 60)
        one.store.put(part)
    one.store.tick(HOUR + 3_480)
    assert [name[14:] for name in numbers(tmp_path / "flows")] == ["50000"] * 6
    assert one.value("dropped_records_total", reason="full") == 0
    one.store.put(record(end=HOUR + 3_000))
    for later in range(4):
        one.store.tick(HOUR + 4_000 + later * 61)
    assert numbers(tmp_path / "flows") == ["000000-000006-300001"]
    assert read(tmp_path / "flows")["bytes"].sum() == records["bytes"].sum() + 100
    one.store.close()


def test_an_hour_that_was_removed_does_not_come_back_from_memory(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", keep_days=1, late_hours=744, merge_after_s=60)
    one.store.put(record(end=HOUR - 40 * 3_600))
    one.store.tick(HOUR + 61)
    for back in range(24):
        one.store.put(record(end=HOUR - back * 3_600 + 1))
    for later in range(40):
        one.store.tick(HOUR + 200 + later * 61)
    assert len([path for path in (tmp_path / "flows").iterdir() if path.is_dir()]) == 24
    assert one.value("deleted_records_total", limit="days") == 1
    one.store.close()


def test_a_file_that_the_disk_does_not_take_is_tried_again(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", file_records=32_768)
    records = many(33_000)
    one.store.tick(HOUR + 3_500)
    one.store.put(records[:1_000])
    one.store.tick(HOUR + 3_561)
    one.store.put(records[1_000:])
    with full_disk(2_000):
        one.store.tick(HOUR + 3_562)
    assert one.value("waiting_records") == 32_000
    one.store.tick(HOUR + 3_563)
    one.store.tick(HOUR + 3_624)
    assert one.value("waiting_records") == 0
    assert numbers(tmp_path / "flows") == ["000000-000001-32768", "000002-000002-232"]
    assert read(tmp_path / "flows")["bytes"].sum() == records["bytes"].sum()
    one.store.close()


def test_the_next_tick_is_due_when_a_good_file_will_be_there(tmp_path: Path) -> None:
    book = store(tmp_path / "flows", now=HOUR, file_records=32_768, buffer_records=262_144)
    assert book.rest_s(1.0) == 1.0, "nothing comes"
    book.put(many(16_384, length_s=60))
    book.tick(HOUR + 1)
    assert book.rest_s(1.0) == pytest.approx(1.0)  # 16,384 are missing, and as many came in the last second
    assert book.rest_s(0.3) == 0.3
    book.put(many(8_192, length_s=60))
    book.tick(HOUR + 1.25)
    assert book.rest_s(1.0) == pytest.approx(0.25)
    book.put(many(8_191, length_s=60))
    book.tick(HOUR + 1.5)
    assert 0 < book.rest_s(1.0) < 0.1, "one is missing"
    book.close()


def test_a_disk_that_refuses_is_not_asked_at_the_pace_of_records(tmp_path: Path) -> None:
    book = store(tmp_path / "flows", now=HOUR, file_records=32_768, buffer_records=262_144)
    book.put(many(40_000, length_s=60))
    with full_disk(1_000):
        book.tick(HOUR + 1)
    assert book.rest_s(1.0) == 1.0
    book.tick(HOUR + 2)
    assert len(files(tmp_path / "flows")) == 1
    book.put(many(30_000, length_s=60))
    book.tick(HOUR + 3)
    assert book.rest_s(1.0) < 1.0
    book.close()
