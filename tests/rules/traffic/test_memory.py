"""What is remembered of the last seconds, against a list."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.traffic.memory import Memory, by_key

ROW = np.dtype([("who", "u8"), ("number", "u4"), ("fits", "u1")])
CAP = 24
# Some share their bucket, and some their lowest 16 bits.
KEYS = [1, 2, 3, 1 << 16 | 1, 1 << 17 | 1, 1 << 18 | 2, 1 << 63 | 3]
WINDOWS = st.lists(st.lists(st.tuples(st.sampled_from(KEYS), st.integers(0, 1)), max_size=16), max_size=12)


@given(WINDOWS, st.lists(st.sampled_from([*KEYS, 9]), min_size=1))
def test_rows_are_found_by_their_keys_and_the_oldest_windows_go_first(
    windows: list[list[tuple[int, int]]], asked: list[int]
) -> None:
    memory, kept, dropped, number = (
        Memory(4.0, CAP, ROW, "who", mark="fits"),
        list[tuple[float, list[tuple[int, ...]]]](),
        0,
        0,
    )
    for at, window in enumerate(windows):
        rows = np.array([(who, number + place, fits) for place, (who, fits) in enumerate(window)], ROW)
        number += len(rows)
        memory.add(rows, float(at))
        kept = [part for part in kept if part[0] > at - 4.0]
        dropped += max(len(rows) - CAP // 2, 0)
        fresh = rows[: CAP // 2].tolist()
        while fresh and sum(len(part) for _, part in kept) + len(fresh) > CAP:
            dropped += len(kept.pop(0)[1])
        kept += [(float(at), fresh)] if fresh else []
        expected = [row for _, part in kept for row in part]
        found = memory.of("who", np.array(asked, np.uint64))
        mine = {key: [row for row in expected if row[0] == key] for key in asked}
        assert {key: part.tolist() for key, part in found.items()} == {key: part for key, part in mine.items() if part}
        assert memory.rows.tolist() == expected
        assert memory.dropped == dropped
        for key in asked:
            near = [row for row in expected if (row[0] ^ key) & 0x1FFFF == 0]
            assert memory.rough("who", np.array([key], np.uint64)).tolist() == [len(near)]
            assert memory.rough_marked("who", np.array([key], np.uint64)).tolist() == [sum(row[2] for row in near)]
        again = by_key(memory.rows, "who", np.array(asked, np.uint64))
        assert {key: part.tolist() for key, part in again.items()} == {key: part for key, part in mine.items() if part}
