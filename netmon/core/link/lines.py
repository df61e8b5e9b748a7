"""How a thing stands in a spool's file: a checksum, its number and its JSON on one line. Pure.

`<CRC-32 of the rest, 8 hexadecimal digits> <number> <JSON>` and a newline. JSON escapes control characters, so a
newline ends a line and nothing else does: a damaged place costs the lines it touches, and reading goes on behind it.
"""

from zlib import crc32

from netmon.core.link.settings import MAX_RECORD_BYTES

OVERHEAD_BYTES = 8 + 1 + 19 + 1 + 1  # at most: checksum, space, a number below 2^63, space, newline
MAX_LINE_BYTES = MAX_RECORD_BYTES + OVERHEAD_BYTES


def encode(number: int, line: bytes) -> bytes:
    """Return the line in the file, with its newline."""
    rest = b"%d %b" % (number, line)
    return b"%08x %b\n" % (crc32(rest), rest)


def decode(stored: bytes) -> tuple[int, bytes] | None:
    """Return number and JSON of a line in the file; None where it is torn or damaged."""
    if stored[-1:] != b"\n" or stored[8:9] != b" ":
        return None
    rest = stored[9:-1]
    if b"%08x" % crc32(rest) != stored[:8]:
        return None
    number, _, line = rest.partition(b" ")
    return (int(number), line) if number.isdigit() else None
