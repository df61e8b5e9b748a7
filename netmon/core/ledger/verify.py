"""Proves from segments and checkpoints that nothing in a ledger was changed, removed, reordered, inserted or cut off.

One pass over the lines builds the Merkle tree and holds its root against each checkpoint. Where a root differs, or a
checkpoint seals more records than there are, the first bad record is looked for between the last good checkpoint and
that one: side files of hashes (hashes.py) that give the sealed root say what each line was. Memory does not grow with
the ledger. `standalone.py` does the same without netmon.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from heapq import merge
from pathlib import Path
from typing import Final

from netmon.core.ledger import header, keys
from netmon.core.ledger.faults import Fault, Remark, Wrong
from netmon.core.ledger.hashes import SideFiles, hash_lines, split
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.report import Report, Unusable
from netmon.core.ledger.seals import CHECKPOINTS_FILE, Seal, Seals
from netmon.core.ledger.segments import Segment, segments, seq_of
from netmon.core.ledger.stubs import Stubs
from netmon.core.ledger.walk import Block, Walk, name_of
from netmon.core.ledger.written import written

_PURGED: Final = b'"purged":"'
_SURE: Final = {Wrong.FORM, Wrong.GAP, Wrong.EXTRA}  # seen without a hash: that, or a header, may be what was changed


def verify(
    directory: Path,
    *,
    checkpoints: Mapping[str, bytes] | None = None,
    public_keys: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Verify the ledger in a directory.

    `checkpoints` are files that witnesses kept, by name; `public_keys` are those that the auditor was handed, else the
    ledger's own are taken. `progress` is told how many bytes of how many were read. Raises Unusable, OSError, and
    KeyProblem for a key that is none.
    """
    if not segments(directory) and not (directory / CHECKPOINTS_FILE).exists():
        raise Unusable(f"{directory} holds no ledger")
    report = Report()
    trusted = tuple(map(keys.VerifierKey.parse, public_keys))
    if not trusted:
        report.remark(Remark.OWN_KEY)
        try:
            trusted = keys.read_public(directory / keys.PUBLIC_FILE)
        except FileNotFoundError:
            raise Unusable(f"{directory} holds no {keys.PUBLIC_FILE}; give the ledger's public key") from None
    report.keys = tuple(key.encode() for key in trusted)
    report.origin = trusted[-1].name if trusted else ""
    seals = Seals(trusted, report.origin, report.fault, report.remark)
    outside = [seal for name, data in (checkpoints or {}).items() for seal in seals.outside(name, data)]
    outside.sort(key=lambda seal: seal.head.size)
    in_order = merge(seals.own(directory), outside, key=lambda seal: seal.head.size)
    _Verifier(directory, report, _then(in_order, written(directory, report.origin)), len(outside), progress).run()
    return report


def _then(seals: Iterator[Seal], unsigned: Sequence[Seal]) -> Iterator[Seal]:
    """Give the checkpoints, and then what goes further than they do."""
    size = 0
    for seal in seals:
        yield seal
        size = seal.head.size
    yield from (each for each in unsigned if each.head.size > size)


class _Verifier:
    """One pass, and what it remembers: the tree, and where it was last good."""

    def __init__(
        self,
        directory: Path,
        report: Report,
        seals: Iterator[Seal],
        outside: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._directory = directory
        self._report = report
        self._seals = seals
        self._seal = next(seals, None)  # asked for before any line is read: a daemon may be writing
        self._outside = outside  # how many of them witnesses kept
        self._progress = progress
        self._tree = Frontier()
        self._good = self._good_outside = 0  # records under the last checkpoint that holds
        self._suspects: list[Fault] = []  # what was seen since then, one of each kind
        self._side = SideFiles(directory)
        self._told: Frontier | None = None  # the tree of the side files' hashes, from their first difference on
        self._differs: Fault | None = None  # that difference
        self._stubs = Stubs()
        self._acts: list[tuple[int, Fault]] = []  # what is wrong with acts, if they are as they were sealed

    def run(self) -> None:
        """Read everything, or up to the first bad record."""
        walk = Walk(self._directory)
        total = sum(segment.path.stat().st_size for segment in segments(self._directory))
        try:
            for block in walk.blocks():
                if not self._block(block):
                    break
                if self._progress is not None:
                    self._progress(walk.read_bytes, total)
            else:
                self._end(walk)
        finally:
            self._side.close()
        self._remarks()

    def _block(self, block: Block) -> bool:
        """Take some lines, part by part between checkpoints; False at a bad one."""
        if block.header is not None:
            self._header(block.segment, block.header)
        leaves = self._leaves(block)
        taken = 0
        while self._seal is not None and self._seal.head.size <= block.seq + len(leaves):
            part = self._seal.head.size - block.seq
            self._grow(block, leaves[taken:part])
            taken = part
            if not self._holds(self._seal):
                return False
        self._grow(block, leaves[taken:])
        self._report.records = self._tree.size
        return True

    def _header(self, segment: Segment, line: bytes) -> None:
        """Hold a segment's header against its name, the tree so far and its hash."""
        try:
            said = header.decode(line)
            right = (said.origin, said.first_seq, said.frontier) == (
                self._report.origin,
                segment.first_seq,
                self._tree.hashes,
            )
        except ValueError:
            right = False
        hashed = self._side.header(segment.first_seq)
        if not hashed:
            self._report.remark(Remark.NO_SIDE_FILE)
        if not right or (hashed and hashed != hash_lines([line])):
            self._suspect(Fault(Wrong.HEADER, name_of(segment), 1, segment.first_seq))

    def _leaves(self, block: Block) -> list[bytes]:
        """Return the hash of each line, and for a stub the one that it holds."""
        leaves: list[bytes] = []
        if block.lines and block.seq == block.segment.first_seq:
            self._stubs.begins(block.seq, block.lines[0])
        if (last := block.seq + len(block.lines) - 1) >= block.seq and block.lines[-1].endswith(b"\n"):  # see Walk
            self._suspect(Fault(Wrong.FORM, block.name, block.line_number(last), last))
        sha, add = sha256, leaves.append
        for seq, line in enumerate(block.lines, start=block.seq):
            begin = b'{"seq":%d,' % seq
            if not line.startswith(begin):
                self._suspect(Fault(Wrong.FORM, block.name, block.line_number(seq), seq))
            elif line.startswith(_PURGED, len(begin)):
                add(self._stub(block, seq, line))
                continue
            add(sha(b"\0" + line).digest())
        for act in self._stubs.acts(block.seq, len(leaves)):
            self._acts += [(act, fault) for fault in self._stubs.judge(act, block.lines[act - block.seq])]
        while self._stubs.purges:
            self._report.purge(self._stubs.purges.pop(0))
        self._report.stubs = self._stubs.count
        return leaves

    def _stub(self, block: Block, seq: int, line: bytes) -> bytes:
        leaf = self._stubs.take(seq, line, block.segment.first_seq)
        if leaf is None:
            self._suspect(Fault(Wrong.FORM, block.name, block.line_number(seq), seq))
            return hash_lines([line])
        return leaf

    def _grow(self, block: Block, leaves: Sequence[bytes]) -> None:
        """Add lines to the tree. From where the side files say otherwise, they have a tree of their own."""
        seq, told = self._tree.size, self._side.take(self._tree.size, len(leaves))
        if self._told is not None:
            self._told.extend(split(told))
        elif not b"".join(leaves).startswith(told):
            hashes = split(told)
            same = next(at for at, (leaf, hashed) in enumerate(zip(leaves, hashes, strict=False)) if leaf != hashed)
            self._told = self._tree.copy()
            self._told.extend(hashes)
            self._differs = _difference(block, seq + same)
        self._tree.extend(leaves)

    def _suspect(self, fault: Fault) -> None:
        if all(each.wrong != fault.wrong for each in self._suspects):
            self._suspects.append(fault)

    def _holds(self, seal: Seal) -> bool:
        """Hold the tree against a checkpoint, and go on to the next one; False where it differs."""
        if not seal.signed:
            self._fits(seal)
            return True
        if self._tree.root() != seal.head.root:
            self._report.fault(self._first_bad(seal))
            return False
        if seal.time or self._report.sealed < self._tree.size:
            self._report.sealed_at = seal.time
        self._good = self._report.sealed = self._tree.size
        if seal.outside:
            self._good_outside = self._report.sealed_outside = self._tree.size
            self._report.outside += 1
        else:
            self._report.own += 1
        for suspect in [each for each in self._suspects if (each.seq or 0) < self._good]:
            self._suspects.remove(suspect)
            self._report.fault(suspect)
        self._acts = self._judged(self._good)
        if self._told is not None and (seal.outside or self._report.outside == self._outside):
            self._told = self._differs = None  # the lines are those that were sealed: it is the hashes that are wrong
            self._report.remark(Remark.SIDE_FILE)
        self._seal = next(self._seals, None)
        return True

    def _fits(self, seal: Seal) -> None:
        """Hold the tree against what the ledger noted of itself, where nothing is sealed yet."""
        if seal.head.root and self._tree.root() != seal.head.root and self._differs is None:
            values = {"last": seal.head.size - 1}
            self._report.fault(Fault(Wrong.UNSEALED_RANGE, seal.where, 0, self._good, values=values))
        self._seal = next(self._seals, None)

    def _judged(self, sealed: int) -> list[tuple[int, Fault]]:
        """Tell the faults that come of acts below `sealed`; return the others."""
        for act, fault in self._acts:
            if act < sealed:
                self._report.fault(fault)
        return [(act, fault) for act, fault in self._acts if act >= sealed]

    def _end(self, walk: Walk) -> None:
        """Say what the end of the lines means."""
        if walk.torn:
            self._report.remark(Remark.TORN)
        if (gap := walk.gap) is not None:
            wrong = Wrong.GAP if gap.first_seq > walk.next_seq else Wrong.EXTRA
            seq = min(walk.next_seq, gap.first_seq)
            self._suspect(Fault(wrong, name_of(gap), 1, seq, values={"next": gap.first_seq}))
        if self._seal is not None and self._seal.signed:
            self._missing(self._seal, walk)
            return
        for suspect in self._suspects:
            self._report.fault(suspect)
        if self._differs is not None:
            self._report.fault(replace(self._differs, wrong=Wrong.UNSEALED, values={}))
        else:
            self._judged(walk.next_seq)
        if self._seal is not None and walk.gap is None:
            values = {"size": self._seal.head.size}
            self._report.fault(Fault(Wrong.CUT_OFF, self._seal.where, 0, walk.next_seq, values=values))
        for fault in self._stubs.left():
            self._report.fault(fault)

    def _missing(self, seal: Seal, walk: Walk) -> None:
        """Say what the lines lack that a checkpoint seals: their hashes may still be there."""
        self._told = self._told or self._tree.copy()
        self._told.extend(self._side.each(self._told.size, seal.head.size))
        if self._differs is None:
            where, values = seal.where, {"size": seal.head.size}
            self._differs = Fault(Wrong.MISSING, where, seal.line, walk.next_seq, values=values)
            if walk.gap is not None:
                self._differs = next(each for each in self._suspects if each.wrong in {Wrong.GAP, Wrong.EXTRA})
        self._report.fault(self._first_bad(seal))

    def _remarks(self) -> None:
        report = self._report
        if report.records and not report.sealed:
            report.remark(Remark.NO_CHECKPOINT)
        elif report.records > report.sealed and not report.faults:
            report.remark(Remark.UNSEALED)
        if report.own and not report.outside:
            report.remark(Remark.NO_WITNESS)

    def _first_bad(self, seal: Seal) -> Fault:
        """Name the first record that is not as this checkpoint seals it, or the range that it is in."""
        since, size = self._good_outside if seal.outside else self._good, seal.head.size
        told = self._told
        if told is not None and self._differs is not None and (told.size, told.root()) == (size, seal.head.root):
            return self._differs
        seen = [each for each in self._suspects if each.wrong in _SURE and (each.seq or 0) < size]
        if seen:
            return replace(min(seen, key=lambda each: each.seq or 0), since=since)
        if self._tree.size < size:
            return Fault(Wrong.MISSING, seal.where, seal.line, self._tree.size, since, {"size": size})
        wrong = Wrong.REWRITTEN if seal.outside and self._good > since else Wrong.RANGE
        return Fault(wrong, seal.where, seal.line, since, since, {"last": size - 1, "size": size})


def _difference(block: Block, seq: int) -> Fault:
    """Say how a line differs from the one whose hash was written."""
    found = seq_of(block.lines[seq - block.seq])
    if found is not None and found != seq:
        return Fault(Wrong.MOVED, block.name, block.line_number(seq), seq, values={"found": found})
    return Fault(Wrong.CHANGED, block.name, block.line_number(seq), seq)
