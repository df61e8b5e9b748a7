"""UDP sockets for flow exports: opened with room for bursts, read in batches, sorted by sender and kind."""

import errno
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from collectors.traffic.flows.datagrams import DATAGRAM, Datagrams
from collectors.traffic.flows.endpoint import Endpoint
from collectors.traffic.flows.exporters import Exporters
from collectors.traffic.flows.recvmmsg import Mailbox
from collectors.traffic.flows.sources_kernel import COUNTS, admit

# Linux's numbers that Python 3.11's socket module does not name.
_SO_RCVBUFFORCE: Final = 33
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=9I")  # linux/sock_diag.h: SK_MEMINFO_DROPS is the last
_WRAP: Final = 1 << 32


@dataclass(slots=True)
class UdpSocket:
    """One address that is listened at."""

    endpoint: Endpoint  # with the port that the kernel chose, where none was given
    socket: socket.socket
    granted_bytes: int  # of receive buffer; less than wanted where the kernel's limit is lower
    dropped: int = 0  # by the kernel for want of room, since it was opened
    _last: int = 0

    def kernel_drops(self) -> int:
        """Return how many datagrams the kernel dropped for want of room.

        It is the number that SO_RXQ_OVFL sends along with datagrams, asked for when it is wanted: it costs nothing for
        each datagram, and is told also where none follows. Linux 4.12 and later; 0 before.
        """
        try:
            info = self.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return self.dropped
        if len(info) == _MEMINFO.size:
            now = int(_MEMINFO.unpack(info)[-1])
            self.dropped += (now - self._last) % _WRAP
            self._last = now
        return self.dropped


@dataclass(frozen=True, slots=True)
class Received:
    """One batch, by kind. Valid until the next one is read."""

    netflow: Datagrams  # NetFlow 5 and 9, IPFIX
    sflow: Datagrams
    came: int  # datagrams that were read, those of strangers too
    full: bool  # the mailbox was filled: more is waiting

    def __len__(self) -> int:
        return len(self.netflow) + len(self.sflow)


class Receiver:
    """Reads the UDP sockets of a flow collector. `open` before use; not to be used by two threads at once."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        exporters: Exporters,
        *,
        receive_buffer_bytes: int = 32 << 20,
        datagram_bytes: int = 9_216,
        batch_datagrams: int = 512,
    ) -> None:
        self.sockets: list[UdpSocket] = []
        self._endpoints = tuple(endpoints)
        self._wanted_bytes = receive_buffer_bytes
        self._exporters = exporters
        self._mailbox = Mailbox(batch_datagrams, datagram_bytes)
        self._netflow = np.zeros(batch_datagrams, DATAGRAM)
        self._sflow = np.zeros(batch_datagrams, DATAGRAM)
        self._counts = np.zeros(len(COUNTS), np.uint64)
        self._closed_drops = 0
        self._turn = 0

    def open(self) -> None:
        """Bind all addresses. OSError, with the address in its text, where one cannot be had; then none is open."""
        try:
            for endpoint in self._endpoints:
                self.sockets.append(_bound(endpoint, self._wanted_bytes))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close all sockets; safe to call twice."""
        for each in self.sockets:
            self._closed_drops += each.kernel_drops()
            each.socket.close()
        self.sockets = []

    def small_buffers(self) -> list[tuple[Endpoint, int, int]]:
        """Return the addresses whose receive buffer is smaller than wanted: address, octets granted, octets wanted."""
        return [
            (each.endpoint, each.granted_bytes, self._wanted_bytes)
            for each in self.sockets
            if each.granted_bytes < self._wanted_bytes
        ]

    def receive(self) -> Received:
        """Read what waits in the sockets, up to a mailbox full, each socket's turn to be first coming round."""
        mailbox, filled = self._mailbox, 0
        self._turn += 1
        for place in range(len(self.sockets)):
            each = self.sockets[(place + self._turn) % len(self.sockets)]
            filled += mailbox.fill(each.socket.fileno(), filled)
        exporters = self._exporters
        flows, samples = admit(
            mailbox.buffer,
            mailbox.messages,
            mailbox.names,
            filled,
            mailbox.slot_bytes,
            time.time_ns(),
            exporters.rows,
            exporters.slots,
            exporters.ranges,
            exporters.used,
            exporters.refused,
            self._netflow,
            self._sflow,
            self._counts,
        )
        return Received(
            Datagrams(mailbox.buffer, self._netflow[:flows]),
            Datagrams(mailbox.buffer, self._sflow[:samples]),
            filled,
            filled == mailbox.count,
        )

    @property
    def counts(self) -> dict[str, int]:
        """Return what became of all datagrams, by name: `received` is the sum of those that follow it.

        `kernel_dropped` were never received; `receive_errors` are failed calls, not datagrams.
        """
        counts = dict(zip(COUNTS, self._counts.tolist(), strict=True))
        counts["kernel_dropped"] = self._closed_drops + sum(each.kernel_drops() for each in self.sockets)
        counts["receive_errors"] = self._mailbox.errors
        return counts


def _bound(endpoint: Endpoint, buffer_bytes: int) -> UdpSocket:
    try:
        sock = bind(endpoint, socket.SOCK_DGRAM)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen at {endpoint}: {error.strerror or error}") from error
    granted = _enlarge(sock, buffer_bytes)
    return UdpSocket(named(endpoint, sock), sock, granted)


def bind(endpoint: Endpoint, kind: socket.SocketKind) -> socket.socket:
    """Return a socket bound to an address. Where the host has no IPv6, :: means all of IPv4."""
    address = endpoint.address
    try:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind | socket.SOCK_NONBLOCK)
    except OSError as error:
        if error.errno != errno.EAFNOSUPPORT or address != "::":
            raise
        sock, address = socket.socket(socket.AF_INET, kind | socket.SOCK_NONBLOCK), "0.0.0.0"  # noqa: S104 - as asked
    try:
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address != "::"))
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, endpoint.port))
    except OSError:
        sock.close()
        raise
    return sock


def named(endpoint: Endpoint, sock: socket.socket) -> Endpoint:
    """Return an endpoint with the port that its socket has."""
    return Endpoint(endpoint.scheme, endpoint.address, int(sock.getsockname()[1]))


def _enlarge(sock: socket.socket, wanted: int) -> int:
    """Set the receive buffer and return what was granted: past net.core.rmem_max it takes CAP_NET_ADMIN."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # Linux reports twice what it granted: socket(7)
