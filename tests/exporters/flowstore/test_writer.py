"""Writing: which file a record is in, what is merged, what is dropped, what goes."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from exporters.flowstore.disk import Disk
from exporters.flowstore.schema import COLUMNS, SCHEMA
from exporters.flowstore.settings import FlowStoreSettings
from netmon.api import ConfigError
from netmon.api.traffic import RECORD
from tests.support.kept_flows import EXPORTERS, HOUR, NETWORKS, kept, many, record, store
from tests.support.measured_flows import Measured, files, full_disk, read


def test_every_field_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    records = np.zeros(300, RECORD)
    for name in RECORD.names or ():
        top = np.iinfo(RECORD[name]).max
        records[name] = rng.integers(0, top, 300, dtype=RECORD[name].base, endpoint=True)
    records["end_ns"] = np.uint64((HOUR + 5) * 10**9)
    records["start_ns"] = records["end_ns"] - rng.integers(0, 10**12, 300).astype(np.uint64)
    records["exporter"] = rng.integers(0, 3, 300)
    found = read(kept(tmp_path / "flows", records))
    assert found.schema == SCHEMA
    for column in COLUMNS:
        if column.name in (RECORD.names or ()) and column.name != "exporter":
            assert found[column.name].to_list() == records[column.name].tolist(), column.name
    assert found["exporter"].to_list() == [EXPORTERS[row] for row in records["exporter"]]
    lasted = records["end_ns"] // 10**6 - records["start_ns"] // 10**6
    assert found["duration_ms"].to_list() == lasted.tolist()
    assert found["end"].dt.epoch("ms").unique().to_list() == [(HOUR + 5) * 1000]


def test_columns_that_say_nothing_are_left_out_and_come_back(tmp_path: Path) -> None:
    directory = kept(tmp_path / "flows", np.concatenate([record(end=HOUR + 1), record(end=HOUR + 70, vlan=7)]))
    schemas = [pl.read_parquet_schema(path) for path in sorted(directory.rglob("*.parquet"))]
    assert ["vlan" in schema for schema in schemas] == [False, True]
    assert all("mpls" not in schema and "source_hi" not in schema for schema in schemas)
    found = read(directory)
    assert found["vlan"].to_list() == [0, 7]
    assert found["sampling"].to_list() == [1, 1]
    assert found["source_site"].to_list() == ["kantor bupati"] * 2


def test_sites_are_those_of_the_moment_of_writing(tmp_path: Path) -> None:
    book = store(tmp_path / "flows")
    book.put(record(source="10.1.9.4", destination="2001:db8:9::1"))
    book.tick(HOUR + 61)
    book.networks = type(NETWORKS)()
    book.put(record(source="10.1.9.4"))
    book.close()
    found = read(tmp_path / "flows")
    assert found["source_site"].to_list() == ["rsud", ""]
    assert found["destination_site"].to_list() == ["rsud", ""]


def test_an_exporter_without_a_name_is_its_number(tmp_path: Path) -> None:
    book = store(tmp_path / "flows")
    book.put(np.concatenate([record(exporter=5), record(exporter=4_000_000_000)]))
    book.close()
    assert read(tmp_path / "flows")["exporter"].to_list() == ["exporter 5", "exporter 4000000000"]


def test_a_record_belongs_to_the_hour_in_which_it_ended(tmp_path: Path) -> None:
    book = store(tmp_path / "flows", now=HOUR + 3_600)
    book.put(np.concatenate([record(start=HOUR - 50, end=HOUR + 3_599.999), record(start=HOUR, end=HOUR + 3_600)]))
    book.close()
    assert files(tmp_path / "flows") == [
        "2025-11-22T07/000000-000000-1-3599-3599.parquet",
        "2025-11-22T08/000000-000000-1-0000-0000.parquet",
    ]


def test_a_part_a_minute_and_an_hour_is_merged_when_it_rests(tmp_path: Path) -> None:
    records = many(600)
    directory = kept(tmp_path / "flows", records)
    assert len(files(directory)) == 60
    before = read(directory).sort(pl.all())
    book = store(directory, now=HOUR + 3_800, merge_after_s=300)
    book.tick(HOUR + 3_899)
    assert len(files(directory)) == 60
    book.tick(HOUR + 4_101)
    merged = "2025-11-22T07/000000-000059-600-0004-3598.parquet"
    assert merged in files(directory)
    assert len(files(directory)) == 61  # for readers that listed the parts
    assert read(directory).sort(pl.all()).equals(before)
    book.put(record(end=HOUR + 3_590, bytes=77))  # late
    book.tick(HOUR + 4_163)
    book.tick(HOUR + 4_164)
    assert files(directory) == [merged, "2025-11-22T07/000060-000060-1-3590-3590.parquet"]
    assert read(directory).height == 601
    book.close()
    assert read(directory)["bytes"].sum() == int(records["bytes"].sum()) + 77


def test_a_damaged_file_keeps_only_its_own_hour_from_being_merged(tmp_path: Path) -> None:
    records = many(120, length_s=7_200)
    directory = kept(tmp_path / "flows", records, merge_after_s=86_400)
    victim = next((directory / "2025-11-22T07").glob("*.parquet"))
    victim.write_bytes(b"PAR1" + bytes(50))
    one = Measured(directory)
    for step in range(4):
        one.store.tick(HOUR + 9_000 + step * 70)
    assert one.value("damaged_hours_total") == 1
    assert one.value("writable") == 1
    assert len(list((directory / "2025-11-22T08").glob("*.parquet"))) == 1
    assert len(list((directory / "2025-11-22T07").glob("*.parquet"))) > 10
    one.store.close()


def test_what_is_put_in_is_written_dropped_or_waits(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", buffer_records=131_072, late_hours=2)
    one.store.tick(HOUR + 1)
    one.store.put(
        np.concatenate([record(), record(end=HOUR - 7_200), record(end=HOUR + 302), record(end=HOUR - 3_600)])
    )
    one.store.put(np.repeat(record(), 131_000))
    one.store.put(np.repeat(record(), 200))
    one.store.tick(HOUR + 2)
    assert one.value("dropped_records_total", reason="late") == 1
    assert one.value("dropped_records_total", reason="future") == 1
    full = one.value("dropped_records_total", reason="full")
    assert full > 0
    assert one.value("waiting_records") + full == 2 + 131_200
    one.store.tick(HOUR + 62)
    assert one.value("waiting_records") == 0
    assert one.value("kept_records_total") + full == 2 + 131_200
    assert one.value("files") == 2
    assert one.value("oldest_timestamp_seconds") == HOUR - 3_600
    on_disk = sum(path.stat().st_size for path in (tmp_path / "flows").rglob("*.parquet"))
    assert one.value("size_bytes") == on_disk
    one.store.close()


def test_absurd_times_are_dropped_and_break_nothing(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows")
    records = np.repeat(record(), 4)
    records["end_ns"] = [0, 2**64 - 1, (HOUR + 1) * 10**9, (HOUR + 1) * 10**9]
    records["start_ns"] = [2**64 - 1, 0, 2**64 - 1, 0]
    one.store.put(records)
    one.store.close()
    assert one.value("dropped_records_total", reason="late") == 1
    assert one.value("dropped_records_total", reason="future") == 1
    assert sorted(read(tmp_path / "flows")["duration_ms"].to_list()) == [0, 2**32 - 1]


def test_a_part_is_written_early_when_a_file_is_full(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", file_records=32_768)
    one.store.put(np.repeat(record(), 70_000))
    one.store.tick(HOUR + 1)
    assert [name.split("-")[4] for name in files(tmp_path / "flows")] == ["32768", "32768"]
    one.store.tick(HOUR + 61)
    assert [name.split("-")[4] for name in files(tmp_path / "flows")] == ["32768", "32768", "4464"]
    one.store.close()


def test_the_oldest_hours_go(tmp_path: Path) -> None:
    directory = tmp_path / "flows"
    one = Measured(directory, keep_days=1, late_hours=744)
    for back in range(30):
        one.store.put(record(end=HOUR - back * 3_600 + 1))
    one.store.tick(HOUR + 61)
    left = sorted(path.name for path in directory.iterdir() if path.is_dir())
    assert len(left) == 24
    assert left[-1] == "2025-11-22T07"
    assert one.value("deleted_files_total", limit="days") == 6
    assert one.value("deleted_records_total", limit="days") == 6
    one.store.close()


def test_size_is_kept_but_the_newest_hour_stays(tmp_path: Path) -> None:
    directory = tmp_path / "flows"
    one = Measured(directory, max_bytes=1 << 20, late_hours=744)
    noise = many(20_000)
    for back in range(4):
        several = noise.copy()
        several["end_ns"] -= np.uint64(back * 3_600 * 10**9)
        several["bytes"] = np.random.default_rng(back).integers(0, 2**60, len(noise), dtype=np.uint64)
        one.store.tick(HOUR + 3_600)
        one.store.put(several)
    one.store.tick(HOUR + 3_661)
    assert one.value("size_bytes") <= 1 << 20
    assert one.value("deleted_files_total", limit="bytes") > 0
    assert (directory / "2025-11-22T07").is_dir()
    one.store.close()


def test_one_writer_and_another_after_it(tmp_path: Path) -> None:
    first = store(tmp_path / "flows")
    with pytest.raises(ConfigError, match="another process writes these flows"):
        store(tmp_path / "flows")
    first.close()
    store(tmp_path / "flows").close()


def test_leftovers_of_a_crash_are_removed(tmp_path: Path) -> None:
    directory = kept(tmp_path / "flows", record())
    leftover = next(directory.glob("2025*")) / "000001-000001-5-0000-0010.parquet.new"
    leftover.write_bytes(b"half")
    store(directory).close()
    assert not leftover.exists()
    assert read(directory).height == 1


def test_a_full_disk_costs_nothing_as_long_as_there_is_memory(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows")
    one.store.put(many(5_000, length_s=50))
    with full_disk(2_000):
        one.store.tick(HOUR + 61)
        assert one.value("writable") == 0
        assert one.value("write_failures_total") == 1
        assert one.value("waiting_records") == 5_000
        one.store.put(record())
        one.store.tick(HOUR + 62)
    assert files(tmp_path / "flows") == []
    assert not list((tmp_path / "flows").rglob("*.new"))
    one.store.tick(HOUR + 63)
    assert one.value("writable") == 1
    assert one.value("waiting_records") == 0
    assert read(tmp_path / "flows").height == 5_001
    one.store.close()


def test_what_cannot_be_written_at_the_end_is_counted(tmp_path: Path) -> None:
    class Broken(Disk):
        def sync(self, path: Path) -> None:
            del path
            raise OSError(28, "No space left on device")

    one = Measured(tmp_path / "flows", disk=Broken())
    one.store.put(many(7, length_s=50))
    one.store.close()
    assert one.value("dropped_records_total", reason="unwritten") == 7
    store(tmp_path / "flows").close()  # the lock is free


@pytest.mark.parametrize("port", ["8443", "tcp/0", "tcp/65536", "tcp/\u0668", "gre/5", "tcp/"])
def test_services_are_named_by_protocol_and_port(port: str) -> None:
    assert FlowStoreSettings(services={"tcp/8443": "e-kinerja"}).services == {"tcp/8443": "e-kinerja"}
    with pytest.raises(ValueError, match="write it as in tcp/8443"):
        FlowStoreSettings(services={port: "x"})


def test_a_clock_that_is_set_back_makes_nothing_wait(tmp_path: Path) -> None:
    book = store(tmp_path / "flows", now=HOUR + 900)
    book.put(record(end=HOUR + 890))
    book.tick(HOUR + 100)
    assert read(tmp_path / "flows").height == 1
    book.close()


def test_an_hour_without_files_goes(tmp_path: Path) -> None:
    (tmp_path / "flows" / "2025-11-22T06").mkdir(parents=True)
    store(tmp_path / "flows").close()
    assert not (tmp_path / "flows" / "2025-11-22T06").exists()
