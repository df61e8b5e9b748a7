"""Exporters' one-way records find their reverse, nothing is lost or doubled, silence is told from what is not seen."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from collectors.traffic.flowtable import packed
from collectors.traffic.flowtable import pairing as module
from collectors.traffic.flowtable.layout import CHUNK
from collectors.traffic.flowtable.pairing import Pairing
from collectors.traffic.flowtable.settings import PairingSettings
from netmon.api.traffic import MAPPED, RECORD, FlowState
from tests.support.flow_packets import START_NS, at, sums
from tests.support.packets import ACK, FIN, PSH, RST, SYN

CLIENT, SERVER = MAPPED | 1, MAPPED | 2


def record(**of: Any) -> NDArray[np.void]:
    """A record from the client to the server."""
    rows = np.zeros(1, RECORD)
    given_ = {
        "source_lo": CLIENT, "destination_lo": SERVER, "source_port": 40000, "destination_port": 443, "protocol": 6,
        "version": 4, "packets": 10, "bytes": 1000, "sampling": 1, "exporter": 1, "start_ns": at(0), "end_ns": at(1),
        "tcp_flags": SYN | ACK | FIN, "in_interface": 3, **of,
    }  # fmt: skip
    for name, value in given_.items():
        rows[name] = value
    return rows


def reverse(**of: Any) -> NDArray[np.void]:
    """The answer to it, 10 ms later."""
    ends = {"source_lo": SERVER, "destination_lo": CLIENT, "source_port": 443, "destination_port": 40000}
    return record(**{**ends, "packets": 20, "bytes": 20_000, "start_ns": at(0.01), "end_ns": at(1.01), **of})


def small(**of: Any) -> Pairing:
    return Pairing(PairingSettings(**{"records": 1024, "ready_rows": 4096, **of}), seed=5)


def drained(pairing: Pairing, now_ns: int) -> NDArray[np.void]:
    rows, rest = pairing.drain(now_ns)
    assert rest is None
    return rows


def paired(*records: NDArray[np.void], **of: Any) -> NDArray[np.void]:
    pairing = small(**of)
    pairing.add(np.concatenate(records), START_NS)
    return pairing.finish()


@pytest.mark.parametrize("order", [1, -1])
def test_two_records_become_one_flow_of_who_began(order: int) -> None:
    (row,) = paired(*[record(), reverse()][::order])
    assert (row["source_lo"], row["destination_lo"], row["destination_port"]) == (CLIENT, SERVER, 443)
    assert (row["packets"], row["bytes"], row["reply_packets"], row["reply_bytes"]) == (10, 1000, 20, 20_000)
    assert (row["start_ns"], row["end_ns"], row["in_interface"]) == (at(0), at(1.01), 3)
    assert FlowState(row["state"]) is FlowState.CLOSED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (record(start_ns=at(0.5), end_ns=at(3)), reverse(start_ns=at(0.6))),
        (record(tcp_flags=SYN), reverse(start_ns=at(0), tcp_flags=SYN | ACK)),
        (record(), reverse(start_ns=at(0))),  # by ports
        (record(protocol=17, tcp_flags=0), reverse(start_ns=at(0), protocol=17, tcp_flags=0)),
    ],
)
def test_who_began(one: NDArray[np.void], other: NDArray[np.void]) -> None:
    for rows in (paired(one, other), paired(other, one)):
        assert [row["source_lo"] for row in rows] == [CLIENT]


@pytest.mark.parametrize(
    ("asked", "answered", "state"),
    [
        (SYN | ACK | FIN, SYN | ACK | FIN, FlowState.CLOSED),
        (SYN | ACK | PSH, SYN | ACK, FlowState.ESTABLISHED),
        (SYN | ACK, SYN | ACK | RST, FlowState.RESET),
        (SYN, RST | ACK, FlowState.REFUSED),
        (SYN, SYN | ACK, FlowState.ANSWERED),
        (ACK, ACK, FlowState.ANSWERED),
        (0, 0, FlowState.ANSWERED),
    ],
)
def test_the_state_follows_from_the_flags_of_both(asked: int, answered: int, state: FlowState) -> None:
    (row,) = paired(record(tcp_flags=asked), reverse(tcp_flags=answered))
    assert FlowState(row["state"]) is state
    assert (row["tcp_flags"], row["reply_tcp_flags"]) == (asked, answered)


@pytest.mark.parametrize(
    "other",
    [
        reverse(exporter=2),
        reverse(exporter=1 + 2**16),
        reverse(protocol=17),
        reverse(source_port=444),
        reverse(start_ns=at(70), end_ns=at(71)),
        record(start_ns=at(0.01)),
    ],
    ids=["exporter", "far exporter", "protocol", "port", "much later", "the same direction"],
)
def test_what_does_not_fit_stays_alone(other: NDArray[np.void]) -> None:
    rows = paired(record(), other)
    assert rows["reply_packets"].tolist() == [0, 0]


def test_an_end_before_its_start_is_taken_for_the_start() -> None:
    assert len(paired(record(end_ns=0), reverse(end_ns=0))) == 1


def test_pings_join_by_their_types_whatever_stands_for_ports() -> None:
    request, reply = {"protocol": 1, "icmp_type": 8}, {"protocol": 1, "icmp_type": 0}
    (row,) = paired(record(**request, destination_port=0x800), reverse(**reply, source_port=0, destination_port=0))
    assert (row["icmp_type"], row["reply_packets"]) == (8, 20)
    assert len(paired(record(**request), reverse(**request))) == 2


def test_a_record_waits_for_its_time_and_no_longer() -> None:
    pairing = small(wait_s=5)
    pairing.add(record(), at(0))
    assert (len(drained(pairing, at(4.99))), pairing.waiting) == (0, 1)
    assert (len(drained(pairing, at(5))), pairing.waiting) == (1, 0)
    pairing.add(reverse(), at(6))
    assert len(drained(pairing, at(6))) == 0


def many(count: int, *, first: int = 0, of: Any = record, **more: Any) -> NDArray[np.void]:
    rows = np.repeat(of(**more), count)
    port = "source_port" if of is record else "destination_port"
    rows[port] = 10_000 + first + np.arange(count)
    return rows


def test_silence_is_told_from_what_is_not_exported() -> None:
    pairing = small(both_ways_records=100)
    for exporter in (1, 2):
        pairing.add(many(100, exporter=exporter), at(0))
    pairing.add(many(100, of=reverse, exporter=1), at(1))
    drained(pairing, at(10))
    for exporter in (1, 2, 5000):
        pairing.add(many(10, first=500, exporter=exporter), at(20))
    rows = drained(pairing, at(30))
    states = {int(exporter): set(rows["state"][rows["exporter"] == exporter]) for exporter in (1, 2, 5000)}
    assert states == {1: {FlowState.ONE_WAY}, 2: {FlowState.UNKNOWN}, 5000: {FlowState.UNKNOWN}}
    counts = pairing.counts
    assert (counts["pairs"], counts["one_way"], counts["unknown"]) == (100, 10, 120)


def test_an_exporter_that_changes_is_learned_anew() -> None:
    pairing = small(both_ways_records=100)
    for _ in range(100):
        pairing.add(many(1000), at(0))
        pairing.add(many(1000, of=reverse), at(0))
        drained(pairing, at(0))
    for second in range(400):
        pairing.add(many(1000), at(10 * second))
        rows = drained(pairing, at(10 * second + 9))
    assert set(rows["state"]) == {FlowState.UNKNOWN}


def test_records_with_both_directions_and_without_addresses_pass() -> None:
    rows = paired(record(reply_packets=5, state=4), record(version=0))
    assert rows["state"].tolist() == [4, 0]


def test_room_is_bounded_and_what_goes_is_counted() -> None:
    pairing = small(records=64, ready_rows=100)
    pairing.add(many(300), at(0))
    counts = pairing.counts
    assert (counts["waiting"], counts["evicted"], counts["unwritten"]) == (64, 236, 136)
    rows = drained(pairing, at(0))
    assert rows["source_port"].tolist() == list(range(10_000, 10_100))  # the oldest first
    assert (counts["unwritten_packets"], counts["unwritten_bytes"]) == (1360, 136_000)
    assert sums(rows, pairing.finish()) == (300 * 10 - 1360, 300_000 - 136_000)


def test_what_is_ready_has_room_as_it_needs_it() -> None:
    pairing = small(records=65_536, ready_rows=200_000)
    for turn in range(3):
        for first in range(0, 50_000, 5_000):
            pairing.add(many(5_000, first=first), at(turn))
        for first in range(0, 50_000, 5_000):
            pairing.add(many(5_000, first=first, of=reverse), at(turn))
        assert drained(pairing, at(turn))["source_port"].tolist() == list(range(10_000, 60_000))
    pairing.add(many(30_000), at(3))
    assert (len(drained(pairing, at(9))), len(pairing.finish())) == (30_000, 0)
    assert (pairing.counts["unwritten"], pairing.counts["evicted"]) == (0, 0)


@pytest.mark.parametrize("most", [8192, 5_000, 700, 300])
def test_what_is_much_is_told_in_parts_in_the_order_it_came(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WHOLE", 512)
    monkeypatch.setattr(module, "_BLOCK", 256)
    monkeypatch.setattr(packed, "PART", 1024)
    pairing = small(records=8192, ready_rows=most)
    for turn in range(3):
        pairing.add(np.concatenate([many(1), many(1, of=reverse)]), at(turn))
        assert drained(pairing, at(turn))["source_port"].tolist() == [10_000]
        for first in range(0, 4_000, 500):
            pairing.add(many(500, first=first, bytes=2**40 + first), at(turn))
            pairing.add(many(500, first=first, of=reverse), at(turn))
        rows, rest = pairing.drain(at(turn))
        parts = [rows, *([] if rest is None else rest)]
        told = np.concatenate(parts)
        room = min(most, 4_000)
        assert told["source_port"].tolist() == list(range(10_000, 10_000 + room))
        assert told["bytes"].tolist() == [2**40 + number // 500 * 500 for number in range(room)]
        assert min(room, 512 - 2 * CHUNK) <= len(rows) <= 512
        assert max(map(len, parts)) <= 1024
        if rest is not None:
            assert len(rows) + len(rest) == room
            assert [part.tobytes() for part in rest] == [part.tobytes() for part in parts[1:]]  # again
            assert rest.nbytes < room * RECORD.itemsize / 2
        assert pairing.counts["unwritten"] == (turn + 1) * (4_000 - room)
        assert len(pairing.finish()) == 0


def test_what_is_left_is_whole_though_it_was_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WHOLE", 512)
    monkeypatch.setattr(module, "_BLOCK", 256)
    pairing = small(records=8192)
    pairing.add(np.concatenate([many(2_000), many(2_000, of=reverse), many(100, first=3_000)]), at(0))
    rows = pairing.finish()
    assert rows["source_port"].tolist() == [*range(10_000, 12_000), *range(13_000, 13_100)]
    assert rows["reply_packets"].tolist() == [20] * 2_000 + [0] * 100
    assert (len(pairing.finish()), pairing.waiting) == (0, 0)


def test_who_waits_long_is_found_behind_any_number_of_others() -> None:
    pairing = small(records=64)
    pairing.add(record(source_port=1), at(0))
    for turn in range(20):
        pairing.add(np.concatenate([many(50), many(50, of=reverse)]), at(0))
        assert len(drained(pairing, at(0))) == 50
        if turn == 9:
            pairing.add(record(source_port=2), at(1))
    pairing.add(reverse(destination_port=1), at(0))
    assert drained(pairing, at(0))["source_port"].tolist() == [1]
    assert (len(drained(pairing, at(5))), drained(pairing, at(6))["source_port"].tolist()) == (0, [2])


def test_rows_stay_as_they_are_for_as_long_as_they_are_held() -> None:
    pairing, held = small(ready_rows=65_536), []
    for turn in range(4):
        pairing.add(np.concatenate([many(40), many(40, of=reverse)]), at(turn))
        rows = drained(pairing, at(turn))
        held.append((rows, rows.copy()))
        pairing.add(many(40, of=reverse, bytes=turn), at(turn))
        drained(pairing, at(turn + 5))
    assert all(np.array_equal(rows, as_it_was) for rows, as_it_was in held)
    assert len({rows.ctypes.data for rows, _ in held}) == 4
    held.clear()
    places = set()
    for turn in range(10, 20):
        del rows
        pairing.add(record(reply_packets=1), at(turn))
        rows = drained(pairing, at(turn))
        places.add(rows.ctypes.data)
    assert len(places) <= 4  # they are used again


ENDS = [(CLIENT, 40000), (CLIENT, 40001), (SERVER, 443), (SERVER, 40000), (MAPPED | 3, 443)]
CAME = st.tuples(st.sampled_from(ENDS), st.sampled_from(ENDS), st.sampled_from([6, 17]), st.integers(1, 30))
Came = tuple[tuple[int, int], tuple[int, int], int, int]


def plainly(came: list[Came], room: int) -> list[tuple[int, int]]:
    """What comes of records that all came at once: packets there and back of each flow, in the order of going out."""
    waiting: dict[tuple[Any, ...], tuple[int, Came]] = {}
    out = []
    for number, one in enumerate(came):
        source, destination, protocol, exporter = one
        key = (frozenset([source, destination]), protocol, exporter)
        place, held = waiting.pop(key, (0, None))
        if held is not None and held[:2] == (destination, source) and source != destination:
            out.append((place + 1, number + 1))
            continue
        if held is not None:
            out.append((place + 1, 0))
        elif len(waiting) == room:
            out.append((waiting.pop(next(iter(waiting)))[0] + 1, 0))
        waiting[key] = (number, one)
    return out + [(place + 1, 0) for place, _ in waiting.values()]


@settings(max_examples=100, deadline=None)
@given(st.lists(CAME, max_size=600), st.integers(1, 300))
def test_it_does_what_a_dictionary_would(came: list[Came], batch: int) -> None:
    rows = np.repeat(record(), len(came))
    for number, (row, one) in enumerate(zip(rows, came, strict=True)):
        (row["source_lo"], row["source_port"]), (row["destination_lo"], row["destination_port"]) = one[:2]
        row["protocol"], row["exporter"] = one[2:]
        row["packets"], row["start_ns"], row["end_ns"] = number + 1, at(0) + number, at(1)
    pairing = small(records=64)
    for first in range(0, len(rows), batch):
        pairing.add(rows[first : first + batch], at(0))
    got = pairing.finish()
    assert list(zip(got["packets"].tolist(), got["reply_packets"].tolist(), strict=True)) == plainly(came, 64)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2), st.integers(1, 2), st.integers(0, 90)),
        max_size=200,
    ),
    st.integers(1, 50),
)
def test_sums_hold_for_any_order_of_records(came: list[tuple[int, ...]], batch: int) -> None:
    rows = np.repeat(record(), len(came))
    for row, (source, destination, port, exporter, second) in zip(rows, came, strict=True):
        row["source_lo"], row["destination_lo"], row["source_port"] = source, destination, port
        row["destination_port"], row["exporter"], row["start_ns"], row["end_ns"] = 1, exporter, at(second), at(second)
    pairing = small(records=64)
    got = []
    for number, first in enumerate(range(0, len(rows), batch)):
        pairing.add(rows[first : first + batch], at(number))
        got.append(drained(pairing, at(number)))
    got.append(pairing.finish())
    assert sums(*got) == sums(rows)
    counts = pairing.counts
    assert 2 * counts["pairs"] + counts["one_way"] + counts["unknown"] == counts["records"] == len(rows)
    assert sum(map(len, got)) == counts["pairs"] + counts["one_way"] + counts["unknown"]
