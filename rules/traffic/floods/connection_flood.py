"""Connection floods: handshakes that are completed, on HTTP or any other service, more than it ever has.

Real clients come in crowds too; so a crowd must pass what the address has learned and a high floor, and a lower floor
holds only where few sources make most of the connections, each of them as quickly as tools do and no browser does.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic import telling
from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import ConnectionFloodSettings
from rules.traffic.floods.view import View

_LEAST: Final = 4.5  # of the connections that are looked at: fewer of one source tell nothing of how quick it is


class ConnectionFlood:
    """Connection floods on one address."""

    name = "connection_flood"
    technique = "T1499.002"
    titles: Mapping[str, str] = {"en": "Connection flood", "id": "Banjir koneksi"}

    def __init__(self, settings: ConnectionFloodSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.floors: Mapping[str, float] = {"connections": settings.few_floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:
        """Give the addresses with far more new connections than they ever have."""
        settings = self._settings
        rate = view.rate("connections")
        rows = [
            row for row in crossed(rate > view.bound("connections"), rate) if "syn_flood" not in taken.get(row, set())
        ]
        begun = _begun(view, rows)
        for row in rows:
            records, whole = begun[row]
            few = self._few(records, float(rate[row]), float(view.level("connections")[row]))
            if not few and rate[row] <= settings.many_floor_per_s:
                continue
            ports = telling.top(records, "destination_port", count=1)
            size = float(view.rows["tcp_bytes"][row]) / max(float(rate[row]) * view.second.length_s, 1.0)
            yield Attack(
                row=row,
                rate=float(rate[row]),
                bits_per_s=float(view.rows["tcp_bytes"][row]) * 8 / view.second.length_s,
                bound=float(view.bound("connections")[row]),
                normal=float(view.level("connections")[row]),
                records=records,
                evidence={
                    "service": telling.service(ports[0][0][0]) if ports else "",
                    "bytes_per_connection": round(size),
                    "from_few": "yes" if few else "no",
                },
                unit="connections",
                whole=whole,
            )

    def _few(self, records: NDArray[np.void], rate: float, usual: float) -> bool:
        """Tell whether few sources, each with many connections, make a great part of what is more than usual."""
        settings = self._settings
        most = telling.top(records, "source_hi", "source_lo", count=settings.few_sources)
        known = [part for _, part in most if part * len(records) >= _LEAST]
        quick = sum(part for part in known if part * rate >= settings.few_each_per_s)
        return quick * rate >= settings.few_share * max(rate - usual, settings.few_floor_per_s)


def _begun(view: View, rows: Sequence[int]) -> dict[int, tuple[NDArray[np.void], bool]]:
    """Return the connections begun with each address, and whether all: flows where told, otherwise sampled SYN."""
    second = view.second
    ends = {row: (int(view.rows["hi"][row]), int(view.rows["lo"][row])) for row in rows}
    flows = telling.by_address(
        second.begun if len(second.begun) else second.ended, "destination", list(dict.fromkeys(ends.values()))
    )
    found = {}
    for row, pair in ends.items():
        chosen = flows[pair][flows[pair]["protocol"] == 6]
        found[row] = (chosen, True) if len(chosen) else (_sampled(view, row), False)
    return found


def _sampled(view: View, row: int) -> NDArray[np.void]:
    records = view.records_to(row)
    tcp: NDArray[np.void] = records[records["protocol"] == 6]
    syn: NDArray[np.void] = tcp[(tcp["tcp_flags"] & 0x12) == 2]
    return syn if len(syn) >= 5 else tcp
