"""Holds the stubs of purged records against the acts that purged them.

The tree cannot tell a stub from its record: the hash is the same. So each stub names a record that says how many were
taken out of that segment, and the digest over them. That record is sealed like any other. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from netmon.core.ledger.faults import Fault, Wrong
from netmon.core.ledger.record import Kind, Record, Stub, decode, encode_stub
from netmon.core.ledger.segments import FOLDER


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
    _open: dict[int, dict[int, _Taken]] = field(default_factory=dict)  # by act, by segment

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
        act = _act(line)
        faults = []
        for taken in self._open.pop(by).values():
            if act is None or act.get("segment") != taken.segment:
                faults.append(_fault(Wrong.NO_ACT, by, taken))
            elif (act.get("count"), act.get("digest")) != (taken.count, taken.digest.hexdigest()):
                faults.append(_fault(Wrong.ACT, by, taken))
        return faults

    def left(self) -> Iterator[Fault]:
        """Give a fault for what names no record, or one before it."""
        for by, segments in self._open.items():
            for taken in segments.values():
                yield _fault(Wrong.NO_ACT, by, taken)


def _act(line: bytes) -> dict[str, Any] | None:
    """Return what a record says of a purge; None when it is none."""
    try:
        record = decode(line)
    except ValueError:
        return None
    if not isinstance(record, Record) or record.kind is not Kind.LEDGER or record.data.get("what") != "purged":
        return None
    return record.data


def _fault(wrong: Wrong, by: int, taken: _Taken) -> Fault:
    where = f"{FOLDER}/{taken.segment:020d}.jsonl"
    values = {"by": by, "count": taken.count}
    return Fault(wrong, where, taken.first - taken.segment + 2, taken.first, values=values)
