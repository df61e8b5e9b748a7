"""Tables of several windows added up in a compiled loop: as plain Python does, in bounds, in memory used again."""

import os
import subprocess
import sys
from functools import reduce

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api.traffic import ENDPOINT, RECORD, Second
from rules.traffic.tables.merge import Merging
from tests.support.bounds import checked_cache

_MOST = (1 << 32) - 1
_VOTES = (("port", "port_votes"), ("reflected_port", "reflected_votes"))
_FULL = [_MOST, _MOST - 1, 1 << 31, 0, 1, 5]


def _table(draw: np.random.Generator, count: int, addresses: int) -> np.ndarray:
    """Return rows of different addresses: anything in them, also counts that are nearly full."""
    rows = np.zeros(count, ENDPOINT)
    chosen = draw.permutation(addresses)[:count]
    for name in ENDPOINT.names or ():
        if ENDPOINT[name].shape:
            rows[name] = draw.integers(0, 1 << 63, (count, *ENDPOINT[name].shape))
        elif ENDPOINT[name] == np.uint64:
            rows[name] = draw.integers(0, 1 << 40, count)
        else:
            few = [1, 2, 3] if ENDPOINT[name] == np.uint16 else _FULL
            rows[name] = draw.choice(few, count)
    rows["hi"], rows["lo"] = chosen % 2, chosen // 2
    return rows


def _joined(one: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    """Add up two rows as they are meant to be, field by field."""
    sums: dict[str, object] = {}
    for name, value in one.items():
        more = other[name]
        if isinstance(value, list) and isinstance(more, list):
            sums[name] = [a | b for a, b in zip(value, more, strict=True)]
        elif isinstance(value, int) and isinstance(more, int):
            sums[name] = min(value + more, _MOST) if ENDPOINT[name] == np.uint32 else value + more
    for port, votes in _VOTES:
        mine, theirs = int(str(one[votes])), int(str(other[votes]))
        if one[port] != other[port]:
            sums[votes] = abs(mine - theirs)
        sums[port] = one[port] if mine >= theirs else other[port]
    return {**sums, "hi": one["hi"], "lo": one["lo"]}


def _plain(rows: np.ndarray) -> list[dict[str, object]]:
    return [{name: row[name].tolist() for name in ENDPOINT.names or ()} for row in rows]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.lists(st.integers(0, 40), min_size=1, max_size=4), st.integers(40, 90))
def test_rows_are_added_up_as_plain_python_does(seed: int, counts: list[int], addresses: int) -> None:
    draw = np.random.default_rng(seed)
    tables = [_table(draw, count, addresses) for count in counts]
    by_address: dict[tuple[object, object], list[dict[str, object]]] = {}
    for row in (row for table in tables for row in _plain(table)):
        by_address.setdefault((row["hi"], row["lo"]), []).append(row)
    expected = {key: reduce(_joined, rows) for key, rows in by_address.items()}
    merged = Merging(seed=seed).merge([Second(0, 1, sources=table, destinations=table[:1]) for table in tables])
    assert {(row["hi"], row["lo"]): row for row in _plain(merged.sources)} == expected
    assert len(merged.sources) == len(expected)


def test_windows_stand_in_the_same_memory_once_nobody_holds_them() -> None:
    merging, draw = Merging(seed=7), np.random.default_rng(7)
    table, flows = _table(draw, 9_000, 20_000), np.zeros(50_000, RECORD)
    flows["packets"] = np.arange(50_000)
    seconds = [Second(0, 1, sources=table, ended=flows), Second(0, 1, sources=table[:50], ended=flows[:3])]
    first, second = merging.merge(seconds), merging.merge(seconds)
    places = {each.sources.ctypes.data for each in (first, second)}
    told = first.sources.tobytes(), first.ended["packets"].tolist()
    assert len(places) == 2
    assert told == (second.sources.tobytes(), [*range(50_000), 0, 1, 2])
    del second
    third = merging.merge(seconds[:1])
    assert {each.sources.ctypes.data for each in (first, third)} == places
    assert (first.sources.tobytes(), first.ended["packets"].tolist()) == told
    assert third.ended.tobytes() == flows.tobytes()
    assert not np.shares_memory(third.ended, flows)  # also of one window: what was told may be let go


FUZZ = """
import numpy as np
from netmon.api.traffic import ENDPOINT, Second
from rules.traffic.tables.merge import Merging

draw, merging = np.random.default_rng(3), Merging(seed=7)
for number in range(60):
    tables = [draw.integers(0, 256, (count, 256), np.uint8).view(ENDPOINT).reshape(-1) for count in (300, 0, 90)]
    if number % 2:
        for table in tables:  # addresses that meet, and not once each
            table["hi"], table["lo"] = 0, table["lo"] & np.uint64(63)
    merged = merging.merge([Second(0, 1, sources=table) for table in tables]).sources
    assert len(merged) <= (64 if number % 2 else 390), len(merged)
print("through")
"""


def test_any_octets_are_added_up_within_bounds() -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    ran = subprocess.run(
        [sys.executable, "-c", FUZZ], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.stdout, ran.returncode) == ("through\n", 0), ran.stderr
