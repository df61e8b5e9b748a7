"""What a verifier can find wrong, each in one sentence. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Wrong(StrEnum):
    """What is wrong. The first ones are about a record, the others about the evidence."""

    CHANGED = "changed"
    MOVED = "moved"
    MISSING = "missing"
    GAP = "gap"
    EXTRA = "extra"
    RANGE = "range"
    REWRITTEN = "rewritten"
    FORM = "form"
    HEADER = "header"
    UNSEALED = "unsealed"
    UNSEALED_RANGE = "unsealed_range"
    CUT_OFF = "cut_off"
    NO_ACT = "no_act"
    ACT = "act"
    EARLY = "early"
    NOTE = "note"
    SIGNATURE = "signature"
    OTHER_LEDGER = "other_ledger"
    CHECKPOINTS_GONE = "checkpoints_gone"
    LATEST_GONE = "latest_gone"


SENTENCES: Final[Mapping[Wrong, str]] = {
    Wrong.CHANGED: "record {seq} was changed: its line is not the one that was sealed",
    Wrong.MOVED: "record {found} stands where record {seq} should: one of them was removed, inserted or moved",
    Wrong.MISSING: "record {seq} is missing, and what came after it: a checkpoint seals {size} records",
    Wrong.GAP: "record {seq} is missing: what stands next is the segment that begins with record {next}",
    Wrong.EXTRA: "lines stand before record {seq} that do not belong there: the segment before it is too long",
    Wrong.RANGE: "one of the records {seq} to {last} was changed: the first {size} are not those that were sealed",
    Wrong.REWRITTEN: (
        "one of the records {seq} to {last} was changed, and the ledger signed again: its first {size} records are not "
        "those whose checkpoint was handed out"
    ),
    Wrong.FORM: "what stands in the place of record {seq} is not that record",
    Wrong.HEADER: "the first line of the segment that begins with record {seq} is not as it was written",
    Wrong.UNSEALED: "record {seq} is not as it was written, as its hash shows; no checkpoint seals it yet",
    Wrong.UNSEALED_RANGE: (
        "one of the records {seq} to {last} is not as it was written, as the file `committed` shows; no checkpoint "
        "seals it yet"
    ),
    Wrong.CUT_OFF: (
        "record {seq} is missing, and what came after it: {size} records were written; no checkpoint seals those yet"
    ),
    Wrong.NO_ACT: "record {seq} was taken out, and record {by}, which should say so, does not",
    Wrong.ACT: "record {seq} and others, {count} in all, were taken out; record {by} announced others than these",
    Wrong.EARLY: (
        "record {seq} and others, {count} in all, were taken out before their time: what stands around them was "
        "written too late for what record {by} says"
    ),
    Wrong.NOTE: "what stands there is not a checkpoint",
    Wrong.SIGNATURE: "this checkpoint does not carry a valid signature of the ledger's key",
    Wrong.OTHER_LEDGER: "this checkpoint is of another ledger, {origin}",
    Wrong.CHECKPOINTS_GONE: "checkpoints before this one were removed, or it is out of its order",
    Wrong.LATEST_GONE: "checkpoints at the end were removed: the latest, of {size} records, is not among them",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where it is, and what the sentence about it says."""

    wrong: Wrong
    where: str  # the file's name within the ledger, or as it was given; "" where there is none
    line: int = 0  # in that file, counted from 1; 0: none
    seq: int | None = None  # the first bad record; None when the fault is in the evidence
    since: int | None = None  # records from here on to the bad one are not proved either; None: they are
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return SENTENCES[self.wrong].format_map({"seq": self.seq, **self.values})


class Remark(StrEnum):
    """What an auditor should know though it is no fault."""

    TORN = "torn"  # the last line is not whole: it was never acknowledged, or is being written
    SIDE_FILE = "side_file"  # hashes of a side file are wrong, while the lines are as they were sealed
    NO_SIDE_FILE = "no_side_file"  # without it a changed record cannot be named exactly
    NO_CHECKPOINT = "no_checkpoint"  # nothing is proved
    OWN_KEY = "own_key"  # the key came with the ledger
    NO_WITNESS = "no_witness"  # only the ledger's own checkpoints: who has the key can sign again
    UNSEALED = "unsealed"  # records after the last checkpoint
    TORN_CHECKPOINT = "torn_checkpoint"  # the last line of checkpoints.jsonl is not whole


REMARKS: Final[Mapping[Remark, str]] = {
    Remark.TORN: "The last line is not whole: it is being written, or a crash cut it off before it was acknowledged.",
    Remark.SIDE_FILE: "A side file of hashes is damaged; the records beside it are as they were sealed.",
    Remark.NO_SIDE_FILE: "Side files of hashes are absent; without them a changed record cannot be named exactly.",
    Remark.NO_CHECKPOINT: "There is no checkpoint: nothing proves that the records are as they were written.",
    Remark.OWN_KEY: "The key was taken from the ledger itself; give the one that you were handed to be sure.",
    Remark.NO_WITNESS: (
        "All checkpoints are the ledger's own: whoever has its private key could have changed the records and signed "
        "again. Give checkpoints that a witness kept."
    ),
    Remark.UNSEALED: "The records after the last checkpoint are not sealed yet: only their form was checked.",
    Remark.TORN_CHECKPOINT: "The last line of checkpoints.jsonl is not whole: a crash cut it off.",
}
