"""Windows on their way to who judges them: in order, none lost in silence, and nobody who reads is held up."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from netmon.api.traffic import RECORD, Second
from netmon.app.traffic import judging
from netmon.app.traffic.judging import BEHIND, Judging, second_bytes
from tests.support.waiting import eventually_sync


class Court:
    """Judges when it is let."""

    def __init__(self) -> None:
        self.seen: list[tuple[float, bool]] = []
        self.after = 0
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.bug = False

    def see(self, second: Second, flows: bool) -> None:
        self.entered.set()
        self.gate.wait(20)
        self.seen.append((second.start, flows))
        if self.bug:
            raise RuntimeError("a bug")

    def count(self) -> None:
        self.after += 1

    def has_seen(self, windows: int) -> None:
        """Return once so many windows were judged, and the thread waits for the next."""
        eventually_sync(lambda: self.after == windows)


@pytest.fixture
def court() -> Court:
    return Court()


def window(start: float, flows: int = 0) -> Second:
    return Second(start, start + 1, ended=np.zeros(flows, RECORD))


def started(court: Court) -> Judging:
    made = Judging("eth0", court.see, after=court.count)
    made.start()
    return made


def test_windows_are_judged_in_their_order_and_all_before_the_end(court: Court) -> None:
    court.gate.set()
    court_of_one = started(court)
    for start in range(50):
        court_of_one.put(window(start))
        court.has_seen(start + 1)
    court_of_one.finish()
    assert court.seen == [(start, True) for start in range(50)]
    assert court.after == 50
    assert court_of_one.counts == {"unjudged_windows": 0, "unjudged_flows": 0, "hurried_windows": 0}


def test_who_hands_over_is_not_held_up_and_who_is_behind_leaves_flows_out_until_it_has_caught_up(court: Court) -> None:
    slow = started(court)
    windows = BEHIND + 4
    for start in range(windows):
        slow.put(window(start, flows=10))  # returns at once: the judge stands still
    court.gate.set()
    slow.finish()
    hurried = [start for start, flows in court.seen if not flows]
    assert [start for start, _ in court.seen] == list(range(windows))
    assert hurried
    assert court.seen[-1] == (windows - 1, True)
    assert slow.counts == {
        "unjudged_windows": 0,
        "unjudged_flows": 10 * len(hurried),
        "hurried_windows": len(hurried),
    }


def test_memory_is_bounded_and_what_there_was_no_room_for_is_counted(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "WAITING_BYTES", 3 * second_bytes(window(0, flows=1_000)))
    slow = started(court)
    slow.put(window(0, flows=100_000))  # one always finds room
    court.entered.wait(20)
    for start in range(1, 8):
        slow.put(window(start, flows=1_000))
    court.gate.set()
    slow.finish()
    told = [start for start, _ in court.seen]
    assert told[0] == 0
    assert slow.counts["unjudged_windows"] == 8 - len(told) > 0


def test_the_window_that_is_judged_takes_no_room(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "WAITING_BYTES", second_bytes(window(0, flows=1_000)))
    slow = started(court)
    slow.put(window(0, flows=1_000))
    court.entered.wait(20)
    for start in (1, 2):
        slow.put(window(start, flows=1_000))
    court.gate.set()
    slow.finish()
    assert [start for start, _ in court.seen] == [0, 1]
    assert slow.counts["unjudged_windows"] == 1


def test_room_comes_back(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "WAITING_BYTES", 2 * second_bytes(window(0, flows=1_000)))
    court.gate.set()
    one = started(court)
    for start in range(20):
        one.put(window(start, flows=1_000))
        court.has_seen(start + 1)
    one.finish()
    assert one.counts["unjudged_windows"] == 0


def test_a_bug_costs_one_window(court: Court) -> None:
    court.bug = True
    court.gate.set()
    buggy = started(court)
    buggy.put(window(0))
    eventually_sync(lambda: buggy.failures == 1)
    court.bug = False
    buggy.put(window(1))
    buggy.finish()
    assert [start for start, _ in court.seen] == [0, 1]
    assert buggy.failures == 1


def test_an_errand_is_done_by_who_reads_also_at_the_end(court: Court) -> None:
    names: list[str] = []

    def work(word: str) -> str:
        names.append(threading.current_thread().name)
        return word.upper()

    answers: list[str] = []
    one = Judging("eth0", lambda second, flows: answers.append(ask("moment")), after=court.count)  # noqa: ARG005
    ask: Callable[[str], str] = one.by_reader(work)
    one.start()
    one.put(window(0))
    one.finish()  # by this thread, which reads
    assert answers == ["MOMENT"]
    assert names == [threading.current_thread().name]


def test_an_errand_that_fails_or_that_nobody_does_is_told_to_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_ANSWER_S", 0.05)
    told: list[type[BaseException]] = []
    done: list[int] = []

    def fail() -> None:
        raise OSError("no space")

    one = Judging("eth0", lambda second, flows: None, after=lambda: None)  # noqa: ARG005

    def asked(work: Callable[[], object]) -> None:
        try:
            one.by_reader(work)()
        except OSError as error:
            told.append(type(error))

    asker = threading.Thread(target=asked, args=(lambda: done.append(1),))
    asker.start()
    asker.join(20)
    one.run_errands()
    assert done == []  # nobody waits for it any more
    monkeypatch.setattr(judging, "_ANSWER_S", 20)
    asker = threading.Thread(target=asked, args=(fail,))
    asker.start()
    while asker.is_alive():
        one.run_errands()
        asker.join(0.01)
    assert told == [TimeoutError, OSError]


def test_what_a_window_takes_is_what_its_arrays_take() -> None:
    assert second_bytes(window(0, flows=3)) == 3 * RECORD.itemsize
    assert second_bytes(replace(window(0), begun=np.zeros(2, RECORD))) == 2 * RECORD.itemsize
