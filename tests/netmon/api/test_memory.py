"""Memory that is handed out and used again: never while somebody holds it, and no more of it than is needed."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from netmon.api.memory import Again, touch
from netmon.api.traffic import RECORD

ROW = np.dtype([("lo", "u8"), ("more", "u8", 7)])


def _place(rows: NDArray[Any]) -> int:
    return int(rows.ctypes.data)


@pytest.mark.parametrize(("rows", "boundary"), [(100, 64), (1 << 17, 1 << 21)])
def test_an_array_comes_back_when_nobody_holds_it_or_a_view_of_it(rows: int, boundary: int) -> None:
    memory = Again(ROW)
    first, second = memory.take(rows), memory.take(rows)
    place, column = _place(first), first[:7]["lo"]
    del first
    third = memory.take(rows)
    assert len({place, _place(second), _place(third)}) == 3
    del column
    assert _place(memory.take(rows)) == place
    assert (len(third), third.dtype, _place(third) % boundary) == (rows, ROW, 0)


def test_one_that_is_much_too_large_is_let_go() -> None:
    memory = Again(ROW)
    place = _place(memory.take(800))
    assert _place(memory.take(100)) == place
    assert len(memory.take(90)) == 90


def test_after_a_flood_only_what_is_kept_stays() -> None:
    memory = Again(RECORD)
    held = [memory.take(100) for _ in range(5)]
    assert not memory.shed(2)  # somebody holds all of them
    places = {_place(rows) for rows in held}
    held.clear()
    assert memory.shed(2)
    anew = [memory.take(100) for _ in range(2)]
    assert {_place(rows) for rows in anew} < places


def test_what_is_touched_is_what_is_taken_next() -> None:
    memory = Again(RECORD)
    memory.touch(10_000, 10_000, 10_000, 10_000)
    tracemalloc.start()
    try:
        held = [memory.take(10_000) for _ in range(3)]
        taken, _ = tracemalloc.get_traced_memory()
        held.append(memory.take(10_000))
        more, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 100_000 < 10_000 * RECORD.itemsize <= more
    assert len({_place(rows) for rows in held}) == 4


def test_what_is_touched_stays_as_it_was_and_no_more_of_it_is_taken_than_asked_for() -> None:
    memory = Again(ROW)
    held = memory.take(100_000)
    held["lo"] = np.arange(100_000)
    memory.touch(100_000, 100_000, 50)
    assert held["lo"].tolist() == list(range(100_000))
    touched = _place(memory.take(100_000))
    assert touched == _place(memory.take(100_000))
    assert touched != _place(held)


def test_touching_leaves_what_is_there() -> None:
    rows = np.arange(10_000, dtype=np.uint64)
    touch(rows)
    assert np.array_equal(rows, np.arange(10_000))
