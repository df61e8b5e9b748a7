"""The words and the protocols that every part of netmon shares. Small and frozen: standard library and numpy only."""

from netmon.api.errors import (
    ConfigError,
    Fault,
    NetmonError,
    PeerAuthFailed,
    PeerError,
    PeerMalformed,
    PeerNotFound,
    PeerRefused,
    PeerTimeout,
)
from netmon.api.protocols import Collector, Component, Exporter, Rule
from netmon.api.samples import Column, Family, Kind, Missing, Part, Reading, Reason, Sample, Table, Value
from netmon.api.words import Event, Finding, Impact, Severity, Target

__all__ = [
    "Collector",
    "Column",
    "Component",
    "ConfigError",
    "Event",
    "Exporter",
    "Family",
    "Fault",
    "Finding",
    "Impact",
    "Kind",
    "Missing",
    "NetmonError",
    "Part",
    "PeerAuthFailed",
    "PeerError",
    "PeerMalformed",
    "PeerNotFound",
    "PeerRefused",
    "PeerTimeout",
    "Reading",
    "Reason",
    "Rule",
    "Sample",
    "Severity",
    "Table",
    "Target",
    "Value",
]
