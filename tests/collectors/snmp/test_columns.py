"""Pages into columns, against what the table holds, for any table and any way an agent cuts its answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snmp import oid, wire
from collectors.snmp.columns import ColumnWalk, Table, TableMemory, take_page
from collectors.snmp.values import VarBinds
from netmon.api import Reason
from tests.support.evil import EvilAgent, honest
from tests.support.snmp_client import raw

ENTRY = "1.3.6.1.2.1.2.2.1"
COUNTER = int(wire.Tag.COUNTER32)
ARCS = st.sampled_from([0, 1, 2, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 2**32 - 1])
INDEXES = st.lists(ARCS, min_size=1, max_size=3).map(tuple)
CELLS = st.dictionaries(st.tuples(st.sampled_from([1, 2, 3, 10]), INDEXES), st.integers(0, 2**32 - 1), max_size=60)


def binds(cells: list[tuple[bytes, int, int | None]]) -> VarBinds:
    return VarBinds([name for name, _, _ in cells], [tag for _, tag, _ in cells], [value for _, _, value in cells])


def walk(agent: EvilAgent, memory: TableMemory, sizes: list[tuple[int, int]]) -> Table:
    """Walk columns 1, 2, 3 and 10; each size is how many rows are asked for, and how many varbinds are cut off."""
    table = Table([raw(f"{ENTRY}.{n}") for n in (1, 2, 3, 10)], memory, 1_000)
    turn = 0
    while live := [column for column in table.columns if not column.done]:
        rows, cut = sizes[turn % len(sizes)]
        turn += 1
        assert turn < 1_000
        page = agent.walk([oid.text(oid.decode(column.at)) for column in live], rows)
        page = page[: max(1, len(page) - cut)]
        take_page(live, binds([(raw(name), tag, value) for name, tag, value in page]))  # type: ignore[misc] # numbers all
    table.remember()
    return table


def contents(table: Table) -> dict[tuple[int, tuple[int, ...]], object]:
    return {
        (column.oid[-1], oid.suffix_arcs(index)): cell
        for column in table.columns
        for index, cell in column.cells.items()
    }


@given(CELLS, CELLS, st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30)), min_size=1, max_size=5))
def test_any_table_is_read_whole_and_in_order_and_again_when_it_changed(
    before: dict[tuple[int, tuple[int, ...]], int],
    after: dict[tuple[int, tuple[int, ...]], int],
    sizes: list[tuple[int, int]],
) -> None:
    memory = TableMemory()
    for cells in (before, before, after):
        mib = {oid.text((*oid.parse(ENTRY), column, *index)): (COUNTER, v) for (column, index), v in cells.items()}
        table = walk(EvilAgent(mib, honest), memory, sizes)
        assert contents(table) == cells
        for column in table.columns:
            assert column.problem is None
            indexes = [oid.suffix_arcs(index) for index in column.cells]
            assert indexes == sorted(indexes)


def one(names: list[str], *, memory: TableMemory | None = None, max_rows: int = 100) -> ColumnWalk:
    """Feed names to a walk of column 2, one page."""
    column = Table([raw(f"{ENTRY}.2")], memory or TableMemory(), max_rows).columns[0]
    take_page([column], binds([(raw(name), COUNTER, at) for at, name in enumerate(names)]))
    return column


@pytest.mark.parametrize(
    ("names", "kept", "problem"),
    [
        (["2.16383", "2.16384"], 2, None),
        (["2.16384", "2.16383"], 1, Reason.NOT_INCREASING),
        (["2.1", "2.1"], 1, Reason.NOT_INCREASING),
        (["2"], 0, Reason.NOT_INCREASING),
        (["2.5", "2.4", "2.6"], 1, Reason.NOT_INCREASING),
        (["2.1", "2.1.1", "2.2"], 3, None),
        (["2.1.1", "2.1"], 1, Reason.NOT_INCREASING),
        (["2.1", "3.1", "2.2"], 1, None),  # what comes after the column's end is not looked at
        (["1.9"], 0, None),
        (["20.1"], 0, None),
    ],
)
def test_what_is_accepted_as_the_next_row(names: list[str], kept: int, problem: Reason | None) -> None:
    column = one([f"{ENTRY}.{name}" for name in names])
    assert list(column.cells.values()) == list(range(kept))
    assert (column.problem and column.problem.reason) == problem
    if kept < len(names):
        assert column.done


@pytest.mark.parametrize("suffix", [b"\x81", b"\x01\x81", b"\x90\x80\x80\x80\x00", b"\x80\x80"])
def test_an_index_that_is_no_oid_ends_the_column(suffix: bytes) -> None:
    column = Table([raw(f"{ENTRY}.2")], TableMemory(), 100).columns[0]
    take_page([column], binds([(raw(f"{ENTRY}.2.0"), COUNTER, 1), (column.oid + suffix, COUNTER, 2)]))
    assert list(column.cells.values()) == [1]
    assert column.problem is not None
    assert column.problem.reason is Reason.MALFORMED


def test_rows_known_from_the_last_poll_do_not_excuse_a_name_outside_the_column() -> None:
    memory = TableMemory(rows=(b"\x01", b"\x02"))
    column = one([f"{ENTRY}.2.1", f"{ENTRY}.3.2"], memory=memory)
    assert list(column.cells) == [b"\x01"]
    assert column.done


def test_a_known_row_beyond_the_cap_is_cut() -> None:
    memory = TableMemory(rows=tuple(bytes((n,)) for n in range(1, 6)))
    column = one([f"{ENTRY}.2.{n}" for n in range(1, 6)], memory=memory, max_rows=3)
    assert list(column.cells) == [b"\x01", b"\x02", b"\x03"]
    assert column.problem is not None
    assert column.problem.reason is Reason.TRUNCATED


@pytest.mark.parametrize("tag", [wire.Tag.END_OF_MIB_VIEW, wire.Tag.NO_SUCH_OBJECT, wire.Tag.NO_SUCH_INSTANCE])
def test_an_exception_ends_the_column_without_a_reading(tag: int) -> None:
    column = Table([raw(f"{ENTRY}.2")], TableMemory(), 100).columns[0]
    take_page([column], binds([(raw(f"{ENTRY}.2.1"), COUNTER, 7), (raw(f"{ENTRY}.2.2"), tag, None)]))
    assert column.cells == {b"\x01": 7}
    assert column.done
    assert column.problem is None


def test_null_is_no_reading_and_the_walk_goes_on() -> None:
    column = Table([raw(f"{ENTRY}.2")], TableMemory(), 100).columns[0]
    null = int(wire.Tag.NULL)
    take_page(
        [column],
        binds([(raw(f"{ENTRY}.2.{n}"), null if n == 2 else COUNTER, None if n == 2 else n) for n in (1, 2, 3)]),
    )
    assert column.cells == {b"\x01": 1, b"\x03": 3}
    assert not column.done
    assert column.at == raw(f"{ENTRY}.2.3")


def test_columns_share_their_index_objects_and_with_the_last_poll() -> None:
    memory = TableMemory()

    def shared(rows: range) -> Table:
        mib = {f"{ENTRY}.{c}.{r}": (COUNTER, r) for c in (1, 2, 3, 10) for r in rows}
        table = walk(EvilAgent(mib, honest), memory, [(16, 0)])
        for column in table.columns[1:]:
            assert all(a is b for a, b in zip(column.cells, table.columns[0].cells, strict=True))
        return table

    first, second = shared(range(10_101, 10_150)), shared(range(10_101, 10_150))
    assert all(a is b for a, b in zip(first.columns[0].cells, second.columns[0].cells, strict=True))
    shared(range(10_103, 10_200))
