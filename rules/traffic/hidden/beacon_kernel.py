"""The compiled pass over contacts: who talks to which network, and pairs that came once or a few times.

Both are kept in tables of sets of eight: who finds none of its eight places free takes that of the longest unseen.
Most pairs of a network come once; here they cost no object each.
"""

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from rules.traffic.hidden.sides_kernel import mixed
from rules.traffic.tables.prefetch import prefetch

WAYS: Final = 8
GROWN: Final = 4
"""Contacts after which a pair is kept apart from those that came once."""
YOUNG: Final = np.dtype(
    [
        ("number", "u8"),  # of the pair and its service; 0: a free place
        ("seen", "f8"),  # end of the window in which it was seen last
        ("first_s", "f8"),
        ("last_s", "f8"),
        ("gaps_s", "f4", GROWN),
        ("octets", "f4", GROWN),
        ("ports", "u2", GROWN),
        ("beats", "u8"),
    ]
)
DONE: Final = -1

_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}
"""The loops make no arrays: without numba's counting of references they are shorter."""

U = np.uint64
_ZERO, _ONE, _2, _32 = U(0), U(1), U(2), U(32)
_WAYS = U(WAYS)
_GROWN = U(GROWN)
_AHEAD: Final = 6  # pairs that are asked for before they are looked up
_OCTET, _HEXTET = U(0xFF), U(0xFFFF)


@njit(inline="always")
def network_number(hi: np.uint64, lo: np.uint64) -> Any:
    """Return a number, not 0, for the /24 of an IPv4 address, the /48 of an IPv6 one."""
    if hi == _ZERO and lo >> _32 == _HEXTET:
        return mixed(_ZERO, lo & ~_OCTET) | _ONE
    return mixed(hi & ~_HEXTET, _ZERO) | _ONE


@njit(inline="always")
def _by_time(flows: NDArray[np.void], rows: NDArray[np.intp], begin: np.uint64, end: np.uint64) -> None:
    """Sort a few rows by the flows' start, in place; equal ones keep their order."""
    for place in range(begin + _ONE, end):
        row = rows[U(place)]
        start, at = flows[row].start_ns, U(place)
        while at > begin and flows[rows[at - _ONE]].start_ns > start:
            rows[at] = rows[at - _ONE]
            at -= _ONE
        rows[at] = row


@njit(inline="always")
def _use(
    number: np.uint64,
    host: np.uint64,
    now: float,
    names: NDArray[np.uint64],
    seen: NDArray[np.float64],
    hosts: NDArray[np.uint64],
    last: NDArray[np.float64],
) -> None:
    """Note that a host of ours talks to a network outside, where fewer others do than the table has columns."""
    first = (number >> _32) % (U(len(names)) // _WAYS) * _WAYS
    place = first
    for way in range(WAYS):
        at = first + U(way)
        if names[at] == number:
            place = at
            break
        if seen[at] < seen[place]:
            place = at
    if names[place] != number:
        names[place] = number
        hosts[place, :] = _ZERO
    seen[place] = now
    for column in range(hosts.shape[1]):
        if hosts[place, U(column)] == _ZERO or hosts[place, U(column)] == host:
            hosts[place, U(column)] = host
            last[place, U(column)] = now
            break


@njit(inline="always")
def _ask_ahead(
    flows: NDArray[np.void],
    rows: NDArray[np.intp],
    edges: NDArray[np.intp],
    numbers: NDArray[np.uint64],
    young: NDArray[np.void],
    names: NDArray[np.uint64],
    seen: NDArray[np.float64],
    group: int,
) -> None:
    """Ask for what a pair further down will be looked up by: its flow first, then its sets."""
    if group + 2 * _AHEAD < len(numbers):
        row = np.int64(rows[edges[group + 2 * _AHEAD]])
        prefetch(flows, row, 0)
        prefetch(flows, row, 64)
    if group + _AHEAD < len(numbers):
        first = np.int64((numbers[group + _AHEAD] >> _32) % (U(len(young)) // _WAYS) * _WAYS)
        for way in range(WAYS):
            prefetch(young, first + way, 0)
        flow = flows[rows[edges[group + _AHEAD]]]
        network = network_number(flow.destination_hi, flow.destination_lo)
        first = np.int64((network >> _32) % (U(len(names)) // _WAYS) * _WAYS)
        prefetch(names, first, 0)
        prefetch(seen, first, 0)


@njit(**_OPTIONS)
def note(
    flows: NDArray[np.void],
    rows: NDArray[np.intp],
    edges: NDArray[np.intp],
    numbers: NDArray[np.uint64],
    grown: NDArray[np.bool_],
    now: float,
    apart_s: float,
    young: NDArray[np.void],
    names: NDArray[np.uint64],
    seen: NDArray[np.float64],
    hosts: NDArray[np.uint64],
    last: NDArray[np.float64],
    handled: NDArray[np.int64],
    risen: NDArray[np.void],
) -> int:
    """Take the contacts of pairs, the runs of `rows` between `edges`, and put each run in order of time.

    `handled` tells of each pair how many of its contacts were taken, and DONE where nothing is left to be done: none of
    those that are `grown`, and of one that has become so, whose row is then the next of `risen`, some. Returns how many
    pairs were forgotten for want of room.
    """
    dropped, up = 0, _ZERO
    sets = U(len(young)) // _WAYS
    for group in range(len(edges) - 1):
        this = U(group)
        _ask_ahead(flows, rows, edges, numbers, young, names, seen, group)
        begin, end = U(edges[this]), U(edges[this + _ONE])
        _by_time(flows, rows, begin, end)
        flow = flows[rows[begin]]
        network = network_number(flow.destination_hi, flow.destination_lo)
        _use(network, mixed(flow.source_hi, flow.source_lo) | _ONE, now, names, seen, hosts, last)
        if grown[this]:
            handled[this] = 0
            continue
        number = numbers[this]
        first = (number >> _32) % sets * _WAYS
        place = first
        for way in range(WAYS):
            at = first + U(way)
            if young[at].number == number:
                place = at
                break
            if young[at].seen < young[place].seen:
                place = at
        pair = young[place]
        if pair.number != number:
            dropped += pair.number != _ZERO
            pair.number, pair.beats = number, _ZERO
        pair.seen = now
        handled[this] = DONE
        for contact in range(begin, end):
            flow = flows[rows[U(contact)]]
            start_s, beats = np.float64(flow.start_ns) / 1e9, pair.beats
            gap = start_s - pair.last_s
            if beats == _ZERO:
                pair.first_s = start_s
            else:
                known = False
                for beat in range(beats):
                    known |= pair.ports[U(beat)] == flow.source_port
                if known and U(flow.tcp_flags) & _2 == _ZERO:
                    continue  # the same conversation goes on
                if gap < apart_s:
                    if gap >= 0:
                        pair.octets[beats - _ONE] += np.float64(flow.bytes)
                    continue  # what began earlier and ended later cannot be put in its place any more
                pair.gaps_s[beats - _ONE] = gap
            pair.last_s = start_s
            pair.octets[beats], pair.ports[beats] = flow.bytes, flow.source_port
            pair.beats = beats + _ONE
            if pair.beats == _GROWN:
                handled[this] = np.int64(U(contact) - begin + _ONE)
                risen[up] = pair
                up += _ONE
                pair.number, pair.seen = _ZERO, 0.0
                break
    return dropped
