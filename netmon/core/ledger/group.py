"""From acts to the lines of one group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from netmon.core.ledger import record
from netmon.core.ledger.record import Entry

GROUP_BYTES: Final = 8 << 20  # one write's size at most, so that a flood of long records stays small in memory

Outcome: TypeAlias = int | ValueError
"""What became of one act: the number of its first record, or why it can be no record."""


class TooLong(ValueError):
    """A record's line is longer than `max_record_bytes`."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the ledger adds to the entries of a group."""

    first_seq: int
    at: float  # Unix seconds
    clock_offset_s: float | None
    max_record_bytes: int


def encode_group(acts: Sequence[Sequence[Entry]], written: Written) -> tuple[list[bytes], list[Outcome]]:
    """Return lines and outcomes of the first acts: as many as are about GROUP_BYTES, and at least one."""
    lines: list[bytes] = []
    outcomes: list[Outcome] = []
    size = 0
    for act in acts:
        if size > GROUP_BYTES:
            break
        seq = written.first_seq + len(lines)
        try:
            encoded = _encode_act(act, seq, written)
        except Exception as error:  # noqa: BLE001 - whatever an entry holds must not keep others from the disk
            outcomes.append(error if isinstance(error, ValueError) else ValueError(f"cannot be recorded: {error}"))
            continue
        outcomes.append(seq)
        lines += encoded
        size += sum(map(len, encoded))
    return lines, outcomes


def _encode_act(act: Sequence[Entry], seq: int, written: Written) -> list[bytes]:
    encoded = [record.encode(entry, seq + i, written.at, written.clock_offset_s) for i, entry in enumerate(act)]
    longest = max(map(len, encoded))
    if longest > written.max_record_bytes:
        raise TooLong(f"a record of {longest} bytes; at most {written.max_record_bytes} are taken")
    return encoded
