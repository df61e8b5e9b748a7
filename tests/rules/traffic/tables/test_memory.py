"""Memory of rows that is used again: by nobody else at the time, and with nothing left in it that tells."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.tables import Tables
from tests.rules.traffic.tables.made import mixed, packets


def begins(rows: np.ndarray[Any, Any]) -> int:
    return int(rows.ctypes.data)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 200), min_size=2, max_size=5))
def test_a_window_is_what_it_would_be_in_new_memory(seed: int, counts: list[int]) -> None:
    few = TablesSettings(rows=64, kept=0)
    again = Tables(few, seed=7)
    for number, count in enumerate(counts):
        records = mixed(count, seed + number)
        records["tcp_flags"] &= 0xFD  # no SYN: an ACK would complete what a window before began
        new = Tables(few, seed=7)
        for tables in (again, new):
            tables.add(records)
        one, other = again.drain(0, 1), new.drain(0, 1)
        for table in ("destinations", "sources", "ports"):
            assert getattr(one, table).tobytes() == getattr(other, table).tobytes(), table


def test_a_floods_windows_are_what_they_would_be_in_new_memory() -> None:
    """So many rows are handed out whole, and come back with what was in them."""
    again = Tables(seed=7)
    again.touch()
    places = set()
    for number in range(6):
        records = packets(40_000, source_lo=np.arange(40_000) * (number + 1), source_port=number, bytes=number)
        new = Tables(TablesSettings(kept=0), seed=7)
        for tables in (again, new):
            tables.add(records)
        one, other = again.drain(0, 1).sources, new.drain(0, 1).sources
        assert np.sort(one, order="lo").tobytes() == np.sort(other, order="lo").tobytes()
        places.add(begins(one))
    assert len(places) < 4


def test_nobody_has_room_kept_where_that_is_set() -> None:
    tables = Tables(TablesSettings(rows=64, kept=0), seed=7)
    for count in (40, 7):
        tables.add(packets(count * 20, source_lo=np.repeat(np.arange(count), 20)))
        assert len(tables.drain(0, 1).sources) == count
