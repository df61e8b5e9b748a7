"""Requests that wait, and which datagrams answer them. Whatever answers nothing is counted by its reason."""

import errno
import os
from collections.abc import Iterator

from collectors.snmp import wire
from collectors.snmp.metrics import ClientMetrics, Refusal, RefusedDatagramError
from collectors.snmp.request import Pending, ResyncError, Trace
from collectors.snmp.sockets import Address
from netmon.api import PeerError, PeerMalformed, PeerRefused

_RECENT = 4_096  # request ids remembered after their end, to name late and repeated answers; some 400 kB
_NETWORK_ERRORS = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM})


class Inbox:
    """Takes what the sockets receive. Knows every request under way by its ids and by the address that is asked."""

    def __init__(self, metrics: ClientMetrics, trace: Trace | None) -> None:
        self._metrics = metrics
        self._trace = trace
        self._pending: dict[int, Pending] = {}
        self._at: dict[Address, set[Pending]] = {}
        self._recent: dict[int, Refusal] = {}

    def expect(self, pending: Pending) -> None:
        """Begin to know a request."""
        self._at.setdefault(pending.address, set()).add(pending)

    def expect_ident(self, pending: Pending, ident: int) -> None:
        """Take answers that carry this request-id, or version 3's msgID, for the request."""
        if ident not in self._pending:
            self._pending[ident] = pending
            pending.idents.append(ident)

    def all_pending(self) -> Iterator[Pending]:
        """Give every request under way."""
        for here in list(self._at.values()):
            yield from list(here)

    def forget(self, pending: Pending, outcome: Refusal) -> None:
        """Know a request no more: what still comes for it is `outcome`."""
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

    def unused_id(self) -> int:
        """Return a number that nobody can guess and that no request under way, or lately, has."""
        while True:
            ident = _random_id()
            if ident not in self._pending and ident not in self._recent:
                return ident

    def received(self, data: bytes, address: Address) -> None:
        """Take one datagram: give it to the request that it answers, or count why not."""
        self._metrics.received += 1
        pending: Pending | None = None
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

    def _open(self, pending: Pending, header: wire.Header, data: bytes, address: Address) -> wire.Pdu:
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

    def _refuse(self, refusal: RefusedDatagramError, pending: Pending | None, data: bytes) -> None:
        self._metrics.refused[refusal.reason] += 1
        if pending is not None:
            pending.refusal = str(refusal)
            pending.fault = refusal.fault or pending.fault
        if self._trace is not None:
            self._trace("received", pending.device.agent if pending else None, data, refusal)

    def _malformed(self, pending: Pending | None, address: Address, error: wire.WireError) -> None:
        """Let the requests to this address tell why they got no answer.

        A community's request ends its wait at once: who knows its random id could as well forge a whole answer.
        """
        fault = PeerMalformed(f"the answer cannot be read: {error}")
        for each in self._at.get(address, ()):
            if pending is None or each is pending:
                each.fault = fault
            if each is pending and each.device.security.version != wire.Version.V3:
                each.settle(fault)

    def unreachable(self, error: int, address: Address) -> None:
        """Take an ICMP error. A refused port ends the wait; a network's complaint may pass, so it waits for the end."""
        self._metrics.icmp_errors += 1
        if error not in _NETWORK_ERRORS:
            return
        fault = PeerRefused(f"{address[0]} port {address[1]}: {os.strerror(error)}")
        for pending in self._at.get(address, ()):
            pending.fault = fault
            if error == errno.ECONNREFUSED:  # the host is up and nothing listens there
                pending.settle(fault)


def _random_id() -> int:
    """Return 1 to 2**31-1, the range of a request-id and of a msgID, from the kernel's generator."""
    return int.from_bytes(os.urandom(4), "big") >> 1 or 1
