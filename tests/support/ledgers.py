"""Small ledgers that a test makes, seals, purges and tampers with. The writer shares no code with netmon.

ledger = make(tmp_path, records=100, segment=30, every=20); ledger.replace(7, b"...")
"""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ORIGIN = "netmon/core-1/0a1b2c3d"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def leaf(line: bytes) -> bytes:
    return sha256(b"\0" + line).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it is written there."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def frontier(leaves: list[bytes]) -> list[bytes]:
    found, at = [], 0
    for bit in reversed(range(len(leaves).bit_length())):
        if len(leaves) >> bit & 1:
            found.append(root(leaves[at : at + (1 << bit)]))
            at += 1 << bit
    return found


def vkey(origin: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> str:
    public = b"\1" + key.public_key().public_bytes_raw()
    return f"{origin}+{_key_id(origin, public).hex()}+{b64encode(public).decode()}"


def _key_id(origin: str, public: bytes) -> bytes:
    return sha256(origin.encode() + b"\n" + public).digest()[:4]


def checkpoint(size: int, root_hash: bytes, origin: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> str:
    text = f"{origin}\n{size}\n{b64encode(root_hash).decode()}\n"
    public = b"\1" + key.public_key().public_bytes_raw()
    signature = b64encode(_key_id(origin, public) + key.sign(text.encode())).decode()
    return f"{text}\n— {origin} {signature}\n"


def recorded(seq: int) -> str:
    """Each record is written a day after the one before it."""
    return f"{datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(days=seq):%Y-%m-%dT%H:%M:%S}.000000Z"


def record(seq: int, **data: Any) -> bytes:
    kind = data.pop("kind", "event")
    line = {
        "seq": seq,
        "time": "2026-03-01T08:00:00.000000Z",
        "recorded": data.pop("recorded", recorded(seq)),
        "kind": kind,
        "category": kind if kind == "ledger" else data.pop("category", kind),
        "source": "core-1",
        "data": data or {"message": f"interface ge-0/0/{seq} went down"},
    }
    return json.dumps(line, separators=(",", ":")).encode()


@dataclass
class MadeLedger:
    """A ledger on disk. `lines` are what was written, and sealed."""

    directory: Path
    lines: list[bytes]
    starts: list[int]
    sizes: list[int]  # of the checkpoints
    leaves: list[bytes] = field(default_factory=list)

    def path(self, seq: int) -> Path:
        return self.directory / "segments" / f"{self.start(seq):020d}.jsonl"

    def start(self, seq: int) -> int:
        return max(start for start in self.starts if start <= seq)

    def notes(self, sizes: list[int]) -> bytes:
        """What a witness would have kept: the notes of these sizes."""
        return "".join(checkpoint(size, root(self.leaves[:size])) for size in sizes).encode()

    def segment(self, start: int) -> list[bytes]:
        """A segment's lines as they stand on disk, with the header."""
        return (self.directory / "segments" / f"{start:020d}.jsonl").read_bytes().split(b"\n")[:-1]

    def rewrite(self, start: int, lines: list[bytes]) -> None:
        path = self.directory / "segments" / f"{start:020d}.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in lines))

    def replace(self, seq: int, *lines: bytes) -> None:
        """Put other lines, or none, where a record is."""
        start = self.start(seq)
        found = self.segment(start)
        found[seq - start + 1 : seq - start + 2] = lines
        self.rewrite(start, found)

    def hashes(self) -> None:
        """Write the side files for what stands in the segments."""
        for start in self.starts:
            lines = self.segment(start)
            path = self.directory / "segments" / f"{start:020d}.hashes"
            path.write_bytes(b"".join(_leaf_or_stub(line) for line in lines))

    def seal(self, sizes: list[int]) -> None:
        """Sign checkpoints over what was written."""
        notes = [checkpoint(size, root(self.leaves[:size])) for size in sizes]
        lines = [
            json.dumps({"time": "2026-03-01T08:00:00Z", "note": note, "number": number}, ensure_ascii=False)
            for number, note in enumerate(notes)
        ]
        (self.directory / "checkpoints.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        if notes:
            (self.directory / "checkpoint").write_text(notes[-1], encoding="utf-8")
        self.sizes = sizes

    def purge(self, seqs: list[int], by: int, *, announced: list[int] | None = None) -> bytes:
        """Put stubs in the place of records of one segment; return the record of the act, for place `by`."""
        digest = sha256()
        for seq in seqs if announced is None else announced:
            digest.update(seq.to_bytes(8, "big") + self.leaves[seq])
        for seq in seqs:
            self.replace(seq, stub(seq, self.leaves[seq], by))
        count = len(seqs if announced is None else announced)
        return record(
            by,
            kind="ledger",
            what="purged",
            segment=self.start(seqs[0]),
            category="event",
            before=recorded(min([start for start in self.starts if start > seqs[0]], default=by)),
            count=count,
            digest=digest.hexdigest(),
        )


def stub(seq: int, leaf_hash: bytes, by: int) -> bytes:
    return b'{"seq":%d,"purged":"%s","by":%d}' % (seq, leaf_hash.hex().encode(), by)


def _leaf_or_stub(line: bytes) -> bytes:
    return bytes.fromhex(json.loads(line)["purged"]) if b'"purged":"' in line[:48] else leaf(line)


def make(
    directory: Path,
    records: int = 100,
    segment: int = 30,
    every: int = 20,
    *,
    lines: dict[int, bytes] | None = None,
    sealed: int | None = None,
    starts: list[int] | None = None,
) -> MadeLedger:
    """Write a ledger with a segment each so many records, or where `starts` says, and with checkpoints like that."""
    (directory / "segments").mkdir(parents=True)
    starts = starts or list(range(0, records, segment))
    ledger = MadeLedger(directory, [], starts, [])
    ledger.lines = [(lines or {}).get(seq) or _line(seq, ledger.starts) for seq in range(records)]
    ledger.leaves = [leaf(line) for line in ledger.lines]
    for start, end in pairwise([*starts, records]):
        header = {
            "netmon_ledger": 1,
            "origin": ORIGIN,
            "first_seq": start,
            "created": "2026-03-01T08:00:00.000000Z",
            "frontier": [each.hex() for each in frontier(ledger.leaves[:start])],
        }
        ledger.rewrite(start, [json.dumps(header, separators=(",", ":")).encode(), *ledger.lines[start:end]])
    ledger.hashes()
    last = records if sealed is None else sealed
    ledger.seal([*range(every, last, every), last] if last else [])
    (directory / "ledger.pub").write_text(vkey() + "\n")
    return ledger


def _line(seq: int, starts: list[int]) -> bytes:
    return record(seq, kind="ledger", what="segment", sources={}) if seq in starts else record(seq)
