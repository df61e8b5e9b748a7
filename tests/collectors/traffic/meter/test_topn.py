"""The busiest of many: what the sketch promises, against exact counts."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.traffic.meter.topn import TopN

Window = dict[int, int]


def sketch(size: int, half_life_s: float = 1e12) -> TopN:
    return TopN(size, ("bytes",), half_life_s=half_life_s, seed=5)


def put(top: TopN, window: Window, now: float) -> None:
    keys = np.array(list(window), np.uint64)
    top.add(np.zeros(len(keys), np.uint64), keys, [np.array(list(window.values()), np.uint64)], now)


def told(top: TopN, count: int, now: float, stay_s: float = 1e9) -> list[tuple[int, int]]:
    return [(int(row["lo"]), int(row["counts"][0])) for row in top.busiest(count, now, stay_s=stay_s)]


@given(
    st.integers(1, 8),
    st.lists(st.dictionaries(st.integers(0, 40), st.integers(1, 1_000), max_size=30), min_size=1, max_size=20),
)
def test_no_heavy_key_is_missed_and_no_weight_is_too_small(size: int, windows: list[Window]) -> None:
    top, exact = sketch(size), Counter[int]()
    for number, window in enumerate(windows):
        put(top, window, float(number + 1))
        exact.update(window)
    total = sum(exact.values())
    assert top.floor <= total / (size + 1) + 1e-6
    rows = top.busiest(size, float(len(windows)), stay_s=1e9)
    followed = {int(row["lo"]) for row in rows}
    assert all(key in followed for key, count in exact.items() if count > total / (size + 1))
    for row in rows:
        true = exact[int(row["lo"])]
        assert true <= row["weight"] * (1 + 1e-9)
        assert row["weight"] - row["error"] <= true * (1 + 1e-9)
        assert int(row["counts"][0]) <= true


def test_counts_are_exact_since_a_key_is_followed() -> None:
    top = sketch(4)
    for now in range(1, 11):
        put(top, {1: 100, 2: 10}, now)
    assert told(top, 2, 10) == [(1, 1_000), (2, 100)]


def test_a_flood_of_keys_once_seen_does_not_push_the_heavy_out() -> None:
    top = sketch(64)
    for now in range(1, 21):
        put(top, {1: 50_000, **{now * 10_000 + one: 60 for one in range(2, 5_000)}}, now)
    assert told(top, 1, 20)[0] == (1, 1_000_000)
    assert len(top) == 64


def test_what_was_carried_long_ago_counts_less() -> None:
    top = sketch(8, half_life_s=60)
    put(top, {1: 10_000}, 1)
    put(top, {2: 1_000}, 601)
    assert [key for key, _ in told(top, 2, 601)] == [2, 1]


def test_who_left_the_busiest_stays_a_while_and_then_leaves_the_page() -> None:
    top = sketch(8, half_life_s=10)
    put(top, {1: 1_000}, 1)
    assert told(top, 1, 1, stay_s=100) == [(1, 1_000)]
    for now in range(2, 150):
        put(top, {1: 1, 2: 1_000}, now)
        told(top, 1, now, stay_s=100)
        if now == 50:
            assert [key for key, _ in told(top, 1, now, stay_s=100)] == [2, 1]
    assert [key for key, _ in told(top, 1, 149, stay_s=100)] == [2]
    assert told(top, 1, 400, stay_s=100) == []


def test_two_addresses_with_one_hash_are_not_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    def parity(top: TopN, hi: np.ndarray, lo: np.ndarray) -> np.ndarray:
        del top, hi
        return lo & np.uint64(1)

    monkeypatch.setattr(TopN, "_hash", parity)
    top = sketch(8)
    put(top, {2: 5}, 1)
    put(top, {4: 7}, 2)
    put(top, {1: 1, 3: 1}, 3)
    assert sorted(told(top, 8, 3)) == [(1, 1), (2, 5)]
    assert top.collided == 2
