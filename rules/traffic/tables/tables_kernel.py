"""The compiled pass over records that fills a window's tables. Everything it writes is handed in.

Rows stand densely in the order in which their addresses came, so that draining hands out what was used and nothing
else. What most packets change of a row is one cache line; the sketches, two further ones, are written where ends are
met for the first time in a window.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.tables.ends_kernel import (
    AHEAD,
    ASKED,
    DESTINATION,
    DESTINATION_ROW,
    ENDS,
    LOOK,
    LOOKS,
    OPTIONS,
    PLACE,
    SOURCE,
    SOURCE_ROW,
    begun_at,
    hash_ends,
    is_known,
    keys_of,
    know,
    look_up,
    meet,
    mix,
    place_of,
    rows_at,
)
from rules.traffic.tables.ports_kernel import count_port
from rules.traffic.tables.row_kernel import row_of, sketch, tally, tally_rare
from rules.traffic.tables.sample_kernel import offer, unit

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

U = np.uint64
_0, _1, _6, _63 = U(0), U(1), U(6), U(63)
_TCP, _UDP, _ICMP, _ICMP6, _SCTP = U(6), U(17), U(1), U(58), U(132)
_FIN, _SYN, _RST, _ACK, _EDGES, _URGENT = U(1), U(2), U(4), U(16), U(0x17), U(0x29)
_CODES = U(0x3F)  # the flags without ECE and CWR, which any SYN may carry (RFC 3168)
_LATER = U(2)
_LEAD, _RING = U(AHEAD), U(LOOKS - 1)


@njit(inline="always")
def _is_in(ports: Any, port: Any) -> Any:
    return (ports[port >> _6] >> (port & _63)) & _1 != _0


@njit(**OPTIONS)
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
    known: Any,
    ahead: Any,
) -> None:
    """Count records (RECORD) in the tables.

    `states`: STATE[1]; `destinations`, `sources`: ENDPOINT, with anything in the rows that are not in use; indexes: u8,
    a power of two, at least twice the rows; `ports`: PORT[PORT_ROWS]; `ports_used`: u4[PORT_ROWS]; `begun`:
    u8[BEGUN_BITS / 32]; `amplifiers`: u8[1024], a bit for each port; `sample`: RECORD; `known`: u8[KNOWN_ENDS], zeros
    where a window begins; `ahead`: u8[LOOKS * LOOK].
    """
    state = states[0]
    seed = state.seed
    window_ns = state.window_ns
    turn = state.turn & _1
    used_d, used_s, used_p = state.destinations, state.sources, state.ports
    total_packets, total_bytes = state.packets, state.bytes
    seen, following = state.records, state.next
    total = U(len(records))
    keys = keys_of(seed)
    for step in range(_0, total + _LEAD * U(3)):
        # Four records in each step: three are looked ahead, each reads what it asked for a little before.
        if step < total:
            hash_ends(records[step], keys, ahead, (step & _RING) * LOOK, known)
        if _LEAD <= step < total + _LEAD:
            i = step - _LEAD
            meet(
                records[i],
                seed,
                ahead,
                (i & _RING) * LOOK,
                known,
                destinations,
                destination_index,
                sources,
                source_index,
                begun,
            )
        if _LEAD * U(2) <= step < total + _LEAD * U(2):
            at = ((step - _LEAD * U(2)) & _RING) * LOOK
            if ahead[at + PLACE] >= U(len(known)):
                row = look_up(destinations, destination_index, used_d, ahead[at + DESTINATION])
                ahead[at + DESTINATION_ROW] = row
                row = look_up(sources, source_index, used_s, ahead[at + SOURCE])
                ahead[at + SOURCE_ROW] = row
        if step < _LEAD * U(3):
            continue
        i = step - _LEAD * U(3)
        at = (i & _RING) * LOOK
        r = records[i]
        following = offer(sample, r, seen, following, state)
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
            fit = U(np.float64(packets) * part + unit(state))
            octets = U(np.float64(octets) / max(np.float64(packets), 1.0) * np.float64(fit))
            packets = fit
            fit = U(np.float64(reply_packets) * part + unit(state))
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
        is_tcp, is_udp = protocol == _TCP, protocol == _UDP
        votes = (fragment != _LATER) & (is_tcp | is_udp | (protocol == _SCTP))

        if packets + reply_packets > _0:
            both, both_octets = packets + reply_packets, octets + reply_octets
            used_p = count_port(ports, ports_used, used_p, r, single, packets, both, both_octets)

        for side in range(2 if reply_packets > _0 else 1):
            if side == 1:
                source_hi, destination_hi = destination_hi, source_hi
                source_lo, destination_lo = destination_lo, source_lo
                source_port, destination_port = destination_port, source_port
                flags = U(r.reply_tcp_flags)
                packets, octets = reply_packets, reply_octets
            ends = ahead[at + ENDS]
            # Of ends that were met in this window the rows are known, with all that is noted but the counts.
            row_s, row_d, place_known, asked = U(len(sources)), U(len(destinations)), U(len(known)), ASKED
            plain = single and side == 0 and fragment == _0
            if plain:
                place_known = ahead[at + PLACE]
                if place_known >= U(len(known)) or not is_known(known, place_known, ends):
                    place_known = place_of(known, ends)  # others have come to be known since
                if place_known < U(len(known)):
                    row_s, row_d = rows_at(known, place_known)
                    asked = known[place_known] & ASKED
                    if (
                        sources[row_s].lo != source_lo
                        or destinations[row_d].lo != destination_lo
                        or sources[row_s].hi != source_hi
                        or destinations[row_d].hi != destination_hi
                    ):
                        place_known = U(len(known))
                        asked = ASKED
            met = place_known < U(len(known))
            syn, ack, syn_ack, rst, fin, odd, handshakes = _0, _0, _0, _0, _0, _0, _0
            told = packets if is_tcp & (fragment != _LATER) else _0
            codes, edges = flags & _CODES, flags & _EDGES
            if single | (codes == _SYN) | (codes == (_SYN | _ACK)) | ((codes & ~_ACK) == _RST):
                # A packet, a sampled one, or a flow all of whose packets are alike.
                ack = told if edges == _ACK else _0
                syn = told if edges == _SYN else _0
                syn_ack = told if edges == (_SYN | _ACK) else _0
                rst = told if edges & _RST else _0
                fin = told if (edges & (_RST | _FIN)) == _FIN else _0
                strange = (codes == _0) | (codes == _FIN) | (codes == _URGENT)
                strange |= ((flags & _SYN) != _0) & ((flags & (_FIN | _RST)) != _0)
                odd = told if strange else _0
                if (syn | (ack if asked else _0)) and single and r.sampling <= 1:
                    word, one = begun_at(ends)
                    if syn:
                        begun[word | turn] |= one
                        asked = ASKED
                    else:
                        asked = _0
                        if (begun[word] | begun[word | _1]) & one:
                            begun[word] &= ~one
                            begun[word | _1] &= ~one
                            handshakes = packets
                    if met:
                        known[place_known] = (known[place_known] & ~ASKED) | asked
            elif told:
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
                    others = syn + syn_ack + rst + fin
                    ack = packets - others if packets > others else _0

            amplifier = source_port if is_udp & votes & _is_in(amplifiers, source_port) else _0
            server = destination_port if is_udp & votes & _is_in(amplifiers, destination_port) else _0
            if packets == _0:
                continue

            if not met:
                ahead_d, ahead_s = U(len(destinations)), U(len(sources))
                if side == 0 and ahead[at + PLACE] >= U(len(known)):
                    source, destination = ahead[at + SOURCE], ahead[at + DESTINATION]
                    ahead_d, ahead_s = ahead[at + DESTINATION_ROW], ahead[at + SOURCE_ROW]
                else:
                    source, destination = mix(source_hi ^ seed, source_lo), mix(destination_hi ^ seed, destination_lo)
                row_d, used_d = row_of(
                    destinations, destination_index, used_d, ahead_d, destination_hi, destination_lo, destination
                )
                before = used_s
                row_s, used_s = row_of(sources, source_index, used_s, ahead_s, source_hi, source_lo, source)
                # Who asks and was not met before may be one of a flood's many, who do not come again.
                lasting = plain and not (syn and used_s > before)
                if lasting and row_d < U(len(destinations)) and row_s < U(len(sources)):
                    know(known, ends, row_s, row_d, asked, seen)
                asked_port = mix(destination_port, seed)
            else:
                source = destination = asked_port = _0
            tcp, udp = packets if is_tcp else _0, packets if is_udp else _0
            icmp = packets if (protocol == _ICMP) | (protocol == _ICMP6) else _0
            tcp_octets, udp_octets = octets if is_tcp else _0, octets if is_udp else _0
            cut, ballots = packets if fragment else _0, packets if votes else _0
            rare = syn | syn_ack | rst | fin | odd | handshakes | icmp | cut | amplifier | server
            if row_d < U(len(destinations)):
                row = destinations[row_d]
                tally(row, packets, octets, tcp, tcp_octets, udp, udp_octets, ack, destination_port, ballots)
                if rare:
                    back = packets if amplifier else _0
                    tally_rare(row, syn, syn_ack, rst, fin, odd, handshakes, icmp, cut, amplifier, back, octets)
                if not met:
                    sketch(row, source, mix(source, source_port), votes, asked_port)
            else:
                state.no_destination += _1
            if row_s < U(len(sources)):
                row = sources[row_s]
                tally(row, packets, octets, tcp, tcp_octets, udp, udp_octets, ack, destination_port, ballots)
                if rare:
                    back = packets if server else _0
                    tally_rare(row, syn, syn_ack, rst, fin, odd, handshakes, icmp, cut, server, back, octets)
                if not met:
                    sketch(row, destination, mix(destination, destination_port), votes, asked_port)
            else:
                state.no_source += _1
    state.destinations, state.sources, state.ports = used_d, used_s, used_p
    state.packets, state.bytes = total_packets, total_bytes
    state.records, state.next = seen, following
