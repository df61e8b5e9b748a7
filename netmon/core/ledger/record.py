"""What stands in the ledger: one JSON object a line, and the hash of its bytes.

The line's own bytes are what is hashed (RFC 9162, 2.1.1), so nobody needs a canonical form to check them. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from netmon.api import Severity


class Kind(StrEnum):
    """What a record is about."""

    EVENT = "event"
    FINDING = "finding"
    ALERT = "alert"
    INCIDENT = "incident"
    SILENCE = "silence"
    MAINTENANCE = "maintenance"
    ACTION = "action"  # what an operator did
    NOTIFICATION = "notification"
    SYSTEM = "system"  # the daemon itself: started, stopped, clock stepped, a source that went silent
    LEDGER = "ledger"  # the ledger itself: a new segment, a repair, a purge


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be recorded. The ledger adds the sequence number, the time of recording and the clock's offset.

    `category` is the event's own (authentication, network, …), else the kind's name: retention goes by it.
    `key` is `sender:number` for what came over a link: with it, nothing is recorded twice. `data` is ready for JSON.
    """

    kind: Kind
    at: float  # when it happened, Unix seconds
    source: str
    data: Mapping[str, Any]
    category: str = ""
    target: str = ""
    severity: Severity | None = None
    key: str = ""
    more: bool = False  # the entry after it belongs to it: after a power cut both are there, or neither


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the ledger. `seq` counts from 0 without gaps and is the index of its leaf in the Merkle tree."""

    seq: int
    time: str  # when it happened, RFC 3339 in UTC with microseconds
    recorded: str  # when it was written
    kind: Kind
    category: str
    source: str
    data: dict[str, Any]
    target: str = ""
    severity: Severity | None = None
    key: str = ""
    more: bool = False  # see Entry: records up to the next without it are one act, and survive together
    clock_offset_s: float | None = None  # local clock minus the time servers' when it was written, if known


@dataclass(frozen=True, slots=True)
class Stub:
    """What is left of a record whose retention ended: its hash, and the record of the act that took it."""

    seq: int
    leaf: bytes  # 32 bytes
    by: int


_encoder = msgspec.json.Encoder()
_record = msgspec.json.Decoder(Record)


class _StubLine(msgspec.Struct, forbid_unknown_fields=True):
    seq: int
    purged: str  # the leaf's hash in hexadecimal
    by: int


_stub = msgspec.json.Decoder(_StubLine)
_STUB = b'"purged":"'


def encode(entry: Entry, seq: int, recorded: float, clock_offset_s: float | None = None) -> bytes:
    """Return the line, without its newline. JSON escapes every control character, so that it is one line."""
    return _encoder.encode(
        Record(
            seq=seq,
            time=timestamp(entry.at),
            recorded=timestamp(recorded),
            kind=entry.kind,
            category=entry.category or entry.kind.value,
            source=entry.source,
            data=entry.data,  # type: ignore[arg-type]  # a Mapping is encoded like a dict
            target=entry.target,
            severity=entry.severity,
            key=entry.key,
            more=entry.more,
            clock_offset_s=clock_offset_s,
        )
    )


def encode_stub(stub: Stub) -> bytes:
    """Return the line that takes a purged record's place."""
    return b'{"seq":%d,"purged":"%s","by":%d}' % (stub.seq, stub.leaf.hex().encode(), stub.by)


def decode(line: bytes) -> Record | Stub:
    """Return what a line says; ValueError (msgspec's own is one) when it is none of ours."""
    if _STUB in line[:48]:
        found = _stub.decode(line)
        leaf = bytes.fromhex(found.purged)
        if len(leaf) != 32:
            raise ValueError("the hash of a purged record is not 32 bytes long")
        return Stub(found.seq, leaf, found.by)
    return _record.decode(line)


def leaf_hash(line: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 of a zero byte and the line (RFC 9162, 2.1.1)."""
    return sha256(b"\0" + line).digest()


def timestamp(at: float) -> str:
    """Return Unix seconds as RFC 3339 in UTC with microseconds."""
    second, micros = divmod(round(at * 1e6), 1_000_000)
    return f"{_second(second)}.{micros:06d}Z"


@lru_cache(maxsize=256)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def unix_seconds(text: str) -> float:
    """Return what `timestamp` wrote as Unix seconds."""
    return datetime.fromisoformat(text).timestamp()
