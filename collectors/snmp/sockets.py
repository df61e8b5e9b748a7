"""One UDP socket for all devices of an address family: a large buffer, ICMP errors, and what the kernel dropped.

The socket is read by the event loop's `add_reader` rather than through a datagram transport: the kernel's error queue
and drop counter are out of a transport's reach, a transport loses the datagram that it sends while another device's
ICMP error is pending, and asyncio's own allocates 256 kB for each datagram it receives.
"""

import asyncio
import errno
import socket
import struct
from collections.abc import Callable
from typing import TypeAlias

Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]  # as the socket module gives them

# Linux's numbers that Python 3.11's socket module does not name.
_SO_RCVBUFFORCE = 33
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("=9I")  # linux/sock_diag.h: SK_MEMINFO_DROPS is the last
_MSG_ERRQUEUE = 0x2000
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}  # IP_RECVERR
_EXTENDED_ERR = struct.Struct("=IBBBBII")  # struct sock_extended_err: ee_errno, ee_origin, ee_type, ee_code, …
_BATCH = 64  # datagrams read at one wake-up: then the loop's other work has its turn
_LARGEST = 65_535


class UdpSocket:
    """A bound, unconnected socket that hands each datagram to `received` and each ICMP error to `unreachable`."""

    def __init__(
        self,
        family: socket.AddressFamily,
        received: Callable[[bytes, Address], None],
        unreachable: Callable[[int, Address], None],
    ) -> None:
        self.family = family
        self.granted_bytes = 0
        self._dropped = 0  # on sockets since closed
        self._received = received
        self._unreachable = unreachable
        self._buffer = bytearray(_LARGEST)
        self._view = memoryview(self._buffer)
        self._socket: socket.socket | None = None
        self._had_errors = False  # since the descriptor was last given to the loop

    def open(self, receive_buffer_bytes: int) -> None:
        """Bind to a port of the kernel's choice and listen. OSError where the host lacks the address family."""
        sock = socket.socket(self.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            if self.family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(*_RECVERR[self.family], 1)
            self.granted_bytes = _enlarge(sock, receive_buffer_bytes)
            sock.bind(("", 0))
        except OSError:
            sock.close()
            raise
        self._socket = sock
        asyncio.get_running_loop().add_reader(sock.fileno(), self._readable)

    def close(self) -> None:
        """Stop listening; safe to call twice."""
        sock = self._socket
        if sock is not None:
            self._dropped = self.drops()
            self._socket = None
            asyncio.get_running_loop().remove_reader(sock.fileno())
            sock.close()

    def send(self, datagram: bytes, address: Address) -> bool:
        """Send; False when the kernel did not take it, which the caller treats as a datagram lost."""
        sock = self._socket
        if sock is None:
            return False
        for _ in range(3):  # an earlier datagram's ICMP error is reported to whoever comes next
            try:
                sock.sendto(datagram, address)
            except BlockingIOError:
                return False
            except OSError as error:
                if not self._drain_errors(sock):
                    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES, errno.EPERM):
                        self._unreachable(error.errno, address)
                    return False
            else:
                return True
        return False

    def drops(self) -> int:
        """Return how many datagrams the kernel dropped for want of room, where it tells (Linux 4.12 and later)."""
        if self._socket is None:
            return self._dropped
        try:
            info = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return self._dropped
        return self._dropped + (int(_MEMINFO.unpack(info)[-1]) if len(info) == _MEMINFO.size else 0)

    def _readable(self) -> None:
        sock = self._socket
        if sock is None:
            return
        receive, buffer, view, received = sock.recvfrom_into, self._buffer, self._view, self._received
        for _ in range(_BATCH):
            try:
                size, address = receive(buffer)
            except BlockingIOError:
                break
            except OSError:  # the pending ICMP error; its details are in the error queue
                break
            received(bytes(view[:size]), address)
            if self._socket is None:  # closed by the one who received
                return
        self._drain_errors(sock)
        if self._had_errors and self._socket is not None:
            self._had_errors = False
            loop = asyncio.get_running_loop()  # libuv gives up on a descriptor that had an error: watch it anew
            loop.remove_reader(sock.fileno())
            loop.add_reader(sock.fileno(), self._readable)

    def _drain_errors(self, sock: socket.socket) -> int:
        """Report what the error queue holds; return how many. Without this the loop would wake for ever."""
        for count in range(_BATCH):
            try:
                _, ancillary, _, address = sock.recvmsg(0, 512, _MSG_ERRQUEUE)
            except OSError:
                return count
            self._had_errors = True
            for level, kind, data in ancillary:
                if (level, kind) == _RECVERR[self.family] and len(data) >= _EXTENDED_ERR.size:
                    self._unreachable(_EXTENDED_ERR.unpack_from(data)[0], address)
        return _BATCH


def _enlarge(sock: socket.socket, wanted: int) -> int:
    """Set the receive buffer and return what was granted: past net.core.rmem_max it takes CAP_NET_ADMIN."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # Linux reports twice what it granted: socket(7)
