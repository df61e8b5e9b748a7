"""Holds the stubs of purged records against the acts that purged them.

The tree cannot tell a stub from its record: the hash is the same. So each stub names a record that says how many were
taken out of that segment, and the digest over them. That record is sealed like any other. Whoever can write to the
ledger can write such a record too, so it must also be plausible by the time of what stands around: the whole segment
was written before the time that the act names, that was a month ago, and the ledger lived through that month. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any, Final

from netmon.core.ledger.faults import Fault, Wrong
from netmon.core.ledger.record import Kind, Record, Stub, decode, encode_stub
from netmon.core.ledger.report import Purge
from netmon.core.ledger.segments import FOLDER

MONTH_DAYS: Final = 27  # the shortest month by dates, less one for the border of a day: nothing is purged sooner
LIVED_DAYS: Final = 14  # of it: by dates alone, a daemon that is off every other day lives through half of it
JUMP_DAYS: Final = 2  # see lived.py
_NEVER: Final = 9**9  # instead of a day that cannot be read


@dataclass(frozen=True, slots=True)
class _Ended:
    """The time of a segment that is not the newest."""

    day: int  # when the next one began, or it if that was later
    lived: int  # days, by then


@dataclass(slots=True)
class _Taken:
    """What the stubs of one segment say was taken out by one act."""

    segment: int
    first: int
    count: int = 0
    digest: Any = field(default_factory=sha256)


@dataclass(slots=True)
class Stubs:
    """Collects stubs until their act comes: it stands after them. Grows with purges and segments, not with records."""

    count: int = 0
    purges: list[Purge] = field(default_factory=list)  # that were judged and fit
    _open: dict[int, dict[int, _Taken]] = field(default_factory=dict)  # by act, by segment
    _ended: dict[int, _Ended] = field(default_factory=dict)  # by segment
    _newest: tuple[int, int] = (-1, _NEVER)  # the segment that is read, and the day when it began
    _lived: int = 0  # days, until then

    def begins(self, segment: int, line: bytes) -> None:
        """Note the first record of a segment: it says when the one before it had ended."""
        record = _record(line)
        today = _NEVER if record is None else _day(record.recorded)
        before, began = self._newest
        self._lived = self._lived_until(today)
        self._ended[before] = _Ended(max(began, today), self._lived)
        self._newest = segment, today

    def _lived_until(self, day: int) -> int:
        return self._lived + min(max(day - self._newest[1], 0), JUMP_DAYS)

    def take(self, seq: int, line: bytes, segment: int) -> bytes | None:
        """Note a stub and return the hash that it holds; None when the line is not as a stub is written."""
        try:
            stub = decode(line)
        except ValueError:
            return None
        if not isinstance(stub, Stub) or stub.seq != seq or encode_stub(stub) != line:
            return None
        taken = self._open.setdefault(stub.by, {}).setdefault(segment, _Taken(segment, seq))
        taken.digest.update(seq.to_bytes(8, "big") + stub.leaf)
        taken.count += 1
        self.count += 1
        return stub.leaf

    def acts(self, seq: int, count: int) -> list[int]:
        """Return those of these records that stubs name, in order."""
        return sorted(by for by in self._open if seq <= by < seq + count) if self._open else []

    def judge(self, by: int, line: bytes) -> list[Fault]:
        """Return what is wrong with the stubs that name this record."""
        record = _record(line)
        act = record.data if record is not None and record.data.get("what") == "purged" else {}
        faults = []
        for taken in self._open.pop(by).values():
            if act.get("segment") != taken.segment:
                faults.append(_fault(Wrong.NO_ACT, by, taken))
            elif (act.get("count"), act.get("digest")) != (taken.count, taken.digest.hexdigest()):
                faults.append(_fault(Wrong.ACT, by, taken))
            elif record is not None:
                if self._early(taken.segment, record):
                    faults.append(_fault(Wrong.EARLY, by, taken))
                category, before = str(act.get("category")), str(act.get("before"))
                self.purges.append(Purge(by, record.recorded, category, taken.segment, before, taken.count))
        return faults

    def _early(self, segment: int, act: Record) -> bool:
        """Tell whether the segment cannot have been past any retention when this act was recorded."""
        ended = self._ended.get(segment)
        if ended is None:
            return True  # it stands in the segment that it purges
        today, before = _day(act.recorded), _day(act.data.get("before"))
        lived = self._lived_until(today) - ended.lived
        return ended.day > before or not before + MONTH_DAYS <= today < _NEVER or lived < LIVED_DAYS

    def left(self) -> Iterator[Fault]:
        """Give a fault for what names no record, or one before it."""
        for by, segments in self._open.items():
            for taken in segments.values():
                yield _fault(Wrong.NO_ACT, by, taken)


def _record(line: bytes) -> Record | None:
    """Return what the ledger says of itself in this line; None when it is nothing of the kind."""
    try:
        record = decode(line)
    except ValueError:
        return None
    return record if isinstance(record, Record) and record.kind is Kind.LEDGER else None


def _day(text: object) -> int:
    """Return the day (proleptic Gregorian ordinal) of an RFC 3339 time."""
    try:
        return date.fromisoformat(str(text)[:10]).toordinal()
    except ValueError:
        return _NEVER


def _fault(wrong: Wrong, by: int, taken: _Taken) -> Fault:
    where = f"{FOLDER}/{taken.segment:020d}.jsonl"
    values = {"by": by, "count": taken.count}
    return Fault(wrong, where, taken.first - taken.segment + 2, taken.first, values=values)
