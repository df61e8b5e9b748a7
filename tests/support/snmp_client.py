"""A started SNMP client with short time-outs, and its metrics."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CollectorRegistry

from collectors.snmp import oid
from collectors.snmp.agent import Agent
from collectors.snmp.answers import Answers
from collectors.snmp.client import SnmpClient, Trace
from collectors.snmp.settings import SnmpSettings


def raw(text: str) -> bytes:
    """Return the contents octets of a dotted OID."""
    return oid.encode(oid.parse(text))


def columns(root: str, numbers: Sequence[int]) -> list[bytes]:
    """Return columns of a table's entry."""
    return [raw(f"{root}.{number}") for number in numbers]


class Harness:
    """The client under test."""

    def __init__(self, settings: SnmpSettings, trace: Trace | None) -> None:
        self.registry = CollectorRegistry()
        self.client = SnmpClient(settings, self.registry, trace=trace)

    async def fetch(
        self,
        agent: Agent,
        scalars: Sequence[str] = (),
        groups: Sequence[Sequence[bytes]] = (),
        within_s: float = 10.0,
    ) -> Answers:
        return await self.client.fetch(agent, [raw(each) for each in scalars], groups, time.monotonic() + within_s)

    def metric(self, name: str, **labels: str) -> int:
        value = self.registry.get_sample_value(f"netmon_snmp_{name}", labels)
        assert value is not None, name
        return int(value)

    def refused(self) -> dict[str, int]:
        """Return how many datagrams were refused, by reason, without those that none were refused for."""
        family = next(f for f in self.registry.collect() if f.name == "netmon_snmp_datagrams_refused")
        return {s.labels["reason"]: int(s.value) for s in family.samples if s.value}


@asynccontextmanager
async def snmp_client(trace: Trace | None = None, **settings: Any) -> AsyncIterator[Harness]:
    """Start a client; stop it with the block, and see that nothing was left in flight and nothing raised unseen."""
    harness = Harness(SnmpSettings(**{"timeout_s": 0.05, "retries": 1, **settings}), trace)
    bugs: list[dict[str, Any]] = []  # what a callback raised: the loop would only log it
    asyncio.get_running_loop().set_exception_handler(lambda _, context: bugs.append(context))
    await harness.client.start()
    try:
        yield harness
        assert harness.metric("requests_in_flight") == 0
        assert harness.metric("requests_waiting") == 0
        assert bugs == []
    finally:
        await harness.client.stop()


def rows(answers: Answers, column: bytes) -> dict[str, Any]:
    """Return a column's cells by dotted index."""
    return {oid.text(oid.suffix_arcs(index)): cell for index, cell in answers.cells[column].items()}
