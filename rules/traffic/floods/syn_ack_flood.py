"""SYN-ACK floods: answers of servers that were asked in the victim's name, or made up, without any SYN of its own.

Reflection by TCP is described by Kührer et al. ("Hell of a Handshake", WOOT 2014).
"""

from collections.abc import Iterator, Mapping

import numpy as np

from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import SynAckFloodSettings
from rules.traffic.floods.view import View


class SynAckFlood:
    """SYN-ACK floods on one address."""

    name = "syn_ack_flood"
    technique = "T1498.002"
    titles: Mapping[str, str] = {"en": "SYN-ACK flood (reflection)", "id": "Banjir SYN-ACK (refleksi)"}

    def __init__(self, settings: SynAckFloodSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.floors: Mapping[str, float] = {"syn_ack": settings.floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:  # noqa: ARG002 - stands alone
        """Give the addresses that get answers which they never asked for."""
        rate = view.rate("syn_ack")
        most = view.rows["syn_ack"] >= self._settings.silent_share * view.rows["tcp"]
        mask = (rate > view.bound("syn_ack")) & (most | ~view.silent)
        for row in crossed(mask, rate):
            records = view.records_to(row)
            records = records[(records["protocol"] == 6) & ((records["tcp_flags"] & 0x12) == 0x12)]
            size = float(np.mean(records["bytes"] / np.maximum(records["packets"], 1))) if len(records) else 60.0
            yield Attack(
                row=row,
                rate=float(rate[row]),
                bits_per_s=float(rate[row]) * size * 8,
                bound=float(view.bound("syn_ack")[row]),
                normal=float(view.level("syn_ack")[row]),
                records=records,
                evidence={"syn_sent_per_s": round(float(view.sent_s("syn")[row]), 1)},
            )
