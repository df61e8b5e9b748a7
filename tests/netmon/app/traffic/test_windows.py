from dataclasses import fields

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from collectors.traffic.packet.sums_kernel import EARLIEST, LATEST, SUMS
from netmon.api.traffic import RECORD, Notes, Second, Traffic, empty
from netmon.app.traffic.pipeline import Parts, Pipeline
from netmon.app.traffic.windows import LONGEST_GAP, NS, PATIENCE, REST, RESTS, Windows
from rules.traffic.tables.tables import Tables as RealTables


class Tables:
    """Counts what it is given."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, records: np.ndarray) -> None:
        self.count += len(records)

    def drain(self, start: float, end: float, *, live: bool) -> Second:
        count, self.count = self.count, 0
        return Second(start, end, live, records=count)


class Flows:
    """Has three flows open at the end, whatever came."""

    def add(self, traffic: Traffic, now_ns: int) -> None:
        del traffic, now_ns

    def drain(self, now_ns: int) -> tuple[np.ndarray, np.ndarray]:
        del now_ns
        return empty(RECORD), empty(RECORD)

    def finish(self) -> np.ndarray:
        return np.zeros(3, RECORD)


def at(*seconds: float) -> Traffic:
    records = np.zeros(len(seconds), RECORD)
    records["start_ns"] = records["end_ns"] = [round(second * NS) for second in seconds]
    return Traffic(records)


class Watched:
    def __init__(self, window_s: float = 1.0) -> None:
        self.seconds: list[Second] = []
        self.tables = Tables()
        self.pipeline = Pipeline(Parts(self.tables, Flows()), self.seconds.append, window_s=window_s)

    @property
    def told(self) -> list[tuple[float, int]]:
        return [(second.start, second.records) for second in self.seconds]


def test_records_are_cut_by_their_own_seconds_and_empty_ones_are_told() -> None:
    watched = Watched()
    watched.pipeline.take(at(1000.1, 1000.9, 1001.0, 1003.5))
    watched.pipeline.take(at(1003.6, 1004.0))
    watched.pipeline.finish()
    assert watched.told == [(1000, 2), (1001, 1), (1002, 0), (1003, 2), (1004, 1)]
    assert len(watched.seconds[-1].ended) == 3, "flows still open are told with the last window"


@given(st.lists(st.lists(st.integers(-35_000, 35_000), min_size=1, max_size=6), max_size=12))
def test_what_a_source_noted_of_times_changes_no_window(batches: list[list[int]]) -> None:
    noted, bare = Watched(), Watched()
    now_ms = 1_000_000
    for steps in batches:
        times = [(now_ms + step) / 1000 for step in steps]
        now_ms += steps[-1] // 4
        traffic = at(*times)
        sums = np.zeros(SUMS, np.uint64)
        sums[EARLIEST], sums[LATEST] = traffic.records["start_ns"].min(), traffic.records["end_ns"].max()
        notes = Notes(sums, np.zeros(0, np.uint32), np.zeros(0, np.uint64))
        noted.pipeline.take(Traffic(traffic.records, None, notes))
        bare.pipeline.take(traffic)
    for each in (noted, bare):
        each.pipeline.finish()
    assert noted.told == bare.told
    assert noted.pipeline.windows.late == bare.pipeline.windows.late


def test_silence_after_the_end_is_judged_where_it_is_asked_for() -> None:
    watched = Watched()
    watched.pipeline.take(at(1000.5))
    watched.pipeline.finish(quiet_windows=3)
    assert watched.told == [(1000, 1), (1001, 0), (1002, 0), (1003, 0)]
    assert [len(second.ended) for second in watched.seconds] == [3, 0, 0, 0]


def test_a_record_that_comes_late_counts_to_the_open_window() -> None:
    watched = Watched()
    watched.pipeline.take(at(1000.5, 1002.5, 1000.7, 1002.6))
    watched.pipeline.finish()
    assert watched.told == [(1000, 1), (1001, 0), (1002, 3)]
    assert watched.pipeline.windows.late == 1


def test_a_long_gap_is_jumped_over() -> None:
    watched = Watched()
    watched.pipeline.take(at(1000, 1000 + 86_400))
    watched.pipeline.finish()
    assert len(watched.seconds) == LONGEST_GAP + 1
    assert watched.told[-1] == (87_400, 1)
    assert watched.pipeline.windows.jumps == 1


def test_a_gap_in_which_nothing_is_open_is_cut_short() -> None:
    watched, packets = Watched(), [1000 + 300 * number for number in range(40)]
    watched.pipeline.is_at_rest = lambda: watched.seconds[-1].start < 8_000
    watched.pipeline.take(at(*packets))
    watched.pipeline.finish()
    assert [start for start, count in watched.told if count] == packets
    assert watched.pipeline.windows.jumps == 0
    gaps = np.diff([place for place, (_, count) in enumerate(watched.told) if count])
    assert set(gaps[:20].tolist()) == {REST + 1}
    assert set(gaps[-12:].tolist()) == {300}


def test_parts_that_have_their_windows_from_elsewhere_are_asked_for_each() -> None:
    watched = Watched()
    watched.pipeline.elapse(1000 * NS)
    for second in range(1, 200):
        watched.tables.count = 7
        watched.pipeline.elapse((1000 + second) * NS)
    assert {count for _, count in watched.told} == {7}


def test_silence_after_the_end_is_cut_short_where_nothing_is_open() -> None:
    watched = Watched()
    watched.pipeline.is_at_rest = lambda: True
    watched.pipeline.take(at(1000.5))
    watched.pipeline.finish(quiet_windows=LONGEST_GAP)
    assert len(watched.told) == REST + 1


def test_gaps_without_end_do_not_cost_much() -> None:
    watched = Watched()
    watched.pipeline.is_at_rest = lambda: True
    watched.pipeline.windows.rests = RESTS
    watched.pipeline.take(at(*[1000 + 3_600 * number for number in range(1000)]))
    assert len(watched.seconds) < (PATIENCE + 2) * LONGEST_GAP


def test_tables_that_are_drained_without_a_record_are_empty() -> None:
    """The pipeline relies on it: it asks them no more."""
    tables, wanted = RealTables(), Second(7.0, 8.0)
    records = np.zeros(300, RECORD)
    records["source_lo"], records["destination_lo"] = np.arange(300), 5
    records["protocol"], records["version"], records["packets"], records["tcp_flags"] = 6, 4, 1, 2
    tables.add(records)
    for start in (4.0, 5.0, 6.0):
        tables.drain(start, start + 1, live=True)
    empty_second = tables.drain(7.0, 8.0, live=True)
    for each in fields(Second):
        one, other = getattr(empty_second, each.name), getattr(wanted, each.name)
        assert len(one) == len(other) if isinstance(one, np.ndarray) else one == other


def test_time_that_is_set_back_is_followed() -> None:
    watched = Watched()
    watched.pipeline.take(at(5000, 1000, 1001))
    watched.pipeline.finish()
    assert watched.told == [(5000, 1), (1000, 1), (1001, 1)]


def test_times_that_leap_to_and_fro_do_not_cost_much() -> None:
    watched = Watched()
    watched.pipeline.take(at(*[1000 + 10_000 * (n % 2) for n in range(1000)]))
    watched.pipeline.finish()
    assert sum(count for _, count in watched.told) == 1000
    assert len(watched.seconds) < (PATIENCE + 2) * LONGEST_GAP


def test_a_silent_wire_has_windows_too() -> None:
    watched = Watched()
    for tenth in range(35):
        watched.pipeline.elapse(round((1000 + tenth / 10) * NS))
    assert watched.told == [(1000, 0), (1001, 0), (1002, 0)]


def test_what_exporters_report_counts_when_it_came() -> None:
    watched = Watched(window_s=10)
    watched.pipeline.take_now(at(3, 999_999_999), 1000 * NS)
    watched.pipeline.take_now(at(5), 1009 * NS)
    watched.pipeline.take_now(at(), 1010 * NS)
    assert watched.told == [(1000, 3)]


@given(st.lists(st.floats(0, 2e9, allow_nan=False), max_size=60), st.integers(1, 20))
def test_no_record_is_lost_whatever_the_times(seconds: list[float], size: int) -> None:
    watched = Watched()
    for begin in range(0, len(seconds), size):
        watched.pipeline.take(at(*seconds[begin : begin + size]))
    watched.pipeline.finish()
    assert sum(count for _, count in watched.told) == len(seconds)


def test_the_window_of_a_time_is_a_multiple_of_its_length() -> None:
    windows = Windows(10)
    windows.open_at(1_234_567_890 * NS)
    assert windows.start_ns == 1_234_567_890 * NS
    windows.open_at(1_234_567_899 * NS)
    assert (windows.start_ns, windows.jumps) == (1_234_567_890 * NS, 0)
