"""sFlow version 5: sampled packets and counters of switches, decoded into columns."""

from collectors.traffic.flows.sflow.sflow import SFlow, SFlowCounters
from collectors.traffic.flows.sflow.words import INTERFACE, PROCESSOR

__all__ = ["INTERFACE", "PROCESSOR", "SFlow", "SFlowCounters"]
