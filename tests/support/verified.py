"""What verifiers say of a ledger that something was done to."""

from pathlib import Path
from typing import Any

from netmon.core.ledger import standalone
from netmon.core.ledger.faults import Wrong
from netmon.core.ledger.verify import verify
from tests.support import ledgers
from tests.support.ledgers import MadeLedger


def bad(ledger: MadeLedger, **options: bytes) -> tuple[Wrong, int | None, str, int]:
    """Verify, and return what is wrong, with which record, and where."""
    fault = verify(ledger.directory, checkpoints=options).first_bad
    assert fault is not None, "nothing was found"
    assert str(fault)
    return fault.wrong, fault.seq, fault.where, fault.line


def judged(directory: Path) -> tuple[Any, ...] | None:
    """The standalone verifier's first fault about a record: what, which, and to which."""
    verifier: Any = standalone.Verifier(directory, [ledgers.vkey()])  # type: ignore[no-untyped-call]
    verifier.run([*verifier.own()])
    first = min(
        (fault for fault in verifier.faults if fault[2] is not None), key=lambda fault: int(fault[2]), default=None
    )
    return first and (first[0], *first[2:])


def name(start: int) -> str:
    return f"segments/{start:020d}.jsonl"
