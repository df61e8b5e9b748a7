"""Compiled: what came to each address that is judged, by kind, and whom it makes a suspect.

Where the words of a detector say what a rate is good for, here is how it is counted.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from rules.traffic.numbering_kernel import mixed
from rules.traffic.tables.prefetch import prefetch

FEATURES: Final = (
    "half_open",  # SYN that no ACK followed
    "syn_ack",  # that no SYN asked for
    "rst",  # beyond those that end connections
    "segments",  # TCP packets within connections, or pretending to be: ACK, FIN, without or with odd flags
    "strays",  # those of them that no answer of the address explains
    "udp",  # that the address did not answer
    "udp_all",
    "icmp",
    "fragments",
    "reflected",  # from amplifiers' ports, that no question asked for
    "connections",  # handshakes completed
    "answers",  # what it sends: packets but for SYN and ACK, RST and ICMP
    "bits",
)
"""What is learned of each address: packets a second, connections a second, bits a second."""
CONVERSING: Final = frozenset({443, 500, 1194, 3389, 3478, 5060, 6881, 8888, 27015})
"""Amplifiers' ports of protocols that converse: many packets may follow one that was sent."""

ABOVE, SUSPECT, HUSHED = 1, 2, 4
_HALF_OPEN, _SYN_ACK, _RST, _SEGMENTS, _STRAYS, _UDP, _UDP_ALL = range(7)
_ICMP, _FRAGMENTS, _REFLECTED, _CONNECTIONS, _ANSWERS, _BITS = range(7, 13)
_CONVERSING: Final = tuple(sorted(CONVERSING))

_ANSWERS_EACH: Final = 3.0  # answers that one question to an amplifier's port may bring, without being an attack
_ANSWERS_CONVERSING: Final = 25.0  # the same where protocols converse: QUIC acknowledges one packet in up to 25
_UDP_EACH: Final = 25.0  # UDP packets that may come for one that is sent back
_SYN_EACH: Final = 1.5  # SYN and ACK for one SYN that was sent: they are sent again
_ACKNOWLEDGED: Final = 0.01  # of the segments that one sends: receivers gather, but hardly a hundred
_RST_EACH: Final = 3.0  # RST for one connection: browsers that close early send one for each packet under way
_SEGMENTS_EACH: Final = 100.0  # segments that one answer may stand for: receivers gather, but hardly a hundred
_LEAST_SAMPLED: Final = 20  # records of one address that tell how many of its ends are met once
_TOLD_APART: Final = 1_200.0  # ends that a sketch of 256 bits tells; of more it knows only that they are many

U = np.uint64
_0, _1, _2, _4, _56 = U(0), U(1), U(2), U(4), U(56)
_01, _15 = U(0x0101010101010101), U(0x0F0F0F0F0F0F0F0F)
_33, _55 = U(0x3333333333333333), U(0x5555555555555555)
_PORT: Final = U(0x9E37_79B9_7F4A_7C15)
_AHEAD: Final = 8


@njit(inline="always")
def ones(bits: Any) -> Any:
    """Return how many bits of four words are set."""
    total = _0
    for word in range(4):
        x = U(bits[word])
        x -= (x >> _1) & _55
        x = (x & _33) + ((x >> _2) & _33)
        total += (((x + (x >> _4)) & _15) * _01) >> _56
    return total


@njit(cache=True, nogil=True)
def met_once(sample: Any, receivers: Any, slots: Any, first: Any, total: Any, alone: Any) -> None:
    """Count the sampled segments to each address, and those of them that come from ends which are met once.

    `sample`: RECORD[n]; `receivers` (i4[n]): whom each record is to, -1 for nobody that is judged; `slots` (u8) and
    `first` (i4): zeros, a power of two, more than the records; `total`, `alone` (i4[addresses]): zeros, get the counts.
    """
    mask = U(len(slots) - 1)
    for i in range(len(sample)):
        r, to = sample[i], receivers[i]
        if to < 0 or r.protocol != 6 or (r.tcp_flags & 6) != 0 or r.fragment == 2:
            continue
        total[to] += 1
        key = mixed(mixed(U(r.source_hi) ^ U(to), U(r.source_lo)), U(r.source_port) * _PORT) | _1
        slot = key & mask
        while slots[slot] != _0 and slots[slot] != key:
            slot = (slot + _1) & mask
        if slots[slot] == _0:
            slots[slot], first[slot] = key, to
            alone[to] += 1
        elif first[slot] >= 0:
            alone[first[slot]] -= 1
            first[slot] = -1


@njit(inline="always")
def _strays(segments: Any, answers: Any, share: Any, ends: Any, sampling: Any) -> Any:
    """Return how many segments no answer of their receiver explains, also beside clients that are served.

    Two signs. A receiver acknowledges one segment of a hundred at least, though its network card gathers them. And
    each end that it answers explains a handful of segments, while those of forged sources come from as many ends as
    there are segments: in a uniform sample, they are ends that are met once (Good and Turing tell so how much is still
    unseen). Of a connection with s segments of which one in f is sampled, s exp(-s / f) are expected to be taken for
    such, which is at most f / e; so each end that is answered explains f of them. Without a sample of packets (a
    flow's record is an end for itself), `sampling` is 0.
    """
    stray = segments - _SEGMENTS_EACH * answers
    if sampling > 0 and ends < _TOLD_APART:
        stray = max(stray, segments * share - (1.0 + sampling) * ends)
    return max(stray, 0.0)


@njit(inline="always")
def _unasked(row: Any, gave: Any, gave_votes: Any, gave_port: Any) -> Any:
    """Return how many packets from amplifiers' ports came that no question of the same address explains.

    Questions to another port than most answers come from explain none of these; votes tell the two apart. A port's
    votes are at most its packets, and what did not vote for it is at least the packets of all others.
    """
    if row.reflected == 0:
        return 0.0
    each = _ANSWERS_EACH
    for port in _CONVERSING:
        if row.reflected_port == port:
            each = _ANSWERS_CONVERSING
    unasked = np.float64(row.reflected) - each * gave
    if row.reflected_port != gave_port:
        unasked = max(unasked, np.float64(row.reflected_votes) - each * (gave - gave_votes))
    return max(unasked, 0.0)


@njit(cache=True, nogil=True)
def rates(
    table: Any,
    places: Any,
    others: Any,
    senders: Any,
    total: Any,
    alone: Any,
    told: Any,
    live: Any,
    sampling: Any,
    length_s: Any,
    floors: Any,
    odd: Any,
    reflected: Any,
    rates: Any,
    unanswered: Any,
    marks: Any,
    marked: Any,
) -> Any:
    """Set FEATURES of each address, for each second; note who is to be looked at, and return how many they are.

    `table`, `others`: ENDPOINT, what addresses received and sent; `places`, `senders` (i4[n]): their rows there,
    -1 where one was not seen to send; `total`, `alone`: of `met_once`; `told` (f8[257]): how many ends set so many bits
    of a sketch; `floors` (f8[FEATURES]): the least that bounds are; `odd`, `reflected`: so many odd segments or packets
    from amplifiers' ports make a suspect. Sets `rates` (f8[n, FEATURES]) and `unanswered` (f8[n]): packets a second
    that the address did not answer, of whatever kind. `marked` (i4[n]) gets the rows of who is above a floor, a suspect
    or hushed, `marks` (u1[n]) what of it: ABOVE, SUSPECT, HUSHED (connections are completed with who is silent).
    """
    zero, count = np.float64(0), _0
    for i in range(len(places)):
        if i + _AHEAD < len(places):
            row, sender = np.int64(places[i + _AHEAD]), np.int64(senders[i + _AHEAD])
            prefetch(table, row, 0)
            prefetch(table, row, 64)
            if sender >= 0:
                prefetch(others, sender, 0)
                prefetch(others, sender, 64)
                prefetch(others, sender, 192)
        r, out = table[places[i]], rates[i]
        tcp, udp, syn, syn_ack = np.float64(r.tcp), np.float64(r.udp), np.float64(r.syn), np.float64(r.syn_ack)
        rst, fragments, handshakes = np.float64(r.rst), np.float64(r.fragments), np.float64(r.handshakes)
        gave_tcp = gave_udp = gave_syn = gave_syn_ack = gave_rst = gave = gave_icmp = asked = zero
        asked_votes = ends = zero
        asked_port = np.int64(0)
        if senders[i] >= 0:
            s = others[senders[i]]
            gave_tcp, gave_udp, gave_syn = np.float64(s.tcp), np.float64(s.udp), np.float64(s.syn)
            gave_syn_ack, gave_rst, gave_icmp = np.float64(s.syn_ack), np.float64(s.rst), np.float64(s.icmp)
            gave, asked, asked_votes = np.float64(s.packets), np.float64(s.reflected), np.float64(s.reflected_votes)
            asked_port, ends = np.int64(s.reflected_port), told[ones(s.flows)]
        # Later fragments have no flags; what is cut is judged as fragments.
        segments = max(tcp - syn - syn_ack - rst - fragments, zero)
        # Who sends segments that nobody acknowledges gets resets for them.
        astray = gave_tcp if segments < _ACKNOWLEDGED * gave_tcp else zero
        # Exporters sample and report late: there, three segments for each SYN stand for a handshake.
        finished = handshakes if live else max(handshakes, min(segments / 3, syn))
        answers = max(gave_tcp - gave_rst - gave_syn_ack, zero)
        share = alone[i] / total[i] if total[i] >= _LEAST_SAMPLED else zero
        out[_HALF_OPEN] = syn - finished
        out[_SYN_ACK] = syn_ack - _SYN_EACH * gave_syn
        out[_RST] = rst - _RST_EACH * (gave_syn + syn + np.float64(r.fin)) - astray
        out[_SEGMENTS] = segments
        out[_STRAYS] = _strays(segments, answers, share, ends, sampling)
        out[_UDP] = udp - _UDP_EACH * gave_udp
        out[_UDP_ALL] = udp
        out[_ICMP] = np.float64(r.icmp)
        out[_FRAGMENTS] = fragments
        out[_REFLECTED] = _unasked(r, asked, asked_votes, asked_port)
        out[_CONNECTIONS] = finished
        out[_ANSWERS] = gave - gave_syn_ack - gave_rst - gave_icmp
        out[_BITS] = 8 * np.float64(r.bytes)
        mark = 0
        for j in range(len(out)):
            out[j] = max(out[j], zero) / length_s
            if out[j] > floors[j]:
                mark = ABOVE
        others_s = out[_HALF_OPEN] + out[_SYN_ACK] + out[_RST] + out[_UDP] + out[_ICMP]
        unanswered[i] = max(out[_SEGMENTS] - _SEGMENTS_EACH * (gave_tcp / length_s), zero) + others_s
        if r.odd_flags >= odd or r.reflected >= reflected:
            mark |= SUSPECT
        if gave == 0 and handshakes > 0 and 2.0 * handshakes > syn:
            mark |= HUSHED
        if mark:
            marked[count], marks[count] = i, mark
            count += _1
    return count
