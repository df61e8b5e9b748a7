"""SYN floods: connections are asked for and never completed, until the server has no room for those that would be.

What counts is SYN that no ACK of the same ends follows, so that a crowd of real clients, however sudden, is none, and
a flood is seen under any amount of ordinary traffic. RFC 4987 describes the attack.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from rules.traffic import telling
from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import SynFloodSettings
from rules.traffic.floods.view import View

_SAMPLED: Final = 20  # SYN in the sample that tell how many ports they go to:
_FEW_PORTS: Final = 5  # so many are no scan


class SynFlood:
    """SYN floods on one address."""

    name = "syn_flood"
    technique = "T1499.001"
    titles: Mapping[str, str] = {"en": "SYN flood", "id": "Banjir SYN"}

    def __init__(self, settings: SynFloodSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.doubted: list[int] = []
        """Rows of the last view that look like a scan: nothing is to be learned of them."""
        self.floors: Mapping[str, float] = {"half_open": settings.floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:
        """Give the addresses with far more SYN than are completed."""
        self.doubted = []
        settings = self._settings
        rate, syn = view.rate("half_open"), view.each_s("syn")
        scan = (view.ports >= settings.scan_ports) & (view.peers <= settings.scan_sources) & (syn < settings.scan_per_s)
        mask = (
            (rate > view.bound("half_open"))
            & (rate >= settings.unfinished_share * syn)
            & (syn >= settings.usual_times * view.level("connections"))
        )
        for row in crossed(mask, rate):
            if taken.get(row, set()) & {"fragment_flood"} and view.rate("fragments")[row] >= syn[row]:
                continue  # SYN that are cut into pieces are told as those
            records = view.records_to(row)
            records = records[(records["protocol"] == 6) & ((records["tcp_flags"] & 0x12) == 2)]
            # The sketch knows the ports of answers too; the sample those of SYN alone.
            if scan[row] and (len(records) < _SAMPLED or len(np.unique(records["destination_port"])) > _FEW_PORTS):
                self.doubted.append(row)
                continue
            size = float(np.mean(records["bytes"] / np.maximum(records["packets"], 1))) if len(records) else 60.0
            yield Attack(
                row=row,
                rate=float(syn[row]),
                bits_per_s=float(syn[row]) * size * 8,
                bound=float(view.bound("half_open")[row]),
                normal=float(view.level("half_open")[row]),
                records=records,
                evidence={
                    "completed_share": telling.share(1 - float(rate[row] / syn[row])),
                    "syn_ack_sent_per_s": round(float(view.sent_s("syn_ack")[row]), 1),
                },
            )
