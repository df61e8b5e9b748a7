"""Requests and their answers over the shared sockets: matching, retries, deadlines. One request is one `ask`."""

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from collectors.snmp import wire
from collectors.snmp.agent import Agent
from collectors.snmp.budget import Budget
from collectors.snmp.columns import TableMemory
from collectors.snmp.flight import Flight, Lane
from collectors.snmp.metrics import ClientMetrics, Refusal, RefusedDatagramError
from collectors.snmp.resolve import Resolver
from collectors.snmp.settings import SnmpSettings
from collectors.snmp.sockets import Address, UdpSocket
from netmon.api import PeerAuthFailed, PeerError, PeerMalformed, PeerRefused, PeerTimeout

Trace: TypeAlias = Callable[[str, Agent | None, bytes, wire.Pdu | Exception], None]
"""Told of each datagram: "sent" or "received", whose (None: nobody's that we know), the octets, what they say."""

_MAX_RESYNCS = 3  # of one request: discovery, then the time window, then one more for an engine that just restarted
_RECENT = 4_096  # request ids remembered after their end, to name late and repeated answers; some 400 kB
_NETWORK_ERRORS = frozenset({1, 13, 101, 111, 113})  # EPERM, EACCES, ENETUNREACH, ECONNREFUSED, EHOSTUNREACH
_REFUSED = 111  # ECONNREFUSED: the host is up and nothing listens there


class ResyncError(Exception):
    """The request must be sealed anew: the engine's id, boots or time were not what we thought."""


class Security(Protocol):
    """How a device's messages are made and opened: a community, or a user at an engine."""

    version: int
    boots: int | None  # snmpEngineBoots as last authenticated
    max_octets: int  # of the largest message that the device can send

    def seal(self, pdu: bytes, ident: int) -> bytes:
        """Return the message. `ident` becomes version 3's msgID."""

    def open(self, data: bytes, header: wire.Header) -> wire.Pdu:
        """Return the PDU inside. RefusedDatagramError when it is not from whom it says; WireError when it cannot be
        read; ResyncError when the request has to be sent anew; PeerError when the device will never answer it.
        """

    def silence(self) -> PeerError | None:
        """Return what a device's silence means when it is more than a time-out."""


@dataclass(slots=True, eq=False)
class Device:
    """All that is remembered of an agent between polls."""

    agent: Agent
    security: Security
    lane: Lane
    budget: Budget = field(default_factory=Budget)
    tables: dict[bytes, TableMemory] = field(default_factory=dict)
    address: Address | None = None


@dataclass(slots=True, eq=False)
class Question:
    """One request. `names` are contents octets; `repetitions` are a GETBULK's, whose non-repeaters are 0."""

    type: int
    names: list[bytes]
    repetitions: int = 0
    octets: int = 0  # of the datagram that answered it
    took_s: float = 0.0  # from the last sending to its answer

    @property
    def asked(self) -> int:
        """How many varbinds an answer may have at most."""
        return len(self.names) * self.repetitions if self.type == wire.PduType.GETBULK else len(self.names)

    def smaller(self) -> None:
        """Ask for half the repetitions from now on: the large answer may be what got lost."""
        self.repetitions = max(self.repetitions // 2, min(self.repetitions, 1))


class _Pending:
    """A request that waits for its answer."""

    __slots__ = ("address", "answer", "device", "fault", "idents", "limit", "question", "request_id", "waiter")

    def __init__(self, device: Device, question: Question, address: Address, request_id: int) -> None:
        self.device = device
        self.address = address
        self.request_id = request_id
        self.question = question
        self.limit = question.asked  # of any sending: the answer to the first may come after a second, smaller one
        self.idents: list[int] = []
        self.answer: wire.Pdu | Exception | None = None
        self.fault: PeerError | None = None  # what went wrong meanwhile, to be told instead of a time-out
        self.waiter: asyncio.Future[None] | None = None

    def settle(self, answer: wire.Pdu | Exception) -> None:
        self.answer = answer
        self.wake()

    def wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


class Exchange:
    """The sockets, and every request under way on them."""

    def __init__(
        self, settings: SnmpSettings, metrics: ClientMetrics, clock: Callable[[], float], trace: Trace | None
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.clock = clock
        self._trace = trace
        self._resolver = Resolver(clock)
        self._pending: dict[int, _Pending] = {}
        self._at: dict[Address, set[_Pending]] = {}  # the same, by the address that is asked
        self._recent: dict[int, Refusal] = {}
        self._sockets = {
            len(("", 0)): UdpSocket(socket.AF_INET, self._received, self._unreachable),
            len(("", 0, 0, 0)): UdpSocket(socket.AF_INET6, self._received, self._unreachable),
        }  # by the length of the address: the socket module's way to tell the families apart
        self._missing_families: dict[int, str] = {}
        self.flight = Flight(settings.max_in_flight, settings.max_in_flight_per_device)
        metrics.in_flight = lambda: self.flight.in_flight
        metrics.waiting = lambda: self.flight.waiting
        metrics.buffers = self._buffers

    async def start(self) -> None:
        """Open the sockets. OSError when the host has neither IPv4 nor IPv6."""
        self._missing_families.clear()
        for key, sock in self._sockets.items():
            try:
                sock.open(self.settings.receive_buffer_bytes)
            except OSError as error:
                self._missing_families[key] = f"this host cannot use {sock.family.name}: {error.strerror}"
                if len(self._missing_families) == len(self._sockets):
                    raise

    async def stop(self) -> None:
        """Close the sockets and end every request under way; safe to call twice."""
        for sock in self._sockets.values():
            sock.close()
        for pending in list(self._pending.values()):
            pending.settle(PeerTimeout("the poller was stopped"))
        await self._resolver.stop()

    async def ask(self, device: Device, question: Question, deadline: float) -> wire.Pdu:
        """Return the answer, error-status and all. PeerError when there is none by `deadline` (monotonic seconds)."""
        agent = device.agent
        address = self._resolver.known(agent.host, agent.port) or await self._resolver.resolve(
            agent.host, agent.port, deadline - self.clock()
        )
        if len(address) in self._missing_families:
            raise PeerRefused(self._missing_families[len(address)])
        device.address = address
        pending = _Pending(device, question, address, _random_id())
        self._at.setdefault(address, set()).add(pending)
        self.metrics.requests += 1
        outcome = Refusal.LATE
        try:
            answer = await self._attempts(pending, question, deadline)
            outcome = Refusal.DUPLICATE
        except PeerError:
            self._resolver.failed(agent.host, agent.port)
            raise
        else:
            return answer
        finally:
            self._forget(pending, outcome)

    async def _attempts(self, pending: _Pending, question: Question, deadline: float) -> wire.Pdu:
        """Send until answered: each loss doubles the next time-out and halves what is asked.

        When the smaller answer arrives, the size is taken to be the reason for the loss.
        """
        resyncs = retries = lost = 0
        while True:
            left = deadline - self.clock()
            if left <= 0:
                break
            patience = min(self.settings.timeout_s * (1 << retries), left)
            answer = await self._attempt(pending, question, patience, left)
            if isinstance(answer, wire.Pdu):
                pending.device.lane.suspect = False
                if lost > question.asked:
                    pending.device.budget.failed(lost)
                return answer
            if isinstance(answer, ResyncError):
                resyncs += 1
                if resyncs > _MAX_RESYNCS:
                    raise PeerAuthFailed(f"{answer}, again and again: its engine does not keep its own time or id")
                continue
            if isinstance(answer, PeerMalformed):
                pending.fault = answer
            elif isinstance(answer, Exception):
                raise answer
            lost = question.asked
            question.smaller()
            if retries == self.settings.retries:
                break
            retries += 1
            self.metrics.retries += 1
        raise pending.fault or pending.device.security.silence() or PeerTimeout(_silence(retries, left))

    async def _attempt(
        self, pending: _Pending, question: Question, patience: float, left: float
    ) -> wire.Pdu | Exception | None:
        """Send once; return the answer, what stands in its place, or None after `patience` seconds."""
        device = pending.device
        try:
            gates = await self.flight.enter(device.lane, left)
        except TimeoutError:
            return PeerTimeout(f"not asked: {self.flight.in_flight} requests were in flight until the deadline")
        loop = asyncio.get_running_loop()
        try:
            if pending.answer is None:
                self._send(pending, question)
            if pending.answer is None:
                pending.waiter = loop.create_future()
                begin = loop.time()
                timer = loop.call_at(begin + patience, pending.wake)
                try:
                    await pending.waiter
                finally:
                    timer.cancel()
                    pending.waiter = None
                    question.took_s = loop.time() - begin
        finally:
            self.flight.leave(gates)
        answer, pending.answer = pending.answer, None
        if answer is None:
            self.metrics.timeouts += 1
            device.lane.suspect = True
        return answer

    def _send(self, pending: _Pending, question: Question) -> None:
        security = pending.device.security
        if security.version == wire.Version.V3:  # RFC 3412 section 6.2: a new msgID for each retransmission
            ident = self._unused_id()
        else:
            ident = pending.request_id = self._unused_id() if not pending.idents else pending.request_id
        if ident not in self._pending:
            self._pending[ident] = pending
            pending.idents.append(ident)
        pdu = wire.encode_pdu(question.type, pending.request_id, 0, question.repetitions, question.names)
        datagram = security.seal(pdu, ident)
        if self._trace is not None:
            nothing = wire.VarBinds(question.names, [wire.Tag.NULL] * len(question.names), [None] * len(question.names))
            sent = wire.Pdu(question.type, pending.request_id, 0, question.repetitions, nothing)
            self._trace("sent", pending.device.agent, datagram, sent)
        if not self._sockets[len(pending.address)].send(datagram, pending.address):
            self.metrics.unsent += 1

    def _unused_id(self) -> int:
        """Return a number that nobody can guess and that no request under way, or lately, has."""
        while True:
            ident = _random_id()
            if ident not in self._pending and ident not in self._recent:
                return ident

    def _forget(self, pending: _Pending, outcome: Refusal) -> None:
        here = self._at[pending.address]
        here.discard(pending)
        if not here:
            del self._at[pending.address]
        recent = self._recent
        for ident in pending.idents:
            del self._pending[ident]
            recent[ident] = outcome
        while len(recent) > _RECENT:
            del recent[next(iter(recent))]

    def _received(self, data: bytes, address: Address) -> None:
        """Take one datagram: give it to the request that it answers, or count why not."""
        self.metrics.received += 1
        pending: _Pending | None = None
        answer: wire.Pdu | Exception
        try:
            header = wire.peek(data)
            ident = header.msg_id if header.version == wire.Version.V3 else header.request_id
            pending = self._pending.get(ident)
            if pending is None:
                raise RefusedDatagramError(self._recent.get(ident, Refusal.UNKNOWN_REQUEST))  # noqa: TRY301 - one place counts them
            if pending.answer is not None:
                raise RefusedDatagramError(Refusal.DUPLICATE)  # noqa: TRY301 - the same
            try:
                answer = self._open(pending, header, data, address)
            except (ResyncError, PeerError) as error:
                answer = error
        except RefusedDatagramError as refusal:
            self._refuse(refusal, pending, data)
            return
        except wire.WireError as error:
            self._refuse(RefusedDatagramError(Refusal.MALFORMED, str(error)), pending, data)
            self._malformed(pending, address, error)
            return
        if self._trace is not None:
            self._trace("received", pending.device.agent, data, answer)
        pending.settle(answer)

    def _open(self, pending: _Pending, header: wire.Header, data: bytes, address: Address) -> wire.Pdu:
        """Return the PDU of a datagram that answers `pending`. RefusedDatagramError says what about it does not."""
        if address != pending.address:
            raise RefusedDatagramError(Refusal.WRONG_SOURCE, f"from {address[0]} port {address[1]}")
        security = pending.device.security
        if header.version != security.version:
            raise RefusedDatagramError(Refusal.WRONG_VERSION, f"{header.version}, asked {security.version}")
        pdu = security.open(data, header)
        if pdu.type != wire.PduType.RESPONSE:
            raise RefusedDatagramError(Refusal.WRONG_PDU, f"tag 0x{pdu.type:02x}")
        if pdu.request_id != pending.request_id:
            raise RefusedDatagramError(Refusal.WRONG_PDU, "another request-id inside")
        if len(pdu.varbinds.oids) > pending.limit:
            raise RefusedDatagramError(Refusal.TOO_MANY_VARBINDS, f"{len(pdu.varbinds.oids)} of {pending.limit}")
        question = pending.question
        if question.type == wire.PduType.GET and not pdu.error_status and pdu.varbinds.oids != question.names:
            raise RefusedDatagramError(Refusal.WRONG_NAMES)
        question.octets = len(data)
        return pdu

    def _refuse(self, refusal: RefusedDatagramError, pending: _Pending | None, data: bytes) -> None:
        self.metrics.refused[refusal.reason] += 1
        if pending is not None and refusal.fault is not None:
            pending.fault = refusal.fault
        if self._trace is not None:
            self._trace("received", pending.device.agent if pending else None, data, refusal)

    def _malformed(self, pending: _Pending | None, address: Address, error: wire.WireError) -> None:
        """Let the requests to this address tell why they got no answer.

        A community's request ends its wait at once: who knows its random id could as well forge a whole answer.
        """
        fault = PeerMalformed(f"the answer cannot be read: {error}")
        for each in self._at.get(address, ()):
            if pending is None or each is pending:
                each.fault = fault
            if each is pending and each.device.security.version != wire.Version.V3:
                each.settle(fault)

    def _unreachable(self, error: int, address: Address) -> None:
        """Take an ICMP error. A refused port ends the wait; a network's complaint may pass, so it waits for the end."""
        self.metrics.icmp_errors += 1
        if error not in _NETWORK_ERRORS:
            return
        fault = PeerRefused(f"{address[0]} port {address[1]}: {os.strerror(error)}")
        for pending in self._at.get(address, ()):
            pending.fault = fault
            if error == _REFUSED:
                pending.settle(fault)

    def _buffers(self) -> list[tuple[str, int, int]]:
        names = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
        return [(names[s.family], s.granted_bytes, s.drops()) for s in self._sockets.values()]


def _random_id() -> int:
    """Return 1 to 2**31-1, the range of a request-id and of a msgID, from the kernel's generator."""
    return int.from_bytes(os.urandom(4), "big") >> 1 or 1


def _silence(retries: int, left: float) -> str:
    sent = f"no answer to {retries + 1} requests" if retries else "no answer"
    return f"{sent} before the deadline" if left <= 0 else sent
