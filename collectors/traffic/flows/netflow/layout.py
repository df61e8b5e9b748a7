"""The tables that the compiled walk of NetFlow datagrams and the Python around it share: their rows, field by field.

Only dtypes belong here. The walk's own numbers (which slot, which kind, which reason) stand beside it in
`codes_kernel.py`, so that a compiled copy on disk never outlives a change of them.
"""

from typing import Final

import numpy as np

OP: Final = np.dtype([("at", "u2"), ("length", "u2"), ("slot", "u2"), ("spare", "u2")])
"""One field of a template's program. Fixed layout: `at` is the field's offset in the record. Variable layout: `at`
octets are skipped first, then a field of `length` octets follows, or one that tells its length itself (65535)."""

TEMPLATE: Final = np.dtype(
    [
        ("used_ns", "u8"),  # when data of it was last seen, or it was defined
        ("domain", "u4"),  # row of DOMAIN
        ("length", "u4"),  # octets of a record; variable layout: the least that a record can have
        ("id", "u2"),
        ("ops", "u2"),
        ("kind", "u1"),  # see codes_kernel.Kind
        ("variable", "u1"),  # 1: the layout has fields that tell their own length
        ("start", "u1"),  # see codes_kernel.Clock: what the slot START holds
        ("end", "u1"),
        ("has_v4", "u1"),
        ("has_v6", "u1"),
        ("has_reply", "u1"),
        ("has_sampler", "u1"),
        ("has_rate", "u1"),
        ("has_boot", "u1"),  # the record tells when the exporter started (systemInitTimeMilliseconds)
        ("icmp", "u1"),  # 1: type and code in one slot; 2: in two; 0: in the destination port
        ("straight", "u1"),  # 1: ordinary, flows may go straight to columns
    ]
)
"""What is known of one template. Row 0 is the fixed layout of NetFlow v5."""

DOMAIN: Final = np.dtype(
    [
        ("seen_ns", "u8"),  # when the last datagram came
        ("boot_ms", "u8"),  # IPFIX: Unix milliseconds of the exporter's start, from its options; 0: not told
        ("skew_ms", "i8"),  # the exporter's clock less ours, at the last datagram
        ("datagrams", "u8"),
        ("records", "u8"),
        ("missed", "u8"),  # units that sequence numbers skipped. Unit: v5 and IPFIX records, v9 datagrams
        ("late", "u8"),  # units of `missed` that came after all, out of order
        ("repeated", "u8"),  # datagrams from the past of which nothing was missing: duplicates
        ("resets", "u8"),  # times that the sequence began anew: the exporter or its process restarted
        ("outstanding", "u8"),  # of `missed`, what may still come late
        ("window_ns", "u8"),  # when the second began in which `window_units` are counted; 0: none has
        ("window_units", "u8"),  # by how much the sequence advanced in it
        ("peak", "u8"),  # the most that it advanced in a second, by and by forgotten
        ("exporter", "u4"),  # the receiver's row
        ("id", "u4"),  # source id, observation domain; v5: engine type and engine id
        ("owner", "u4"),  # row of EXPORTER
        ("expected", "u4"),  # sequence number
        ("late_next", "u4"),
        ("previous", "u4"),  # IPFIX: sequence number of the last message
        ("previous_units", "u4"),
        ("uptime_ms", "u4"),  # sysUptime of the last datagram
        ("rate", "u4"),  # sampling where the record tells none: one in so many
        ("generation", "u4"),  # counts what changed of its templates and options
        ("version", "u2"),  # 5, 9, 10
        ("sequenced", "u1"),  # 0: `expected` is not known
        ("late_run", "u1"),  # datagrams in a row that continued each other, but in the past
        ("style", "u1"),  # how it counts: see codes_kernel.Style
        ("fits", "u1", 3),  # messages that each style explained lately
        ("restyled", "u1"),  # 1: the style was changed once
        ("spare", "u1", 2),
    ]
)
"""One sequence of datagrams: an observation domain of one exporter in one protocol version."""

EXPORTER: Final = np.dtype([("waiting_octets", "u4"), ("waiting_sets", "u4")])
"""What one exporter has in the buffer of data that wait for their template."""

SAMPLER: Final = np.dtype([("id", "u8"), ("domain", "u4"), ("rate", "u4")])
"""A sampler that an exporter's options told: its data records name it. Empty slots have rate 0."""

WAITING: Final = np.dtype(
    [
        ("received_ns", "u8"),
        ("export_ns", "u8"),
        ("at", "u4"),  # in the buffer of waiting octets
        ("length", "u4"),
        ("domain", "u4"),
        ("uptime_ms", "u4"),
        ("template", "u2"),
        ("has_uptime", "u1"),
        ("spare", "u1"),
    ]
)
"""A data set that came before its template, without its header."""

WALK: Final = np.dtype(
    [
        ("datagram", "u8"),  # which one the walk is at
        ("at", "u8"),  # the next set; 0: the datagram's header comes next
        ("end", "u8"),
        ("received_ns", "u8"),
        ("export_ns", "u8"),
        ("records", "u8"),  # rows of the output that are filled
        ("straight", "u8"),  # flows that went straight to columns
        ("hash", "u8"),  # of the set that the walk stopped at
        ("units", "u8"),  # what the message adds to its sequence number, so far
        ("options", "u8"),  # of these, options data records
        ("waiting_octets", "u8"),
        ("waiting_sets", "u8"),
        ("exporter", "u4"),
        ("id", "u4"),
        ("sequence", "u4"),
        ("uptime_ms", "u4"),
        ("domain", "u4"),
        ("template", "u4"),  # row, where the walk stopped at options data
        ("rate", "u4"),
        ("version", "u2"),
        ("has_uptime", "u1"),
        ("uncounted", "u1"),  # 1: the message held a set whose records nobody can count
    ]
)
"""Where the walk is: it stops at what Python decides (a new domain, a template, options) and goes on from here."""

PLAN: Final = np.dtype([("mask", "u8"), ("how", "u1"), ("slot", "u1"), ("slot_v4", "u1"), ("spare", "u1", 5)])
"""What a kept column is made from: how (codes_kernel.From), from which slot, from which of IPv4, which bits of it."""

HELD: Final = np.dtype([("count", "u8"), ("rate", "u8"), ("there", "u8"), ("template", "u8"), ("domain", "u8")])
"""Flows whose times are in their columns already, and of what template and domain all of them are."""
