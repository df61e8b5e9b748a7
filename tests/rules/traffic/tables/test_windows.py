"""Window after window, and those of several processes as one."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api.traffic import ENDPOINT, MAPPED, SAMPLE, Second, halves
from rules.traffic.tables.merge import Merging
from rules.traffic.tables.settings import TablesSettings
from rules.traffic.tables.tables import Tables
from tests.rules.traffic.tables.made import drained, mixed, packets


def test_the_next_window_begins_empty() -> None:
    tables = Tables(seed=7)
    tables.add(mixed(5_000, 1))
    first, nothing = tables.drain(0, 1), tables.drain(1, 2)
    tables.add(mixed(5_000, 1))
    again = tables.drain(2, 3)
    assert (nothing.records, len(nothing.destinations), len(nothing.sources), len(nothing.ports)) == (0, 0, 0, 0)
    assert len(nothing.sample) == 0
    for table in ("destinations", "sources"):
        before, after = np.sort(getattr(first, table)), np.sort(getattr(again, table))
        assert before[["hi", "lo", "packets", "bytes", "syn"]].tolist() == (
            after[["hi", "lo", "packets", "bytes", "syn"]].tolist()
        )


def test_a_flood_of_sources_does_not_crowd_out_who_was_busy_before() -> None:
    settings = TablesSettings(rows=64, kept=4)
    tables = Tables(settings, seed=7)
    server = halves("192.0.2.80")[1] - MAPPED
    tables.add(packets(100, source_lo=server, tcp_flags=0x12))
    tables.drain(0, 1)
    tables.add(packets(5_000, source_lo=np.arange(5_000) + 1))
    tables.add(packets(30, source_lo=server, tcp_flags=0x12))
    sources = tables.drain(1, 2).sources
    assert sources["syn_ack"][sources["lo"] == MAPPED + server].tolist() == [30]
    assert len(tables.drain(2, 3).sources) == 0


def test_what_was_drained_stays_as_it_was() -> None:
    tables = Tables(seed=7)
    for count in (100, 30_000):
        tables.add(packets(count, source_lo=np.arange(count)))
        sources = tables.drain(0, 1).sources
        before = sources.tobytes()
        tables.add(packets(50_000, source_lo=np.arange(50_000) + 7))
        assert len(tables.drain(1, 2).sources) == 50_000
        assert (len(sources), sources.tobytes()) == (count, before)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 90), st.booleans()), max_size=6))
def test_windows_are_the_same_however_records_are_cut_into_batches(seed: int, batches: list[tuple[int, bool]]) -> None:
    """Records are looked ahead at within a batch: one at a time there is nothing to look ahead at."""
    few = TablesSettings(rows=64, kept=4)
    whole, cut = Tables(few, seed=7), Tables(few, seed=7)
    for number, (count, over) in enumerate(batches):
        records = mixed(count, seed + number)
        whole.add(records)
        for at in range(count):
            cut.add(records[at : at + 1])
        if over or number == len(batches) - 1:
            one, other = whole.drain(0, 1), cut.drain(0, 1)
            for table in ("destinations", "sources", "ports", "sample"):
                assert getattr(one, table).tobytes() == getattr(other, table).tobytes(), table
            assert (one.unlisted, one.packets, one.bytes) == (other.unlisted, other.packets, other.bytes)


def test_rows_kept_for_who_is_silent_are_not_told() -> None:
    tables = Tables(TablesSettings(rows=64, kept=8), seed=7)
    tables.add(packets(800, source_lo=np.arange(800) % 8))
    tables.drain(0, 1)
    for present in ([3], [], [0, 7], [9, 5, 11], list(range(20))):
        tables.add(packets(len(present) * 20, source_lo=np.repeat(present, 20)))
        sources = tables.drain(1, 2).sources
        assert sorted(sources["lo"].tolist()) == [MAPPED + one for one in sorted(present)]
        assert set(sources["packets"].tolist()) <= {20}


def test_windows_of_several_processes_merge_to_the_window_of_one() -> None:
    records = mixed(9_000, 5)
    whole = drained(records)
    merged = Merging(seed=7).merge([drained(records[part::3]) for part in range(3)])
    for table in ("destinations", "sources"):
        one, many = (
            rows[np.lexsort((rows["lo"], rows["hi"]))] for rows in (getattr(whole, table), getattr(merged, table))
        )
        for name in one.dtype.names or ():
            if name not in ("port", "port_votes", "reflected_port", "reflected_votes", "handshakes"):
                assert np.array_equal(one[name], many[name]), name
    assert merged.ports.tolist() == sorted(whole.ports.tolist())
    assert (merged.records, merged.packets, merged.bytes) == (whole.records, whole.packets, whole.bytes)
    assert SAMPLE - 3 <= len(merged.sample) <= SAMPLE


def test_merging_weighs_votes_and_samples() -> None:
    busy = drained(packets(9_000, destination_port=443))
    idle = drained(packets(1_000, destination_port=80))
    merged = Merging(seed=7).merge([idle, busy])
    assert merged.destinations["port"].tolist() == [443]
    assert merged.destinations["port_votes"].tolist() == [8_000]
    assert np.count_nonzero(merged.sample["destination_port"] == 80) == pytest.approx(SAMPLE / 10, abs=1)
    with pytest.raises(ValueError, match="no windows"):
        Merging(seed=7).merge([])


@given(st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), unique=True), min_size=2, max_size=4))
def test_merging_keeps_every_row_that_one_alone_saw_and_adds_up_the_others(seen: list[list[tuple[int, int]]]) -> None:
    tables, expected = [], Counter[tuple[int, int]]()
    for number, addresses in enumerate(seen):
        rows = np.zeros(len(addresses), ENDPOINT)
        rows["hi"], rows["lo"] = [hi for hi, _ in addresses], [lo for _, lo in addresses]
        rows["packets"] = np.arange(len(rows)) + 100**number
        expected.update(dict(zip(addresses, rows["packets"].tolist(), strict=True)))
        tables.append(rows)
    merged = Merging(seed=7).merge([Second(0, 1, sources=rows) for rows in tables]).sources
    assert len(merged) == len(expected)
    assert {(row["hi"], row["lo"]): row["packets"] for row in merged} == expected
