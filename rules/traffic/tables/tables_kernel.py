"""The compiled pass over records that fills a window's tables. Everything it writes is handed in.

Rows stand densely in the order in which their addresses came; a separate index, open addressing over half the slots,
leads from an address to its row. So draining copies what was used and nothing else, and a look-up that misses the
cache misses it in 8 bytes, not in 256.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.tables.prefetch import prefetch

STATE: Final = np.dtype(
    [
        ("seed", "u8"),
        ("random", "u8"),  # of the reservoir and of rounding: xorshift, never 0
        ("window_ns", "u8"),
        ("turn", "u8"),  # which of the two bitmaps of connections that were begun is this window's
        ("destinations", "u8"),  # rows in use
        ("sources", "u8"),
        ("ports", "u8"),
        ("no_destination", "u8"),  # records that there was no row for
        ("no_source", "u8"),
        ("records", "u8"),
        ("packets", "u8"),
        ("bytes", "u8"),
        ("next", "u8"),  # the next record that goes into the sample
        ("weight", "f8"),  # of the reservoir (algorithm L)
    ]
)
PORT: Final = np.dtype([("bytes", "u8"), ("packets", "u8"), ("flows", "u8")])

OTHERS: Final = 131_072  # rows of TCP's ports, then of UDP's, then one for each IP protocol
PORT_ROWS: Final = OTHERS + 256
BEGUN_WORDS: Final = 1 << 15
"""Of 64 bits: two million connections begun. At 200,000 SYN in a second, a bit in ten is another connection's."""

_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}
"""The loops make no arrays: without numba's counting of references they are a tenth shorter."""

U = np.uint64
_0, _1, _6, _16, _32, _63 = U(0), U(1), U(6), U(16), U(32), U(63)
_29 = U(29)
_M1, _M2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9)
_LOW = U(0xFFFF_FFFF)
_MOST = U(0xFFFF_FFFF)
_TCP, _UDP, _ICMP, _ICMP6 = U(6), U(17), U(1), U(58)
_FIN, _SYN, _RST, _ACK, _EDGES, _URGENT = U(1), U(2), U(4), U(16), U(0x17), U(0x29)
_CODES = U(0x3F)  # the flags without ECE and CWR, which any SYN may carry (RFC 3168)
_PORTS = U(65_536)
_OTHERS = U(OTHERS)
_WORDS = U(BEGUN_WORDS - 1)
_LATER = U(2)
_64, _128, _192 = U(64), U(128), U(192)
_FAR, _NEAR = 32, 16
"""How many records ahead an index's slot, and then the row that it leads to, are asked for."""
_COLD = U(2_048)  # rows from which a table is larger than the second cache


@njit(inline="always")
def _mix(a: Any, b: Any) -> Any:
    """Return 64 bits that depend on all bits of both (the multipliers are those of SplitMix64)."""
    x = (a ^ (b * _M2)) * _M1
    x ^= x >> _29
    x *= _M2
    return x ^ (x >> _32)


@njit(inline="always")
def _more(count: Any, by: Any) -> Any:
    """Add and stay at the highest number that a count can be."""
    return min(U(count) + by, _MOST)


@njit(inline="always")
def _draw(state: Any) -> Any:
    """Return the next random 64 bits (Marsaglia's xorshift)."""
    x = state.random
    x ^= x << U(13)
    x ^= x >> U(7)
    x ^= x << U(17)
    state.random = x
    return x


@njit(inline="always")
def _unit(state: Any) -> Any:
    """Return a random number above 0 and below 1."""
    return (np.float64(_draw(state) >> U(11)) + 0.5) / 9007199254740992.0


@njit(**_OPTIONS)
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


@njit(**_OPTIONS)
def reserve(rows: Any, index: Any, keys: Any, seed: Any) -> Any:
    """Give these addresses (u8[n, 2]) the first rows of an empty table; return how many have one."""
    used = _0
    for i in range(len(keys)):
        hi, lo = keys[i, 0], keys[i, 1]
        if claim(rows, index, used, hi, lo, _mix(hi ^ seed, lo)) == used and used < U(len(rows)):
            used += _1
    return used


@njit(inline="always")
def _tally(
    row: Any,
    packets: Any,
    octets: Any,
    protocol: Any,
    port: Any,
    votes: Any,
    peer: Any,
    flow: Any,
    seed: Any,
    fragment: Any,
    reflected: Any,
) -> None:
    """Count packets in an address's row, but for TCP's flags. `reflected`: the amplifier's port, or 0."""
    row.packets = _more(row.packets, packets)
    row.bytes += octets
    if votes:
        if port == U(row.port):
            row.port_votes = _more(row.port_votes, packets)
        elif U(row.port_votes) >= packets:
            row.port_votes = U(row.port_votes) - packets
        else:
            row.port = port
            row.port_votes = min(packets - U(row.port_votes), _MOST)
        mixed = _mix(port, seed)
        row.ports[(mixed >> _6) & U(3)] |= _1 << (mixed & _63)
        row.flows[(flow >> _6) & U(3)] |= _1 << (flow & _63)
    row.peers[(peer >> _6) & U(7)] |= _1 << (peer & _63)
    if protocol == _TCP:
        row.tcp = _more(row.tcp, packets)
        row.tcp_bytes += octets
    elif protocol == _UDP:
        row.udp = _more(row.udp, packets)
        row.udp_bytes += octets
        if reflected:
            row.reflected = _more(row.reflected, packets)
            row.reflected_bytes += octets
            if reflected == U(row.reflected_port):
                row.reflected_votes = _more(row.reflected_votes, packets)
            elif U(row.reflected_votes) >= packets:
                row.reflected_votes = U(row.reflected_votes) - packets
            else:
                row.reflected_port = reflected
                row.reflected_votes = min(packets - U(row.reflected_votes), _MOST)
    elif protocol == _ICMP or protocol == _ICMP6:
        row.icmp = _more(row.icmp, packets)
        row.icmp_bytes += octets
    if fragment:
        row.fragments = _more(row.fragments, packets)
        row.fragment_bytes += octets


@njit(inline="always")
def _flagged(row: Any, syn: Any, ack: Any, syn_ack: Any, rst: Any, fin: Any, odd: Any, handshakes: Any) -> None:
    """Count TCP packets by their flags."""
    row.syn = _more(row.syn, syn)
    row.ack = _more(row.ack, ack)
    if syn_ack | rst | fin | odd | handshakes:  # another cache line, which transfers leave alone
        row.syn_ack = _more(row.syn_ack, syn_ack)
        row.rst = _more(row.rst, rst)
        row.fin = _more(row.fin, fin)
        row.odd_flags = _more(row.odd_flags, odd)
        row.handshakes = _more(row.handshakes, handshakes)


@njit(inline="always")
def _ask(rows: Any, index: Any, hi: Any, lo: Any, seed: Any, near: Any, transfer: Any) -> None:
    """Ask for the slot of an address or, where that should have come, for its row; for a `transfer` what that needs."""
    mixed = _mix(hi ^ seed, lo)
    slot = mixed & U(len(index) - 1)
    if not near:
        prefetch(index, slot, _0)
        return
    entry = index[slot]
    if entry and ((entry ^ mixed) & ~_LOW) == _0:
        row = (entry & _LOW) - _1
        prefetch(rows, row, _0)
        if not transfer:
            prefetch(rows, row, _64)
        prefetch(rows, row, _128)
        prefetch(rows, row, _192)


@njit(**_OPTIONS)
def add(
    records: Any,
    states: Any,
    destinations: Any,
    destination_index: Any,
    sources: Any,
    source_index: Any,
    ports: Any,
    ports_used: Any,
    begun: Any,
    amplifiers: Any,
    sample: Any,
) -> None:
    """Count records (RECORD) in the tables.

    `states`: STATE[1]; `destinations`, `sources`: ENDPOINT, empty rows zero; indexes: u8, a power of two, at least
    twice the rows; `ports`: PORT[PORT_ROWS]; `ports_used`: u4[PORT_ROWS]; `begun`: u8[2, BEGUN_WORDS]; `amplifiers`:
    u1[65536]; `sample`: RECORD.
    """
    state = states[0]
    seed = state.seed
    window_ns = state.window_ns
    turn = state.turn & _1
    used_d, used_s, used_p = state.destinations, state.sources, state.ports
    total_packets, total_bytes = state.packets, state.bytes
    room = U(len(sample))
    seen, following = state.records, state.next
    cold = used_d > _COLD or used_s > _COLD
    for i in range(len(records)):
        if cold:
            if i + _FAR < len(records):
                a = records[i + _FAR]
                _ask(destinations, destination_index, U(a.destination_hi), U(a.destination_lo), seed, False, False)
                _ask(sources, source_index, U(a.source_hi), U(a.source_lo), seed, False, False)
            if i + _NEAR < len(records):
                a = records[i + _NEAR]
                bare = U(a.protocol) == _TCP and (U(a.tcp_flags) & _EDGES) == _ACK
                _ask(destinations, destination_index, U(a.destination_hi), U(a.destination_lo), seed, True, bare)
                _ask(sources, source_index, U(a.source_hi), U(a.source_lo), seed, True, bare)
        r = records[i]
        # The sample: reservoir by skips (Li 1994, algorithm L), so that most records cost one comparison.
        if seen == following:
            if seen < room:
                sample[seen] = r
                following += _1
                if following == room:
                    state.weight = np.exp(np.log(_unit(state)) / np.float64(room))
                    following = seen + _1 + U(np.log(_unit(state)) / np.log1p(-state.weight))
            else:
                sample[_draw(state) % room] = r
                state.weight *= np.exp(np.log(_unit(state)) / np.float64(room))
                skip = np.log(_unit(state)) / np.log1p(-state.weight)
                following = seen + _1 + U(min(skip, 1e18))
        seen += _1

        packets, octets = U(r.packets), U(r.bytes)
        reply_packets, reply_octets = U(r.reply_packets), U(r.reply_bytes)
        single = packets == U(r.sampling) and r.start_ns == r.end_ns
        if packets == _0 and octets > _0:
            packets = _1  # an exporter that does not count packets: there was one at least
        if not single and r.end_ns > r.start_ns and U(r.end_ns) - U(r.start_ns) > window_ns:
            # A flow that is reported at once, but that lasted longer than the window, is not to be a burst. Rounded at
            # random, so that the sum stays right; octets follow packets.
            part = np.float64(window_ns) / np.float64(U(r.end_ns) - U(r.start_ns))
            fit = U(np.float64(packets) * part + _unit(state))
            octets = U(np.float64(octets) / max(np.float64(packets), 1.0) * np.float64(fit))
            packets = fit
            fit = U(np.float64(reply_packets) * part + _unit(state))
            reply_octets = U(np.float64(reply_octets) / max(np.float64(reply_packets), 1.0) * np.float64(fit))
            reply_packets = fit
        total_packets += packets + reply_packets
        total_bytes += octets + reply_octets
        if r.version == 0:
            continue

        protocol = U(r.protocol)
        source_hi, source_lo = U(r.source_hi), U(r.source_lo)
        destination_hi, destination_lo = U(r.destination_hi), U(r.destination_lo)
        source_port, destination_port = U(r.source_port), U(r.destination_port)
        flags = U(r.tcp_flags)
        fragment = U(r.fragment)
        votes = fragment != _LATER and (protocol == _TCP or protocol == _UDP or protocol == U(132))

        place = _OTHERS + protocol
        if votes and protocol != U(132):
            place = min(source_port, destination_port) + (_PORTS if protocol == _UDP else _0)
        load = ports[place]
        if load.packets == _0 and load.flows == _0 and load.bytes == _0 and packets + reply_packets > _0:
            ports_used[used_p] = place
            used_p += _1
        if packets + reply_packets > _0:
            load.bytes += octets + reply_octets
            load.packets += packets + reply_packets
            if not single:
                load.flows += _1
            elif protocol == _TCP and (flags & (_SYN | _ACK)) == _SYN:
                load.flows += packets

        for side in range(2 if reply_packets > _0 else 1):
            if side == 1:
                source_hi, destination_hi = destination_hi, source_hi
                source_lo, destination_lo = destination_lo, source_lo
                source_port, destination_port = destination_port, source_port
                flags = U(r.reply_tcp_flags)
                packets, octets = reply_packets, reply_octets
            source = _mix(source_hi ^ seed, source_lo)
            destination = _mix(destination_hi ^ seed, destination_lo)
            syn, ack, syn_ack, rst, fin, odd, handshakes = _0, _0, _0, _0, _0, _0, _0
            if protocol == _TCP and fragment != _LATER:
                codes = flags & _CODES
                if single or codes == _SYN or codes == (_SYN | _ACK) or (codes & ~_ACK) == _RST:
                    # A packet, a sampled one, or a flow all of whose packets are alike.
                    edges = flags & _EDGES
                    if edges == _ACK:
                        ack = packets
                    elif edges == _SYN:
                        syn = packets
                    elif edges == (_SYN | _ACK):
                        syn_ack = packets
                    elif edges & _RST:
                        rst = packets
                    elif edges & _FIN:
                        fin = packets
                    if codes == _0 or codes == _FIN or codes == _URGENT or ((flags & _SYN) and (flags & (_FIN | _RST))):
                        odd = packets
                    if single and (ack | syn) and r.sampling <= 1:
                        bit = _mix(source ^ (source_port << _16 | destination_port), destination)
                        word = (bit >> _6) & _WORDS
                        one = _1 << (bit & _63)
                        if syn:
                            begun[turn, word] |= one
                        elif (begun[0, word] | begun[1, word]) & one:
                            begun[0, word] &= ~one
                            begun[1, word] &= ~one
                            handshakes = packets
                elif packets > _0:
                    # A flow's flags are those of all its packets: one of each that begins and ends it.
                    rst = _1 if flags & _RST else _0
                    fin = _1 if flags & _FIN else _0
                    if (flags & (_SYN | _ACK)) == (_SYN | _ACK):
                        if side == 0 and (source_port > destination_port or reply_packets > _0):
                            syn = _1
                            handshakes = _1
                        else:
                            syn_ack = _1
                    elif flags & _SYN:
                        syn = _1
                    if (codes != _0 and codes == _FIN) or codes == _URGENT:
                        odd = packets
                    elif flags & _ACK:
                        told = syn + syn_ack + rst + fin
                        ack = packets - told if packets > told else _0

            amplifier = source_port if protocol == _UDP and votes and amplifiers[source_port] else _0
            asked = destination_port if protocol == _UDP and votes and amplifiers[destination_port] else _0
            if packets == _0:
                continue

            row = claim(destinations, destination_index, used_d, destination_hi, destination_lo, destination)
            if row < U(len(destinations)):
                if row == used_d:
                    used_d += _1
                d = destinations[row]
                _tally(
                    d,
                    packets,
                    octets,
                    protocol,
                    destination_port,
                    votes,
                    source,
                    _mix(source, source_port),
                    seed,
                    fragment,
                    amplifier,
                )
                if protocol == _TCP:
                    _flagged(d, syn, ack, syn_ack, rst, fin, odd, handshakes)
            else:
                state.no_destination += _1

            row = claim(sources, source_index, used_s, source_hi, source_lo, source)
            if row < U(len(sources)):
                if row == used_s:
                    used_s += _1
                s = sources[row]
                _tally(
                    s,
                    packets,
                    octets,
                    protocol,
                    destination_port,
                    votes,
                    destination,
                    _mix(destination, destination_port),
                    seed,
                    fragment,
                    asked,
                )
                if protocol == _TCP:
                    _flagged(s, syn, ack, syn_ack, rst, fin, odd, handshakes)
            else:
                state.no_source += _1
    state.destinations, state.sources, state.ports = used_d, used_s, used_p
    state.packets, state.bytes = total_packets, total_bytes
    state.records, state.next = seen, following
