"""The first line of a segment, and the name of its file. Pure."""

import re
from dataclasses import dataclass
from typing import Final

import msgspec

FORMAT: Final = 1

_NAME = re.compile(r"([0-9]{20})\.jsonl")


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says before its records. `frontier`: see merkle.Frontier, over the `first_seq` records before."""

    origin: str  # netmon/<host name>/<8 random hexadecimal digits>, the same in all segments
    first_seq: int
    created: str  # RFC 3339
    frontier: tuple[bytes, ...]


class _Line(msgspec.Struct):
    netmon_ledger: int
    origin: str
    first_seq: int
    created: str
    frontier: list[str]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


def encode(header: Header) -> bytes:
    """Return the line, without its newline."""
    frontier = [each.hex() for each in header.frontier]
    return _encoder.encode(_Line(FORMAT, header.origin, header.first_seq, header.created, frontier))


def decode(line: bytes) -> Header:
    """Return what a header says; ValueError when it is none, or of a format that we do not know."""
    found = _decoder.decode(line)
    if found.netmon_ledger != FORMAT:
        raise ValueError(f"format {found.netmon_ledger} is not known here, only {FORMAT}")
    frontier = tuple(bytes.fromhex(each) for each in found.frontier)
    if found.first_seq < 0 or len(frontier) != found.first_seq.bit_count() or any(len(each) != 32 for each in frontier):
        raise ValueError(f"the frontier is not that of a tree of {found.first_seq} records")
    return Header(found.origin, found.first_seq, found.created, frontier)


def file_name(first_seq: int) -> str:
    """Return the name of the segment that begins with this record."""
    return f"{first_seq:020d}.jsonl"


def first_seq_of(name: str) -> int | None:
    """Return the first record of the segment with this file name, or None when it names no segment."""
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None
