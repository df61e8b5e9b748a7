"""A request and whom it goes to: what the sending and the receiving side of the exchange share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from collectors.snmp import wire
from collectors.snmp.agent import Agent
from collectors.snmp.budget import Budget
from collectors.snmp.columns import TableMemory
from collectors.snmp.flight import Lane
from collectors.snmp.sockets import Address
from netmon.api import PeerError

Trace: TypeAlias = Callable[[str, Agent | None, bytes, wire.Pdu | Exception], None]
"""Told of each datagram: "sent" or "received", whose (None: nobody's that we know), the octets, what they say."""


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


class Pending:
    """A request that waits for its answer."""

    __slots__ = (
        "_waiter",
        "address",
        "answer",
        "device",
        "fault",
        "idents",
        "limit",
        "question",
        "refusal",
        "request_id",
    )

    def __init__(self, device: Device, question: Question, address: Address, request_id: int) -> None:
        self.device = device
        self.address = address
        self.request_id = request_id
        self.question = question
        self.limit = question.asked  # of any sending: the answer to the first may come after a second, smaller one
        self.idents: list[int] = []
        self.answer: wire.Pdu | Exception | None = None
        self.fault: PeerError | None = None  # what went wrong meanwhile, to be told instead of a time-out
        self.refusal = ""  # the last datagram that carried the request's id and was no answer, to be told with it
        self._waiter: asyncio.Future[None] | None = None

    def settle(self, answer: wire.Pdu | Exception) -> None:
        """Give the answer, or the exception that stands in its place, to whoever waits for it."""
        self.answer = answer
        self._wake()

    async def wait(self, patience_s: float) -> float:
        """Return once there is an answer, or after this long without one: the seconds that it took."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        begin = loop.time()
        timer = loop.call_at(begin + patience_s, self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None
        return loop.time() - begin

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
