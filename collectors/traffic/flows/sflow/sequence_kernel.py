"""Sequence numbers of agents and their data sources: what was lost, came late, or began anew."""

from typing import Any, Final

import numpy as np

from collectors.traffic.flows.sflow.places import TRACKS_REPLACED
from collectors.traffic.packet.octets_kernel import compiled

U = np.uint64

WINDOW: Final = U(4096)  # sequence numbers: a jump by more is a restart, not a loss
LATE_BY: Final = U(64)  # a step back by up to so many is one that was overtaken; by more, a device that starts anew
PROBES: Final = U(8)  # slots of the table of sequences where one series may stand


@compiled
def track(tracks: Any, exporter: Any, sub_agent: Any, source: Any, now_ns: Any, counts: Any) -> Any:
    """Return the slot of a series and whether it is new there. The least recently heard of its slots gives way."""
    mask = U(len(tracks) - 1)
    mixed = (source ^ (U(exporter) << U(40)) ^ (U(sub_agent) << U(17))) * U(0x9E37_79B9_7F4A_7C15)
    mixed ^= mixed >> U(29)
    mixed *= U(0xBF58_476D_1CE4_E5B9)
    slot = mixed >> U(32)
    oldest = slot & mask
    for step in range(PROBES):
        place = (slot + U(step)) & mask
        each = tracks[place]
        if each.heard_ns == U(0):  # free: rows are never freed, so the series is not behind it
            oldest = place
            break
        if each.exporter == exporter and each.sub_agent == sub_agent and each.source == source:
            return place, False
        if each.heard_ns < tracks[oldest].heard_ns:
            oldest = place
    each = tracks[oldest]
    if each.heard_ns != U(0):
        counts[TRACKS_REPLACED] += U(1)
    each.source = source
    each.exporter = exporter
    each.sub_agent = sub_agent
    each.heard_ns = max(now_ns, U(1))
    return oldest, True


@compiled
def advance(series: Any, sequence: Any, new: Any, now_ns: Any) -> Any:
    """Take the next sequence number of a series; return what was lost before it; 1 late, 2 the same, 3 a restart."""
    series.heard_ns = max(now_ns, U(1))
    step = (sequence - U(series.sequence)) & U(0xFFFF_FFFF)
    if new or step == U(1):
        series.sequence = sequence
        return U(0), 0
    if step == U(0):
        return U(0), 2
    if step <= WINDOW:
        series.sequence = sequence
        return step - U(1), 0
    if step >= U(0x1_0000_0000) - LATE_BY:
        return U(0), 1
    series.sequence = sequence
    return U(0), 3
