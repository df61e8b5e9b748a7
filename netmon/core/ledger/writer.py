"""Puts records on disk: one write and one sync a group, in segments that rotate. Synchronous, for one thread.

What it says of itself (tree, sources, committed lines) changes only when a sync has returned. Whatever the disk
refuses raises OSError and leaves what was committed as it was; the same call may be made again, as often as needed.
"""

import errno
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Final

import structlog

from netmon.core.ledger import header, record
from netmon.core.ledger.committed import CommittedFile
from netmon.core.ledger.files import Disk, Lock
from netmon.core.ledger.group import Outcome, Written, encode_group
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.record import Entry, Kind, leaf_hash, timestamp
from netmon.core.ledger.recover import Damage, Found, Torn, recover, split_key
from netmon.core.ledger.segments import FOLDER, Segment, segments
from netmon.core.ledger.settings import LedgerSettings

ASIDE: Final = "aside"  # what was cut off, kept for whoever wants to look at it

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Host:
    """The machine that a ledger is written on."""

    name: str
    now: Callable[[], float]  # Unix seconds
    clock_offset: Callable[[], float | None]  # local clock minus the time servers' in seconds, if known
    disk: Disk


class Writer:
    """The one that writes a ledger."""

    def __init__(self, directory: Path, settings: LedgerSettings, host: Host) -> None:
        self.origin = f"netmon/{host.name}/{secrets.token_hex(4)}"  # until a ledger that is there says its own
        self.tree = Frontier()
        self.sources: dict[str, int] = {}
        self.damage = ""
        self.segment_count = 0
        self.opened = False
        self._fresh: list[tuple[int, list[bytes]]] = []
        self._repaired_bytes = 0
        self._sources_changed = True
        self.directory = self._directory = directory
        self._settings = settings
        self._disk, self._now, self._clock_offset = host.disk, host.now, host.clock_offset
        self._lock = Lock(directory / "lock")
        self._hint = CommittedFile(directory, host.disk)
        self._fd: int | None = None
        self._day = ""
        self._end = 0
        self._dirty = False  # there may be more in the file than was committed
        self._distrusted = False  # a sync failed: what the system believes of this file's pages may be wrong

    def open(self) -> None:
        """Lock, look, repair, and be ready to write. ConfigError when another process has the ledger."""
        self._close_segment()
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.take()
        for folder in (FOLDER, ASIDE):
            (self._directory / folder).mkdir(mode=0o700, exist_ok=True)
        for path in (self._directory / FOLDER).glob("*.new"):  # begun by a process that was killed
            path.unlink()
        found = recover(self._directory)
        self.origin = found.origin or self.origin
        self.tree, self.sources, self._sources_changed = found.tree, dict(found.sources), True
        self.segment_count = len(segments(self._directory))
        if found.segment is None:
            self._begin_segment(self._about_damage(found.damage))
        else:
            self._continue(found, found.segment)
        for path in sorted((self._directory / ASIDE).glob("*.torn")):
            self._record_repair(path)
        self._hint.write(self.origin, self.tree)
        self.opened = True

    def close(self) -> None:
        """Let go of the files and of the lock."""
        self._close_segment()
        self._hint.close()
        self._lock.release()
        self.opened = False

    def commit(self, acts: Sequence[Sequence[Entry]]) -> list[Outcome]:
        """Record the first of these acts, as many as fit in one group and at least one. Return an outcome for each."""
        self._make_ready()
        written = Written(self.tree.size, self._now(), self._clock_offset(), self._settings.max_record_bytes)
        lines, outcomes = encode_group(acts, written)
        if lines:
            self._append(lines)
            self._note_sources(acts, outcomes)
        return outcomes

    def take_fresh(self) -> list[tuple[int, list[bytes]]]:
        """Return (first seq, lines) of what was committed since this was last asked."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def take_sources(self) -> dict[str, int] | None:
        """Return a copy of the senders' last numbers, None when they are as they were when this was last asked."""
        changed, self._sources_changed = self._sources_changed, False
        return dict(self.sources) if changed else None

    def take_repaired_bytes(self) -> int:
        """Return how many bytes of torn ends were cut off since this was last asked."""
        size, self._repaired_bytes = self._repaired_bytes, 0
        return size

    # ── one group ──

    def _append(self, lines: list[bytes]) -> None:
        """Write and sync. Only then do they count."""
        assert self._fd is not None  # noqa: S101 - _make_ready opened it
        tree = self.tree.copy()
        tree.extend(map(leaf_hash, lines))
        data = b"\n".join(lines) + b"\n"
        self._dirty = True
        try:
            self._disk.write(self._fd, data, self._end)
            self._sync(self._fd)
        except OSError:
            with suppress(OSError):  # now if it can be, so that nobody reads half a record; else before the next write
                self._cut_back()
            raise
        self._dirty = False
        self._end += len(data)
        self._committed(tree, lines)

    def _committed(self, tree: Frontier, lines: list[bytes]) -> None:
        self._fresh.append((self.tree.size, lines))
        self.tree = tree
        self._hint.write(self.origin, tree)

    def _sync(self, fd: int) -> None:
        try:
            self._disk.sync(fd)
        except OSError:
            self._distrusted = True
            raise

    def _note_sources(self, acts: Sequence[Sequence[Entry]], outcomes: Sequence[Outcome]) -> None:
        latest: dict[str, int] = {}
        for act, outcome in zip(acts, outcomes, strict=False):
            if isinstance(outcome, int):
                for entry in act:
                    if entry.key and (found := split_key(entry.key)):
                        latest[found[0]] = max(found[1], latest.get(found[0], 0))
        for sender, number in latest.items():  # the last to speak comes last
            self.sources[sender] = max(number, self.sources.pop(sender, 0))
        self._sources_changed = self._sources_changed or bool(latest)
        while len(self.sources) > self._settings.max_senders:
            del self.sources[next(iter(self.sources))]

    # ── the segment that is written ──

    def _make_ready(self) -> None:
        """Cut back what a failure left, and begin a new segment where it is time to."""
        if not self.opened:
            self.open()
        if self._fd is not None and not os.fstat(self._fd).st_nlink:
            raise OSError(errno.ENOENT, "the ledger's newest segment was removed")
        self._cut_back()
        if self._fd is None or self._end >= self._settings.segment_max_bytes or self._day != self._today():
            self._begin_segment(())

    def _cut_back(self) -> None:
        """Take away what a failure left behind what was committed, and the file too if it cannot be trusted."""
        if self._fd is None or not self._dirty:
            return
        self._disk.truncate(self._fd, self._end)
        if self._distrusted:
            self._disk.sync(self._fd)  # else the next segment might begin with numbers that this one has as well
            self._close_segment()
        self._dirty = False

    def _today(self) -> str:
        return timestamp(self._now())[:10]

    def _begin_segment(self, also: Sequence[Entry]) -> None:
        """Make a segment: its header, the record that says what senders were heard, and what else must be in it.

        It appears at once with all of that or not at all, so a segment without a whole header is always damage.
        """
        self._close_segment()
        recorded = self._now()
        begins = _ours(recorded, self.origin, {"what": "segment", "sources": dict(self.sources)})
        lines = [record.encode(each, self.tree.size + i, recorded) for i, each in enumerate((begins, *also))]
        tree = self.tree.copy()
        tree.extend(map(leaf_hash, lines))
        head = header.Header(self.origin, self.tree.size, timestamp(recorded), self.tree.hashes)
        data = b"\n".join((header.encode(head), *lines)) + b"\n"
        path = self._directory / FOLDER / header.file_name(self.tree.size)
        self._disk.put(path, data)
        self._fd = self._disk.open(path)
        self._end, self._day = len(data), head.created[:10]
        self._dirty = self._distrusted = False
        self.segment_count += 1
        self._committed(tree, lines)

    def _close_segment(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    # ── the start ──

    def _continue(self, found: Found, segment: Segment) -> None:
        """Go on in a segment that is there, without its torn end."""
        fd = self._disk.open(segment.path)
        try:
            if found.torn is not None:
                self._set_aside(segment, found.torn)
                self._disk.truncate(fd, found.end)
            self._disk.sync(fd)  # what was read may be in the page cache only, and is about to be relied on
        except OSError:
            os.close(fd)
            raise
        self._fd, self._end, self._day = fd, found.end, found.created[:10]
        self._dirty = self._distrusted = False

    def _set_aside(self, segment: Segment, torn: Torn) -> None:
        """Keep what will be cut off. The name says that its repair is still to be recorded."""
        with segment.path.open("rb") as file:
            file.seek(torn.offset)
            content = file.read(torn.size)
        name = f"{segment.first_seq:020d}-{torn.offset}-{torn.digest[:16]}.torn"
        self._disk.put(self._directory / ASIDE / name, content)

    def _record_repair(self, path: Path) -> None:
        size, digest = path.stat().st_size, _digest(path)
        data = {"what": "repaired", "segment": int(path.name[:20]), "bytes": size, "sha256": digest}
        now = self._now()
        self._append([record.encode(_ours(now, self.origin, data), self.tree.size, now, self._clock_offset())])
        self._disk.replace(path, path.with_suffix(".cut"))
        self._repaired_bytes += size
        log.warning("the ledger's end was torn and has been cut off", bytes=size, kept=str(path.with_suffix(".cut")))

    def _about_damage(self, damage: Damage | None) -> Sequence[Entry]:
        if damage is None:
            return ()
        self.damage = describe(damage)
        log.error("the ledger is damaged", problem=self.damage)
        path = self._directory / FOLDER / header.file_name(self.tree.size)
        if path.exists():  # not one of its records can be read, so it would be in the way of what begins here
            self._disk.replace(path, self._directory / ASIDE / f"{path.name}.damaged")
        data = {"what": "damaged", "segment": damage.segment, "seq": damage.seq, "problem": damage.problem}
        return (_ours(self._now(), self.origin, data),)


def describe(damage: Damage) -> str:
    """Return one sentence for people."""
    name = header.file_name(damage.segment)
    return f"the ledger's segment {name} is damaged at or before record {damage.seq}: {damage.problem}"


def _ours(now: float, origin: str, data: dict[str, object]) -> Entry:
    return Entry(Kind.LEDGER, now, origin, data)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
