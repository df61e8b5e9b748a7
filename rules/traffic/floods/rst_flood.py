"""RST floods: resets for connections that were never made, to tear down those that were or to fill the line."""

from collections.abc import Iterator, Mapping

import numpy as np

from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import RstFloodSettings
from rules.traffic.floods.view import View


class RstFlood:
    """RST floods on one address."""

    name = "rst_flood"
    technique = "T1499.001"
    titles: Mapping[str, str] = {"en": "RST flood", "id": "Banjir RST"}

    def __init__(self, settings: RstFloodSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.floors: Mapping[str, float] = {"rst": settings.floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:
        """Give the addresses that get far more resets than connections can explain."""
        rate = view.rate("rst")
        mask = (rate > view.bound("rst")) & (view.rows["rst"] >= self._settings.share * view.rows["tcp"])
        for row in crossed(mask, rate):
            if taken.get(row, set()) & {"syn_flood"}:
                continue  # the resets of those whose addresses were forged
            records = view.records_to(row)
            records = records[(records["protocol"] == 6) & ((records["tcp_flags"] & 4) != 0)]
            if np.count_nonzero(records["source_lo"] == records["destination_lo"]) > len(records) // 2:
                continue  # a host that resets itself was asked by itself
            size = float(np.mean(records["bytes"] / np.maximum(records["packets"], 1))) if len(records) else 60.0
            yield Attack(
                row=row,
                rate=float(rate[row]),
                bits_per_s=float(rate[row]) * size * 8,
                bound=float(view.bound("rst")[row]),
                normal=float(view.level("rst")[row]),
                records=records,
            )
