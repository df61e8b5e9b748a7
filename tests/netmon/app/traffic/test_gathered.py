"""Windows of several processes as one: when they are complete, what becomes of those that come too late."""

import socket
import struct
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.traffic import DNS, ENDPOINT, RECORD, Second
from netmon.app.traffic.gathered import PATIENCE_NS, Gathered
from netmon.app.traffic.shipping import BrokenOffError, Parcel, receive, send
from netmon.app.traffic.windows import NS

T = 1_790_000_000


def _second(start: int, *, packets: int = 1, at_ns: int = 0) -> Second:
    destinations, ended, dns = np.zeros(1, ENDPOINT), np.zeros(2, RECORD), np.zeros(1, DNS)
    destinations["lo"], destinations["packets"] = 7, packets
    dns["at_ns"] = at_ns
    return Second(start, start + 1, True, packets, packets, 60, destinations, ended=ended, dns=dns)


def _gathered() -> Gathered:
    gathered = Gathered()
    gathered.join(0)
    gathered.join(1)
    return gathered


def test_a_window_is_complete_when_all_have_told_it() -> None:
    gathered, now = _gathered(), (T + 1) * NS
    gathered.put(0, _second(T, packets=3, at_ns=9))
    assert gathered.reached_ns(now) == T * NS  # it is opened
    assert gathered.reached_ns(now) < (T + 1) * NS  # and not closed
    gathered.put(1, _second(T, packets=4, at_ns=5))
    assert gathered.reached_ns(now) == (T + 1) * NS
    both = gathered.take(T, T + 1)
    assert both.packets == 7
    assert both.destinations["packets"].tolist() == [7]
    assert len(both.ended) == 4
    assert both.dns["at_ns"].tolist() == [5, 9]
    assert not any(gathered.counts.values())


def test_a_silent_process_holds_up_the_others_for_a_second_and_its_late_flows_still_count() -> None:
    gathered, end = _gathered(), (T + 1) * NS
    gathered.put(0, _second(T))
    gathered.reached_ns(end)
    assert gathered.reached_ns(end + PATIENCE_NS) < end
    assert gathered.reached_ns(end + PATIENCE_NS + NS) >= end
    assert gathered.take(T, T + 1).packets == 1
    assert gathered.counts["missing_windows"] == 1
    gathered.put(1, _second(T, packets=5))
    gathered.put(0, _second(T + 1))
    following = gathered.take(T + 1, T + 2)
    assert (following.packets, following.destinations["packets"].tolist(), len(following.ended)) == (1, [1], 4)
    assert (gathered.counts["late_windows"], gathered.counts["late_records"]) == (1, 5)


def test_who_left_is_not_waited_for_and_without_anybody_time_passes_all_the_same() -> None:
    gathered = _gathered()
    gathered.put(0, _second(T))
    gathered.reached_ns(T * NS)
    gathered.leave(1)
    assert gathered.reached_ns(T * NS) == (T + 1) * NS
    gathered.leave(0)
    assert gathered.reached_ns((T + 9) * NS) > (T + 7) * NS
    assert gathered.take(T + 5, T + 6).start == T + 5


def test_a_clock_that_is_set_back_does_not_stop_the_watch() -> None:
    gathered = _gathered()
    for process in (0, 1):
        gathered.put(process, _second(T))
    gathered.reached_ns(T * NS)
    gathered.take(T, T + 1)
    for process in (0, 1):
        gathered.put(process, _second(T - 3600))
    assert gathered.reached_ns((T - 3600) * NS) == (T - 3599) * NS
    assert gathered.take(T - 3600, T - 3599).packets == 2


def test_at_the_end_all_that_was_told_is_judged() -> None:
    gathered = _gathered()
    gathered.put(0, _second(T))
    gathered.put(0, _second(T + 1))
    gathered.reached_ns(T * NS)
    gathered.end()
    assert gathered.reached_ns(T * NS) == (T + 2) * NS


def _sent(parcel: Parcel) -> Parcel:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=send, args=(ours, parcel))
        sender.start()
        got = receive(theirs)
        sender.join()
    return got


def test_a_window_arrives_as_it_was_sent() -> None:
    second = _second(T, packets=12, at_ns=5)
    got = _sent(Parcel({"kind": "window", "up": True}, second))
    assert got.head["up"] is True
    assert got.second is not None
    assert (got.second.start, got.second.packets, got.second.live) == (T, 12, True)
    for name in ("destinations", "ended", "dns", "macs"):
        assert np.array_equal(getattr(got.second, name), getattr(second, name))
    assert _sent(Parcel({"kind": "done"})).second is None


@given(st.binary(max_size=60), st.integers(0, 1 << 31), st.integers(0, 1 << 63))
def test_what_is_no_parcel_breaks_the_conversation_off_and_nothing_else(octets: bytes, words: int, rows: int) -> None:
    for said in (octets, struct.pack("=IQ", words, rows) + octets, struct.pack("=IQ", len(octets), 0) + octets):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(said)
            ours.shutdown(socket.SHUT_WR)
            with pytest.raises(BrokenOffError):
                receive(theirs)


@pytest.mark.parametrize("rows", [{"dns": 1}, {"dns": -1}, {"dns": 1 << 40}, {"dns": "x"}, []])
def test_rows_that_are_not_there_are_refused(rows: object) -> None:
    second = {"start": 1, "end": 2, "live": True, "records": 0, "packets": 0, "bytes": 0}
    head = {"kind": "window", "second": second, "unlisted": {}, "rows": rows}
    with pytest.raises(BrokenOffError):
        _sent_raw(head)


def _sent_raw(head: dict[str, object]) -> Parcel:
    return _sent(Parcel(head))


def test_what_a_window_held_goes_when_its_flows_were_taken() -> None:
    gathered = _gathered()
    second = _second(T)
    held = weakref.ref(second.ended)
    gathered.put(0, second)
    parts = gathered.parts
    del second
    both = parts.tables.drain(T, T + 1, live=True)
    assert held() is None  # what was told is copied, and free
    flows = weakref.ref(both.ended)
    del both
    _, ended = parts.flows.drain((T + 1) * NS)
    assert (flows() is ended, len(ended)) == (True, 2)
    del ended
    assert flows() is None
    assert [len(rows) for rows in parts.flows.drain((T + 1) * NS)] == [0, 0]
