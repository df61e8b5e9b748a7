"""Object identifiers: arcs, dotted text, and the contents octets that BER keeps of them (X.690 section 8.19)."""

from collections.abc import Sequence
from functools import lru_cache

from collectors.snmp.ber import WireError

MAX_ARC = 2**32 - 1  # RFC 2578 section 3.5
MAX_ARCS = 128  # the same
MAX_OCTETS = MAX_ARCS * 5  # of contents: an arc of 32 bits takes five octets of seven bits
_CACHED_OCTETS = 64  # longer indexes are rare, and a hostile agent could fill the cache with them


def encode(arcs: Sequence[int]) -> bytes:
    """Return BER's contents octets, without tag and length. ValueError for what is no OBJECT IDENTIFIER."""
    if not 2 <= len(arcs) <= MAX_ARCS:
        raise ValueError(f"an OBJECT IDENTIFIER has 2 to {MAX_ARCS} arcs, not {len(arcs)}")
    first, second = arcs[0], arcs[1]
    if not (first in (0, 1) and 0 <= second < 40) and not (first == 2 and 0 <= second <= MAX_ARC - 80):
        raise ValueError(f"an OBJECT IDENTIFIER cannot begin with {first}.{second}")
    return encode_suffix((first * 40 + second, *arcs[2:]))


def encode_suffix(arcs: Sequence[int]) -> bytes:
    """Return the octets of arcs that follow others, such as an index after its column."""
    octets = bytearray()
    for arc in arcs:
        if arc < 0x80:
            if arc < 0:
                raise ValueError(f"arc {arc} is negative")
            octets.append(arc)
            continue
        if arc > MAX_ARC:
            raise ValueError(f"arc {arc} is above {MAX_ARC}")
        shift = (arc.bit_length() - 1) // 7 * 7
        while shift:
            octets.append(arc >> shift & 0x7F | 0x80)
            shift -= 7
        octets.append(arc & 0x7F)
    return bytes(octets)


def decode(raw: bytes) -> tuple[int, ...]:
    """Return the arcs of contents octets. WireError for a sub-identifier that is cut off or above 2**32-1.

    No octets at all are 0.0: agents send that for an OBJECT IDENTIFIER that they have no value for.
    """
    if not raw:
        return (0, 0)
    first, *rest = _sub_identifiers(raw)
    return (min(first // 40, 2), first - 40 * min(first // 40, 2), *rest)


def suffix_arcs(raw_suffix: bytes) -> tuple[int, ...]:
    """Return the arcs of an index as it stands after its column's octets. WireError as `decode`."""
    return _cached(raw_suffix) if len(raw_suffix) <= _CACHED_OCTETS else tuple(_sub_identifiers(raw_suffix))


@lru_cache(maxsize=32_768)  # distinct row indexes over all devices, about 10 MB; the same return in every poll
def _cached(raw_suffix: bytes) -> tuple[int, ...]:
    return tuple(_sub_identifiers(raw_suffix))


def parse(text: str) -> tuple[int, ...]:
    """Return the arcs of `1.3.6.1` or `.1.3.6.1`; ValueError says which part is not a number in range."""
    arcs = []
    for part in text.removeprefix(".").split("."):
        if not (part.isascii() and part.isdigit() and len(part) <= 10) or int(part) > MAX_ARC:
            raise ValueError(f"{text!r}: {part!r} is not a whole number from 0 to {MAX_ARC}")
        arcs.append(int(part))
    return tuple(arcs)


def text(arcs: Sequence[int]) -> str:
    """Return arcs as `1.3.6.1`."""
    return ".".join(map(str, arcs))


def _sub_identifiers(raw: bytes) -> list[int]:
    """Return the numbers that are packed seven bits an octet, high ones first, bit 8 saying 'more follows'."""
    if len(raw) > MAX_OCTETS:
        raise WireError(f"{len(raw)} octets, more than {MAX_ARCS} arcs take", 0)
    arcs: list[int] = []
    arc = 0
    for at, octet in enumerate(raw):
        arc = arc << 7 | octet & 0x7F
        if arc > MAX_ARC:
            raise WireError(f"sub-identifier above {MAX_ARC}", at)
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
    if raw and raw[-1] >= 0x80:
        raise WireError("cut-off sub-identifier", len(raw) - 1)
    return arcs
