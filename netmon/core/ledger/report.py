"""What a verifier says in the end. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from netmon.api import NetmonError
from netmon.core.ledger.faults import Fault, Remark

MAX_FAULTS: Final = 100  # told in full; the others are counted
MAX_PURGES: Final = 20_000  # ten years of daily segments and five categories


class Verdict(StrEnum):
    """What a verifier says of a ledger."""

    GOOD = "good"
    BAD = "bad"
    UNPROVED = "unproved"  # nothing is wrong, but no checkpoint says that it is right


class Unusable(NetmonError):
    """There is no ledger, or no key to check it with."""


@dataclass(frozen=True, slots=True)
class Purge:
    """What one act says that it took out of a segment, and stubs show it."""

    by: int  # the act's record
    time: str  # RFC 3339: when it was recorded
    category: str
    segment: int  # its first record
    before: str  # RFC 3339: all of it was written before
    count: int


@dataclass(slots=True)
class Report:
    """What was found. Counts are of what was read before the first bad record, if there is one."""

    origin: str = ""
    keys: tuple[str, ...] = ()
    records: int = 0  # lines, stubs among them
    stubs: int = 0
    acts: int = 0  # of purging, that stubs belong to
    purges: list[Purge] = field(default_factory=list)  # the newest MAX_PURGES of these acts
    own: int = 0  # checkpoints that hold, of the ledger's own
    outside: int = 0  # and of those that witnesses kept
    sealed: int = 0  # records that the last good checkpoint seals
    sealed_at: str = ""  # when that was, by the clock of the machine that signed; "" when it does not say
    sealed_outside: int = 0
    faults: list[Fault] = field(default_factory=list)
    more_faults: int = 0
    remarks: list[Remark] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """The judgement."""
        if self.faults:
            return Verdict.BAD
        return Verdict.GOOD if self.sealed or not self.records else Verdict.UNPROVED

    @property
    def first_bad(self) -> Fault | None:
        """The fault about the first bad record, else the first one about the evidence."""
        about = [fault for fault in self.faults if fault.seq is not None]
        return min(about, key=lambda one: one.seq or 0) if about else next(iter(self.faults), None)

    def fault(self, fault: Fault) -> None:
        """Add a fault."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(fault)
        else:
            self.more_faults += 1

    def purge(self, purge: Purge) -> None:
        """Add an act of purging; where there are too many, the oldest go. `acts` counts all."""
        self.acts += 1
        self.purges.append(purge)
        del self.purges[:-MAX_PURGES]

    def remark(self, remark: Remark) -> None:
        """Add a remark, once."""
        if remark not in self.remarks:
            self.remarks.append(remark)
