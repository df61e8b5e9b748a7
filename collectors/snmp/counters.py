"""Whether a counter went on since it was last read: reboot, wrap and reset told apart. Time is an argument.

What wraps add up to is kept in memory only: after a restart of netmon a carried counter starts at its raw value again,
which is below what it was. Prometheus takes such a fall for a counter's reset, as it does when a device restarts, and
counts the raw value as growth. Only counters that have wrapped before can fall so, which 64-bit ones never do.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import repeat
from operator import add, ge
from typing import NamedTuple

from netmon.api import Column, Missing, Reason, Value

TICKS_PER_SECOND = 100  # sysUpTime counts hundredths of a second (RFC 3418) …
TICKS_WRAP = 2**32  # … and starts again from 0 after 497 days
SLACK_S = 60.0  # how far an agent's clock and ours may part between two polls, besides …
SLACK_SHARE = 0.1  # … this share of the time between them
_MISSED_POLLS = 120  # a row that is missing for as many polls is gone for good: an hour at 30 s
_LOST_ROWS = 4_096  # missing rows remembered of one counter, a big chassis's ports; some 200 octets each
_UNKNOWN = Missing(Reason.NOT_SUPPORTED)  # the mark where there is none


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


class Seen(NamedTuple):
    """One counter of one row as last read at `at`, Unix seconds, and how many readings have lacked it since."""

    raw: int
    carried: int
    mark: Value | Missing
    at: float
    missed: int = 0


@dataclass(slots=True)
class Track:
    """One counter object over all its rows, as last seen. `carried` is what its wraps add up to."""

    rows: Sequence[tuple[str, ...]]  # each row's lasting name
    raw: "array[int]"
    carried: "array[int] | None"  # None: no counter has wrapped yet
    marks: Sequence[Value | Missing]
    epoch: int
    at: float
    lost: dict[tuple[str, ...], Seen] = field(default_factory=dict)  # rows that the last readings lacked


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
        not track.lost
        and track.epoch == reading.epoch
        and (track.rows is reading.rows or track.rows == reading.rows)
        and (track.marks is reading.marks or track.marks == reading.marks)
        and all(map(ge, reading.column, track.raw))  # type: ignore[arg-type]  # packed: no Missing in it
    )


def _carry_each(track: Track | None, reading: Reading, counts: Counts) -> tuple[Column, Track | None]:
    known = {} if track is None or track.epoch != reading.epoch else _remembered(track)
    values: list[Value | Missing] = []
    kept: list[int] = []
    raw, carried = array("Q"), array("Q")
    marks = list(reading.marks)
    if not marks and track is not None and track.marks:
        marks = [_UNKNOWN] * len(reading.rows)
    for at, (row, value) in enumerate(zip(reading.rows, reading.column, strict=True)):
        before = known.get(row)
        if before is not None and marks and isinstance(marks[at], Missing):
            marks[at] = before.mark  # a mark that was not read has not moved
        if isinstance(value, Missing):
            values.append(value)
            continue
        mark = marks[at] if marks else _UNKNOWN
        carry = 0 if before is None else _carry(before, value, mark, reading, at, counts)
        values.append(int(value) + carry)
        kept.append(at)
        raw.append(int(value))
        carried.append(carry)
    if not kept:
        return values, track
    whole = len(kept) == len(reading.rows)
    rows = reading.rows if whole else [reading.rows[at] for at in kept]
    lost = _lost(known, rows, counts)
    if marks and not whole:
        marks = [marks[at] for at in kept]
    same: Sequence[Value | Missing] = (
        reading.marks if marks == list(reading.marks) else marks
    )  # packed, where it can be
    new = Track(rows, raw, carried if any(carried) else None, same, reading.epoch, reading.at, lost)
    return (array("Q", map(add, raw, carried)) if whole else values), new


def _remembered(track: Track) -> dict[tuple[str, ...], Seen]:
    """Return all rows that can be carried on, those that are missing for longest first."""
    carried = track.carried if track.carried is not None else repeat(0)
    marks = track.marks or repeat(_UNKNOWN)
    here = (Seen(raw, more, mark, track.at) for raw, more, mark in zip(track.raw, carried, marks, strict=False))
    return track.lost | dict(zip(track.rows, here, strict=True))


def _lost(
    known: dict[tuple[str, ...], Seen], rows: Sequence[tuple[str, ...]], counts: Counts
) -> dict[tuple[str, ...], Seen]:
    """Return what to remember of rows that this reading lacks, which may come again."""
    came = set(rows)
    lost = {
        row: seen._replace(missed=seen.missed + 1)
        for row, seen in known.items()
        if row not in came and seen.missed < _MISSED_POLLS
    }
    for row in list(lost)[: max(len(lost) - _LOST_ROWS, 0)]:
        if lost.pop(row).carried:
            counts.add(Break.DISCONTINUITY)  # should it come again, it starts at its raw value
    return lost


def _carry(  # noqa: PLR0917, PLR0913 - what was, what is, and what to judge it by
    before: Seen, value: Value, mark: Value | Missing, reading: Reading, at: int, counts: Counts
) -> int:
    """Return what to add to one row's raw value, counting what happened to it."""
    if not isinstance(before.mark, Missing) and not isinstance(mark, Missing) and before.mark != mark:
        counts.add(Break.DISCONTINUITY)
        return 0
    if value >= before.raw:
        return before.carried
    growth = value + reading.modulus - before.raw
    limit = reading.limit(at)
    elapsed = max(reading.at - before.at, 0.0) * (1 + SLACK_SHARE) + 1.0
    if reading.modulus != 2**32 or (limit is not None and growth > limit * elapsed):
        counts.add(Break.DECREASE)
        return 0
    counts.add(Break.WRAP)
    return before.carried + reading.modulus
