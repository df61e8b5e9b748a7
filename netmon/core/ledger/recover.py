"""What a restart finds on disk: where to go on, what is torn and may be cut off, what is damaged and is left alone.

Only the last segment is read. A torn end was never acknowledged: it is what a crash left of the last group. Damage is
anything wrong before that. The file is then left as it is, and the ledger goes on in a new segment: with the numbers
and hashes that `committed` remembers, so that earlier checkpoints stay true and no number is given twice; without that
file, a record that cannot be read counts as an empty line. Reads, changes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from netmon.core.ledger import header, record
from netmon.core.ledger.committed import Committed
from netmon.core.ledger.committed import load as load_committed
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.record import Kind, leaf_hash
from netmon.core.ledger.segments import BUFFER_BYTES, Segment, segments

LOST: Final = leaf_hash(b"")  # stands for a record that nobody remembers
_GAP_MAX: Final = 10_000_000  # records that may be missing in one place: more is no number of ours
_HEADER_MAX: Final = 1 << 20  # bytes; a header is 3 kB


@dataclass(frozen=True, slots=True)
class Torn:
    """Bytes at the end of a segment that are no whole act."""

    offset: int
    size: int
    digest: str  # SHA-256 in hexadecimal


@dataclass(frozen=True, slots=True)
class Damage:
    """Something wrong with what was committed: in which segment, at or before which record, and what."""

    segment: int
    seq: int
    problem: str


@dataclass(frozen=True, slots=True)
class Found:
    """Where to go on: at byte `end` of `segment`, or in a new segment when that is None."""

    origin: str = ""  # "" when no ledger is there
    tree: Frontier = field(default_factory=Frontier)
    sources: dict[str, int] = field(default_factory=dict)
    segment: Segment | None = None
    created: str = ""  # the segment's
    end: int = 0
    torn: Torn | None = None
    damage: Damage | None = None


class _Head(msgspec.Struct):
    """The part of a line that matters here; the rest is only checked to be JSON."""

    seq: int
    kind: str = ""  # a stub has none
    key: str = ""
    more: bool = False


_head = msgspec.json.Decoder(_Head)


def recover(directory: Path) -> Found:
    """Look at a ledger. OSError when it cannot be read."""
    hint = load_committed(directory)
    found = segments(directory)
    if not found:
        if hint is None or not hint.tree.size:
            return Found()
        return Found(hint.origin, hint.tree, damage=Damage(0, 0, "every segment is gone"))
    last = found[-1]
    try:
        head = last.header()
    except ValueError as error:
        return _reconstruct(found, hint, Damage(last.first_seq, last.first_seq, f"its header cannot be read: {error}"))
    if hint is not None and hint.origin != head.origin:
        hint = None  # it came here with a copy of another ledger
    with last.path.open("rb", buffering=BUFFER_BYTES) as file:
        scan = _Scan(head, hint)
        scan.run(file)
        problem = scan.damage or (_readable(file) and not hint and scan.problem)
        if problem:
            return _reconstruct(found, hint, Damage(last.first_seq, scan.bad_seq, problem))
        torn = _torn(file, scan.end)
    return Found(head.origin, scan.tree, scan.sources, last, head.created, scan.end, torn)


class _Scan:
    """Reads one segment, line by line, up to the first that is not the next record."""

    def __init__(self, head: header.Header, hint: Committed | None) -> None:
        self.tree = Frontier(head.frontier, head.first_seq)  # over whole acts
        self.sources: dict[str, int] = {}
        self.end = 0  # the offset behind the last whole act
        self.problem = ""  # why it went no further than that
        self.damage = ""  # the same, when what is missing or wrong was committed
        self.bad_seq = head.first_seq
        self._hint = hint.tree if hint else None

    def run(self, file: BinaryIO) -> None:
        """Read on from the beginning."""
        offset = self.end = len(file.readline(_HEADER_MAX))
        self._compare()
        act: list[tuple[_Head, bytes]] = []
        for line in file:
            head = _next(line, self.tree.size + len(act))
            if head is None or self.damage:
                self.problem = f"record {self.tree.size + len(act)} cannot be read"
                break
            act.append((head, line))
            offset += len(line)
            if not head.more:
                self._settle(act)
                act, self.end = [], offset
        else:
            self.problem = f"the act that begins with record {self.tree.size} is not whole" if act else ""
        self.bad_seq = self.tree.size + len(act)
        if self._hint and self._hint.size > self.tree.size and not self.damage:
            self.damage = self.problem or f"it ends before record {self._hint.size - 1}, which was committed"

    def _settle(self, act: list[tuple[_Head, bytes]]) -> None:
        for head, line in act:
            self.tree.push(_leaf(line))
            _note_source(self.sources, head, line)
        self._compare()

    def _compare(self) -> None:
        if self._hint and self._hint.size == self.tree.size and self._hint.hashes != self.tree.hashes:
            self.damage = "it is not what was committed: a record was changed"


def _next(line: bytes, seq: int) -> _Head | None:
    """Return what a whole line says if it is this record."""
    head = _read(line)
    return head if head is not None and head.seq == seq else None


def _read(line: bytes) -> _Head | None:
    if not line.endswith(b"\n"):
        return None
    try:
        head = _head.decode(line)
        if not head.kind:
            record.decode(line[:-1])  # else it must be a stub
    except ValueError:
        return None
    return head


def _leaf(line: bytes) -> bytes:
    """Return the leaf's hash of a line that `_read` could read."""
    if b'"purged":"' in line[:48]:
        found = record.decode(line[:-1])
        if isinstance(found, record.Stub):
            return found.leaf
    return leaf_hash(line[:-1])


def split_key(key: str) -> tuple[str, int] | None:
    """Return (sender, number) of an entry's key, None when it has none."""
    sender, _, number = key.rpartition(":")
    return (sender, int(number)) if sender and number.isdecimal() else None


def _note_source(sources: dict[str, int], head: _Head, line: bytes) -> None:
    """Remember the highest number of each sender: by the record's key, or all of them where a segment begins."""
    if head.key and (found := split_key(head.key)):
        sources[found[0]] = max(found[1], sources.get(found[0], 0))
    elif head.kind == Kind.LEDGER:
        data = msgspec.json.decode(line).get("data", {})
        for sender, number in data.get("sources", {}).items() if data.get("what") == "segment" else ():
            sources[sender] = max(number, sources.get(sender, 0))


def _readable(file: BinaryIO) -> bool:
    """Tell whether a record can be read in what is left of the file: then the end is not merely torn."""
    return any(_read(line) is not None for line in file)


def _torn(file: BinaryIO, offset: int) -> Torn | None:
    file.seek(offset)
    digest, size = sha256(), 0
    while block := file.read(BUFFER_BYTES):
        digest.update(block)
        size += len(block)
    return Torn(offset, size, digest.hexdigest()) if size else None


def _reconstruct(found: list[Segment], hint: Committed | None, damage: Damage) -> Found:
    """Work out where the ledger ends although its last segment is damaged."""
    sources: dict[str, int] = {}
    if hint is not None:
        begin = max((i for i, each in enumerate(found) if each.first_seq <= hint.tree.size), default=0)
        tree, origin = hint.tree.copy(), hint.origin
    else:
        begin, tree, origin = _last_header(found)
    _go_on(tree, sources, _all_lines(found[begin:]), may_fill=hint is None)
    return Found(origin, tree, sources, damage=damage)


def _last_header(found: list[Segment]) -> tuple[int, Frontier, str]:
    """Return (position, tree, origin) of the last segment whose header can be read; an empty tree when none can."""
    for i in range(len(found) - 1, -1, -1):
        try:
            head = found[i].header()
        except ValueError:
            continue
        return i, Frontier(head.frontier, head.first_seq), head.origin
    return 0, Frontier(), ""


def _all_lines(found: Iterable[Segment]) -> Iterator[bytes]:
    for segment in found:
        with segment.path.open("rb", buffering=BUFFER_BYTES) as file:
            yield from file


def _go_on(tree: Frontier, sources: dict[str, int], lines: Iterable[bytes], *, may_fill: bool) -> None:
    """Append to the tree every record that can be read and comes next.

    With `may_fill`, a gap counts as lost records where two lines in a row agree on the number behind it: one flipped
    digit is no gap.
    """
    held: tuple[int, bytes] | None = None
    for line in lines:
        head = _read(line)
        if head is None:
            continue
        _note_source(sources, head, line)
        if head.seq == tree.size:
            tree.push(_leaf(line))
        elif may_fill and held and held[0] + 1 == head.seq and 0 < held[0] - tree.size <= _GAP_MAX:
            tree.extend(LOST for _ in range(held[0] - tree.size))
            tree.extend((_leaf(held[1]), _leaf(line)))
        held = (head.seq, line)
