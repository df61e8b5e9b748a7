"""The SNMP client: fetch scalars and tables of any number of agents over one socket for each address family."""

import time
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry

from collectors.snmp.agent import Agent
from collectors.snmp.answers import Answers
from collectors.snmp.community import CommunitySecurity
from collectors.snmp.exchange import Exchange
from collectors.snmp.metrics import ClientMetrics
from collectors.snmp.request import Device, Security, Trace
from collectors.snmp.settings import CommunityCredential, Credential, SnmpSettings
from collectors.snmp.walk import Fetch

__all__ = ["Agent", "SnmpClient", "Trace"]


class SnmpClient:
    """A component. `clock` gives monotonic seconds, as deadlines do; `trace` is told of every datagram."""

    def __init__(
        self,
        settings: SnmpSettings,
        registry: CollectorRegistry,
        clock: Callable[[], float] = time.monotonic,
        trace: Trace | None = None,
    ) -> None:
        self._clock = clock
        self._metrics = ClientMetrics()
        self._metrics.reduced = lambda: sum(device.budget.reduced for device in self._devices.values())
        self._exchange = Exchange(settings, self._metrics, clock, trace)
        self._devices: dict[str, Device] = {}
        registry.register(self._metrics)

    async def start(self) -> None:
        """Open the sockets. OSError when the host has neither IPv4 nor IPv6."""
        await self._exchange.start()

    async def stop(self) -> None:
        """Close the sockets; requests under way end with PeerTimeout. Safe to call twice."""
        await self._exchange.stop()

    async def get(self, agent: Agent, oids: Sequence[bytes], deadline: float) -> Answers:
        """Fetch scalars: `fetch` without tables."""
        return await self.fetch(agent, oids, (), deadline)

    async def fetch(
        self, agent: Agent, scalars: Sequence[bytes], columns: Sequence[Sequence[bytes]], deadline: float
    ) -> Answers:
        """Fetch scalars (objects without `.0`) and tables until `deadline`, in monotonic seconds.

        `columns` are groups that share an index, one for each table. PeerError when the device as a whole does not
        answer or refuses our credentials; what fails of a device that answers is in `Answers.problems`.
        """
        fetch = Fetch(self._exchange, self._device(agent), deadline)
        return await fetch.run(scalars, columns)

    def boots(self, agent_name: str) -> int | None:
        """Return snmpEngineBoots as last authenticated; None before, and for what is not version 3."""
        device = self._devices.get(agent_name)
        return device.security.boots if device is not None else None

    def forget(self, agent_name: str) -> None:
        """Drop what is remembered of an agent that left the inventory."""
        self._devices.pop(agent_name, None)

    def _device(self, agent: Agent) -> Device:
        device = self._devices.get(agent.name)
        if device is None or (device.agent is not agent and device.agent != agent):
            device = Device(agent, self._security(agent.credential), self._exchange.flight.lane())
            self._devices[agent.name] = device
        return device

    def _security(self, credential: Credential) -> Security:
        if isinstance(credential, CommunityCredential):
            return CommunitySecurity(credential, self._metrics)
        from collectors.snmp.engines import UserSecurity  # noqa: PLC0415 - its cryptography is 7 MB; v2c needs none of it

        return UserSecurity(credential, self._metrics, self._clock)
