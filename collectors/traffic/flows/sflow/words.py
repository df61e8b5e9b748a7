"""What the sFlow decoder keeps and tells: rows of counters, sequence numbers, counts by name.

Source of all formats: sFlow Version 5 (P. Phaal, M. Lavine, sflow.org, July 2004).
"""

from typing import Final

import numpy as np

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
