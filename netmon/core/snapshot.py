"""What was going on at some record of the ledger, in one file, so that a start need not read the ledger from its first.

It is a convenience: without it, or with a wrong one, everything is read from the ledger again.
"""

import os
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

_VERSION: Final = 1
_MAX_BYTES: Final = 1 << 30  # 100,000 alerts take about 80 MB

log = structlog.get_logger(__name__)


class Snapshot(msgspec.Struct, forbid_unknown_fields=True):
    """`size` records of the ledger `origin` led to `affairs`; `heard`: sender → when it was last heard."""

    version: int
    origin: str
    size: int
    affairs: dict[str, Any]
    heard: dict[str, float]


def save(path: Path, origin: str, size: int, affairs: dict[str, Any], heard: dict[str, float]) -> None:
    """Put a snapshot in place in one step; OSError where the disk will not."""
    new = path.with_suffix(".new")
    body = msgspec.json.encode(Snapshot(_VERSION, origin, size, affairs, heard))
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def load(path: Path, origin: str, size: int) -> Snapshot | None:
    """Return the snapshot if it is there and belongs to this ledger as far as it goes (`size` records)."""
    try:
        with path.open("rb") as file:
            found = msgspec.json.decode(file.read(_MAX_BYTES), type=Snapshot)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("the snapshot cannot be read; the ledger is read instead", file=str(path), error=str(error))
        return None
    if found.version != _VERSION or found.origin != origin or found.size > size:
        log.warning("the snapshot is of another ledger or version; the ledger is read instead", file=str(path))
        return None
    return found
