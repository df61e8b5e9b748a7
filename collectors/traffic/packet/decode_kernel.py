"""Frames to records: the one pass over the octets of packets.

A record is written once, fields in locals until then; the common case (Ethernet, IP directly behind) takes no call for
the link layer. Nothing is read that lies behind what was captured, or behind the buffer, whatever the octets claim.
"""

from typing import Any, Final

import numba
import numpy as np
from numba import njit
from numpy.typing import NDArray

from collectors.traffic.packet import (
    link_kernel,
    network_kernel,
    octets_kernel,
    plain_kernel,
    prefetch_kernel,
    sums_kernel,
    tunnel_kernel,
)
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
from collectors.traffic.packet.plain_kernel import may_be_message, plain
from collectors.traffic.packet.prefetch_kernel import prefetch
from collectors.traffic.packet.stamp import stamp
from collectors.traffic.packet.sums_kernel import EARLIEST, LATEST, NEVER, OCTETS, PACKETS, SUMS, VERDICT
from collectors.traffic.packet.tunnel_kernel import inner, may_be_tunnel
from netmon.api import traffic
from netmon.api.traffic import FRAME, RECORD, Verdict

U = np.uint64

_OK: Final = U(Verdict.OK)
_NOT_IP: Final = U(Verdict.NOT_IP)
_BAD_NETWORK: Final = U(Verdict.BAD_NETWORK)
_UNKNOWN_LINK: Final = U(Verdict.UNKNOWN_LINK)

_AHEAD: Final = U(12)  # frames: at 15 to 25 ns each, what memory takes to answer, and some more
_VLAN_ID: Final = U(0xFFF)
_VLAN_AT: Final = U(48)  # of a station, above its MAC address
_LINE: Final = U(64)  # octets of a cache line: headers take two

# One signature, so that nothing is compiled while packets wait. Read-only arrays are taken too (a file mapped to read).
_SIGNATURE: Final[Any] = numba.uint64(
    numba.types.Array(numba.uint8, 1, "C", readonly=True),
    numba.types.Array(numba.from_dtype(FRAME), 1, "C", readonly=True),
    numba.types.Array(numba.uint64, 1, "C", readonly=True),
    numba.types.Array(numba.uint32, 1, "C", readonly=True),
    numba.types.Array(numba.from_dtype(RECORD), 1, "C"),
    numba.int64,
    numba.int64,
    numba.int64,
    numba.types.Array(numba.uint64, 1, "C"),
    numba.types.Array(numba.uint32, 1, "C"),
    numba.types.Array(numba.uint64, 1, "C"),
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
    def decode_noting(
        buffer: Any,
        frames: Any,
        times: Any,
        tags: Any,
        records: Any,
        count: int,
        link_type: int,
        tunnels: int,
        sums: Any,
        noted: Any,
        stations: Any,
    ) -> Any:
        """Decode `count` frames (FRAME, they lie in `buffer`) into as many rows of `records` (RECORD), with notes.

        `times` (u8[]) are their times in Unix nanoseconds, `tags` (u4[]) end with the tag that the kernel took out, 0
        where it took none. Where there are no times, a record's `start_ns` and `vlan` are set before. It writes
        all other fields of a packet's part and leaves the flow's part. `link_type` is pcap's LINKTYPE_ number,
        `tunnels` a mask of `1 << Tunnel` of those to look inside. `sums`, `noted` (u4[count]) and `stations`
        (u8[count]) are filled as netmon.api.traffic.Notes says, the latter two only where there is room for all;
        returned is how many rows were noted. All arrays are C-contiguous. Nothing that a frame holds raises.
        """
        sources  # noqa: B018  # in the key of the cache: see stamp.py
        size = U(buffer.shape[0])
        link = U(link_type)
        mask = U(tunnels)
        keep = np.empty(1, RECORD)
        rows = min(U(count), U(frames.shape[0]), U(records.shape[0]))
        timed = U(times.shape[0]) > U(0)
        if timed:
            rows = min(rows, U(times.shape[0]), U(tags.shape[0]))
        noting = U(noted.shape[0]) >= rows and U(stations.shape[0]) >= rows
        notes = U(0)
        sums[:] = U(0)
        octets, earliest, latest, sound = U(0), NEVER, U(0), U(0)
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
            wire = U(frame.wire)
            at_ns = U(times[row]) if timed else U(record.start_ns)
            vlan = U(tags[row]) & _VLAN_ID if timed else U(record.vlan)
            octets += wire
            earliest, latest = min(earliest, at_ns), max(latest, at_ns)
            if link == U(1) and plain(buffer, records, row, first, captured, wire, at_ns, vlan, mask):
                sound += U(1)
                if noting:
                    stations[row] = U(record.source_mac) | vlan << _VLAN_AT
                    noted[notes] = row
                    notes += U(may_be_message(record))
                row += U(1)
                continue
            record.start_ns = at_ns
            record.vlan = vlan
            position = first
            end = first + captured
            limit = first + max(wire, captured)
            record.end_ns = at_ns
            record.bytes = wire
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
            sums[VERDICT + U(record.verdict)] += U(1)
            if noting:
                stations[row] = U(record.source_mac) | U(record.vlan) << _VLAN_AT
                noted[notes] = row
                notes += U(1)
            row += U(1)
        sums[PACKETS], sums[OCTETS], sums[EARLIEST], sums[LATEST] = rows, octets, earliest, latest
        sums[VERDICT + _OK] += sound
        return notes

    return decode_noting


_SOURCES: Final = (
    traffic,
    link_kernel,
    network_kernel,
    octets_kernel,
    plain_kernel,
    prefetch_kernel,
    sums_kernel,
    tunnel_kernel,
)

decode_noting: Final[Any] = _compiled(stamp(*_SOURCES))
"""See `_compiled`."""
NO_TIMES: Final = np.zeros(0, np.uint64)
NO_TAGS: Final = np.zeros(0, np.uint32)


def decode(
    buffer: NDArray[np.uint8],
    frames: NDArray[np.void],
    records: NDArray[np.void],
    count: int,
    link_type: int,
    tunnels: int,
) -> None:
    """Decode frames whose records hold their times, and VLAN where one is known. For the rest see `_compiled`."""
    sums = np.zeros(SUMS, np.uint64)
    decode_noting(buffer, frames, NO_TIMES, NO_TAGS, records, count, link_type, tunnels, sums, NO_TAGS, NO_TIMES)
