"""Runs blocking calls one after another and leaves behind the one that hangs."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from netmon.api import Missing, Reason

T = TypeVar("T")


class Jobs(Generic[T]):
    """Blocking calls by name, run in a thread that nobody waits for at exit.

    A call into a dead file server or a stuck driver cannot be cancelled. Its thread is left to it, and until it comes
    back its name is not called again: so there is at most one such thread for each name. The calls must not raise.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._stuck: set[str] = set()

    @property
    def stuck(self) -> frozenset[str]:
        """The names whose call has not come back yet."""
        with self._lock:
            return frozenset(self._stuck)

    def run(self, calls: Mapping[str, Callable[[], T]], deadline_s: float, each_s: float) -> dict[str, T | Missing]:
        """Call them in order and return what each gave: `deadline_s` seconds for all, `each_s` for one of them."""
        end = time.monotonic() + deadline_s
        results: dict[str, T | Missing] = {}
        still = self.stuck
        for name in still & calls.keys():
            results[name] = Missing(Reason.TIMEOUT, f"{name}: an earlier read has not come back yet")
        waiting = {name: call for name, call in calls.items() if name not in still}
        while waiting:
            batch = _Batch(waiting, self._lock, self._stuck)
            threading.Thread(target=batch.work, name=self._name, daemon=True).start()
            results.update(batch.wait(end, each_s))
            waiting = {name: call for name, call in waiting.items() if name not in results}
            if waiting and time.monotonic() >= end:
                late = Missing(Reason.DEADLINE, "the poll's time ended before this was read")
                results.update(dict.fromkeys(waiting, late))
                break
        return results


class _Batch(Generic[T]):
    """One thread's work: calls made in order until all are done or the batch is given up."""

    def __init__(self, calls: Mapping[str, Callable[[], T]], lock: threading.Lock, stuck: set[str]) -> None:
        self._calls = calls
        self._changed = threading.Condition(lock)
        self._stuck = stuck
        self._results: dict[str, T | Missing] = {}
        self._current = ""
        self._since = time.monotonic()
        self._done = False
        self._given_up = False

    def work(self) -> None:
        for name, call in self._calls.items():
            with self._changed:
                if self._given_up:
                    return
                self._current, self._since = name, time.monotonic()
            result = call()
            with self._changed:
                if self._given_up:
                    self._stuck.discard(name)
                    return
                self._results[name] = result
        with self._changed:
            self._done = True
            self._changed.notify()

    def wait(self, end: float, each_s: float) -> dict[str, T | Missing]:
        """Return what is done when all is, or when the current call has hung for too long: then it is left behind."""
        with self._changed:
            while not self._done:
                now = time.monotonic()
                limit = min(end, self._since + each_s)
                if now >= limit:
                    return self._give_up()
                self._changed.wait(limit - now)
            return self._results

    def _give_up(self) -> dict[str, T | Missing]:
        self._given_up = True
        results = dict(self._results)
        name = self._current
        if name and name not in results:
            self._stuck.add(name)
            results[name] = Missing(Reason.TIMEOUT, f"{name}: the read did not come back in time")
        return results
