"""Why the ledger cannot be written, in words for people who have read "The ledger cannot be written:" before. Pure."""

import errno
from collections.abc import Mapping
from typing import Final

from netmon.core.ledger.record import timestamp

_CAUSES: Final[Mapping[int, str]] = {
    errno.ENOSPC: "no space left on the disk that holds {place}",
    errno.EDQUOT: "no space left for netmon's user on the disk that holds {place}: its quota is used up",
    errno.EROFS: "the disk that holds {place} is read-only",
    errno.EIO: "the disk that holds {place} reports errors in reading or writing",
    errno.EACCES: "netmon's user may not write in {place}",
    errno.EPERM: "netmon's user may not write in {place}",
    errno.EMFILE: "netmon has too many files open",
    errno.ENFILE: "the system has too many files open",
}


def cause(error: Exception, place: str) -> str:
    """Return the bare cause. `place` is the ledger's directory."""
    words = _CAUSES.get(error.errno or 0) if isinstance(error, OSError) else None
    return words.format(place=place) if words else str(error)


def stalled(since: float, place: str) -> str:
    """Return the cause when nothing came back from the disk; `since` in Unix seconds."""
    return f"the disk that holds {place} does not answer: records have waited for it since {timestamp(since)[:19]}Z"
