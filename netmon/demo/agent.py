"""An SNMP agent on a UDP address, and many of them in one event loop. Versions 1 and 2c here, version 3 in `usm.py`."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from collectors.snmp.ber import MAX_MESSAGE, WireError
from collectors.snmp.usm import V3Message
from collectors.snmp.wire import Pdu, Version, decode_message, encode_message, peek
from netmon.demo.answer import Room, answer
from netmon.demo.mib import MibView
from netmon.demo.usm import HEADERS as V3_HEADERS
from netmon.demo.usm import Usm

Address: TypeAlias = tuple[str, int]
Tamper: TypeAlias = Callable[[bytes, bytes], Iterable[bytes]]
"""(request, reply) → the datagrams to send instead: none to lose it, two to repeat it."""

HEADERS = 64  # octets, at most, that a version 2c message takes besides its community and varbinds
DATAGRAMS_A_TURN = 64  # read from one socket before the others get theirs
BUFFER_BYTES = 1 << 20  # of requests that wait in the kernel: a poller sends to many agents at once


class CannotServeError(OSError):
    """An address cannot be answered at; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How an agent behaves. `latency_s` is asked for each reply, so that replies may overtake each other."""

    max_message_bytes: int = MAX_MESSAGE
    bulk_too_big: bool = False  # refuse a GETBULK that has no room instead of cutting it
    latency_s: Callable[[], float] | None = None
    tamper: Tamper | None = None


@dataclass(slots=True)
class Counts:
    """What went through an agent's socket since it began. `ignored` had a wrong community, user or form."""

    requests: int = 0
    replies: int = 0
    varbinds: int = 0
    ignored: int = 0
    lost: int = 0  # the kernel did not take the reply


@dataclass(slots=True)
class Agent:
    """Answers for one device. `respond` is sans-I/O: a datagram and the time in, a reply or None out."""

    view: MibView
    community: bytes | None = b"public"  # None: version 3 only
    usm: Usm | None = None  # None: versions 1 and 2c only
    manners: Manners = field(default_factory=Manners)
    counts: Counts = field(default_factory=Counts)
    silent: Callable[[float], bool] | None = None  # when it answers nothing at all; None: never

    def respond(self, request: bytes, now: float) -> bytes | None:
        """Return the reply to one datagram; None for what an agent does not answer (RFC 3416 section 4.2)."""
        self.counts.requests += 1
        if self.silent is not None and self.silent(now):
            return None
        try:
            reply = self.reply(request, now)
        except WireError:
            reply = None
        if reply is None:
            self.counts.ignored += 1
        return reply

    def reply(self, request: bytes, now: float) -> bytes | None:
        """As `respond`, without the counting. WireError for what is no SNMP message."""
        if peek(request).version == Version.V3:
            return self._reply_v3(self.usm, request, now) if self.usm else None
        message = decode_message(request)
        if self.community is None or message.community != self.community or not isinstance(message.pdu, Pdu):
            return None
        room = self._room(self.manners.max_message_bytes - HEADERS - len(self.community))
        pdu = self._answer(message.version, message.pdu, now, room)
        return None if pdu is None else encode_message(message.version, self.community, pdu)

    def _reply_v3(self, usm: Usm, request: bytes, now: float) -> bytes | None:
        message = usm.open(request, now)
        if not isinstance(message, V3Message):
            return message
        room = self._room(min(self.manners.max_message_bytes, message.max_size) - V3_HEADERS)
        pdu = self._answer(Version.V3, message.pdu, now, room)
        return None if pdu is None else usm.close(message, pdu, now)

    def _answer(self, version: int, pdu: Pdu, now: float, room: Room) -> bytes | None:
        found = answer(self.view, version, pdu, now, room)
        if found is None:
            return None
        self.counts.varbinds += found.varbinds
        return found.pdu

    def _room(self, octets: int) -> Room:
        return Room(octets, self.manners.bulk_too_big)


class Responder:
    """Serves agents, each on a UDP socket of its own, from the running event loop."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._sockets: list[socket.socket] = []
        self.cpu_s = 0.0  # spent on answering

    def serve(self, agent: Agent, address: Address) -> Address:
        """Begin to answer at `address` (port 0: any free one); return the address with its port.

        CannotServeError when it is taken or not this machine's.
        """
        sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            sock.bind(address)
        except OSError as error:
            sock.close()
            raise CannotServeError(f"cannot answer SNMP at {address[0]}:{address[1]}: {error.strerror}") from error
        self._sockets.append(sock)
        asyncio.get_running_loop().add_reader(sock, self._read, sock, agent)
        host, port = sock.getsockname()[:2]
        return host, port

    def close(self) -> None:
        """Stop answering; replies that are still held back by their latency are dropped."""
        for sock in self._sockets:
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()
        self._sockets.clear()

    def _read(self, sock: socket.socket, agent: Agent) -> None:
        began = time.thread_time()
        self._answer_waiting(sock, agent)
        self.cpu_s += time.thread_time() - began

    def _answer_waiting(self, sock: socket.socket, agent: Agent) -> None:
        for _ in range(DATAGRAMS_A_TURN):
            try:
                request, peer = sock.recvfrom(MAX_MESSAGE)
            except (BlockingIOError, InterruptedError):
                return
            reply = agent.respond(request, self._clock())
            if reply is not None:
                self._dispatch(sock, agent, request, reply, peer)

    def _dispatch(self, sock: socket.socket, agent: Agent, request: bytes, reply: bytes, peer: Address) -> None:
        manners = agent.manners
        for datagram in manners.tamper(request, reply) if manners.tamper else (reply,):
            if manners.latency_s is None:
                _send(sock, agent, datagram, peer)
            else:
                asyncio.get_running_loop().call_later(manners.latency_s(), _send, sock, agent, datagram, peer)


def _send(sock: socket.socket, agent: Agent, datagram: bytes, peer: Address) -> None:
    try:
        sock.sendto(datagram, peer)
    except OSError:  # a full buffer, or a socket closed meanwhile: UDP loses it, as a network would
        agent.counts.lost += 1
    else:
        agent.counts.replies += 1
