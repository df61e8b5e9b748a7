import threading
import time
from functools import partial

from collectors.host.jobs import Jobs
from netmon.api import Missing, Reason
from tests.support.waiting import eventually_sync


def test_calls_are_made_in_order_and_their_answers_kept() -> None:
    order: list[str] = []

    def call(name: str) -> str:
        order.append(name)
        return name.upper()

    calls = {name: partial(call, name) for name in ("b", "a", "c")}
    assert Jobs[str]("test").run(calls, 5, 5) == {"b": "B", "a": "A", "c": "C"}
    assert order == ["b", "a", "c"]


def test_one_that_hangs_costs_only_itself_and_is_not_called_again_before_it_is_back() -> None:
    release = threading.Event()
    called = 0

    def hang() -> str:
        nonlocal called
        called += 1
        release.wait(30)
        return "late"

    jobs = Jobs[str]("test")
    calls = {"before": lambda: "1", "dead": hang, "after": lambda: "2"}
    first = jobs.run(calls, 5, 0.05)
    assert (first["before"], first["after"]) == ("1", "2")
    assert isinstance(first["dead"], Missing)
    assert first["dead"].reason is Reason.TIMEOUT
    assert jobs.stuck == {"dead"}

    second = jobs.run(calls, 5, 5)
    assert isinstance(second["dead"], Missing)
    assert second["dead"].detail == "dead: an earlier read has not come back yet"
    assert called == 1, "a call that hangs must not be made a second time"

    release.set()
    eventually_sync(lambda: not jobs.stuck)
    assert jobs.run(calls, 5, 5) == {"before": "1", "dead": "late", "after": "2"}


def test_the_deadline_ends_the_run_and_says_what_was_not_begun() -> None:
    release = threading.Event()
    try:
        jobs = Jobs[bool]("test")
        began = time.monotonic()
        results = jobs.run({"dead": lambda: release.wait(30), "never": lambda: True}, 0.1, 10)
        assert time.monotonic() - began < 5
        reasons = {name: result.reason for name, result in results.items() if isinstance(result, Missing)}
        assert reasons == {"dead": Reason.TIMEOUT, "never": Reason.DEADLINE}
    finally:
        release.set()


def test_two_runs_at_once_do_not_disturb_each_other() -> None:
    jobs = Jobs[int]("test")
    both = threading.Barrier(2, timeout=10)
    results: list[dict[str, int | Missing]] = []
    runs = [
        threading.Thread(
            target=lambda name=name: results.append(jobs.run({name: both.wait, "same": lambda: 7}, 10, 10))
        )
        for name in ("a", "b")
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join(20)
    assert [result["same"] for result in results] == [7, 7]
    assert not jobs.stuck
