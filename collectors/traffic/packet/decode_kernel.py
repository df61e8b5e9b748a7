"""Frames to records: the one pass over the octets of packets.

A record is written once, fields in locals until then; the common case (Ethernet, IP directly behind) takes no call for
the link layer. Nothing is read that lies behind what was captured, or behind the buffer, whatever the octets claim.
"""

from typing import Any, Final

import numba
import numpy as np
from numba import njit

from collectors.traffic.packet import link_kernel, network_kernel, octets_kernel, prefetch_kernel, tunnel_kernel
from collectors.traffic.packet.link_kernel import (
    BY_VERSION,
    IPV4,
    IPV6,
    OTHER,
    SHORT_LINK,
    behind_tags,
    cooked,
    loopback,
)
from collectors.traffic.packet.network_kernel import network
from collectors.traffic.packet.octets_kernel import compiled, u8, u16, u48
from collectors.traffic.packet.prefetch_kernel import prefetch
from collectors.traffic.packet.stamp import stamp
from collectors.traffic.packet.tunnel_kernel import inner, may_be_tunnel
from netmon.api import traffic
from netmon.api.traffic import FRAME, RECORD, Verdict

U = np.uint64

_OK: Final = U(Verdict.OK)
_NOT_IP: Final = U(Verdict.NOT_IP)
_BAD_NETWORK: Final = U(Verdict.BAD_NETWORK)
_UNKNOWN_LINK: Final = U(Verdict.UNKNOWN_LINK)

_AHEAD: Final = U(12)  # frames: at 15 to 25 ns each, what memory takes to answer, and some more
_LINE: Final = U(64)  # octets of a cache line: headers take two

# One signature, so that nothing is compiled while packets wait. Read-only arrays are taken too (a file mapped to read).
_SIGNATURE: Final = numba.void(
    numba.types.Array(numba.uint8, 1, "C", readonly=True),
    numba.types.Array(numba.from_dtype(FRAME), 1, "C", readonly=True),
    numba.types.Array(numba.from_dtype(RECORD), 1, "C"),
    numba.int64,
    numba.int64,
    numba.int64,
)


@compiled
def _network_of(buffer: Any, position: Any, end: Any, link: Any) -> Any:
    """Return the ethertype of what a link without a header carries (LINKTYPE_RAW and its like)."""
    if link == U(228):
        return IPV4
    if link == U(229):
        return IPV6
    if position < end and u8(buffer, position) >> U(4) == U(4):
        return IPV4
    if position < end and u8(buffer, position) >> U(4) == U(6):
        return IPV6
    return BY_VERSION


def _compiled(sources: int) -> Any:
    @njit(_SIGNATURE, cache=True, nogil=True)
    def decode(buffer: Any, frames: Any, records: Any, count: int, link_type: int, tunnels: int) -> None:
        """Decode `count` frames (FRAME, they lie in `buffer`) into as many rows of `records` (RECORD).

        Before it, a record's `start_ns` is set, and `vlan` where the kernel took the tag out (0 otherwise). It writes
        all other fields of a packet's part and leaves the flow's part. `link_type` is pcap's LINKTYPE_ number,
        `tunnels` a mask of `1 << Tunnel` of those to look inside. All arrays are C-contiguous. Nothing that a frame
        holds raises.
        """
        sources  # noqa: B018  # in the key of the cache: see stamp.py
        size = U(buffer.shape[0])
        link = U(link_type)
        mask = U(tunnels)
        keep = np.empty(1, RECORD)
        rows = min(U(count), U(frames.shape[0]), U(records.shape[0]))
        row = U(0)
        while row < rows:
            if row + _AHEAD < rows:
                near = min(U(frames[row + _AHEAD].at), size)
                prefetch(buffer, near, U(0))
                prefetch(buffer, near, _LINE)
            frame = frames[row]
            record = records[row]
            first = min(U(frame.at), size)
            captured = min(U(frame.captured), size - first)
            position = first
            end = first + captured
            limit = first + max(U(frame.wire), captured)
            record.end_ns = record.start_ns
            record.bytes = U(frame.wire)
            record.packets = U(1)
            record.exporter = U(0)
            record.sampling = U(1)
            record.in_interface = U(0)
            record.out_interface = U(0)
            record.mpls = U(0)
            record.inner_vlan = U(0)
            record.tunnel = U(0)
            record.verdict = _OK
            ethertype = OTHER
            if link == U(1):
                if captured >= U(14):
                    record.destination_mac = u48(buffer, first)
                    record.source_mac = u48(buffer, first + U(6))
                    ethertype = u16(buffer, first + U(12))
                    position += U(14)
                    if ethertype == IPV4 or ethertype == IPV6:
                        record.ethertype = ethertype
                    else:
                        ethertype, position, end, limit = behind_tags(buffer, record, position, end, limit, ethertype)
                else:
                    record.destination_mac = u48(buffer, first) if captured >= U(6) else U(0)
                    record.source_mac = u48(buffer, first + U(6)) if captured >= U(12) else U(0)
                    record.ethertype = U(0)
                    record.verdict = SHORT_LINK
            else:
                record.destination_mac = U(0)
                record.source_mac = U(0)
                record.ethertype = U(0)
                if link == U(101) or link == U(228) or link == U(229) or link == U(12) or link == U(14):
                    ethertype = _network_of(buffer, position, end, link)
                    if ethertype == BY_VERSION:
                        record.verdict = _BAD_NETWORK
                    else:
                        record.ethertype = ethertype
                elif link == U(113) or link == U(276):
                    ethertype, position, end, limit = cooked(buffer, record, position, end, limit, link == U(276))
                elif link == U(0) or link == U(108):
                    ethertype, position, end, limit = loopback(buffer, record, position, end, limit)
                else:
                    record.verdict = _UNKNOWN_LINK
            if record.verdict == _OK and (ethertype == IPV4 or ethertype == IPV6):
                limit = network(buffer, record, first, position, end, limit, ethertype)
                if mask != U(0) and record.verdict == _OK and may_be_tunnel(record):
                    inner(buffer, records, row, keep, first, end, limit, mask)
            else:
                there = record.verdict == _OK
                if there:
                    record.verdict = _NOT_IP
                record.payload_at = position - first if there else U(0)
                record.payload_length = end - position if there and position < end else U(0)
                record.source_hi = U(0)
                record.source_lo = U(0)
                record.destination_hi = U(0)
                record.destination_lo = U(0)
                record.source_port = U(0)
                record.destination_port = U(0)
                record.version = U(0)
                record.protocol = U(0)
                record.tcp_flags = U(0)
                record.icmp_type = U(0)
                record.icmp_code = U(0)
                record.tos = U(0)
                record.ttl = U(0)
                record.fragment = U(0)
            row += U(1)

    return decode


_SOURCES: Final = (traffic, link_kernel, network_kernel, octets_kernel, prefetch_kernel, tunnel_kernel)

decode: Final[Any] = _compiled(stamp(*_SOURCES))
"""See `_compiled`; void(buffer: u8[], frames: FRAME[], records: RECORD[], count: int, link_type: int, tunnels: int)."""
