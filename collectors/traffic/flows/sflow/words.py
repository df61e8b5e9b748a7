"""What the sFlow decoder keeps and tells: rows of counters, sequence numbers, counts by name.

Source of all formats: sFlow Version 5 (P. Phaal, M. Lavine, sflow.org, July 2004).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

INTERFACE: Final = np.dtype(
    [
        ("at_ns", "u8"),  # when its datagram was received
        ("speed_bps", "u8"),
        ("in_octets", "u8"),
        ("out_octets", "u8"),
        ("exporter", "u4"),  # a row of the exporters' list
        ("sub_agent", "u4"),
        ("if_index", "u4"),
        ("if_type", "u4"),
        ("direction", "u4"),  # 0 unknown, 1 full duplex, 2 half duplex, 3 in, 4 out
        ("status", "u4"),  # bit 0: ifAdminStatus up, bit 1: ifOperStatus up
        ("in_unicast", "u4"),
        ("in_multicast", "u4"),
        ("in_broadcast", "u4"),
        ("in_discards", "u4"),
        ("in_errors", "u4"),
        ("in_unknown_protocols", "u4"),
        ("out_unicast", "u4"),
        ("out_multicast", "u4"),
        ("out_broadcast", "u4"),
        ("out_discards", "u4"),
        ("out_errors", "u4"),
        ("promiscuous", "u4"),
        ("alignment_errors", "u4"),  # this and the next two: Ethernet counters, where the same sample has them
        ("fcs_errors", "u4"),
        ("symbol_errors", "u4"),
        ("has_ethernet", "u4"),  # 1: it has; 0: the three above are not known
    ]
)
"""Generic interface counters (IF-MIB, RFC 2863) as one counter sample told them. A counter that the agent does not
keep is all ones (0xFFFFFFFF, or 64 of them), as the standard says: see `SFlowCounters`."""

PROCESSOR: Final = np.dtype(
    [
        ("at_ns", "u8"),
        ("memory_total_bytes", "u8"),
        ("memory_free_bytes", "u8"),
        ("exporter", "u4"),
        ("sub_agent", "u4"),
        ("cpu_5s", "u4"),  # hundredths of a percent; 0xFFFFFFFF: not known
        ("cpu_1m", "u4"),
        ("cpu_5m", "u4"),
    ]
)
"""Processor counters as one counter sample told them."""

COUNTER_WORDS: Final = np.dtype([("at_ns", "u8"), ("exporter", "u4"), ("sub_agent", "u4"), ("words", "u4", 26)])
"""One counter sample as the kernel keeps it: the words of its record, for an interface the three Ethernet counters and
whether there were any behind them."""

_INTERFACE_WORDS: Final = {
    "if_index": 0,
    "if_type": 1,
    "direction": 4,
    "status": 5,
    "in_unicast": 8,
    "in_multicast": 9,
    "in_broadcast": 10,
    "in_discards": 11,
    "in_errors": 12,
    "in_unknown_protocols": 13,
    "out_unicast": 16,
    "out_multicast": 17,
    "out_broadcast": 18,
    "out_discards": 19,
    "out_errors": 20,
    "promiscuous": 21,
    "alignment_errors": 22,
    "fcs_errors": 23,
    "symbol_errors": 24,
    "has_ethernet": 25,
}
_INTERFACE_WIDE: Final = {"speed_bps": 2, "in_octets": 6, "out_octets": 14}  # 64 bits: where the high half is
_PROCESSOR_WORDS: Final = {"cpu_5s": 0, "cpu_1m": 1, "cpu_5m": 2}
_PROCESSOR_WIDE: Final = {"memory_total_bytes": 3, "memory_free_bytes": 5}


def interfaces(kept: NDArray[np.void]) -> NDArray[np.void]:
    """Return rows of COUNTER_WORDS as INTERFACE."""
    return _named(kept, INTERFACE, _INTERFACE_WORDS, _INTERFACE_WIDE)


def processors(kept: NDArray[np.void]) -> NDArray[np.void]:
    """Return rows of COUNTER_WORDS as PROCESSOR."""
    return _named(kept, PROCESSOR, _PROCESSOR_WORDS, _PROCESSOR_WIDE)


def _named(
    kept: NDArray[np.void], dtype: np.dtype[np.void], words: Mapping[str, int], wide: Mapping[str, int]
) -> NDArray[np.void]:
    rows = np.zeros(len(kept), dtype)
    for name in ("at_ns", "exporter", "sub_agent"):
        rows[name] = kept[name]
    for name, place in words.items():
        rows[name] = kept["words"][:, place]
    for name, place in wide.items():
        high, low = kept["words"][:, place].astype(np.uint64), kept["words"][:, place + 1]
        rows[name] = high << np.uint64(32) | low
    return rows


SIDE: Final = np.dtype(
    [("exporter", "u4"), ("rate", "u4"), ("in_interface", "u4"), ("out_interface", "u4"), ("vlan", "u2")], align=True
)
"""What a sample says beside its packet's header: put into the record after the header is decoded."""

TRACK: Final = np.dtype(
    [
        ("source", "u8"),
        ("heard_ns", "u8"),  # 0: a free row
        ("exporter", "u4"),
        ("sub_agent", "u4"),
        ("sequence", "u4"),
        ("drops", "u4"),
        ("uptime", "u4"),  # milliseconds; of datagrams only: tells one that came twice from an agent that counts badly
        ("reserved", "u4"),
    ]
)
"""The last sequence number of one series: a sub-agent's datagrams, or the samples of one of its data sources."""

AGENT: Final = np.dtype(
    [
        ("datagrams", "u8"),
        ("flow_samples", "u8"),
        ("counter_samples", "u8"),
        ("datagrams_lost", "u8"),
        ("samples_lost", "u8"),
        ("samples_dropped", "u8"),
        ("malformed", "u8"),
    ]
)
"""What one exporter sent and what of it was lost on the way (sequence numbers) or dropped by itself (`drops`)."""

COUNTS: Final = (
    "datagrams",
    "flow_samples",
    "counter_samples",
    "records",
    "interfaces",
    "processors",
    "malformed_datagram",  # version, agent address or header cut short: nothing of it is used
    "malformed_sample",  # a sample that reaches past the datagram, or is too short for its format: the rest is lost
    "malformed_record",  # a record that reaches past its sample, or is too short for its format: the sample's rest
    "unknown_sample",  # vendors' own, and discard events
    "unknown_header",  # raw headers that are neither Ethernet nor IP
    "no_packet",  # flow samples that say nothing of a packet that we can use
    "implausible",  # a sampling rate or a frame length that cannot be: see the kernel
    "rate_0",  # a sampling rate of 0, taken as 1
    "to_device",  # samples by what became of the packet: 0x3FFFFFFF, the device itself
    "to_many",
    "discarded",
    "datagrams_lost",
    "samples_lost",
    "samples_dropped",  # by the exporter for want of resources
    "duplicates",  # datagrams that came before: their samples are not counted again
    "late",  # datagrams out of order
    "restarts",  # sequence numbers that began anew
    "tracks_replaced",  # for want of room: the series least recently heard gave way
    "counters_unread",  # rows of counters that nobody fetched in time
)
"""Names of the counts that the kernel keeps, in their order."""
