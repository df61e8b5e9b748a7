"""From the ends of a packet to their rows: compiled look-ups by address, and by both ends at once where they were met.

An index (open addressing over half the slots) leads from an address to its row. Beside it stands what is `known` of
the window: the two rows of ends that were met in it, four to half a cache line, found by one hash of addresses, ports
and protocol. It forgets by overwriting, and who finds rows through it compares the addresses that stand in them.

A look-up costs little where its cache lines are near: so records are looked ahead, many at a time.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.tables.prefetch import prefetch

OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}
"""The loops make no arrays: without numba's counting of references they are a tenth shorter."""

AHEAD: Final = 64
"""Records that are looked ahead at once: what they ask for, 20 kB, fits into the first cache."""
KNOWN_ENDS: Final = 1 << 17  # 1 MB

U = np.uint64
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
def _ask(rows: Any, index: Any, mixed: Any) -> None:
    """Ask for the row of an address, if its slot is the first that it may have."""
    entry = index[mixed & U(len(index) - 1)]
    if entry and ((entry ^ mixed) & ~_LOW) == _0:
        row = (entry & _LOW) - _1
        prefetch(rows, row, _0)
        prefetch(rows, row, _64)
        prefetch(rows, row, _128)
        prefetch(rows, row, _192)


@njit(**OPTIONS)
def look_ahead(
    records: Any,
    first: Any,
    count: Any,
    seed: Any,
    hashes: Any,
    known: Any,
    destinations: Any,
    destination_index: Any,
    sources: Any,
    source_index: Any,
    begun: Any,
) -> None:
    """Hash the ends of some records, and ask for the cache lines that they will need.

    `hashes`: u8[AHEAD, 4], filled with source, destination, both, and whether both are not known. Three rounds: each
    reads what the one before it asked for.
    """
    for i in range(count):
        r = records[first + i]
        source = mix(U(r.source_hi) ^ seed, U(r.source_lo))
        destination = mix(U(r.destination_hi) ^ seed, U(r.destination_lo))
        ports = U(r.protocol) << _32 | U(r.source_port) << _16 | U(r.destination_port)
        ends = mix(source ^ ports, destination)
        hashes[i, 0], hashes[i, 1], hashes[i, 2] = source, destination, ends
        prefetch(known, (ends & U(len(known) // _WAYS - 1)) * U(_WAYS), _0)
    strange = _0
    for i in range(count):
        place = place_of(known, hashes[i, 2])
        if place < U(len(known)):
            s, d = rows_at(known, place)
            r = records[first + i]
            bare = (U(r.protocol) == _TCP) & ((U(r.tcp_flags) & _EDGES) == _ACK)
            prefetch(destinations, d, _0)
            prefetch(sources, s, _0)
            more = _0 if bare else _64
            prefetch(destinations, d, more)
            prefetch(sources, s, more)
            hashes[i, 3] = _0
        else:
            prefetch(destination_index, hashes[i, 1] & U(len(destination_index) - 1), _0)
            prefetch(source_index, hashes[i, 0] & U(len(source_index) - 1), _0)
            prefetch(begun, ((hashes[i, 2] >> _22) & _WORDS) << _1, _0)
            hashes[i, 3] = _1
            strange += _1
    if strange:
        for i in range(count):
            if hashes[i, 3]:
                _ask(destinations, destination_index, hashes[i, 1])
                _ask(sources, source_index, hashes[i, 0])
