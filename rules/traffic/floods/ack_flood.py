"""ACK floods and their like: segments of connections that do not exist, with ACK, PSH, FIN or impossible flags.

A transfer is answered: its receiver acknowledges, though with few packets where its network card gathers many into
one. Segments of no connection are met with silence or with resets.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from rules.traffic import telling
from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import AckFloodSettings
from rules.traffic.floods.view import View


class AckFlood:
    """Floods of segments on one address."""

    name = "ack_flood"
    technique = "T1499.001"
    titles: Mapping[str, str] = {"en": "ACK flood", "id": "Banjir ACK"}

    def __init__(self, settings: AckFloodSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.floors: Mapping[str, float] = {"segments": settings.floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:  # noqa: ARG002 - stands alone
        """Give the addresses whose segments belong to no connection."""
        rate = view.rate("segments")
        odd = view.each_s("odd_flags") >= self._settings.odd_floor_per_s
        mask = ((rate > view.bound("segments")) & self._astray(view, rate)) | odd
        for row in crossed(mask, rate):
            records = view.records_to(row)
            records = records[(records["protocol"] == 6) & ((records["tcp_flags"] & 6) == 0)]
            if rate[row] < self._settings.scan_per_s and self._scan(records):
                continue
            size = float(view.rows["tcp_bytes"][row]) / max(float(view.rows["tcp"][row]), 1.0)
            yield Attack(
                row=row,
                feature="segments",
                rate=float(rate[row]),
                bits_per_s=float(rate[row]) * size * 8,
                bound=self._settings.odd_floor_per_s if odd[row] else float(view.bound("segments")[row]),
                normal=float(view.level("segments")[row]),
                records=records,
                evidence={"resets_sent_per_s": round(float(view.sent_s("rst")[row]), 1), **_flags(records)},
            )

    def _scan(self, records: NDArray[np.void]) -> bool:
        """Tell whether segments go to many ports from few sources: a scan (ACK, FIN, NULL, Xmas)."""
        sources = telling.top(records, "source_hi", "source_lo", count=self._settings.scan_sources + 1)
        ports = len(np.unique(records["destination_port"]))
        return len(sources) <= self._settings.scan_sources and ports >= min(self._settings.scan_ports, len(records))

    def _astray(self, view: View, rate: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell whose segments are not answered, or with resets, or have flags that cannot be."""
        settings = self._settings
        sent = view.sent
        acknowledged = (sent["tcp"].astype(np.float64) - sent["rst"] - sent["syn_ack"]) / view.second.length_s
        size = view.rows["tcp_bytes"] / np.maximum(view.rows["tcp"], 1)
        unanswered = acknowledged < settings.answered_share * rate
        shaped = ~view.silent | (view.flows >= settings.silent_flows) | (size < settings.silent_size_bytes)
        reset = view.sent_s("rst") >= settings.reset_share * rate
        odd = view.each_s("odd_flags") >= settings.odd_share * rate
        return np.asarray((unanswered & shaped & ~view.blind) | reset | odd)


def _flags(records: NDArray[np.void]) -> dict[str, str]:
    """Return the flags of most segments."""
    return {
        "top_flags": ", ".join(
            f"{telling.flags(flags)} {telling.share(part)}"
            for (flags,), part in telling.top(records, "tcp_flags", count=3)
        )
    }
