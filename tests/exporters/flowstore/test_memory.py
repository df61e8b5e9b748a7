"""Memory that is used again, and files written in steps."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exporters.flowstore import disk, memory
from exporters.flowstore.columns import Piece
from exporters.flowstore.disk import Disk
from exporters.flowstore.memory import Sheets, untouched
from exporters.flowstore.order_kernel import alike
from tests.support.kept_flows import HOUR, record


def test_sheets_keep_what_they_are_given_until_they_are_cleared() -> None:
    sheets, given_ = (
        Sheets(),
        [bytes([each]) * size for each, size in enumerate((3, 4 << 20, 0, 1, 5 << 20, 4_194_303))],
    )
    kept = [sheets.keep(each) for each in given_]
    assert [bytes(each) for each in kept] == given_
    sheets.clear()
    sheets.keep(b"new")
    assert bytes(kept[0]) == b"new", "the same memory"
    for _ in range(4):
        sheets.keep(bytes(4 << 20))
    assert bytes(kept[4]) == given_[4], "more than a sheet has a place of its own"


def test_what_is_given_back_is_taken_again() -> None:
    sheets = Sheets()
    for size in (100, 5 << 20):  # that of no sheet is its taker's
        taken = sheets.take(size)
        taken[:] = 7
        sheets.give_back(size - 10)
        other = sheets.take(1_000)
        other[:] = 8
        assert taken[:10].tolist() == [7] * 10
        assert taken[10:].tolist() == ([8] * 90 if size == 100 else [7] * (size - 10))


def test_more_than_all_sheets_hold_is_kept_all_the_same() -> None:
    sheets, page = Sheets(), bytes(range(256)) * 16_384
    assert all(bytes(sheets.keep(page)) == page for _ in range(memory._SHEETS + 2))


def test_memory_that_nobody_wrote_to_is_not_there() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4_096

    before = resident()
    room = untouched(np.uint64, 4, 4 << 20)  # 128 MB
    room[1, :512] = 7
    assert resident() - before < 8 << 20
    assert room.shape == (4, 4 << 20)
    assert int(room[0].max()) == 0
    assert int(room[1, :513].sum()) == 7 * 512


def test_rows_are_given_to_columns_as_these_are_met() -> None:
    def rows(*, wide: bool) -> list[int]:
        return sorted(int(each["present"]) for each in piece.fields if each["present"] and bool(each["wide"]) == wide)

    piece = Piece(64)
    piece.put(record(end=HOUR + 1))
    few = rows(wide=False), rows(wide=True)
    assert [*few[0], *few[1]] == [*range(4, 4 + len(few[0])), *range(2, 2 + len(few[1]))]
    piece.put(record(end=HOUR + 2, vlan=7, mpls=9, source_mac=5))
    assert rows(wide=False) == [*few[0], few[0][-1] + 1, few[0][-1] + 2]
    assert rows(wide=True) == [*few[1], few[1][-1] + 1]
    piece.clear()
    piece.put(record(end=HOUR + 3))
    assert (rows(wide=False), rows(wide=True)) == few


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=8), st.integers(1, 1_500), st.sampled_from([np.uint32, np.uint64])
)
def test_columns_of_one_value(values: list[int], times: int, kind: type) -> None:
    column = np.repeat(np.array(values, kind) << np.array(29, kind), times)
    assert bool(alike(column)) == (len(set(values)) == 1)


@given(st.lists(st.integers(0, 700_000), max_size=6), st.integers(0, 255))
def test_a_file_is_what_it_was_given_whatever_its_pieces(sizes: list[int], seed: int) -> None:
    content = [bytes([(seed + each) % 256]) * size for each, size in enumerate(sizes)]
    steps = list(disk._together(content))
    assert b"".join(b"".join(step) for step in steps) == b"".join(content)
    assert all(0 < sum(map(len, step)) <= disk._AT_ONCE and len(step) <= disk._PIECES for step in steps)


def test_many_small_pieces_are_written_in_few_steps(tmp_path: Path) -> None:
    content = [b"ab"] * (2 * disk._PIECES + 1)
    assert [len(step) for step in disk._together(content)] == [disk._PIECES, disk._PIECES, 1]
    Disk().fill(content, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"".join(content)
