"""Recorded captures through a sensor's own parts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from collectors.traffic.capture.files import open_capture
from collectors.traffic.flowtable.table import FlowTable
from collectors.traffic.messages.messages import Messages
from netmon.api import Finding
from netmon.api.traffic import Frames, Second, Traffic, TrafficRule
from netmon.app.traffic.replaying import open_replay
from rules.traffic.tables.tables import Tables

FOLDER = Path(__file__).parents[3] / "data" / "traffic"


def replayed(name: str) -> list[tuple[Finding, bool]]:
    """Return all findings of a capture, of all detectors, as a replay tells them, with whether they begin."""
    return list(open_replay(FOLDER / f"{name}.pcap", None, None).run())


def begun(rule: TrafficRule, name: str) -> list[Finding]:
    """Return what one rule says first of each matter in a capture."""
    first: dict[str, Finding] = {}
    for second in seconds(FOLDER / f"{name}.pcap"):
        for finding in rule.observe(second):
            first.setdefault(finding.key, finding)
    return list(first.values())


def seconds(path: Path, *, quiet: int = 20) -> Iterator[Second]:
    """Return the windows of a capture and so many of silence behind it."""
    tables, flows, messages = Tables(), FlowTable(seed=1), Messages()
    start = 0
    with open_capture(path) as capture:
        for traffic in capture.batches():
            at, place = traffic.records["start_ns"], 0
            assert traffic.frames is not None
            start = start or int(at[0]) // 10**9
            while place < len(traffic):
                stop = max(int(np.searchsorted(at, (start + 1) * 10**9)), place)
                frames = Frames(traffic.frames.buffer, traffic.frames.index[place:stop], traffic.frames.link_type)
                tables.add(traffic.records[place:stop])
                flows.add(traffic.records[place:stop], frames)
                messages.add(Traffic(traffic.records[place:stop], frames))
                if stop < len(traffic):
                    yield _second(tables, flows, messages, start)
                    start += 1
                place = stop
    for later in range(quiet):
        yield _second(tables, flows, messages, start + later)


def _second(tables: Tables, flows: FlowTable, messages: Messages, start: int) -> Second:
    begun_now, ended = flows.drain((start + 1) * 10**9)
    second = replace(tables.drain(float(start), start + 1.0, live=True), begun=begun_now, ended=ended)
    return replace(second, neighbours=messages.drain().neighbours)
