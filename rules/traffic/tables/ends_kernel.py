"""From the ends of a packet to their rows: compiled look-ups by address, and by both ends at once where they were met.

An index (open addressing over half the slots) leads from an address to its row. Beside it stands what is `known` of
the window: the two rows of ends that were met in it, four to half a cache line, found by one hash of addresses, ports
and protocol. It forgets by overwriting, and who finds rows through it compares the addresses that stand in them.

A look-up costs little where its cache lines are near: so each record is looked ahead at three times before it is
counted, and each look asks memory for what the next one reads.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.tables.prefetch import prefetch

OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}
"""The loops make no arrays: without numba's counting of references they are a tenth shorter."""

U = np.uint64
AHEAD: Final = 8
"""Records between two looks ahead at the same one: as long as memory takes to answer."""
LOOKS: Final = 4 * AHEAD
"""Records that are noted at once: of each its hashes and what was found so far, a cache line."""
LOOK = U(8)
"""Words that are noted of each."""
SOURCE, DESTINATION, ENDS, PLACE, SOURCE_ROW, DESTINATION_ROW = U(0), U(1), U(2), U(3), U(4), U(5)
ABSENT: Final = U((1 << 64) - 1)
KNOWN_ENDS: Final = 1 << 17  # 1 MB

_0, _1, _16, _22, _29, _32 = U(0), U(1), U(16), U(22), U(29), U(32)
_64, _128, _192 = U(64), U(128), U(192)
_M1, _M2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9)
_LOW = U(0xFFFF_FFFF)
_TCP, _ACK, _EDGES = U(6), U(16), U(0x17)
BEGUN_BITS: Final = 1 << 21
"""Of connections begun in a window. At 200,000 SYN in a second, a bit in ten is another connection's."""
_WORDS = U(BEGUN_BITS // 64 - 1)
_WAYS: Final = 4
_ROW = U((1 << 22) - 1)  # a table has at most so many rows
_VALID, ASKED, _MARK = U(1 << 63), U(1 << 62), U(((1 << 18) - 1) << 44)
"""`ASKED`: a SYN was seen of these ends that nothing followed yet."""
_TOLD = _VALID | _MARK


@njit(inline="always")
def mix(a: Any, b: Any) -> Any:
    """Return 64 bits that depend on all bits of both (the multipliers are those of SplitMix64)."""
    x = (a ^ (b * _M2)) * _M1
    x ^= x >> _29
    x *= _M2
    return x ^ (x >> _32)


@njit(inline="always")
def is_at(rows: Any, row: Any, hi: Any, lo: Any) -> Any:
    """Tell whether a row, looked up ahead, is that of an address."""
    return row < U(len(rows)) and rows[row].lo == lo and rows[row].hi == hi


@njit(**OPTIONS)
def claim(rows: Any, index: Any, used: Any, hi: Any, lo: Any, mixed: Any) -> Any:
    """Return the row of an address; `used`, the first free one, where it is new; the number of rows: no room."""
    mask = U(len(index) - 1)
    tag = mixed & ~_LOW
    slot = mixed & mask
    while True:
        entry = index[slot]
        if entry == _0:
            if used >= U(len(rows)):
                return used
            index[slot] = tag | (used + _1)
            rows[used].hi = hi
            rows[used].lo = lo
            return used
        if (entry & ~_LOW) == tag:
            row = (entry & _LOW) - _1
            if rows[row].lo == lo and rows[row].hi == hi:
                return row
        slot = (slot + _1) & mask


@njit(inline="always")
def place_of(known: Any, ends: Any) -> Any:
    """Return where the rows of two ends are known; the length of `known`: they are not."""
    first = (ends & U(len(known) // _WAYS - 1)) * U(_WAYS)
    told = (ends & _MARK) | _VALID
    place = U(len(known))
    for way in range(_WAYS):  # all of them: which one it is cannot be foretold
        at = first + U(way)
        place = at if (known[at] & _TOLD) == told else place
    return place


@njit(inline="always")
def is_known(known: Any, place: Any, ends: Any) -> Any:
    """Tell whether these ends are still known at a place where they were."""
    return (known[place] & _TOLD) == ((ends & _MARK) | _VALID)


@njit(inline="always")
def rows_at(known: Any, place: Any) -> Any:
    """Return the rows of the source and of the destination that are known at a place."""
    entry = known[place]
    return (entry >> _22) & _ROW, entry & _ROW


@njit(inline="always")
def know(known: Any, ends: Any, source: Any, destination: Any, asked: Any, chance: Any) -> None:
    """Know the rows of two ends, in the place of some others where none is free."""
    first = (ends & U(len(known) // _WAYS - 1)) * U(_WAYS)
    place = first + (chance & U(_WAYS - 1))
    for way in range(_WAYS):
        if known[first + U(way)] == _0:
            place = first + U(way)
            break
    known[place] = (ends & _MARK) | _VALID | asked | source << _22 | destination


@njit(inline="always")
def begun_at(ends: Any) -> Any:
    """Return the first of the two words, one for a window each, of the connections begun; and the bit in them."""
    return ((ends >> _22) & _WORDS) << _1, _1 << ((ends >> U(37)) & U(63))


@njit(inline="always")
def keys_of(seed: Any) -> Any:
    """Return the secret multipliers of the hash of both ends."""
    one, two, three = mix(seed, U(1)) | _1, mix(seed, U(2)) | _1, mix(seed, U(3)) | _1
    return one, two, three, mix(seed, U(4)) | _1, mix(seed, U(5)) | _1


@njit(inline="always")
def hash_ends(record: Any, keys: Any, ahead: Any, at: Any, known: Any) -> None:
    """First look ahead at a record: hash both its ends, and ask for the line in which they may be known.

    The words are multiplied with secret ones and added up: the high bits of that are universal (Dietzfelbinger 1996,
    Universal hashing and k-wise independent random variables via integer arithmetic without primes). Then all are
    spread.
    """
    ports = U(record.protocol) << _32 | U(record.source_port) << _16 | U(record.destination_port)
    ends = U(record.source_lo) * keys[0] + U(record.destination_lo) * keys[1] + ports * keys[2]
    ends += U(record.source_hi) * keys[3] + U(record.destination_hi) * keys[4]
    ends = (ends ^ (ends >> _32)) * _M2
    ends ^= ends >> _29
    ahead[at + ENDS] = ends
    prefetch(known, (ends & U(len(known) // _WAYS - 1)) * U(_WAYS), _0)


@njit(inline="always")
def meet(
    record: Any,
    seed: Any,
    ahead: Any,
    at: Any,
    known: Any,
    destinations: Any,
    destination_index: Any,
    sources: Any,
    source_index: Any,
    begun: Any,
) -> None:
    """Second look: ask for the rows of ends that are known, or for where the index leads to rows."""
    place = place_of(known, ahead[at + ENDS])
    ahead[at + PLACE] = place
    if place < U(len(known)):
        s, d = rows_at(known, place)
        prefetch(destinations, d, _0)
        prefetch(sources, s, _0)
        bare = (U(record.protocol) == _TCP) & ((U(record.tcp_flags) & _EDGES) == _ACK)
        more = _0 if bare else _64
        prefetch(destinations, d, more)
        prefetch(sources, s, more)
    else:
        source = mix(U(record.source_hi) ^ seed, U(record.source_lo))
        destination = mix(U(record.destination_hi) ^ seed, U(record.destination_lo))
        ahead[at + SOURCE], ahead[at + DESTINATION] = source, destination
        prefetch(destination_index, destination & U(len(destination_index) - 1), _0)
        prefetch(source_index, source & U(len(source_index) - 1), _0)
        prefetch(begun, ((ahead[at + ENDS] >> _22) & _WORDS) << _1, _0)


@njit(inline="always")
def look_up(rows: Any, index: Any, used: Any, mixed: Any) -> Any:
    """Third look, at ends that are not known: return the row that an address seems to have, and ask for it.

    ABSENT: it has none and will get none, since the table is full. The number of rows: it has none yet.
    """
    mask = U(len(index) - 1)
    slot = mixed & mask
    row = U(len(rows)) if used < U(len(rows)) else ABSENT
    while True:
        entry = index[slot]
        if entry == _0:
            if used < U(len(rows)):  # one of the next ones will be its
                prefetch(rows, used + U(AHEAD), _0)
                prefetch(rows, used + U(AHEAD), _64)
                prefetch(rows, used + U(AHEAD), _128)
                prefetch(rows, used + U(AHEAD), _192)
            break
        if ((entry ^ mixed) & ~_LOW) == _0:
            row = (entry & _LOW) - _1
            prefetch(rows, row, _0)
            prefetch(rows, row, _64)
            prefetch(rows, row, _128)
            prefetch(rows, row, _192)
            break
        slot = (slot + _1) & mask
    return row
