"""Whatever comes: no packet is lost or counted twice, the table stays as large as it is, and its best flows stay."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.traffic.flowtable.settings import FlowTableSettings
from collectors.traffic.flowtable.table import FlowTable
from netmon.api.traffic import EndReason, FlowState
from tests.support.bounds import checked_cache
from tests.support.flow_fuzz import batches, save
from tests.support.flow_packets import START_NS, at, back, feed, handshake, plain, sent, small, sums, there, udp
from tests.support.flow_run import run

_ROOT: Final = Path(__file__).parents[4]
_SECOND: Final = 1_000_000_000


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),  # who
            st.integers(0, 3),  # to whom
            st.integers(0, 2),  # port
            st.sampled_from([0, 1, 2, 4, 16, 17, 18, 20]),
            st.sampled_from([6, 17]),
            st.integers(0, 40_000_000_000),  # when
            st.integers(1, 9),  # packets, by sampling
        ),
        max_size=300,
    ),
    st.integers(1, 70),
)
def test_sums_hold_for_any_order_of_packets(packets: list[tuple[int, ...]], batch: int) -> None:
    records = plain(len(packets))
    for row, (source, destination, port, flags, protocol, when, count) in enumerate(packets):
        records[row]["source_lo"], records[row]["destination_lo"] = source, destination
        records[row]["source_port"], records[row]["destination_port"] = port, 1
        records[row]["tcp_flags"], records[row]["protocol"] = flags, protocol
        records[row]["start_ns"], records[row]["packets"], records[row]["bytes"] = START_NS + when, count, 60 * count
    table = small(flows=64, ended_rows=4096)
    got = []
    for first in range(0, len(records), batch):
        assert table.add(records[first : first + batch]) == len(records[first : first + batch])
        got.append(table.drain(int(records["start_ns"][first]))[1])
    got.append(table.finish())
    assert sums(*got) == sums(records)
    assert table.counts["unwritten"] == 0
    assert table.counts["begun"] + table.counts["parts"] >= sum(map(len, got))


def test_damaged_and_hostile_packets() -> None:
    counts = run(batches(1, 20_000))
    assert all(counts[name] > 0 for name in counts if name != "open")  # every branch was taken


def test_damaged_and_hostile_packets_with_bounds_checks(tmp_path: Path) -> None:
    save(tmp_path / "batches.npz", batches(2, 20_000))
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": checked_cache()}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.flow_run", str(tmp_path / "batches.npz")],
        env=environment,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("bounds checked: True")


def test_a_full_table_gives_up_the_oldest_of_one_packet() -> None:
    table = small(flows=64)
    table.add(plain(64))
    table.add(plain(10, first=64))
    ended = table.drain(START_NS)[1]
    assert ended["source_port"].tolist() == list(range(10))
    assert set(ended["end_reason"]) == {EndReason.EVICTED}
    assert (table.open, table.counts["ended_evicted"]) == (64, 10)


def test_connections_live_through_a_flood_from_sources_that_never_come_twice() -> None:
    table = small(flows=4096)
    for port in range(1000):
        feed(table, handshake(port / 1e6, port=20000 + port))
    for second in range(5):
        flood = plain(100_000, start_ns=START_NS + (1 + second) * _SECOND, first=second * 100_000)
        for first in range(0, len(flood), 4096):
            table.add(flood[first : first + 4096])
        ended = table.drain(START_NS + (2 + second) * _SECOND)[1]
        assert set(ended["state"]) == {FlowState.ONE_WAY}
        assert len(ended) <= 4096
        assert table.open <= 4096
    feed(table, [sent(7, 16, port=20000 + port) for port in range(1000)])
    left = table.finish()
    established = left[left["state"] == FlowState.ESTABLISHED]
    assert len(established) == 1000
    assert set(established["packets"]) == {3}
    assert set(established["handshake_us"]) == {20_000}


def test_a_talk_over_udp_lives_through_a_flood_that_is_answered() -> None:
    table = small(flows=1024, active_s=2)
    asked, answer = udp(source_port=40000), udp(source_port=53, destination_port=40000)
    for second in range(8):
        feed(table, [there(second, asked), back(second, answer), there(second, asked), back(second, answer)])
        if second < 2:  # it is known before the flood begins
            continue
        for first in range(0, 4000, 200):
            flood = plain(200, start_ns=at(second + 0.1 + first / 1e4), first=second * 4000 + first)
            table.add(flood)
            flood["tcp_flags"], flood["start_ns"] = 18, flood["start_ns"] + np.uint64(1_000_000)
            for one, other in (("source_lo", "destination_lo"), ("source_port", "destination_port")):
                flood[one], flood[other] = flood[other].copy(), flood[one].copy()
            table.add(flood)
        ended = table.drain(at(second + 1))[1]
        talk = ended[ended["protocol"] == 17]
        assert EndReason.EVICTED not in talk["end_reason"]
        assert EndReason.EVICTED in ended["end_reason"]
    assert (table.finish()["protocol"] == 17).sum() == 1


def test_a_newcomer_proves_itself_during_a_flood_of_two_packets_each() -> None:
    table = small(flows=4096, half_open_s=5)
    answers = 0
    for second in range(4):
        flood = np.repeat(plain(20_000, start_ns=START_NS + second * _SECOND, first=second * 20_000, step_ns=50_000), 2)
        for first in range(0, len(flood), 400):
            table.add(flood[first : first + 400])
            if first == 8000:  # its answer comes 10 ms later, with 400 packets of the flood between
                feed(table, handshake(second + 0.2, port=30000 + second)[:1])
            if first == 8400:
                feed(table, handshake(second + 0.2, port=30000 + second)[1:])
        ended = table.drain(at(second + 1))[1]
        answers += int((ended["state"] == FlowState.ESTABLISHED).sum())
    answers += int((table.finish()["state"] == FlowState.ESTABLISHED).sum())
    assert answers == 4


def test_the_table_that_is_full_of_connections_gives_up_one_that_is_not_in_use() -> None:
    table = small(flows=64)
    for port in range(64):
        feed(table, handshake(port * 0.1, port=20000 + port))
    feed(table, [sent(40, 16, port=20000), sent(40, 16, port=20001)])
    feed(table, handshake(41, port=30000))
    (gone,) = table.drain(at(41.1))[1]
    assert gone["source_port"] == 20002


def test_records_beyond_the_cap_are_counted_with_what_is_in_them() -> None:
    table = small(flows=64, ended_rows=64)
    table.add(plain(1000))
    ended = table.drain(START_NS)[1]
    counts = table.counts
    assert (len(ended), counts["unwritten"], counts["ended_evicted"]) == (64, 872, 936)
    assert counts["unwritten_packets"] + sums(ended)[0] + table.open == 1000
    assert counts["unwritten_bytes"] == 60 * 872


def test_what_was_drained_stays_as_it_was_told() -> None:
    table = small(flows=64, ended_rows=64, begun_rows=64)
    told, kept = [], []
    for first in range(0, 600, 60):  # most of the room is used, so that it is handed out
        table.add(plain(60, first=first))
        for rows in table.drain(START_NS):
            told.append(rows)
            kept.append(rows.copy())
    assert sum(len(rows) for rows in told) == 600 + 536
    assert all(np.array_equal(rows, copy) for rows, copy in zip(told, kept, strict=True))


def test_what_expires_when_the_list_is_full_waits_for_the_next_drain() -> None:
    table = small(flows=1024, ended_rows=64)
    table.add(plain(1000))
    told = [len(table.drain(START_NS + 10 * _SECOND)[1]) for _ in range(17)]
    assert told == [64] * 15 + [40, 0]
    assert table.counts["unwritten"] == 0


def test_the_hash_depends_on_its_seeds_and_spreads_what_differs_in_one_bit() -> None:
    settings_ = FlowTableSettings(flows=4096)
    orders = []
    for _ in range(2):
        table = FlowTable(settings_)
        records = plain(2048)
        records["source_lo"] = np.arange(2048)
        records["source_port"] = 0
        table.add(records)
        slots = table._table.slots
        filled = np.flatnonzero(slots)
        away = (filled - (slots[filled] >> np.uint64(32)).astype(np.int64)) % len(slots)
        assert away.mean() < 1  # at a load of 1/4 linear probing goes 0.17 slots on the average
        assert len(filled) == 2048
        orders.append(filled.tolist())
    assert orders[0] != orders[1]
