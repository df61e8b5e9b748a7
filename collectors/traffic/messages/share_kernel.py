"""How a window's table of DNS messages is shared among clients: who asks little is kept whole, whoever shouts.

Clients are told apart by a hash. While there is room everything is kept; when it runs short, all that a client has
beyond a level is given up, and from then on nothing beyond it is taken: the level is where half of the table is free
again (max-min fairness; who has most loses first, as in Suter et al., "Design considerations for supporting TCP with
per-flow queueing", INFOCOM 1998).
"""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from collectors.traffic.messages.layout import DNS_ROW, OVER_CAP, TAKEN, Row
from netmon.api.traffic import DNS

U = np.uint64
_0, _1, _32 = U(0), U(1), U(32)
_ROW: Final = U(DNS.itemsize)
_M1, _M2 = U(0x9E37_79B9_7F4A_7C15), U(0xBF58_476D_1CE4_E5B9)

LEVEL, SEED = range(2)
"""What `share` (u64[2]) has: how many messages of a client are kept, and what its hash begins with."""


@njit(inline="always")
def asker(hi: Any, lo: Any, seed: Any, askers: Any) -> Any:
    """Return a client's place in `askers` (u4, a power of two). Others may have the same: of another seed, others."""
    key = ((hi ^ seed) * _M1) ^ lo
    key = (key ^ (key >> _32)) * _M2
    return (key >> _32) & U(len(askers) - 1)


@njit(inline="always")
def asker_of(r: Row, answers: Any, seed: Any, askers: Any) -> Any:
    """Return the place of the client of a record's message: who receives it where it answers, else who sends it."""
    if answers:
        return asker(U(r.destination_hi), U(r.destination_lo), seed, askers)
    return asker(U(r.source_hi), U(r.source_lo), seed, askers)


# One signature, so that nothing is compiled while packets wait.
_SIGNATURE: Final = numba.void(
    numba.types.Array(numba.from_dtype(DNS), 1, "C"),
    numba.types.Array(numba.uint8, 1, "C"),
    numba.types.Array(numba.uint32, 1, "C"),
    numba.types.Array(numba.uint64, 1, "C"),
    numba.types.Array(numba.uint64, 1, "C"),
    numba.types.Array(numba.uint64, 2, "C"),
)


@njit(_SIGNATURE, cache=True, nogil=True)
def make_room(dns: Any, octets: Any, askers: Any, share: Any, used: Any, counts: Any) -> None:
    """Give up what clients have beyond their level in `dns` (DNS[n]), and lower it so that half of the rows are free.

    `octets` (u8): those of `dns`; `askers` (u4): a power of two, at most half of n: how many messages of each client
    there are. `share`: see LEVEL; `used`, `counts`: see layout.
    """
    half = max(U(len(dns)) >> _1, _1)
    rows = min(used[DNS_ROW], U(len(dns)))
    if rows <= half:
        return
    low, high = _1, share[LEVEL]  # halved until it fits: one message of each fits always
    while low < high:
        level = (low + high + _1) >> _1
        kept = _0
        for place in range(len(askers)):
            kept += min(U(askers[place]), level)
        if kept <= half:
            low = level
        else:
            high = level - _1
    share[LEVEL] = low
    askers[:] = 0
    to = _0
    for at in range(rows):
        place = asker(U(dns[at].client_hi), U(dns[at].client_lo), share[SEED], askers)
        if U(askers[place]) >= low:
            continue
        askers[place] += 1
        if to != at:
            for place in range(_ROW):
                octets[to * _ROW + place] = octets[U(at) * _ROW + place]
        to += _1
    counts[DNS_ROW, TAKEN] -= rows - to
    counts[DNS_ROW, OVER_CAP] += rows - to
    used[DNS_ROW] = to
