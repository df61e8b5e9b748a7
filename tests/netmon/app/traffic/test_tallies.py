"""Sums and windows against plain numpy, whatever the records hold."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collectors.traffic.packet.sums_kernel import SUMS, VERDICT
from netmon.api.traffic import RECORD, Notes, Traffic, Verdict
from netmon.app.traffic.tallies import Tallies
from netmon.app.traffic.windows import STEP_BACK, Windows

_NS = 1_000_000_000
WORDS = st.integers(0, 2**64 - 1)
ROWS = st.lists(st.tuples(WORDS, WORDS, st.integers(0, 2**40), st.integers(0, 2**40), st.integers(0, 255)), max_size=40)


def records_of(rows: list[tuple[int, ...]]) -> np.ndarray:
    records = np.zeros(len(rows), RECORD)
    for row, values in enumerate(rows):
        for name, value in zip(("start_ns", "end_ns", "packets", "bytes", "verdict"), values, strict=True):
            records[name][row] = value
    return records


def notes_of(records: np.ndarray) -> Notes:
    sums = np.zeros(SUMS, np.uint64)
    sums[:VERDICT] = (
        records["packets"].sum(),
        records["bytes"].sum(),
        records["start_ns"].min(),
        records["end_ns"].max(),
    )
    sums[VERDICT:] = np.bincount(records["verdict"], minlength=256)[: SUMS - 4]
    return Notes(sums, np.zeros(0, np.uint32), np.zeros(0, np.uint64))


@given(ROWS, st.integers(1, 7), st.booleans())
def test_sums_are_those_of_numpy(rows: list[tuple[int, ...]], batch: int, summed: bool) -> None:
    records = records_of(rows)
    records.flags.writeable = False
    tallies = Tallies()
    for begin in range(0, len(rows), batch):
        part = records[begin : begin + batch]
        tallies.take(Traffic(part, notes=notes_of(part) if summed else None))
    assert tallies.packets == int(records["packets"].sum())
    assert tallies.bytes == int(records["bytes"].sum())
    counted = np.bincount(records["verdict"], minlength=256)
    assert tallies.verdicts() == {one.name.lower(): int(counted[one]) for one in Verdict if counted[one]}
    if rows and (first := int(records["start_ns"].min())) < 2**64 - 1:
        assert tallies.span_s == (int(records["end_ns"].max()) - first) / 1e9
        assert tallies.plain()["span"] == [first, int(records["end_ns"].max())]
    else:
        assert tallies.span_s == 0.0
        assert tallies.plain()["span"] == []


@given(ROWS, ROWS)
def test_two_processes_sums_are_one_processs(ours: list[tuple[int, ...]], theirs: list[tuple[int, ...]]) -> None:
    alone, one, other = Tallies(), Tallies(), Tallies()
    alone.take(Traffic(records_of(ours + theirs)))
    one.take(Traffic(records_of(ours)))
    other.take(Traffic(records_of(theirs)))
    one.join(other.plain())
    assert one.plain() == alone.plain()


@given(st.lists(st.integers(-40 * _NS, 3 * _NS), min_size=1, max_size=60), st.integers(0, 59))
def test_a_window_reaches_as_far_as_numpy_says(times: list[int], begin: int) -> None:
    begin %= len(times)
    start_ns = 1_700_000_000 * _NS
    at_ns = records_of([(start_ns + time, start_ns + time, 1, 60, 0) for time in times])["end_ns"]
    windows = Windows(1.0)
    windows.open_at(start_ns)
    end = windows.fits(at_ns, begin)
    rest = at_ns[begin:].astype(np.int64) - start_ns
    outside = np.flatnonzero((rest >= _NS) | (rest < -STEP_BACK * _NS))
    assert end == begin + (int(outside[0]) if len(outside) else len(rest))
    assert windows.late == int((rest[: end - begin] < 0).sum())
