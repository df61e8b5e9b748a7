"""Columns that are lent to who decodes: what is written there is kept as if it had been put, and nothing else is."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from netmon.api.flowcolumns import BEHIND, EARLIEST, LATEST, ROW, Columns, Lender
from tests.support.kept_flows import HOUR, kept, many, record
from tests.support.measured_flows import Measured, read

NS = 1_000_000_000
ROOM = 131_072
PIECE = ROOM // 8


def write(columns: Columns, records: NDArray[np.void]) -> None:
    """Write records as a decoder does, field by field: a slow one."""
    row, words = int(columns.room[ROW]), records.view(np.uint64).reshape(len(records), -1)
    rows = slice(row, row + len(records))
    columns.wide[0, rows] = records["end_ns"] // 1_000_000
    columns.narrow[0, rows] = columns.wide[0, rows] - records["start_ns"] // 1_000_000
    for field in columns.fields:
        values = words[:, field["word"]] >> field["shift"] & field["mask"]
        if not field["present"]:
            if not row and (values == values[0]).all():
                field["default"] = values[0]
            if (values == field["default"]).all():
                continue
            field["present"] = columns.used[field["wide"]] + 1
            columns.used[field["wide"]] += 1
            (columns.wide if field["wide"] else columns.narrow)[int(field["present"]) - 1, :row] = field["default"]
        (columns.wide if field["wide"] else columns.narrow)[int(field["present"]) - 1, rows] = values
    columns.room[ROW] += len(records)


def fill(lender: Lender, records: NDArray[np.void], at_once: int) -> None:
    """Write records, so many at once and never cut."""
    for begin in range(0, len(records), at_once):
        part = records[begin : begin + at_once]
        if lender.columns.room[BEHIND] - lender.columns.room[ROW] < len(part):
            assert lender.renew()
        write(lender.columns, part)


def test_nothing_is_lent_before_it_is_known_of_what_hour_records_come(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows")
    with one.store.lend() as lender:
        assert lender is None
    one.store.put(record(end=HOUR + 10))
    with one.store.lend() as lender:
        assert lender is not None
    one.store.close()


def test_what_was_written_is_kept_as_if_it_had_been_put(tmp_path: Path) -> None:
    one, records = Measured(tmp_path / "flows"), many(200_000, length_s=3_000)
    one.store.tick(HOUR + 3_000)
    one.store.put(records[:1_000])
    for part in np.array_split(records[1_000:150_000], 5):
        with one.store.lend() as lender:
            assert lender is not None
            fill(lender, part, 700)
        one.store.put(part[:0])
    one.store.put(records[150_000:])
    one.store.tick(HOUR + 3_100)
    assert one.value("waiting_records") == 0
    one.store.close()
    assert one.value("kept_records_total") == len(records)
    wanted = kept(tmp_path / "wanted", records)
    assert read(tmp_path / "flows").sort(pl.all()).equals(read(wanted).sort(pl.all()))


def test_what_a_piece_began_with_is_not_what_is_put_behind_it(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", buffer_records=ROOM)
    records = many(2 * PIECE + 3_000, length_s=60)
    alike = records[PIECE : PIECE + 1_000]
    alike["exporter"], alike["sampling"], alike["vlan"], alike["source_mac"] = 2, 10, 7, 5
    records["exporter"][PIECE + 1_000 :] = 1
    one.store.put(records[:PIECE])
    with one.store.lend() as lender:
        assert lender is not None
        fill(lender, alike, 1_000)
        defaults = dict(zip(lender.columns.names, lender.columns.fields["default"].tolist(), strict=True))
        assert [defaults[name] for name in ("exporter", "sampling", "vlan", "source_mac")] == [2, 10, 7, 5]
    one.store.put(records[PIECE + 1_000 : PIECE + 2_000])
    with one.store.lend() as lender:
        assert lender is not None
        fill(lender, records[PIECE + 2_000 : PIECE + 3_000], 100)
    one.store.put(records[PIECE + 3_000 :])
    one.store.close()
    wanted = kept(tmp_path / "wanted", records)
    assert read(tmp_path / "flows").sort(pl.all()).equals(read(wanted).sort(pl.all()))


def test_a_column_of_one_number_is_never_written_and_is_read_all_the_same(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", buffer_records=ROOM)
    records = many(2 * PIECE, length_s=60)
    records["exporter"][PIECE:] = 2
    records["tcp_flags"] = 27
    one.store.put(records[:PIECE])
    with one.store.lend() as lender:
        assert lender is not None
        fill(lender, records[PIECE:], 1_000)
        present = dict(zip(lender.columns.names, lender.columns.fields["present"].tolist(), strict=True))
        assert not present["exporter"]
    one.store.close()
    wanted = kept(tmp_path / "wanted", records)
    assert read(tmp_path / "flows").sort(pl.all()).equals(read(wanted).sort(pl.all()))


def test_of_what_was_written_and_not_taken_nothing_is_left(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", buffer_records=ROOM)
    records = many(PIECE + 1_000, length_s=60)
    one.store.put(records[:PIECE])
    with one.store.lend() as lender:
        assert lender is not None
        refused = many(500, length_s=60)
        refused["exporter"], refused["vlan"] = 3, 7
        write(lender.columns, refused)
        lender.columns.room[ROW] = 0
    one.store.put(records[PIECE:])
    one.store.close()
    wanted = kept(tmp_path / "wanted", records)
    assert read(tmp_path / "flows").sort(pl.all()).equals(read(wanted).sort(pl.all()))


def test_the_times_are_those_of_the_hour_as_far_as_they_are_kept(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", late_hours=1)
    one.store.put(record(end=HOUR + 10))
    with one.store.lend() as lender:
        assert lender is not None
        assert lender.columns.room[EARLIEST] == HOUR * NS
        assert lender.columns.room[LATEST] == (HOUR + 300) * NS, "ahead_s"
    one.store.tick(HOUR + 3_600 + 1_800)
    with one.store.lend() as lender:
        assert lender is not None
        assert lender.columns.room[EARLIEST] == (HOUR + 1_800) * NS
        assert lender.columns.room[LATEST] == (HOUR + 3_600) * NS - 1
    one.store.put(record(end=HOUR + 3_600))
    with one.store.lend() as lender:
        assert lender is not None
        assert lender.columns.room[EARLIEST] == (HOUR + 3_600) * NS
    one.store.close()


def test_without_room_nothing_is_lent_and_put_says_so(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", buffer_records=ROOM)
    one.store.put(many(7 * PIECE, length_s=60))
    with one.store.lend() as lender:
        assert lender is not None
        fill(lender, many(PIECE - 100, length_s=60), PIECE)
        assert not lender.renew(), "no more of them"
    with one.store.lend() as lender:
        assert lender is None
    one.store.put(many(10, length_s=60))
    assert one.value("dropped_records_total", reason="full") == 10
    one.store.close()
    assert one.value("kept_records_total") == 8 * PIECE - 100


def test_a_piece_of_which_nothing_came_goes_back(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows", buffer_records=ROOM)
    one.store.put(many(7 * PIECE, length_s=60))
    for _ in range(5):
        with one.store.lend() as lender:
            assert lender is not None
    with pytest.raises(ZeroDivisionError), one.store.lend() as lender:
        raise ZeroDivisionError
    with one.store.lend() as lender:
        assert lender is not None
        assert not lender.renew(), "an empty piece is as good as another"
    one.store.put(many(PIECE, length_s=60))
    one.store.close()
    assert one.value("kept_records_total") == 8 * PIECE


def test_what_was_written_before_an_error_is_kept(tmp_path: Path) -> None:
    one = Measured(tmp_path / "flows")
    one.store.put(record(end=HOUR + 10))
    records = many(10, length_s=60)
    with suppress(ZeroDivisionError), one.store.lend() as lender:
        assert lender is not None
        fill(lender, records, 5)
        raise ZeroDivisionError
    one.store.close()
    assert one.value("kept_records_total") == 11
