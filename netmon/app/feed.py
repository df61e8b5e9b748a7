"""Shows every reading to every rule and sends what they find on its way to the core."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from netmon.api import Finding, Reading, Rule, Uplink

TICK_S: Final = 1.0

log = structlog.get_logger(__name__)


class Feed:
    """From readings to findings. A component: its ticks tell the rules that time passes."""

    def __init__(
        self, rules: Sequence[Rule], uplink: Uplink, registry: CollectorRegistry, now: Callable[[], float] = time.time
    ) -> None:
        self._rules = tuple(rules)
        self._uplink = uplink
        self._now = now
        self._ticking: asyncio.Task[None] | None = None
        self._findings = Counter("netmon_findings", "Findings by rule", ["rule", "state"], registry=registry)
        self._bugs = Counter("netmon_rule_bugs", "Errors in rules that were not foreseen", ["rule"], registry=registry)
        Gauge("netmon_rules", "Rules at work", registry=registry).set(len(self._rules))
        registry.register(_Dropped(self._rules))

    async def start(self) -> None:
        """Begin to tick."""
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Tick no more."""
        task, self._ticking = self._ticking, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def see(self, reading: Reading) -> None:
        """Show one poll to the rules."""
        for rule in self._rules:
            self._send(rule, partial(rule.observe, reading))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for rule in self._rules:
                self._send(rule, partial(rule.tick, self._now()))

    def _send(self, rule: Rule, judge: Callable[[], Iterable[Finding]]) -> None:
        try:
            found = list(judge())
        except Exception:  # a bug in one rule must not silence the others
            self._bugs.labels(rule.name).inc()
            log.exception("a rule failed in an unforeseen way", rule=rule.name)
            return
        for finding in found:
            self._findings.labels(finding.rule, "cleared" if finding.cleared else "active").inc()
        if found:
            self._uplink.send(found)


class _Dropped:
    """What rules left out for want of room, when they are asked: a collector of prometheus_client."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules

    def describe(self) -> list[Metric]:
        """Say nothing at registration: what is shown depends on what there is."""
        return []

    def collect(self) -> list[Metric]:
        """Return what each rule counts as `dropped` (by declaration) and `unread` (by metric)."""
        found = CounterMetricFamily(
            "netmon_rule_dropped", "What a rule left out for want of room", labels=["rule", "what", "of"]
        )
        for rule in self._rules:
            for what in ("dropped", "unread"):
                for of, count in getattr(rule, what, {}).items():
                    found.add_metric([rule.name, what, of], count)
        return [found]
