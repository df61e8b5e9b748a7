"""What a mirror port shows while real tools talk: recorded at the sensor, read as any capture is."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from scapy.utils import RawPcapWriter

from collectors.traffic.capture.files import open_capture
from collectors.traffic.messages.messages import Messages
from netmon.api import Finding
from netmon.api.traffic import Frames, Second, Traffic, TrafficRule
from tests.support.netns import INTERFACE, Host, Lan

_ETH_P_ALL = 3


def need(*programs: str) -> None:
    """Skip where a program is missing; Debian's package has its name, or scripts/test knows it."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing")


@contextmanager
def raw(host: Host) -> Iterator[socket.socket]:
    """Return a socket that sends and receives frames on a host's interface."""
    with host.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)) as sock:
        sock.bind((INTERFACE, _ETH_P_ALL))
        sock.settimeout(10)
        yield sock


@contextmanager
def recorded(net: Lan, path: Path) -> Iterator[None]:
    """Record what the sensor sees while the block lasts. Not with tcpdump, which wants to become another user."""
    with raw(net.watching) as sock, RawPcapWriter(str(path), linktype=1, sync=True) as writer:
        sock.settimeout(0.1)
        done = threading.Event()

        def record() -> None:
            while True:
                try:
                    writer.write(sock.recv(65_535))
                except TimeoutError:
                    if done.is_set():
                        return

        writer.write_header(None)
        thread = threading.Thread(target=record)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def watched(path: Path) -> Iterator[Second]:
    """Return the seconds of a capture file, through the decoder and Messages."""
    messages = Messages()
    start: float | None = None
    with open_capture(path) as capture:
        for traffic in capture.batches():
            records = traffic.records
            assert traffic.frames is not None
            place = 0
            while place < len(records):
                at = float(int(records["start_ns"][place]) // 10**9)
                start = at if start is None else start
                while at > start:
                    yield _second(messages, start)
                    start += 1
                behind = records["start_ns"][place:] >= int((start + 1) * 10**9)
                stop = place + (int(behind.argmax()) if behind.any() else len(behind))
                index = traffic.frames.index[place:stop]
                part = Frames(traffic.frames.buffer, index, traffic.frames.link_type)
                messages.add(Traffic(records[place:stop], part))
                place = stop
    if start is not None:
        yield _second(messages, start)
        for later in range(1, 700):
            yield Second(start + later, start + later + 1)


def findings(rule: TrafficRule, path: Path) -> list[Finding]:
    """Return what a rule finds in a capture file and in the ten minutes of silence behind it."""
    return [finding for second in watched(path) for finding in rule.observe(second)]


def _second(messages: Messages, start: float) -> Second:
    kept = messages.drain()
    return Second(
        start,
        start + 1,
        dns=kept.dns,
        neighbours=kept.neighbours,
        leases=kept.leases,
        routers=kept.routers,
        bridges=kept.bridges,
        macs=kept.macs,
    )
