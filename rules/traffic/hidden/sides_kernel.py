"""One compiled look at a window's flows: whose their ends are and what they can say to the detectors of this folder.

Columns come of it, 22 octets a flow instead of 168, so that each detector reads again only the few flows it needs.
"""

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from netmon.api.prefix_kernel import Lookup, longest

# What a flow's mark is made of.
SOURCE_OWN: Final = 1  # the source is ours
SOURCE_OUTSIDE: Final = 2  # it is not, and somebody
DESTINATION_OWN: Final = 4
DESTINATION_OUTSIDE: Final = 8
DESTINATION_PROTECTED: Final = 16
SENT: Final = 32  # packets from the source were seen
REPLIED: Final = 64  # packets from the destination were seen
ECHO: Final = 128  # an ICMP echo, whole or the first fragment of one
CONTACT: Final = 256  # a conversation that began in this record and was answered, over TCP or UDP
SERVICE: Final = 512  # the destination answers on this port

BUCKET_BITS: Final = 17
"""Of sums of octets by hash of the pair, at most: 1 MB each way, which a core's second cache about holds."""

_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "_nrt": False}
"""The loops make no arrays: without numba's counting of references they are shorter."""

U = np.uint64
_ZERO = U(0)
_16, _24, _32, _54, _56, _57 = U(16), U(24), U(32), U(54), U(56), U(57)
_29 = U(29)
_M1, _M2 = U(0x9E37_79B9_7F4A_7C15), U(0xBF58_476D_1CE4_E5B9)
_ESTABLISHED, _RESET, _UNKNOWN, _LATER = U(4), U(6), U(0), U(2)

_longest: Any = njit(inline="always")(longest)


@njit(inline="always")
def _is_four(hi: np.uint64, lo: np.uint64) -> Any:
    return hi == _ZERO and lo >> _32 == U(0xFFFF)


@njit(inline="always")
def _is_nobody(hi: np.uint64, lo: np.uint64) -> Any:
    """Tell what is on no other network: unspecified, loopback, link-local, multicast, broadcast."""
    if _is_four(hi, lo):
        first = lo >> _24 & U(0xFF)
        return first == _ZERO or first == U(127) or first >= U(224) or lo >> _16 & U(0xFFFF) == U(0xA9FE)
    return (hi == _ZERO and lo <= U(1)) or hi >> _54 == U(0x3FA) or hi >> _56 == U(0xFF)


@njit(inline="always")
def _is_private(hi: np.uint64, lo: np.uint64) -> Any:
    """Tell private addresses: RFC 1918, RFC 6598, RFC 4193."""
    if _is_four(hi, lo):
        first, both = lo >> _24 & U(0xFF), lo >> _16 & U(0xFFFF)
        return first == U(10) or both == U(0xC0A8) or both & U(0xFFF0) == U(0xAC10) or both & U(0xFFC0) == U(0x6440)
    return hi >> _57 == U(0x7E)


@njit(inline="always")
def _end(hi: np.uint64, lo: np.uint64, lookup: Lookup, own: NDArray[np.bool_], none: bool) -> tuple[U, U]:
    """Return the marks of a source, and the place of its prefix."""
    found = _longest(lookup, hi, lo)
    place = U(len(own) - 1) if found < 0 else U(found)
    if _is_nobody(hi, lo):
        return _ZERO, place
    ours = own[place]
    mark = U(SOURCE_OWN) if ours else _ZERO
    if (none and not _is_private(hi, lo)) or (not none and not ours):
        mark |= U(SOURCE_OUTSIDE)
    return mark, place


@njit(inline="always")
def mixed(hi: np.uint64, lo: np.uint64) -> np.uint64:
    """Return one number for two; that two of a million share one has odds of one in 37 million."""
    value = (hi ^ (lo * _M2)) * _M1
    value = (value ^ (value >> _29)) * _M2
    return value ^ (value >> _32)


@njit(**_OPTIONS)
def look(
    flows: NDArray[np.void],
    lookup: Lookup,
    own: NDArray[np.bool_],
    protected: NDArray[np.bool_],
    live: bool,
    marks: NDArray[np.uint16],
    services: NDArray[np.uint32],
    hosts: NDArray[np.uint64],
    pairs: NDArray[np.uint64],
    sums: NDArray[np.float64],
    shift: np.uint64,
) -> None:
    """Write for each flow its mark, protocol << 16 | destination port, and hashes of its destination and of both ends.

    `own` and `protected` are by place, the last of no prefix; where it is the only one, ours are told by their kind.
    `sums`, shape (2, 1 << 64 - shift), zero: the octets that ours sent to outside, as sources and as destinations, by
    the highest bits of the pair's hash: at least what each pair sent.
    """
    none = len(own) == 1
    for number in range(len(flows)):
        row = U(number)
        flow = flows[row]
        source, _ = _end(flow.source_hi, flow.source_lo, lookup, own, none)
        destination, place = _end(flow.destination_hi, flow.destination_lo, lookup, own, none)
        mark = source | destination << U(2)
        protocol, port = U(flow.protocol), U(flow.destination_port)
        flags, state = U(flow.tcp_flags), U(flow.state)
        sent, replied = flow.packets != _ZERO, flow.reply_packets != _ZERO
        if protected[place]:
            mark |= U(DESTINATION_PROTECTED)
        if sent:
            mark |= U(SENT)
        if replied:
            mark |= U(REPLIED)
        kind = U(flow.icmp_type)
        if U(flow.fragment) != _LATER and (
            (protocol == U(1) and (kind == _ZERO or kind == U(8)))
            or (protocol == U(58) and (kind == U(128) or kind == U(129)))
        ):
            mark |= U(ECHO)
        tcp, udp, begun = protocol == U(6), protocol == U(17), flags & U(2) != _ZERO
        # A part of a connection that goes on has no SYN: it is no new contact. Flags untold tell nothing.
        if sent and (replied or state == _UNKNOWN) and (udp or (tcp and begun)):
            mark |= U(CONTACT)
        lower = port < U(flow.source_port)
        if tcp and live:
            serves = _ESTABLISHED <= state <= _RESET and flow.handshake_us != 0
        elif tcp:
            # Exporters' clocks are coarse, so that who began may be taken wrong: the service has the lower port.
            serves = begun and U(flow.reply_tcp_flags) & U(18) == U(18) and lower
        else:
            serves = udp and sent and replied and lower
        if serves:
            mark |= U(SERVICE)
        host = mixed(flow.destination_hi, flow.destination_lo)
        pair = mixed(mixed(flow.source_hi, flow.source_lo), host)
        if mark & U(SOURCE_OWN | DESTINATION_OUTSIDE) == U(SOURCE_OWN | DESTINATION_OUTSIDE):
            sums[_ZERO, pair >> shift] += flow.bytes
        if mark & U(DESTINATION_OWN | SOURCE_OUTSIDE) == U(DESTINATION_OWN | SOURCE_OUTSIDE):
            sums[U(1), pair >> shift] += flow.reply_bytes
        marks[row] = mark
        services[row] = protocol << _16 | port
        hosts[row], pairs[row] = host, pair
