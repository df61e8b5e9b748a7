"""What is said over and over, taken together, against the same taken one by one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netmon.api.traffic import LEASE, MAC_SEEN, MAPPED, NEIGHBOUR, Second
from rules.traffic.local import contests
from rules.traffic.local.contests import Contests
from rules.traffic.local.settings import ContestSettings

MACS = (0x0200_0000_0001, 0x0200_0000_0002, 0x0000_5E00_0101)
ADDRESSES = tuple(MAPPED + 0xC000_0200 + last for last in (1, 2, 3))
_TIMES = 5
CLAIM = st.tuples(
    st.sampled_from(MACS),  # who sent the frame
    st.one_of(st.none(), st.sampled_from(MACS)),  # whom it names, where that is another
    st.sampled_from((0, *ADDRESSES)),
    st.sampled_from(ADDRESSES),  # asked for
    st.sampled_from([0, 0, 7]),
    st.sampled_from([1, 1, 1, 2, 3, 4]),
    st.integers(1, _TIMES),
)
WINDOW = st.tuples(st.lists(CLAIM, max_size=8), st.integers(0, 9), st.integers(1, 100), st.booleans())
SETTINGS = ContestSettings(addresses=256, held_s=8.0, window_s=2.0)


_KNOWN = ("_held", "_asked", "_leased", "_own", "_others", "unasked")
Claim = tuple[int, int | None, int, int, int, int, int]


def _rows(claims: list[Claim], seed: int, at: float) -> np.ndarray:
    rows = np.zeros(sum(claim[-1] for claim in claims), NEIGHBOUR)
    told = [claim for claim in claims for _ in range(claim[-1])]
    if seed % 2:
        np.random.default_rng(seed).shuffle(told)
    else:  # in turns, as questions and answers come
        told = [claim for turn in range(_TIMES) for claim in claims if turn < claim[-1]]
    for row, (frame, named, address, asked, vlan, kind, _) in zip(rows, told, strict=True):
        row["frame_mac"], row["claimed_mac"] = frame, frame if named is None else named
        row["lo"], row["asked_lo"], row["vlan"], row["kind"] = address, asked, vlan, kind
    rows["at_ns"] = int(at * 1e9) + np.arange(len(rows), dtype=np.uint64) * np.uint64(150_000_000)
    return rows


def _state(one: Contests) -> tuple[object, ...]:
    return tuple(
        list(getattr(one, name).items()) for name in ("_held", "_asked", "_leased", "_own", "_others", "unasked")
    )


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(windows=st.lists(WINDOW, min_size=1, max_size=6))
def test_what_is_known_is_the_same(
    windows: list[tuple[list[Claim], int, int, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    together, single = Contests(SETTINGS), Contests(SETTINGS)
    at = 1_800_000_000.0
    for claims, seed, later, used in windows:
        at += later / 10
        second = Second(at, at + 1, neighbours=_rows(claims, seed, at))
        if used:
            macs = np.array([(MACS[0], 0, 0, 1, 0, ADDRESSES[0])], MAC_SEEN)
            leases = np.zeros(1, LEASE)
            leases["kind"], leases["client_mac"], leases["offered_lo"] = 5, MACS[1], ADDRESSES[1]
            second = replace(second, macs=macs, leases=leases)
        monkeypatch.setattr(contests, "_FEW", -1)
        found = together.observe(second)
        monkeypatch.setattr(contests, "_FEW", 10**9)
        assert found == single.observe(second)
        assert _state(together) == _state(single)


def test_who_asks_for_a_dead_host_all_day_costs_no_more_than_who_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    claim = Contests._claim

    def counted(self: Contests, *row: Any) -> Any:
        taken.append(row[-1])
        return claim(self, *row)

    monkeypatch.setattr(Contests, "_claim", counted)
    rows = _rows([(MACS[0], None, ADDRESSES[0], ADDRESSES[1], 0, 1, 100)], 1, 1_800_000_000.0)
    Contests(SETTINGS).observe(Second(1_800_000_000.0, 1_800_000_001.0, neighbours=rows))
    assert taken == [1, 99]


def test_what_is_asked_and_answered_all_day_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[int, int]] = []
    claim = Contests._claim

    def counted(self: Contests, *row: Any) -> Any:
        taken.append((row[2], row[-1]))
        return claim(self, *row)

    monkeypatch.setattr(Contests, "_claim", counted)
    pair: list[Claim] = [
        (MACS[0], None, ADDRESSES[0], ADDRESSES[1], 0, 1, 5),
        (MACS[1], None, ADDRESSES[1], ADDRESSES[0], 0, 2, 5),
    ]
    rows = np.concatenate([_rows(pair, 0, 1_800_000_000.0 + 2 * turn) for turn in range(20)])
    found = Contests(ContestSettings()).observe(Second(1_800_000_000.0, 1_800_000_001.0, neighbours=rows))
    assert (found, taken) == ([], [(1, 1), (2, 1), (1, 99), (2, 99)])
