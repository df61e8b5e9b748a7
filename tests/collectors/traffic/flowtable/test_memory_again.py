"""Memory that is handed out and used again: never while somebody holds it, and no more of it than is needed."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from collectors.traffic.flowtable.told import Told
from tests.support.flow_packets import START_NS, plain, small

_ROWS = 64


def _place(rows: NDArray[np.void]) -> int:
    return int(rows.ctypes.data)


def _full(told: Told, number: int) -> NDArray[np.void]:
    told.rows["bytes"] = number
    return told.take(_ROWS)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, _ROWS), st.integers(0, 3)), max_size=40), st.integers(1, 3))
def test_what_was_taken_stays_whatever_is_filled_next(drains: list[tuple[int, int]], kept: int) -> None:
    told = Told(_ROWS, kept=kept)
    held: list[tuple[int, NDArray[np.void]]] = []
    for number, (filled, longest) in enumerate(drains):
        told.rows["bytes"][:filled] = number
        taken = told.take(filled)
        assert len(taken) == filled
        held = [*held, (number, taken)][-longest:] if longest else []
        del taken
        assert all((rows["bytes"] == when).all() for when, rows in held)


def test_a_flood_is_written_to_the_same_memory_over_and_over() -> None:
    told, places, last = Told(_ROWS, kept=1), set(), None
    for number in range(20):
        last = _full(told, number)  # a reader is one drain behind
        places.add(_place(last))
    assert last is not None
    assert len(places) == 3  # what is filled, what is read, and what was read when that began


def test_a_table_that_is_touched_keeps_what_is_in_it() -> None:
    table, other = small(), small()
    for each in (table, other):
        each.add(plain(500))
    table.touch()
    assert np.array_equal(table.drain(START_NS)[0], other.drain(START_NS)[0])
    assert np.array_equal(table.finish(), other.finish())
