"""ACK floods and their like: segments of connections that do not exist, with ACK, PSH, FIN or impossible flags.

A transfer is answered: its receiver acknowledges, though with few packets where its network card gathers many into
one. Segments of no connection are met with silence or with resets. What counts is what no answer explains, so that a
flood is seen beside any clients that are served.
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
        self.doubted: list[int] = []
        """Rows of the last view that look like a scan: nothing is to be learned of them."""
        self.floors: Mapping[str, float] = {"segments": settings.floor_per_s, "strays": settings.floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:  # noqa: ARG002 - stands alone
        """Give the addresses whose segments belong to no connection."""
        self.doubted = []
        segments, strays = view.rate("segments"), view.rate("strays")
        odd = view.each_s("odd_flags") >= self._settings.odd_floor_per_s
        wrong = (segments > view.bound("segments")) & self._wrong(view, segments)
        unanswered = (strays > view.bound("strays")) & self._shaped(view)
        for row in crossed(unanswered | wrong | odd, segments):
            feature = "strays" if unanswered[row] and not wrong[row] else "segments"
            rate = float(view.rate(feature)[row])
            records = view.records_to(row)
            records = records[(records["protocol"] == 6) & ((records["tcp_flags"] & 6) == 0)]
            if rate < self._settings.scan_per_s and self._scan(records):
                self.doubted.append(row)
                continue
            size = float(view.rows["tcp_bytes"][row]) / max(float(view.rows["tcp"][row]), 1.0)
            yield Attack(
                row=row,
                rate=rate,
                bits_per_s=rate * size * 8,
                bound=self._settings.odd_floor_per_s if odd[row] else float(view.bound(feature)[row]),
                normal=float(view.level(feature)[row]),
                records=records,
                evidence={"resets_sent_per_s": round(float(view.sent_s("rst")[row]), 1), **_flags(records)},
            )

    def _scan(self, records: NDArray[np.void]) -> bool:
        """Tell whether segments go to many ports from few sources: a scan (ACK, FIN, NULL, Xmas)."""
        sources = telling.top(records, "source_hi", "source_lo", count=self._settings.scan_sources + 1)
        ports = len(np.unique(records["destination_port"]))
        return len(sources) <= self._settings.scan_sources and ports >= min(self._settings.scan_ports, len(records))

    def _wrong(self, view: View, segments: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell whose segments are met with resets, or have flags that cannot be."""
        reset = view.sent_s("rst") >= self._settings.reset_share * segments
        return np.asarray(reset | (view.each_s("odd_flags") >= self._settings.odd_share * segments))

    def _shaped(self, view: View) -> NDArray[np.bool_]:
        """Tell whose unanswered segments are no transfer of which we see one direction only."""
        settings = self._settings
        size = view.rows["tcp_bytes"] / np.maximum(view.rows["tcp"], 1)
        shaped = ~view.silent | (view.flows >= settings.silent_flows) | (size < settings.silent_size_bytes)
        return np.asarray(shaped & ~view.blind)


def _flags(records: NDArray[np.void]) -> dict[str, str]:
    """Return the flags of most segments."""
    return {
        "top_flags": ", ".join(
            f"{telling.flags(flags)} {telling.share(part)}"
            for (flags,), part in telling.top(records, "tcp_flags", count=3)
        )
    }
