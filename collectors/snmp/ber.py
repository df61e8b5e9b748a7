"""BER as SNMP uses it: tags, lengths and integers (X.690 sections 8.1 to 8.3, RFC 3417 section 8). No messages here."""

from enum import IntEnum

MAX_MESSAGE = 65_507  # octets: what one UDP datagram over IPv4 can carry, and more than any device sends

_MAX_LENGTH_OCTETS = 8  # X.690 allows 126 with leading zeros; no encoder writes more than 4


class WireError(ValueError):
    """The octets break BER or SNMP. `offset` counts octets from the start of what was decoded."""

    def __init__(self, problem: str, offset: int) -> None:
        self.problem = problem
        self.offset = offset
        super().__init__(f"octet {offset}: {problem}")


class Tag(IntEnum):
    """Tags of the types of RFC 2578 and RFC 1155, and the exceptions of RFC 3416 section 3."""

    INTEGER = 0x02
    OCTET_STRING = 0x04
    NULL = 0x05
    OBJECT_IDENTIFIER = 0x06
    SEQUENCE = 0x30
    IP_ADDRESS = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42  # and Unsigned32
    TIME_TICKS = 0x43
    OPAQUE = 0x44
    NSAP_ADDRESS = 0x45  # RFC 1442; gone since RFC 1902, still sent
    COUNTER64 = 0x46
    UINTEGER32 = 0x47  # RFC 1442; gone since RFC 1902, still sent
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


def length(size: int) -> bytes:
    """Return the length octets for contents of `size` octets, in the shortest form (X.690 section 8.1.3)."""
    if size < 0x80:
        return bytes((size,))
    if size < 0x100:
        return bytes((0x81, size))
    if size < 0x10000:
        return bytes((0x82, size >> 8, size & 0xFF))
    raise ValueError(f"{size} octets do not fit a message, which holds at most {MAX_MESSAGE}")


def tlv(tag: int, contents: bytes) -> bytes:
    """Return tag, length and contents. ValueError for contents that no message could hold."""
    return bytes((tag,)) + length(len(contents)) + contents


def integer(value: int, tag: int = Tag.INTEGER) -> bytes:
    """Return a whole number as TLV in the fewest octets that keep its sign (X.690 section 8.3.2)."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return bytes((tag, size)) + value.to_bytes(size, "big", signed=True)


def header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return (tag, start, stop) of the TLV at octet `at`, whose contents must end at or before octet `end`.

    Raises WireError for one that is cut off, reaches past `end`, or has an indefinite length (RFC 3417 section 8).
    """
    start = at + 2
    if start > end:
        raise WireError("the message ends inside a tag or length", at)
    size = data[at + 1]
    if size >= 0x80:
        octets = size & 0x7F
        if octets == 0:
            raise WireError("indefinite length, which SNMP does not allow", at + 1)
        if octets > _MAX_LENGTH_OCTETS:
            raise WireError(f"length of {octets} octets", at + 1)
        start += octets
        if start > end:
            raise WireError("the message ends inside a length", at + 1)
        size = int.from_bytes(data[start - octets : start], "big")
    stop = start + size
    if stop > end:
        raise WireError(f"{size} octets of contents announced, {end - start} left", at + 1)
    return data[at], start, stop


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return (start, stop) of the contents of the TLV at octet `at`, which must have this tag."""
    if at < end and data[at] != tag:  # first: what is no message at all has no length to speak of
        raise WireError(f"tag 0x{data[at]:02x} where 0x{tag:02x} belongs", at)
    _, start, stop = header(data, at, end)
    return start, stop


def read_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return (value, octet after it) of the INTEGER at octet `at`: a field of a message, 1 to 8 octets long."""
    start, stop = expect(data, at, end, Tag.INTEGER)
    if not 1 <= stop - start <= 8:
        raise WireError(f"INTEGER of {stop - start} octets", at + 1)
    return int.from_bytes(data[start:stop], "big", signed=True), stop


def read_octets(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Return (contents, octet after it) of the OCTET STRING at octet `at`."""
    start, stop = expect(data, at, end, Tag.OCTET_STRING)
    return data[start:stop], stop
