"""A capture file as batches of records: which format it is, and what it held.

What is there is read: a damaged file gives what stands before the damage, and `counts` tells the rest. Only what is no
capture at all is a fault.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from collectors.traffic.capture.faults import CaptureFault
from collectors.traffic.capture.octets import Octets, open_octets
from collectors.traffic.capture.pcapng_kernel import INTERFACE, walk_pcapng
from collectors.traffic.capture.settings import BATCH, CaptureSettings
from collectors.traffic.capture.walk_kernel import DAMAGED, MORE, WALK, walk_pcap
from collectors.traffic.packet.notes import Decoder
from netmon.api.traffic import FRAME, Frames, Traffic

_INTERFACES: Final = 65_536
"""Interfaces in a section of pcapng: as many as its older packet blocks can number, 2.6 MB where they are all there."""

_SECTION: Final = b"\x0a\x0d\x0d\x0a"
_MAGIC: Final = {  # the first four octets of pcap: high octet first, nanoseconds, octets of a packet's header
    b"\xa1\xb2\xc3\xd4": (1, 0, 16),
    b"\xd4\xc3\xb2\xa1": (0, 0, 16),
    b"\xa1\xb2\x3c\x4d": (1, 1, 16),
    b"\x4d\x3c\xb2\xa1": (0, 1, 16),
    b"\xa1\xb2\xcd\x34": (1, 0, 24),  # with interface, protocol and packet type: Alexey Kuznetzov's, 1999
    b"\x34\xcd\xb2\xa1": (0, 0, 24),
}
_RAW_IP: Final = 101
_ALSO_RAW_IP: Final = frozenset({12, 14, 228, 229})  # DLT_RAW of Linux and OpenBSD; LINKTYPE_IPV4 and _IPV6

_LEFT_OUT: Final = ("too_long", "bad_block", "unknown_interface", "too_many_interfaces")
_ODD: Final = ("lying_length", "backwards", "no_time", "bad_trailer", "other_blocks")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a capture file held so far."""

    packets: int
    octets: int  # of these packets, as captured
    dropped: Mapping[str, int]  # left out, by reason: fields of WALK, and `truncated`, `damaged`
    odd: Mapping[str, int]  # read all the same, by reason
    stopped_at: int | None = None  # where the file could not be read on, in octets of the unpacked file
    why: str = ""


class CaptureFile:
    """An open capture. `batches` once, then `counts`; a `with` block closes it."""

    def __init__(self, name: str, octets: Octets, *, tunnels: int = 0) -> None:
        """Read the file's header. CaptureFault where it is no capture."""
        self.name = name
        self._octets = octets
        self._tunnels = tunnels
        self._walk = np.zeros(1, WALK)
        self._interfaces = np.zeros(0, INTERFACE)
        self._stopped: tuple[int, str, str] | None = None
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        self._octets.close()

    @property
    def progress(self) -> tuple[int, int] | None:
        """Return how many octets of the file were read, and how many it has; None for pipes."""
        return self._octets.progress

    @property
    def counts(self) -> Counts:
        """Return what was read so far, and what was not."""
        walk = self._walk[0]
        dropped = {reason: int(walk[reason]) for reason in _LEFT_OUT if walk[reason]}
        odd = {reason: int(walk[reason]) for reason in _ODD if walk[reason]}
        if self._stopped is None:
            return Counts(int(walk["packets"]), int(walk["octets"]), dropped, odd)
        octet, reason, why = self._stopped
        return Counts(int(walk["packets"]), int(walk["octets"]), {**dropped, reason: 1}, odd, octet, why)

    def batches(self) -> Iterator[Traffic]:
        """Give the packets, up to 4,096 at once and of one link type. A batch is valid until the next is asked for."""
        frames, decoder = np.zeros(BATCH, FRAME), Decoder(BATCH, self._tunnels)
        records = decoder.records
        walk, octets = self._walk[0], self._octets
        while True:
            if len(self._interfaces):
                count = walk_pcapng(octets.buffer, octets.end, self._walk, self._interfaces, frames, records)
            else:
                count = walk_pcap(octets.buffer, octets.end, self._walk, frames, records)
            if count:
                link_type = _link_type(int(walk["link_type"]))
                yield decoder.decode(Frames(octets.buffer, frames[:count], link_type))
            if walk["stop"] == DAMAGED:
                self._stop("damaged", "no block of pcapng begins here")
                return
            if walk["stop"] == MORE:
                came = octets.more(int(walk["at"]))
                walk["at"] = 0
                if not came:
                    self._end()
                    return

    def _begin(self) -> None:
        """Tell the format by the first octets and read pcap's header: draft-ietf-opsawg-pcap, 4."""
        head = self._head(24)
        if head[:4] == _SECTION:
            self._interfaces = np.zeros(_INTERFACES, INTERFACE)
            if head[8:12] not in (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a"):
                raise self._fault("looks like pcapng, but its section header names no order of octets", 8)
            return
        magic = _MAGIC.get(head[:4])
        if not head:
            raise self._fault("is empty", 0)
        if magic is None:
            raise self._fault(f"begins with {head[:4].hex(' ')}, which is neither pcap nor pcapng", 0)
        if len(head) < 24:
            raise self._fault("ends inside its header", len(head))
        walk = self._walk[0]
        walk["big"], walk["nano"], walk["header"] = magic
        walk["at"] = 24
        walk["link_type"] = int.from_bytes(head[20:24], "big" if magic[0] else "little") & 0xFFFF

    def _head(self, length: int) -> bytes:
        while self._octets.end < length and self._octets.more(0):
            pass
        return bytes(self._octets.buffer[: min(length, self._octets.end)])

    def _fault(self, problem: str, octet: int) -> CaptureFault:
        self.close()
        if self._octets.broken:
            problem = f"{problem} (it cannot be unpacked: {self._octets.broken})"
        remedy = "give a pcap or pcapng file, as tcpdump -w writes it, plain or packed by gzip or zstd"
        return CaptureFault(self.name, f"{problem} (octet {octet})", remedy, octet=octet)

    def _stop(self, reason: str, why: str) -> None:
        self._stopped = (self._octets.base + int(self._walk["at"][0]), reason, why)

    def _end(self) -> None:
        walk = self._walk[0]
        if self._octets.broken:
            self._stop("truncated", self._octets.broken)
        elif walk["skip"] or int(walk["at"]) < self._octets.end:
            self._stop("truncated", "the file ends inside a packet or block")


def open_capture(path: Path | str, *, settings: CaptureSettings | None = None, tunnels: int = 0) -> CaptureFile:
    """Open a capture file, a pipe, or our own input ("-"). CaptureFault where it cannot be opened or is none.

    `tunnels`: what to look inside of, a bit mask of 1 << Tunnel.
    """
    return CaptureFile(str(path), open_octets(path, settings or CaptureSettings()), tunnels=tunnels)


def _link_type(link_type: int) -> int:
    return _RAW_IP if link_type in _ALSO_RAW_IP else link_type
