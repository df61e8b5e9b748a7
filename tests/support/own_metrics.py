"""Every metric that a daemon makes about itself: one of all roles, with everything on that can be.

What a stream of traffic counts is named without one: it would take an interface, and the compiler.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from exporters.actions.actor import Actor
from exporters.actions.settings import ActionSettings
from exporters.flowstore.metrics import Metrics as StoreMetrics
from netmon.api import Event, Finding
from netmon.app.daemon import Daemon
from netmon.app.traffic.chores import Chores
from netmon.app.traffic.indicatorfiles import IndicatorFiles, IndicatorMetrics
from netmon.app.traffic.metrics import TrafficMetrics
from rules.traffic.indicators.settings import IndicatorSettings
from tests.support.daemon import write_config
from tests.support.processes import free_port


class _Nobody:
    """An uplink that leads nowhere."""

    def send(self, things: Sequence[Finding | Event]) -> None:
        """Take nothing."""


async def own_metrics(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Metric]:
    """Start a daemon in this process, collect what it says of itself, and stop it."""
    monkeypatch.setenv("TEST_COMMUNITY", "public")
    nobody = f"http://127.0.0.1:{free_port()}"
    more: dict[str, Any] = {
        "alertmanager": {"servers": [{"url": nobody}]},
        "history": {"prometheus": {"url": nobody}},
        "heartbeat": {"pings": [{"url": nobody}]},
        "witness": {"witnesses": [{"kind": "webhook", "name": "one", "url": nobody}]},
    }
    directory, _ = write_config(folder, {}, more)
    (directory / "netmon.yaml").chmod(0o600)  # a ping's URL is a secret
    daemon = Daemon(directory)
    await daemon.start()
    try:
        found = [family for family in daemon.registry.collect() if family.name.startswith("netmon_")]
    finally:
        await daemon.stop()
    kept = CollectorRegistry()
    StoreMetrics(kept)
    Actor(ActionSettings(), _Nobody(), kept, source="sensor")
    Chores(kept)
    lists = IndicatorMetrics(IndicatorFiles(IndicatorSettings()))
    return [*found, *TrafficMetrics(()).collect(), *lists.collect(), *kept.collect()]


def shown(family: Metric) -> str:
    """Return the name that a family's series begin with on the page."""
    return f"{family.name}_total" if family.type == "counter" else family.name


def named(text: str) -> set[str]:
    """Return the names of netmon's metrics in a text, without what histograms add to theirs."""
    found = re.findall(r"\bnetmon_[a-z0-9_]+\b", text)
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in found}
