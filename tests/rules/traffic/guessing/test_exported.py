"""Guessing in the records of exporters, which say nothing of how a flow began: with TCP's timestamps, and without."""

from collections.abc import Callable

import numpy as np
import pytest

from collectors.traffic.flowtable.table import FlowTable
from netmon.api import Finding
from netmon.api.traffic import Second
from rules.traffic.guessing.rule import Guessing
from rules.traffic.guessing.settings import GuessingSettings
from tests.rules.traffic.guessing.models import (
    FAILURES,
    NETWORKS,
    SERVER,
    STRANGER,
    Traffic,
    application,
    binds,
    checks,
    tries,
    typing_errors,
)
from tests.rules.traffic.scans.conversations import START, records_of, unstamped


def exported(packets: Traffic) -> list[Finding]:
    """Return what is said first of each matter where an exporter tells flows, with nothing of how they began."""
    rule = Guessing(GuessingSettings(), NETWORKS)
    first: dict[str, Finding] = {}
    flows = FlowTable(seed=1)
    flows.add(records_of(packets))
    flows.drain((START + 2) * 10**9)
    rows = flows.finish()
    rows["bytes"] -= np.uint64(14) * rows["packets"]
    rows["reply_bytes"] -= np.uint64(14) * rows["reply_packets"]
    for at in range(START, START + 60, 10):
        mine = rows[(rows["end_ns"] >= at * 10**9) & (rows["end_ns"] < (at + 10) * 10**9)]
        for finding in rule.observe(Second(at, at + 10, live=False, ended=mine)):
            first.setdefault(finding.key, finding)
    return list(first.values())


@pytest.mark.parametrize("stamped", [True, False], ids=["with timestamps", "without"])
@pytest.mark.parametrize("service", FAILURES)
def test_brute_force_in_exported_flows(service: str, *, stamped: bool) -> None:
    port, sent, received = FAILURES[service]
    packets = tries(STRANGER, SERVER, port, (sent, received), every_s=1.5)
    found = exported(packets if stamped else unstamped(packets))
    assert [(finding.rule, finding.evidence["service"]) for finding in found] == [("brute_force", service)]


def test_little_is_said_to_redis() -> None:
    packets = tries(STRANGER, SERVER, 6379, (35, 28), count=100, every_s=0.4)
    assert [finding.evidence["service"] for finding in exported(unstamped(packets))] == ["Redis"]


@pytest.mark.parametrize("stamped", [True, False], ids=["with timestamps", "without"])
@pytest.mark.parametrize("model", [checks, application, typing_errors, binds], ids=lambda model: model.__name__)
def test_nothing_is_said_of_in_exported_flows(model: Callable[[], Traffic], *, stamped: bool) -> None:
    packets = [packet for packet in model() if packet.at < 58]
    assert exported(packets if stamped else unstamped(packets)) == []
