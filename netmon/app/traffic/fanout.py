"""A sensor of several processes: each captures, decodes and counts its share of an interface; here they are joined.

The kernel gives each process whole flows (PACKET_FANOUT by hash, packet(7)). What is judged is judged here, over all
shares, so that an attack that is spread over the processes is one finding.
"""

import json
import os
import queue
import secrets
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog

from netmon.api import ConfigError, Fault
from netmon.api.traffic import Traffic
from netmon.app.settings.traffic import SensorSettings, TrafficSettings
from netmon.app.traffic.build import Counts, tunnel_mask
from netmon.app.traffic.forking import END_S, OPEN_S, Forker, current_user
from netmon.app.traffic.gathered import Gathered
from netmon.app.traffic.lending import Borrower
from netmon.app.traffic.shipping import BrokenOffError, Parcel, receive
from netmon.app.traffic.tallies import Tallies
from netmon.app.traffic.workers import FLOW_ROWS, RESTART_S, Worker, share, tell_read

SILENT_S: Final = 30.0  # a process that tells nothing for so long is ended: another takes its place
_INBOX: Final = 1
"""Parcels that were received and not looked at yet, beside one for each process: a window of a flood is up to 122 MB.
Then the processes wait, and count what they cannot send."""
_ABOVE: Final = "see the messages above this one"
_STEADY_S: Final = 60.0  # a process that ran for so long may be started anew at once

log = structlog.get_logger(__name__)


class Fan:
    """A source whose packets are counted by several processes. `next` gives nothing: windows go to `gathered`."""

    live = True

    def __init__(self, settings: SensorSettings, traffic: TrafficSettings, name: str) -> None:
        group = secrets.randbelow(1 << 16) if settings.fanout_group is None else settings.fanout_group
        self.name = name
        self.where = settings.interface
        self.gathered = Gathered(traffic.tables.rows)
        self.tallies = Tallies()
        self._plan = {
            "do": "start",
            "sensor": settings.model_copy(update={"fanout_group": group}).model_dump(mode="json"),
            "tables": share(traffic.tables, settings.processes, "rows").model_dump(mode="json"),
            "flows": share(traffic.table, settings.processes, *FLOW_ROWS).model_dump(mode="json"),
            "messages": traffic.messages.model_dump(mode="json"),
            "tunnels": tunnel_mask(traffic),
            "seed": secrets.randbits(63),
        }
        self._workers = [Worker(number) for number in range(settings.processes)]
        self._told: Counter[str] = Counter(restarts=0, forker_restarts=0, silent_processes=0, failed_captures=0)
        self._past: dict[str, Counter[str]] = {}  # what processes counted that are gone
        self._forker = Forker(name)
        self._inbox: queue.Queue[tuple[int, socket.socket, Parcel | None]] = queue.Queue(_INBOX)
        self._began = False
        self._ending = False

    def open(self) -> None:
        """Start all processes, each with its ring; CaptureFault's ConfigError where one cannot listen."""
        try:
            self._forker.start()
            for worker in self._workers:
                self._fork(worker)
            for worker in self._workers:
                self._await_ready(worker)
        except BaseException:
            self.close()
            raise

    def next(self, timeout_s: float) -> Traffic | None:
        """Take what the processes tell, and start those that are missing."""
        if not self._began:
            self._begin()
        with suppress(queue.Empty):
            self._take(*self._inbox.get(timeout=timeout_s))
            while True:
                self._take(*self._inbox.get_nowait())
        self._look_after()
        return None

    def reached_ns(self) -> int:
        """Return up to when windows are complete."""
        return self.gathered.reached_ns(time.time_ns())

    def end(self) -> None:
        """Have the processes tell what they still have; those that do not in time lose it."""
        self._ending = True
        for worker in self._workers:
            self._tell(worker, {"do": "stop"})
        until = time.monotonic() + END_S
        while any(worker.running for worker in self._workers) and time.monotonic() < until:
            with suppress(queue.Empty):
                self._take(*self._inbox.get(timeout=0.1))
        self.gathered.end()

    def is_up(self) -> bool:
        """Tell whether a process is there that packets come to."""
        return any(worker.up for worker in self._workers)

    @property
    def counts(self) -> Mapping[str, Counts]:
        """Return what the parts of all processes count together, and what became of the processes."""
        parts = {part for worker in self._workers for part in worker.counts} | set(self._past)
        return {**{part: partial(self._sum, part) for part in sorted(parts)}, "processes": self._of_processes}

    def capture(self, path: Path, max_bytes: int) -> str:
        """Have each process write its recent packets beside this path; return the files that are to come."""
        files = []
        for worker in self._workers:
            file = path.with_name(f"{path.stem}.{worker.number}{path.suffix}")
            order = {"do": "capture", "path": str(file), "max_bytes": max_bytes // len(self._workers)}
            if worker.running and self._tell(worker, order):
                files.append(str(file))
            else:
                self._told["failed_captures"] += 1
        return " ".join(files)

    @property
    def pids(self) -> list[int]:
        """Return the ids of the processes that capture now."""
        return [worker.pid for worker in self._workers if worker.running]

    def close(self) -> None:
        """End all processes; safe to call twice."""
        for worker in self._workers:
            if worker.pipe is not None:
                with suppress(OSError):
                    worker.pipe.shutdown(socket.SHUT_RDWR)  # who reads it stops
                worker.pipe.close()
                worker.pipe, worker.running, worker.up = None, False, False
        self._forker.close()

    def _fork(self, worker: Worker) -> None:
        """Have a process made for this place; OSError where there is nobody to make it."""
        worker.memory = Borrower()
        try:
            worker.pipe, worker.pid = self._forker.fork(self._plan, worker.memory.descriptor), 0
        finally:
            worker.memory.close()  # what was made stays for as long as somebody uses it
        worker.heard_s = worker.began_s = time.monotonic()

    def _await_ready(self, worker: Worker) -> None:
        """Wait for a process to listen; before threads are started, because rights are given up after this."""
        if worker.pipe is None:
            return
        worker.pipe.settimeout(OPEN_S)
        try:
            head = receive(worker.pipe).head
        except BrokenOffError:
            head = {"file": self.name, "line": 0, "column": 0, "problem": "a capturing process ended", "remedy": _ABOVE}
        worker.pipe.settimeout(None)
        if head.get("kind") != "ready":
            raise ConfigError(Fault(**{name: head[name] for name in Fault.__slots__}))
        worker.pid, worker.up = int(head["pid"]), True

    def _begin(self) -> None:
        """Let them become who we have become, and go."""
        self._began = True
        self._forker.become(current_user())
        for worker in self._workers:
            self._go(worker)
            self._listen(worker)

    def _go(self, worker: Worker) -> None:
        worker.running = self._tell(worker, {"do": "go", "user": current_user()})
        self.gathered.join(worker.number)

    def _listen(self, worker: Worker) -> None:
        arguments = worker.number, worker.pipe, worker.memory
        thread = threading.Thread(target=self._receive, args=arguments, daemon=True)
        thread.start()

    def _receive(self, number: int, pipe: socket.socket, borrower: Borrower) -> None:
        """Put what one process tells into the inbox, until it is gone: a thread for each."""
        borrower.gone = partial(tell_read, pipe)
        try:
            while True:
                self._inbox.put((number, pipe, receive(pipe, borrower)))
        except BrokenOffError:
            self._inbox.put((number, pipe, None))

    def _take(self, number: int, pipe: socket.socket, parcel: Parcel | None) -> None:
        worker = self._workers[number]
        if worker.pipe is not pipe:
            return  # a process that was replaced
        worker.heard_s = time.monotonic()
        kind = "gone" if parcel is None else parcel.head.get("kind")
        if parcel is not None and kind == "window":
            worker.up, worker.counts = bool(parcel.head["up"]), parcel.head["counts"]
            self.tallies.join(parcel.head["tallies"])
            if parcel.second is not None:
                self.gathered.put(number, parcel.second)
        elif parcel is not None and kind == "ready":
            worker.pid, worker.up = int(parcel.head["pid"]), True
            self._go(worker)
        else:
            if parcel is not None and kind == "fault":
                log.error("a capturing process cannot listen", source=self.name, problem=parcel.head["problem"])
            self._lose(worker)

    def _lose(self, worker: Worker) -> None:
        """Let go of a process that ended, and say when another takes its place."""
        now_s = time.monotonic()
        if not self._ending:
            log.error("a capturing process ended", source=self.name, pid=worker.pid)
        if worker.pipe is not None:
            worker.pipe.close()
        for part, counts in worker.counts.items():
            self._past.setdefault(part, Counter()).update(counts)
        shortest, longest = RESTART_S
        worker.wait_s = shortest if now_s - worker.began_s >= _STEADY_S else min(worker.wait_s * 2, longest)
        worker.pipe, worker.running, worker.up, worker.counts = None, False, False, {}
        worker.due_s = now_s + worker.wait_s
        self.gathered.leave(worker.number)

    def _look_after(self) -> None:
        now_s = time.monotonic()
        for worker in self._workers:
            if worker.running and now_s - worker.heard_s > SILENT_S:
                self._told["silent_processes"] += 1
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)  # it is there: its end of the pipe is open
                worker.heard_s = now_s
            elif worker.pipe is None and not self._ending and now_s >= worker.due_s:
                self._restart(worker)

    def _restart(self, worker: Worker) -> None:
        worker.wait_s = min(worker.wait_s * 2, RESTART_S[1])
        worker.due_s = time.monotonic() + worker.wait_s
        try:
            if not self._forker.alive:
                self._told["forker_restarts"] += 1
                self._forker.close()
                self._forker.start()  # a new program: it may capture only where our rights are handed on, as by systemd
                self._forker.become(current_user())
            self._fork(worker)
        except (OSError, ConfigError) as error:
            log.error("no capturing process can be started", source=self.name, problem=str(error))  # noqa: TRY400
            return
        self._told["restarts"] += 1
        self._listen(worker)

    def _tell(self, worker: Worker, order: Mapping[str, Any]) -> bool:
        """Say something to a process; False where it is gone, or has not listened for long."""
        if worker.pipe is None:
            return False
        try:
            worker.pipe.send(json.dumps(order).encode() + b"\n", socket.MSG_DONTWAIT)
        except OSError:
            return False
        return True

    def _sum(self, part: str) -> Mapping[str, int]:
        total = Counter(self._past.get(part, {}))
        for worker in self._workers:
            total.update(worker.counts.get(part, {}))
        return total

    def _of_processes(self) -> Mapping[str, int]:
        return {**self._told, **self.gathered.counts}
