"""Which files count, and which of them are merged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.flowstore.names import File, file_of, hour_name, hour_of, live, to_merge


def file(first: int, last: int, records: int = 10) -> File:
    return File(first, last, records, 0, 3_599)


def test_names_are_read_as_they_are_written() -> None:
    each = File(3, 17, 1_048_576, 0, 3_599)
    assert each.name == "000003-000017-1048576-0000-3599.parquet"
    assert file_of(each.name) == each
    assert hour_of(hour_name(489_943)) == 489_943
    assert hour_name(489_943) == "2025-11-22T07"


@pytest.mark.parametrize(
    "name",
    [
        "lock",
        "000001-000001-5-0000-0010.parquet.new",
        "1-1-5-0-1.parquet",
        "\u0660\u0660\u0660\u0660\u0660\u0661-000001-5-0000-0010.parquet",
        "",
    ],
)
def test_other_names_are_none_of_ours(name: str) -> None:
    assert file_of(name) is None
    assert hour_of(name) is None


def test_no_such_day_is_no_hour() -> None:
    assert hour_of("2026-02-30T07") is None
    assert hour_of("2026-02-28T24") is None


def test_what_was_merged_counts_no_more() -> None:
    parts = [file(number, number) for number in range(5)]
    assert live([*parts, file(1, 3)]) == [parts[0], file(1, 3), parts[4]]
    assert live([*parts, file(1, 3), file(0, 3)]) == [file(0, 3), parts[4]]


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(0, 100))
def test_merging_goes_on_until_nothing_is_gained_and_loses_nothing(sizes: list[int], crash_after: int) -> None:
    """Play merges, with the parts left in place as a crash would; the records that count are always the same."""
    there = [File(number, number, size, 0, 0) for number, size in enumerate(sizes)]
    written = 0
    for _ in range(crash_after):
        run = to_merge(live(there), 1_000)
        if not run:
            break
        total = sum(each.records for each in run)
        assert total <= 1_000
        assert len(run) > 1
        written += total
        there.append(File(run[0].first, run[-1].last, total, 0, 0))
        assert sum(each.records for each in live(there)) == sum(sizes)
    assert written <= sum(sizes) * 11  # twice as large each time: at most log2(1000) times, and once


def test_big_files_stay_and_a_trickle_does_not_write_the_hour_again() -> None:
    big = [file(0, 0, 600), file(1, 1, 3), file(2, 2, 3), file(3, 3, 501)]
    assert to_merge(big, 1_000) == [file(1, 1, 3), file(2, 2, 3)]
    assert to_merge([file(0, 59, 400), file(60, 60, 5)], 1_000) == []
    assert to_merge([file(0, 59, 400), file(60, 60, 5), file(61, 61, 5)], 1_000) == [file(60, 60, 5), file(61, 61, 5)]
    assert to_merge([], 1_000) == []
