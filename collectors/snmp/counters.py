"""Whether a counter went on since it was last read: reboot, wrap and reset told apart. Time is an argument."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import add, ge

from netmon.api import Column, Missing, Value

TICKS_PER_SECOND = 100  # sysUpTime counts hundredths of a second (RFC 3418) …
TICKS_WRAP = 2**32  # … and starts again from 0 after 497 days
SLACK_S = 60.0  # how far an agent's clock and ours may part between two polls, besides …
SLACK_SHARE = 0.1  # … this share of the time between them


class Break(StrEnum):
    """Why a counter's difference to its last reading has no meaning, or (WRAP) needed its modulus."""

    REBOOT = "reboot"  # sysUpTime or engineBoots began anew
    DISCONTINUITY = "discontinuity"  # ifCounterDiscontinuityTime moved: this row alone was reset
    DECREASE = "decrease"  # the counter fell, and no wrap explains it
    WRAP = "wrap"  # a 32-bit counter passed 2**32-1: carried on, no break for who reads it


@dataclass(frozen=True, slots=True)
class Uptime:
    """sysUpTime in hundredths of a second as read at `at` (Unix seconds), and v3's snmpEngineBoots where known."""

    ticks: int
    at: float
    boots: int | None = None


def restarted(before: Uptime, now: Uptime) -> bool:
    """Tell whether the agent restarted between two readings.

    sysUpTime that fell restarted, unless its wrap after 497 days was due, or it is longer than the time since the first
    reading (two reads of one device that overtook each other). One that rose by much less than time did restarted too.
    """
    if before.boots is not None and now.boots is not None and before.boots != now.boots:
        return True
    elapsed = max(now.at - before.at, 0.0)
    slack = int((SLACK_S + SLACK_SHARE * elapsed) * TICKS_PER_SECOND)
    expected = before.ticks + int(elapsed * TICKS_PER_SECOND)
    if now.ticks < before.ticks and expected + slack < TICKS_WRAP:
        return now.ticks <= int(elapsed * TICKS_PER_SECOND) + slack
    behind = (expected - now.ticks) % TICKS_WRAP
    ahead = (now.ticks - expected) % TICKS_WRAP
    return slack < behind < TICKS_WRAP // 2 and slack < ahead


@dataclass(slots=True)
class Track:
    """One counter object over all its rows, as last seen. `carried` is what its wraps add up to."""

    rows: Sequence[tuple[str, ...]]  # each row's lasting name
    raw: "array[int]"
    carried: "array[int] | None"  # None: no counter has wrapped yet
    marks: Sequence[Value | Missing]
    epoch: int
    at: float


@dataclass(slots=True)
class Counts:
    """How often each kind of break was seen, since the device was first read."""

    seen: dict[Break, int] = field(default_factory=dict)

    def add(self, reason: Break, count: int = 1) -> None:
        """Count a break."""
        self.seen[reason] = self.seen.get(reason, 0) + count


@dataclass(frozen=True, slots=True)
class Reading:
    """What one poll says of a counter object: a value for each row, the row's lasting name, and its mark.

    `marks` are values of the discontinuity object, empty where the device has none. `epoch` counts the agent's
    restarts. `limit` gives a row's greatest possible growth a second, None where unknown; asked only when in doubt.
    """

    rows: Sequence[tuple[str, ...]]
    column: Column
    marks: Sequence[Value | Missing]
    epoch: int
    at: float
    modulus: int
    limit: Callable[[int], float | None]


def carry_on(track: Track | None, reading: Reading, counts: Counts) -> tuple[Column, Track | None]:
    """Return the counter carried on past its wraps, and what to remember. A row that was reset starts at its raw value.

    Rows are matched by their lasting names, so that a renumbered ifIndex cannot lend one port's carry to another.
    """
    if not isinstance(reading.column, array):
        return _carry_each(track, reading, counts)
    if track is not None and _unbroken(track, reading):
        track.raw, track.at = reading.column, reading.at
        if track.carried is None:
            return reading.column, track
        return array("Q", map(add, reading.column, track.carried)), track
    return _carry_each(track, reading, counts)


def _unbroken(track: Track, reading: Reading) -> bool:
    """Tell whether nothing at all happened: the usual case, judged a column at a time."""
    return (
        track.epoch == reading.epoch
        and (track.rows is reading.rows or track.rows == reading.rows)
        and (track.marks is reading.marks or track.marks == reading.marks)
        and all(map(ge, reading.column, track.raw))  # type: ignore[arg-type]  # packed: no Missing in it
    )


def _carry_each(track: Track | None, reading: Reading, counts: Counts) -> tuple[Column, Track | None]:
    known = {} if track is None else {row: at for at, row in enumerate(track.rows)}
    values: list[Value | Missing] = []
    kept: list[int] = []
    raw, carried = array("Q"), array("Q")
    for at, (row, value) in enumerate(zip(reading.rows, reading.column, strict=True)):
        if isinstance(value, Missing):
            values.append(value)
            continue
        carry = 0 if track is None or row not in known else _carry(track, known[row], reading, at, counts)
        values.append(int(value) + carry)
        kept.append(at)
        raw.append(int(value))
        carried.append(carry)
    if not kept:
        return values, track
    whole = len(kept) == len(reading.rows)
    rows = reading.rows if whole else [reading.rows[at] for at in kept]
    marks = reading.marks if whole or not reading.marks else [reading.marks[at] for at in kept]
    new = Track(rows, raw, carried if any(carried) else None, marks, reading.epoch, reading.at)
    return (array("Q", map(add, raw, carried)) if whole else values), new


def _carry(track: Track, old: int, reading: Reading, at: int, counts: Counts) -> int:
    """Return what to add to one row's raw value, counting what happened to it."""
    if track.epoch != reading.epoch:
        return 0  # the restart itself is counted once for the device
    if track.marks and reading.marks and track.marks[old] != reading.marks[at]:
        counts.add(Break.DISCONTINUITY)
        return 0
    before, value = track.raw[old], reading.column[at]
    assert not isinstance(value, Missing)  # noqa: S101 - the caller looked; this tells mypy
    carried = track.carried[old] if track.carried is not None else 0
    if value >= before:
        return carried
    growth = value + reading.modulus - before
    limit = reading.limit(at)
    elapsed = max(reading.at - track.at, 0.0) * (1 + SLACK_SHARE) + 1.0
    if reading.modulus != 2**32 or (limit is not None and growth > limit * elapsed):
        counts.add(Break.DECREASE)
        return 0
    counts.add(Break.WRAP)
    return carried + reading.modulus
