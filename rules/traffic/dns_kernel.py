"""Loops over the DNS messages of a window: a number for each name, and which questions were asked in vain."""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from netmon.api.traffic import DNS
from rules.traffic.numbering_kernel import mixed, place_of
from rules.traffic.tables.prefetch import prefetch

U = np.uint64
_0, _1, _8, _32 = U(0), U(1), U(8), U(32)
_LINE, _AHEAD = U(64), U(8)  # messages that are asked for before they are read
_M1: Final = U(0x9E3779B97F4A7C15)
_SERVFAIL, _NXDOMAIN = 2, 3  # RFC 1035, 4.1.1

# One signature each: the first window of many messages must not wait for a compiler.
_MESSAGES: Final = numba.types.Array(numba.from_dtype(DNS), 1, "C", readonly=True)
_OCTETS: Final = numba.types.Array(numba.uint8, 2, "A", readonly=True)
_I8: Final = numba.types.Array(numba.int64, 1, "C", readonly=True)
_U8: Final = numba.types.Array(numba.uint64, 1, "C")
_U4: Final = numba.types.Array(numba.uint32, 1, "C")
_U1: Final = numba.types.Array(numba.uint8, 1, "C")


@njit(numba.void(_MESSAGES, _OCTETS, _I8, numba.uint64, _U8, _U1), cache=True, nogil=True)
def name_keys(messages: Any, names: Any, places: Any, seed: Any, keys: Any, lengths: Any) -> None:
    """Write a key and the length of the name of each message at `places` (i8); equal names have equal keys.

    `names` (u8[n, 255]): the octets of `messages` (DNS[n]), zeros behind a name. Who does not know `seed` cannot choose
    names that share a key; by chance, two of a million do with odds of one in 37 million.
    """
    width = U(names.shape[1])
    odd = seed | _1
    for picked in range(len(keys)):
        row = U(places[picked])
        if U(picked) + _AHEAD < U(len(keys)):
            prefetch(messages, U(places[U(picked) + _AHEAD]), _0)
            prefetch(messages, U(places[U(picked) + _AHEAD]), _LINE)
        length = min(U(messages[row].name_length), width)
        if (length != _0 and names[row, length - _1] == 0) or (length != width and names[row, length] != 0):
            length = width  # said otherwise than it is: looked for
            while length != _0 and names[row, length - _1] == 0:
                length -= _1
        key = seed ^ (length * _M1)
        at = _0
        while at < length:
            word = _0
            for _ in range(min(length - at, _8)):
                word = (word << _8) | U(names[row, at])
                at += _1
            key = (key ^ word) * odd
            key ^= key >> _32
        key *= _M1
        keys[picked] = key ^ (key >> _32)
        lengths[picked] = length


@njit(
    numba.void(_MESSAGES, numba.uint64, numba.float64, numba.uint64, _U8, _U4, _U4, _U4, _U4, _U1),
    cache=True,
    nogil=True,
)
def mark_vain(
    messages: Any,
    least: Any,
    answered: Any,
    seed: Any,
    slots: Any,
    rows: Any,
    servers: Any,
    asked: Any,
    told: Any,
    vain: Any,
) -> None:
    """Mark (1) each message (DNS[n]) that says of a name that it is in vain to ask for it.

    These are answers SERVFAIL and NXDOMAIN, and questions to a server that was asked `least` times or more and answered
    at most the share `answered` of it. `slots`: zeros, a power of two; `rows` (u4): as many, to note servers;
    `servers`, `asked`, `told` (u4[n]): to note them in, of any content.
    """
    mask = U(len(slots) - 1)
    count = _0
    for i in range(len(messages)):
        prefetch(messages, U(i) + _AHEAD, _0)
        one = messages[i]
        key = (mixed(one.server_hi, one.server_lo) ^ seed) | _1
        slot = place_of(slots, mask, key)
        if slot <= mask and slots[slot] == key:
            server = U(rows[slot])
        else:
            server = count
            count += _1
            asked[server] = told[server] = 0
            if slot <= mask:
                slots[slot] = key
                rows[slot] = server
        servers[i] = server
        vain[i] = 0
        if one.response == 1:
            told[server] += 1
            if one.code == _SERVFAIL or one.code == _NXDOMAIN:
                vain[i] = 1
        else:
            asked[server] += 1
    mute = False
    for place in range(count):
        silent = asked[place] >= least and told[place] <= answered * asked[place]
        told[place] = _1 if silent else _0
        mute = mute or silent
    if mute:
        for i in range(len(messages)):
            if messages[i].response != 1 and told[servers[i]] != 0:
                vain[i] = 1
