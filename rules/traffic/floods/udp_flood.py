"""UDP floods: more datagrams than an address ever answers, to fill its line or to keep it busy with refusing them.

One-way streams of ordinary use (cameras, logs, flow exports, telephony) come in few flows of large or of steady
packets; a flood comes from many ends, to many ports, or in a hail of small ones. What amplifiers reflect is told
apart (amplification.py).
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic import telling
from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import UdpFloodSettings
from rules.traffic.floods.view import View

_SAMPLED: Final = 200  # records of the sample from which they tell ends apart better than sketches of all protocols


class UdpFlood:
    """UDP floods on one address."""

    name = "udp_flood"
    technique = "T1498.001"
    titles: Mapping[str, str] = {"en": "UDP flood", "id": "Banjir UDP"}

    def __init__(self, settings: UdpFloodSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.floors: Mapping[str, float] = {"udp": settings.floor_per_s, "udp_all": settings.answered_floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:
        """Give the addresses with far more datagrams than they answer, or than they ever had."""
        reflected = _taken(view, taken, "amplification")
        fragments = _taken(view, taken, "amplification", "fragment_flood")
        less = np.where(reflected, view.each_s("reflected"), 0.0) + np.where(fragments, view.rate("fragments"), 0.0)
        rate, every = np.maximum(view.rate("udp") - less, 0.0), np.maximum(view.rate("udp_all") - less, 0.0)
        unanswered = (rate > view.bound("udp")) & ~view.blind
        unanswered[unanswered] = [self._shaped(view, int(row), rate[row]) for row in np.flatnonzero(unanswered)]
        answered = (every > view.bound("udp_all")) & (view.flows >= self._settings.many)
        for row in crossed(unanswered | answered, every):
            feature = "udp" if unanswered[row] else "udp_all"
            records = view.records_to(row)
            records = records[records["protocol"] == 17]
            size = float(view.rows["udp_bytes"][row]) / max(float(view.rows["udp"][row]), 1.0)
            yield Attack(
                row=row,
                feature=feature,
                rate=float(every[row]),
                bits_per_s=float(every[row]) * size * 8,
                bound=float(view.bound(feature)[row]),
                normal=float(view.level(feature)[row]),
                records=records,
                evidence={
                    "distinct_ports": round(float(view.ports[row])),
                    "udp_sent_per_s": round(float(view.sent_s("udp")[row]), 1),
                },
            )

    def _shaped(self, view: View, row: int, rate: float) -> bool:
        """Tell whether an address's datagrams look like a flood rather than like streams or a scan."""
        settings = self._settings
        records = view.records_to(row)
        records = records[(records["protocol"] == 17) & (records["fragment"] != 2)]
        if len(records) >= _SAMPLED:
            sources = len(telling.top(records, "source_hi", "source_lo", count=len(records)))
            flows = len(telling.top(records, "source_hi", "source_lo", "source_port", count=len(records)))
            ports = len(np.unique(records["destination_port"]))
        else:
            sources, flows, ports = (round(float(of[row])) for of in (view.peers, view.flows, view.ports))
        if ports >= settings.ports and sources <= settings.scan_sources and rate < settings.scan_per_s:
            return False
        if max(sources, flows) >= settings.many or ports >= settings.ports:
            return True
        if rate >= settings.dense_per_s and not view.silent[row]:
            return True
        size = float(view.rows["udp_bytes"][row]) / max(float(view.rows["udp"][row]), 1.0)
        one = telling.top(records, "source_hi", "source_lo", "source_port", count=1)
        return size < settings.small_bytes and bool(one) and rate * one[0][1] >= settings.flow_per_s


def _taken(view: View, taken: Mapping[int, set[str]], *names: str) -> NDArray[np.bool_]:
    mask = np.zeros(len(view), np.bool_)
    mask[[row for row, told in taken.items() if told & set(names)]] = True
    return mask
