"""Asking: a request goes out over the shared sockets, again when it is not answered, until its deadline."""

import socket
from collections.abc import Callable

from collectors.snmp import wire
from collectors.snmp.flight import Flight
from collectors.snmp.inbox import Inbox
from collectors.snmp.metrics import ClientMetrics, Refusal
from collectors.snmp.request import Device, Pending, Question, ResyncError, Trace
from collectors.snmp.resolve import Resolver
from collectors.snmp.settings import SnmpSettings
from collectors.snmp.sockets import UdpSocket
from netmon.api import PeerAuthFailed, PeerError, PeerMalformed, PeerRefused, PeerTimeout

_MAX_RESYNCS = 3  # of one request: discovery, then the time window, then one more for an engine that just restarted


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
        self._inbox = Inbox(metrics, trace)
        self._sockets = {
            len(("", 0)): UdpSocket(socket.AF_INET, self._inbox.received, self._inbox.unreachable),
            len(("", 0, 0, 0)): UdpSocket(socket.AF_INET6, self._inbox.received, self._inbox.unreachable),
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
        for pending in self._inbox.all_pending():
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
        pending = Pending(device, question, address, self._inbox.unused_id())
        self._inbox.expect(pending)
        self.metrics.requests += 1
        outcome = Refusal.LATE
        try:
            answer = await self._attempts(pending, question, deadline)
            outcome = Refusal.DUPLICATE
        except (PeerTimeout, PeerRefused):
            self._resolver.failed(agent.host, agent.port)
            raise
        else:
            return answer
        finally:
            self._inbox.forget(pending, outcome)

    async def _attempts(self, pending: Pending, question: Question, deadline: float) -> wire.Pdu:
        """Send until answered: each loss doubles the next time-out and halves what is asked.

        When the smaller answer arrives, the size is taken to be the reason for the loss.
        """
        resyncs = retries = lost = 0
        while True:
            left = deadline - self.clock()
            if left <= 0:
                break
            answer = await self._attempt(pending, question, retries, left)
            if isinstance(answer, wire.Pdu):
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
            left = deadline - self.clock()
            if retries == self.settings.retries or left <= 0:
                break
            retries += 1
            self.metrics.retries += 1
        raise pending.fault or pending.device.security.silence() or _silence(pending, retries, left)

    async def _attempt(
        self, pending: Pending, question: Question, retries: int, left: float
    ) -> wire.Pdu | Exception | None:
        """Send once; return the answer, what stands in its place, or None after the patience that is due."""
        device = pending.device
        patience = min(self.settings.timeout_s * (1 << retries), left)
        try:
            gates = await self.flight.enter(device.lane, left)
        except TimeoutError:
            return self._held_up(pending, retries)
        try:
            if pending.answer is None:
                self._send(pending, question)
            if pending.answer is None:
                question.took_s = await pending.wait(patience)
        finally:
            self.flight.leave(gates)
        answer, pending.answer = pending.answer, None
        device.lane.suspect = answer is None
        self.metrics.timeouts += answer is None
        return answer

    def _send(self, pending: Pending, question: Question) -> None:
        security = pending.device.security
        ident = pending.request_id
        if security.version == wire.Version.V3:  # RFC 3412 section 6.2: a new msgID for each retransmission
            ident = self._inbox.unused_id()
        self._inbox.expect_ident(pending, ident)
        pdu = wire.encode_pdu(question.type, pending.request_id, 0, question.repetitions, question.names)
        datagram = security.seal(pdu, ident)
        if self._trace is not None:
            nothing = wire.VarBinds(question.names, [wire.Tag.NULL] * len(question.names), [None] * len(question.names))
            sent = wire.Pdu(question.type, pending.request_id, 0, question.repetitions, nothing)
            self._trace("sent", pending.device.agent, datagram, sent)
        if not self._sockets[len(pending.address)].send(datagram, pending.address):
            self.metrics.unsent += 1

    def _held_up(self, pending: Pending, retries: int) -> PeerError:
        """Return why there was no place in flight until the deadline: the device's own silence comes before the queue.

        Several polls of one device share its few places, so that of a silent device some wait until the end.
        """
        if retries:
            return pending.fault or pending.device.security.silence() or _silence(pending, retries - 1, 0.0)
        gate = pending.device.lane.gate
        if gate.inside >= gate.limit:
            return PeerTimeout(f"no answer before the deadline to the requests that were under way ({gate.inside})")
        under_way, waiting = self.flight.in_flight, self.flight.waiting
        silent = "the device did not answer when last asked, and " if pending.device.lane.suspect else ""
        return PeerTimeout(
            f"not asked: {silent}{under_way} requests were in flight, {waiting} waited, until the deadline"
        )

    def _buffers(self) -> list[tuple[str, int, int]]:
        names = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
        return [(names[s.family], s.granted_bytes, s.drops()) for s in self._sockets.values()]


def _silence(pending: Pending, retries: int, left: float) -> PeerTimeout:
    """Return what to say of a request that nobody answered."""
    sent = f"no answer to {retries + 1} requests" if retries else "no answer"
    refused = f" but a datagram that was refused ({pending.refusal})" if pending.refusal else ""
    return PeerTimeout(sent + refused + (" before the deadline" if left <= 0 else ""))
