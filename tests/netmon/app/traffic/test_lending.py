"""Memory that two processes see: rows lie where they were lent, whoever reads can neither write nor reach beyond it."""

import os
import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from netmon.api.memory import Again
from netmon.api.traffic import ENDPOINT, RECORD, Second
from netmon.app.traffic.lending import Borrower, Lender
from netmon.app.traffic.shipping import BrokenOffError, Parcel, receive, send

SIZE = 8 << 20


@pytest.fixture
def borrower() -> Iterator[Borrower]:
    made = Borrower(SIZE)
    yield made
    made.close()


def _rows(lender: Lender, count: int, number: int) -> np.ndarray:
    rows = Again(ENDPOINT, lender.new).take(count)
    rows["lo"] = np.arange(count) + number
    return rows


def test_rows_are_read_where_they_were_filled_and_come_back_when_nobody_reads_them(borrower: Borrower) -> None:
    lender, read = Lender(borrower.descriptor), list[int]()
    borrower.gone = read.append
    filled = _rows(lender, 1_000, 7)[:900]
    at = lender.lend(filled)
    assert at is not None
    rows = borrower.rows(at, 900, ENDPOINT)
    filled["packets"][5] = 12  # it is the same memory
    assert (rows["lo"].tolist(), rows["packets"][5]) == (list(range(7, 907)), 12)
    with pytest.raises(ValueError, match="read-only"):
        rows["lo"] = 0
    part = rows[10:20]["lo"]
    del rows
    assert read == []
    del part
    assert read == [at]
    assert (lender.take_back(at), lender.take_back(at)) == (900 * ENDPOINT.itemsize, 0)


def test_what_is_not_in_common_memory_is_not_lent(borrower: Borrower) -> None:
    lender = Lender(borrower.descriptor)
    assert lender.lend(np.zeros(5, ENDPOINT)) is None
    assert lender.lend(_rows(lender, 5, 1)[::2]) is None
    assert lender.lend(_rows(lender, 5, 1)[:0]) is None


def test_memory_that_is_let_go_is_zeros_for_the_next_and_takes_no_pages(borrower: Borrower) -> None:
    lender = Lender(borrower.descriptor)
    whole = lender.new(SIZE)
    whole.fill(7)
    taken = os.fstat(borrower.descriptor).st_blocks
    assert not np.shares_memory(lender.new(100), whole)  # there is no room: it is our own
    del whole
    assert os.fstat(borrower.descriptor).st_blocks * 512 < taken * 512 - SIZE // 2
    first, second = lender.new(3 << 20), lender.new(3 << 20)
    assert not np.concatenate([first, second]).any()
    places = {each.ctypes.data for each in (first, second)}
    del first, second
    assert lender.new(SIZE).ctypes.data == min(places)  # what is free lies together again


def test_nobody_changes_its_size_and_no_rows_lie_beyond_its_end(borrower: Borrower) -> None:
    for size in (0, SIZE - 1, SIZE + 1):
        with pytest.raises(PermissionError):
            os.truncate(borrower.descriptor, size)
    for at, count in ((-256, 1), (SIZE - 255, 1), (0, SIZE), (0, 0), (0, -1), (1 << 70, 1), (0, 1 << 70)):
        with pytest.raises(ValueError, match="beyond"):
            borrower.rows(at, count, ENDPOINT)


def _sent(parcel: Parcel, lender: Lender | None, borrower: Borrower) -> tuple[Parcel, int]:
    ours, theirs = socket.socketpair()
    lent: list[int] = []
    with ours, theirs:
        sender = threading.Thread(target=lambda: lent.append(send(ours, parcel, lender)))
        sender.start()
        got = receive(theirs, borrower)
        sender.join()
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)  # nothing is left in the pipe
    return got, lent[0]


def test_a_window_goes_partly_through_the_pipe_and_partly_stays_where_it_is(borrower: Borrower) -> None:
    lender = Lender(borrower.descriptor)
    ended = np.zeros(3, RECORD)
    ended["packets"] = 4, 5, 6
    second = Second(1, 2, True, sources=_rows(lender, 500, 3), destinations=_rows(lender, 20, 9), ended=ended)
    got, lent = _sent(Parcel({"kind": "window"}, second), lender, borrower)
    assert lent == 520 * ENDPOINT.itemsize
    assert got.second is not None
    for name in ("sources", "destinations", "ended", "ports"):
        assert getattr(got.second, name).tobytes() == getattr(second, name).tobytes()
    assert not got.second.sources.flags.writeable


@pytest.mark.parametrize("lent", [{"sources": -1}, {"sources": SIZE}, {"sources": "x"}, {"sources": None}, 5])
def test_a_place_that_cannot_be_breaks_the_conversation_off(borrower: Borrower, lent: object) -> None:
    scalars = {"start": 1, "end": 2, "live": True, "records": 0, "packets": 0, "bytes": 0}
    head = {"kind": "window", "second": scalars, "unlisted": {}, "rows": {"sources": 1}, "lent": lent}
    with pytest.raises(BrokenOffError):
        _sent(Parcel(head), None, borrower)
