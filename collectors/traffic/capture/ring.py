"""Packets from an interface through memory shared with the kernel: AF_PACKET with TPACKET_V3 (packet(7)).

Blocks are read several at once, as many as have come: a waking, a batch and what Python does for each are then few.
"""

import errno
import mmap
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from types import TracebackType
from typing import Final, Self, TypeAlias

import numpy as np

from collectors.traffic.capture import interfaces
from collectors.traffic.capture.blocks import Blocks
from collectors.traffic.capture.evidence import Captured
from collectors.traffic.capture.faults import CaptureFault
from collectors.traffic.capture.filter import NOTHING, compile_filter
from collectors.traffic.capture.portion import shortened
from collectors.traffic.capture.settings import RING_BATCH, RingSettings
from collectors.traffic.packet.notes import Decoder
from netmon.api.traffic import Frames, Traffic

Opener: TypeAlias = Callable[[int, int, int], socket.socket]

# Linux's numbers that Python 3.11's socket module does not name: linux/if_packet.h.
_SOL_PACKET: Final = 263
_ADD_MEMBERSHIP, _RX_RING, _STATISTICS, _VERSION, _FANOUT, _IGNORE_OUTGOING = 1, 5, 6, 10, 18, 23
_TPACKET_V3: Final = 2
_MR_PROMISC: Final = 1
_FANOUT_HASH, _FANOUT_ROLLOVER, _FANOUT_IGNORE_OUTGOING = 0, 0x1000, 0x4000
_ETH_P_ALL: Final = 3
_FRAME_BYTES: Final = 2_048  # V3 packs frames closer than that; the kernel only asks that it divides the block
_LOOK_S: Final = 1.0  # how often a silent interface is asked whether it is still there


class Link(IntEnum):
    """What became of the interface."""

    UP = 0
    DOWN = 1  # switched off; it goes on by itself when it is switched on again
    GONE = 2  # no interface has this name; it goes on when one has, but in a fanout group it takes a new Ring


@dataclass(frozen=True, slots=True)
class RingStats:
    """Counted since the ring was opened."""

    packets: int  # that passed the filter; `drops` of them found no room
    drops: int  # because we read too slowly
    freezes: int  # how many times the ring was full
    blocks: int  # read


class Ring:
    """An interface that is listened to. One thread reads; `recent` belongs to the same one."""

    def __init__(
        self, interface: str, settings: RingSettings, *, tunnels: int = 0, opener: Opener = socket.socket
    ) -> None:
        """`tunnels`: what to look inside of, a bit mask of 1 << Tunnel. `opener` makes the socket."""
        self.interface = interface
        self.link = Link.UP
        self.link_type = 1
        self._settings = settings
        self._opener = opener
        self._socket: socket.socket | None = None
        self._index = 0
        self._decoder = Decoder(RING_BATCH, tunnels)
        self._counted = [0, 0, 0, 0]
        self._since_look_s = 0.0

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def open(self) -> None:
        """Begin to listen. CaptureFault where there is no such interface, no right to it, or the filter is wrong."""
        try:
            sock = self._opener(socket.AF_PACKET, socket.SOCK_RAW, 0)  # protocol 0: nothing comes before it is bound
        except PermissionError as error:
            problem = "listening takes CAP_NET_RAW"
            remedy = "start it by systemd with AmbientCapabilities=CAP_NET_RAW, or as root: it gives up the rest"
            raise CaptureFault(self.interface, problem, remedy) from error
        try:
            self._set_up(sock)
        except OSError as error:
            sock.close()
            problem = f"the interface cannot be listened to: {error.strerror}"
            remedy = "smaller block_bytes or fewer blocks" if error.errno == errno.ENOMEM else "see packet(7)"
            raise CaptureFault(self.interface, problem, remedy) from error
        except BaseException:
            sock.close()
            raise
        self._socket = sock
        self._poll = select.poll()
        self._poll.register(sock.fileno(), select.POLLIN | select.POLLERR)

    def close(self) -> None:
        """Stop listening; safe to call twice. The memory goes with the last batch that still looks into it."""
        sock, self._socket = self._socket, None
        if sock is not None:
            self._count(sock)
            self._counted[3] = self._blocks.taken
            NOTHING.attach(sock)  # the mapping holds the kernel's end open for as long as it lasts
            sock.close()
            del self._octets, self._blocks
            with suppress(BufferError):
                self._map.close()

    def next(self, timeout_s: float) -> Traffic | None:
        """Return the next records, at most RING_BATCH; None where none came. Valid until the next call."""
        if self._socket is None or not (self._blocks.unread or self._come(timeout_s)):
            return None
        blocks = self._blocks
        count = blocks.walk()
        if not count:
            return None
        frames = Frames(self._octets, blocks.frames[:count], self.link_type)
        return self._decoder.decode(frames, blocks.times, blocks.tags)

    def recent(self, since_ns: int = 0) -> Iterator[Captured]:
        """Give the packets that are still kept, the oldest first, those of the blocks being read included.

        Blocks whose last packet is older than `since_ns` are left out. Valid until `next` is called.
        """
        if self._socket is not None:
            yield from self._blocks.recent(since_ns, self.link_type)

    def stats(self) -> RingStats:
        """Return what was counted since the ring was opened; after `close`, the last word."""
        if self._socket is not None:
            self._count(self._socket)
            self._counted[3] = self._blocks.taken
        return RingStats(*self._counted)

    def _set_up(self, sock: socket.socket) -> None:
        settings = self._settings
        index = interfaces.index(sock, self.interface)
        if index is None:
            raise interfaces.unknown(self.interface, interfaces.names())
        kind = interfaces.hardware(sock, self.interface)
        self.link_type = interfaces.link_type(self.interface, kind)
        whole = settings.snaplen_bytes
        passing = compile_filter(settings.filter, self.link_type, whole, self.interface)
        passing = shortened(passing, self.link_type, whole, settings.bulk_bytes)
        NOTHING.attach(sock)  # until it shares with its group: before, it would see what the others see
        sock.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V3)
        self._share_memory(sock)
        outgoing = settings.outgoing and kind != interfaces.LOOPBACK
        if not outgoing:
            sock.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        self._listen(sock, index)
        if settings.fanout_group is not None:
            how = _FANOUT_HASH | _FANOUT_ROLLOVER | (0 if outgoing else _FANOUT_IGNORE_OUTGOING)
            sock.setsockopt(_SOL_PACKET, _FANOUT, struct.pack("=I", how << 16 | settings.fanout_group))
        passing.attach(sock)
        if not interfaces.up(sock, self.interface):
            self.link = Link.DOWN

    def _share_memory(self, sock: socket.socket) -> None:
        size, blocks = self._settings.block_bytes, self._settings.blocks
        frames = size // _FRAME_BYTES * blocks
        request = struct.pack("=7I", size, blocks, _FRAME_BYTES, frames, self._settings.block_timeout_ms, 0, 0)
        sock.setsockopt(_SOL_PACKET, _RX_RING, request)
        self._map = mmap.mmap(sock.fileno(), size * blocks, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        self._octets = np.frombuffer(self._map, np.uint8)
        self._blocks = Blocks(self._octets, self._settings)

    def _listen(self, sock: socket.socket, index: int) -> None:
        if self._settings.promiscuous:
            sock.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("=iHH8x", index, _MR_PROMISC, 0))
        sock.bind((self.interface, _ETH_P_ALL))
        self._index = index

    def _come(self, timeout_s: float) -> bool:
        """Put away the blocks that were read and wait for the next; False where none came."""
        blocks = self._blocks
        gather_s = min(blocks.put_away(), timeout_s)
        came = blocks.ready()
        if gather_s and came < blocks.most:
            time.sleep(gather_s)
            came = blocks.ready()
        if not came and not self._wait(timeout_s):
            return False
        self._since_look_s = 0.0
        self.link = Link.UP
        return True

    def _wait(self, timeout_s: float) -> bool:
        """Wait for a block, for so long; look after the interface where it is silent."""
        sock = self._socket
        if sock is None:
            return False
        for _, event in self._poll.poll(timeout_s * 1000):
            if event & select.POLLERR:
                failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # reading it lets poll wait again
                if failed:
                    self._look(sock)
        if self._blocks.ready():
            return True
        self._since_look_s += timeout_s
        if self._since_look_s >= _LOOK_S:
            self._since_look_s = 0.0
            self._look(sock)
        return False

    def _look(self, sock: socket.socket) -> None:
        """See whether the interface is there; listen to a new one of its name where the old one went."""
        index = interfaces.index(sock, self.interface)
        if index is not None and index != self._index and self._settings.fanout_group is None:
            with suppress(OSError, CaptureFault):  # not there any more, not up yet, another kind: the next look tells
                if interfaces.link_type(self.interface, interfaces.hardware(sock, self.interface)) == self.link_type:
                    self._listen(sock, index)
        if index is None or index != self._index:
            self.link = Link.GONE
        else:
            self.link = Link.UP if interfaces.up(sock, self.interface) else Link.DOWN

    def _count(self, sock: socket.socket) -> None:
        """Add the kernel's counters to ours: reading them sets them back."""
        with suppress(OSError):
            counted = struct.unpack("=3I", sock.getsockopt(_SOL_PACKET, _STATISTICS, 12))
            for place, number in enumerate(counted):
                self._counted[place] += number
