"""From packets to flows with both directions, and (`pairing`) from exporters' one-way flows to the same."""

from collectors.traffic.flowtable.settings import FlowTableSettings, PairingSettings
from collectors.traffic.flowtable.table import FlowTable

__all__ = ["FlowTable", "FlowTableSettings", "PairingSettings"]
