"""The processes that capture for a sensor of several: `python -m netmon.app.traffic.capturing DESCRIPTOR`.

One process imports and compiles everything and then only forks: those that capture are its children, each with a
ring of the interface's fanout group. So a new one is there within milliseconds, also after rights were given up, when
neither our files nor a packet socket's rights could be had by a new program. All of them end with their parents.
"""

import ctypes
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import structlog

from collectors.traffic.capture.blocks import warm_up
from collectors.traffic.capture.evidence import write_pcap
from collectors.traffic.capture.faults import CaptureFault
from collectors.traffic.capture.ring import Link, Ring
from collectors.traffic.flowtable.settings import FlowTableSettings
from collectors.traffic.messages.settings import MessageSettings
from collectors.traffic.packet.decode import decode_frames
from netmon.api import ConfigError
from netmon.api.traffic import Second
from netmon.app import logs
from netmon.app.privileges import drop
from netmon.app.settings.traffic import SensorSettings
from netmon.app.traffic.build import Counts, sensor_parts
from netmon.app.traffic.lending import Lender
from netmon.app.traffic.needs import leave_cache
from netmon.app.traffic.pipeline import Pipeline
from netmon.app.traffic.shipping import Parcel, send
from netmon.app.traffic.sources import LAG_NS
from netmon.app.traffic.tallies import Tallies
from netmon.app.traffic.warming import QUESTION, give_back
from rules.traffic.tables.settings import TablesSettings

WAIT_S: Final = 0.2
REST_S: Final = 1.0  # how long at most, at the stop, what the kernel still holds is read
QUEUED: Final = 1 << 27
"""Octets of windows that wait to be taken: one of the largest flood, which is 122 MB. One window always finds room,
however large; what comes beyond is counted."""
MESSAGE: Final = 1 << 18  # octets of a message to the process that forks, at most
_LOOK_S: Final = 1.0  # how often an interface that is gone is looked for
_SET_PDEATHSIG: Final = 1  # linux/prctl.h

log = structlog.get_logger(__name__)


class Plan:
    """What one process is to capture, as it is handed over."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self.sensor = SensorSettings.model_validate(plain["sensor"])
        self.tables = TablesSettings.model_validate(plain["tables"])
        self.flows = FlowTableSettings.model_validate(plain["flows"])
        self.messages = MessageSettings.model_validate(plain["messages"])
        self.tunnels = int(plain["tunnels"])
        self.seed = int(plain["seed"])


class Capturing:
    """One process of the group: from the ring to windows that are sent to the parent."""

    def __init__(self, plan: Plan, parent: socket.socket, lender: Lender) -> None:
        self._plan = plan
        self._parent = parent
        self._lender = lender
        parts, counts = sensor_parts(plan.tables, plan.flows, plan.messages, lender, plan.seed)
        self._pipeline = Pipeline(parts, self._send)
        self._ring = self._new_ring()
        self._tallies = Tallies()
        self._windows: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        self._queued = 0
        self._unsent = {"unsent_windows": 0, "unsent_flows": 0, "captures": 0, "failed_captures": 0}
        self._counts: dict[str, Counts] = {"ring": self._of_ring, **counts, "sending": lambda: self._unsent}
        self._counts["windows"] = lambda: {"late_records": self._pipeline.windows.late}
        self._counting = threading.Lock()
        self._stopping = threading.Event()
        self._captures: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._looked = 0.0

    def run(self) -> None:
        """Open, tell so, wait for the word to go, and capture until told to stop."""
        try:
            self._ring.open()
        except CaptureFault as fault:
            send(self._parent, Parcel({"kind": "fault", **asdict(fault.faults[0])}))
            return
        send(self._parent, Parcel({"kind": "ready", "pid": os.getpid()}))
        orders = self._parent.makefile("rb")
        word = json.loads(orders.readline() or b"{}")
        if word.get("do") != "go":
            return
        _become(word["user"])
        _end_with_parent()
        sending = threading.Thread(target=self._send_all, daemon=True)
        sending.start()
        threading.Thread(target=self._listen, args=(orders,), daemon=True).start()
        self._capture()
        self._windows.put(Parcel({"kind": "done"}))
        self._windows.put(None)
        sending.join()

    def _capture(self) -> None:
        while not self._stopping.is_set():
            self._step()
        until = time.monotonic() + REST_S
        while time.monotonic() < until and self._step():
            pass
        self._pipeline.finish()

    def _step(self) -> bool:
        traffic = self._ring.next(WAIT_S)
        if traffic is None:
            self._pipeline.elapse(time.time_ns() - LAG_NS)
            if self._ring.link is Link.GONE:
                self._look_for_it()
        else:
            self._tallies.take(traffic)
            self._pipeline.take(traffic)
        with suppress(queue.Empty):
            self._write(self._captures.get_nowait())
        return traffic is not None

    def _look_for_it(self) -> None:
        """Take a new ring when the interface is back: one in a fanout group cannot move to another interface."""
        if time.monotonic() - self._looked < _LOOK_S:
            self._stopping.wait(WAIT_S)
            return
        self._looked = time.monotonic()
        fresh = self._new_ring()
        with suppress(CaptureFault):
            fresh.open()
            self._ring.close()
            self._ring = fresh

    def _new_ring(self) -> Ring:
        return Ring(self._plan.sensor.interface, self._plan.sensor, tunnels=self._plan.tunnels)

    def _of_ring(self) -> dict[str, int]:
        return asdict(self._ring.stats())

    def _write(self, order: Mapping[str, Any]) -> None:
        """Write the packets that are still kept."""
        try:
            written = write_pcap(Path(order["path"]), self._ring.recent(), max_bytes=int(order["max_bytes"]))
        except OSError as error:
            self._unsent["failed_captures"] += 1
            log.warning("the packets of a finding could not be kept", file=order["path"], problem=str(error))
        else:
            self._unsent["captures"] += 1
            log.info("the packets of a finding are kept", file=order["path"], packets=written.packets)

    def _send(self, second: Second) -> None:
        tallies, self._tallies = self._tallies, Tallies()
        head = {
            "kind": "window",
            "up": self._ring.link is Link.UP,
            "tallies": tallies.plain(),
            "counts": {part: dict(counts()) for part, counts in self._counts.items()},
        }
        parcel = Parcel(head, second)
        with self._counting:
            fits = not self._queued or self._queued + parcel.octets <= QUEUED
            if fits:
                self._queued += parcel.octets
        if not fits:
            self._unsent["unsent_windows"] += 1
            self._unsent["unsent_flows"] += len(second.ended)
            parcel = Parcel(head)
        self._windows.put(parcel)

    def _send_all(self) -> None:
        """Send what waits, in a thread of its own: a parent that is busy must not make the ring overflow."""
        while (parcel := self._windows.get()) is not None:
            try:
                lent = send(self._parent, parcel, self._lender)
            except OSError:
                os._exit(0)  # nobody is there for it
            except Exception:  # without this thread nothing is told any more: another process is to take over
                log.exception("a capturing process failed in an unforeseen way")
                os._exit(1)
            octets = parcel.octets - lent
            del parcel  # its arrays are used again for the next window
            with self._counting:
                self._queued -= octets

    def _listen(self, orders: Any) -> None:
        """Take the parent's words; end when it is gone."""
        for line in orders:
            order = json.loads(line)
            if order["do"] == "stop":
                self._stopping.set()
            elif order["do"] == "capture":
                self._captures.put(order)
            elif order["do"] == "read":  # what lies there was read
                octets = self._lender.take_back(int(order["at"]))
                with self._counting:
                    self._queued -= octets
        os._exit(0)


def serve(control: socket.socket) -> None:
    """Fork a capturing process for each socket that comes with a plan, until the parent is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes the dead away; their sockets tell the parent
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the parent is told, and tells
    _end_with_parent()
    _warm_up()
    control.send(b'{"kind": "ready"}')
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, 2)
        if not message:
            return
        order = json.loads(message)
        if order["do"] == "become":
            _become(order["user"])
            _end_with_parent()
        elif len(descriptors) == 2:
            pipe, memory = descriptors
            with socket.socket(fileno=pipe) as parent:
                if os.fork() == 0:
                    _child(control, parent, memory, order)
            os.close(memory)


def _child(control: socket.socket, parent: socket.socket, memory: int, order: Mapping[str, Any]) -> None:
    code = 1
    try:
        control.close()
        _end_with_parent()
        Capturing(Plan(order), parent, Lender(memory)).run()
        code = 0
    except Exception:
        log.exception("a capturing process failed in an unforeseen way")
    finally:
        os._exit(code)


def _become(user: str | None) -> None:
    """Give up rights as the parent did: all but that to open packet sockets."""
    try:
        drop(user)
    except ConfigError as error:
        log.error("rights could not be given up", problem=str(error))  # noqa: TRY400 - no traceback helps here
        os._exit(1)
    leave_cache()


def _end_with_parent() -> None:
    """Have the kernel end us when the parent ends. Changing users undoes it (prctl(2)), so it is said again then."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(0)


def _warm_up() -> None:
    """Load every loop of the way of packets, so that children find it in memory."""
    tables, flows = TablesSettings(rows=64, kept=16), FlowTableSettings(flows=64, begun_rows=64, ended_rows=64)
    parts, _ = sensor_parts(tables, flows, MessageSettings())
    pipeline = Pipeline(parts, lambda second: None)  # noqa: ARG005
    pipeline.take(decode_frames([QUESTION], start_ns=[1_000_000_000]))
    pipeline.finish()
    warm_up()
    give_back()


if __name__ == "__main__":
    logs.configure()
    serve(socket.socket(fileno=int(sys.argv[1])))
