"""ICMP floods: echo requests without end, or answers and errors that nobody asked for."""

from collections.abc import Iterator, Mapping

import numpy as np

from rules.traffic import telling
from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import IcmpFloodSettings
from rules.traffic.floods.view import View

_REQUESTS = (8, 128)  # echo requests: RFC 792, RFC 4443 (4.1)
_ERRORS_V4 = (3, 4, 5, 11, 12)
_ERRORS_V6 = (1, 2, 3, 4)


class IcmpFlood:
    """ICMP floods on one address."""

    name = "icmp_flood"
    technique = "T1498.001"
    titles: Mapping[str, str] = {"en": "ICMP flood", "id": "Banjir ICMP"}

    def __init__(self, settings: IcmpFloodSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.floors: Mapping[str, float] = {"icmp": settings.floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:  # noqa: ARG002 - stands alone
        """Give the addresses with far more ICMP than they asked for."""
        rate = view.rate("icmp")
        for row in crossed(rate > view.bound("icmp"), rate):
            records = view.records_to(row)
            records = records[np.isin(records["protocol"], (1, 58))]
            types = records["icmp_type"]
            requests = float(np.isin(types, _REQUESTS).mean()) if len(records) else 0.0
            errors = np.where(records["protocol"] == 1, np.isin(types, _ERRORS_V4), np.isin(types, _ERRORS_V6))
            asked = view.sent_s("packets" if len(records) and errors.mean() >= 0.5 else "icmp")[row]
            unasked = float(rate[row]) - self._settings.asked_each * float(asked)
            if requests < self._settings.requests_share and unasked <= view.bound("icmp")[row]:
                continue
            yield Attack(
                row=row,
                rate=float(rate[row]),
                bits_per_s=float(view.rows["icmp_bytes"][row]) * 8 / view.second.length_s,
                bound=float(view.bound("icmp")[row]),
                normal=float(view.level("icmp")[row]),
                records=records,
                evidence={
                    "top_types": ", ".join(
                        f"{kind}/{code} {telling.share(part)}"
                        for (kind, code), part in telling.top(records, "icmp_type", "icmp_code", count=3)
                    )
                },
            )
