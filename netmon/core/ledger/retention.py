"""Retention: what is past its months goes, its hash stays.

A segment is purged when all of it is past a category's months, so at most a day late, and a category once. The months
count from when a record was written: what a source says about its time may be wrong. So may this machine's clock be:
the months must have been lived through as well (lived.py), so that no clock that jumps ahead ends anything. First the
act is recorded, with a digest of all that will go; then the segment is rewritten beside itself and takes its old place.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from netmon.api import NetmonError
from netmon.core.ledger.files import Disk
from netmon.core.ledger.lived import lived_since
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.record import Entry, Kind, Stub, decode, encode_stub, leaf_hash, timestamp
from netmon.core.ledger.segments import BUFFER_BYTES, Segment, segments
from netmon.core.ledger.settings import RetentionSettings

if TYPE_CHECKING:
    from hashlib import _Hash

_SLICE: Final = 256  # lines between two breaths
HELD_TOLD_S: Final = 31 * 86_400.0  # the clock is this far ahead of what was lived: somebody should look at it
_ROUNDING_S: Final = 1.0
_BREATH_S: Final = 0.0005  # other threads go first: nobody waits for a purge

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Expired:
    """A segment that may hold something that is past its months. `frontier` is the next one's."""

    segment: Segment
    ended: float  # Unix seconds: when the next one began
    lived_s: float  # since then
    frontier: tuple[bytes, ...]
    now: float


@dataclass(slots=True)
class Part:
    """What goes of one category."""

    category: str
    before: float  # Unix seconds
    count: int = 0
    digest: "_Hash" = field(default_factory=sha256)  # over (seq in 8 bytes, big-endian ‖ leaf hash) in order

    def add(self, seq: int, leaf: bytes) -> None:
        """Count one record."""
        self.count += 1
        self.digest.update(seq.to_bytes(8, "big") + leaf)


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes of one segment."""

    expired: Expired
    parts: Sequence[Part]

    def acts(self, now: float, origin: str) -> list[Entry]:
        """Return the records that announce it, one for each part."""
        return [
            Entry(
                Kind.LEDGER,
                now,
                origin,
                {
                    "what": "purged",
                    "segment": self.expired.segment.first_seq,
                    "category": part.category,
                    "before": timestamp(part.before),
                    "count": part.count,
                    "digest": part.digest.hexdigest(),
                },
            )
            for part in self.parts
        ]


class Changed(NetmonError):
    """A segment is not what it was, or not what the tree says: nothing in it is purged."""


class _Line(msgspec.Struct):
    seq: int
    category: str = ""  # a stub has none


_decoder = msgspec.json.Decoder(_Line)


class Retention:
    """Finds and replaces what is past its months. Its methods block: they are for a thread."""

    def __init__(self, directory: Path, settings: RetentionSettings, disk: Disk) -> None:
        self._directory = directory
        self._settings = settings
        self._disk = disk
        self.held = 0  # segments that are over by the clock alone
        self.ahead_s = 0.0  # how far the clock went ahead of what was lived, at most of these
        self._left: dict[int, frozenset[str]] = {}  # categories that a segment still holds, where it was read before

    def expired(self, now: float) -> list[Expired]:
        """Return the segments worth reading, by when they began and what is known of them. Never the newest."""
        found = []
        self.held, self.ahead_s = 0, 0.0
        for one in self._closed(now):
            left = self._left.get(one.segment.first_seq)
            categories = left if left is not None else {"", *self._settings.categories}  # "": the default
            if any(self._over(category, one) is not None for category in categories):
                found.append(one)
            elif any(self._past(category, one) is not None for category in categories):
                self.held += 1
                self.ahead_s = max(self.ahead_s, now - one.ended - one.lived_s)
        return found

    def _closed(self, now: float) -> list[Expired]:
        """Return every segment but the newest. One whose time cannot be read is left out: verify names it."""
        began: dict[int, tuple[Segment, float]] = {}
        all_of_them = segments(self._directory)
        for place, segment in enumerate(all_of_them):
            with suppress(ValueError):
                began[place] = segment, segment.began()
        ages = dict(zip(began, lived_since((at for _, at in began.values()), now), strict=True))
        closed = []
        for place, segment in enumerate(all_of_them[:-1]):
            if place in began and place + 1 in began:
                after, ended = began[place + 1]
                with suppress(ValueError):
                    ended = max(ended, began[place][1])
                    closed.append(Expired(segment, ended, ages[place + 1], after.header().frontier, now))
        return closed

    def plan(self, expired: Expired) -> Plan:
        """Read a segment. Changed when its records are not those that were written: a stub would hide which."""
        parts: dict[str, Part] = {}
        left: set[str] = set()
        header = expired.segment.header()
        tree = Frontier(header.frontier, header.first_seq)
        for _, category, seq, leaf in _records(expired.segment):
            tree.push(leaf)
            before = self._over(category, expired) if category else None
            if before is not None:
                parts.setdefault(category, Part(category, before)).add(seq, leaf)
            elif category:
                left.add(category)
        if tree.hashes != expired.frontier:
            raise Changed(f"{expired.segment.path.name} is damaged and is not purged")
        self._left[expired.segment.first_seq] = frozenset(left | parts.keys())
        return Plan(expired, sorted(parts.values(), key=lambda part: part.category))

    def carry_out(self, plan: Plan, by: int) -> None:
        """Put stubs in place of the records; `by` is the number of the first of the plan's acts.

        OSError, Changed: the segment is as it was.
        """
        path = plan.expired.segment.path
        acts = {part.category: by + i for i, part in enumerate(plan.parts)}
        done = {part.category: Part(part.category, part.before) for part in plan.parts}
        new = path.with_name(path.name + ".new")
        try:
            self._write(new, _replaced(plan.expired.segment, acts, done))
            for part in plan.parts:
                if done[part.category].digest.digest() != part.digest.digest():
                    raise Changed(f"{path.name} was changed while it was purged")
            self._disk.replace(new, path)
        finally:
            new.unlink(missing_ok=True)
        self._left[plan.expired.segment.first_seq] -= acts.keys()

    def _over(self, category: str, expired: Expired) -> float | None:
        """Return the time that a category is kept from, if all of the segment was written before it."""
        before = self._past(category, expired)
        if before is None or expired.lived_s + _ROUNDING_S < expired.now - before:
            return None
        return before

    def _past(self, category: str, expired: Expired) -> float | None:
        """Return the same by the clock alone."""
        months = self._settings.months(category)
        if months is None:
            return None
        before = months_before(expired.now, months)
        return before if expired.ended <= before else None

    def _write(self, path: Path, lines: Iterator[bytes]) -> None:
        fd = self._disk.create(path)
        try:
            at, waiting, size = 0, [], 0
            for line in lines:
                waiting.append(line)
                size += len(line)
                if size >= BUFFER_BYTES:
                    self._disk.write(fd, b"".join(waiting), at)
                    at, waiting, size = at + size, [], 0
            self._disk.write(fd, b"".join(waiting), at)
            self._disk.sync(fd)
        finally:
            os.close(fd)


def months_before(now: float, months: int) -> float:
    """Return the same day and time some calendar months earlier, in UTC; the month's last day where it has none."""
    at = datetime.fromtimestamp(now, UTC)
    month = at.year * 12 + at.month - 1 - months
    if month < 12:
        return 0.0
    first = at.replace(year=month // 12, month=month % 12 + 1, day=1)
    following = first.replace(year=(month + 1) // 12, month=(month + 1) % 12 + 1)
    last = (following - first).days
    return first.replace(day=min(at.day, last)).timestamp()


def _records(segment: Segment) -> Iterator[tuple[bytes, str, int, bytes]]:
    """Give (line, category, seq, leaf's hash); the category of a stub is empty."""
    with segment.path.open("rb", buffering=BUFFER_BYTES) as file:
        file.readline()
        for number, line in enumerate(file):
            if number % _SLICE == 0:
                time.sleep(_BREATH_S)
            try:
                head = _decoder.decode(line)
                found = None if head.category else decode(line[:-1])
            except ValueError as error:
                raise Changed(f"{segment.path.name} is damaged and is not purged: {error}") from None
            leaf = found.leaf if isinstance(found, Stub) else leaf_hash(line[:-1])
            yield line, head.category, head.seq, leaf


def _replaced(segment: Segment, acts: dict[str, int], done: dict[str, Part]) -> Iterator[bytes]:
    with segment.path.open("rb") as file:
        yield file.readline()
    for line, category, seq, leaf in _records(segment):
        if category in acts:
            done[category].add(seq, leaf)
            yield encode_stub(Stub(seq, leaf, acts[category])) + b"\n"
        else:
            yield line
