"""Amplification: answers of other people's servers to questions that were asked in the victim's name.

The mark is that nobody asked: the victim sent no question, or far fewer than answers came. Later fragments of large
answers have no ports; where amplifiers answer, they count in.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rules.traffic import telling
from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import AmplificationSettings
from rules.traffic.floods.view import CONVERSING, View
from rules.traffic.tables.amplifiers import AMPLIFIERS

_PORTS: Final = np.array(sorted(AMPLIFIERS), np.uint16)


class Amplification:
    """Amplified answers to one address."""

    name = "amplification"
    technique = "T1498.002"
    titles: Mapping[str, str] = {"en": "Amplification attack", "id": "Serangan amplifikasi"}

    def __init__(self, settings: AmplificationSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.floors: Mapping[str, float] = {"reflected": settings.floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:  # noqa: ARG002 - comes first
        """Give the addresses that get answers which they never asked for."""
        rate = view.rate("reflected")
        mask = (rate > view.bound("reflected")) & self._shaped(view, rate) & ~view.blind
        for row in crossed(mask, rate):
            records = view.records_to(row)
            answers = (records["protocol"] == 17) & np.isin(records["source_port"], _PORTS)
            records = records[answers | (records["fragment"] == 2)]
            ports = telling.top(records[records["fragment"] != 2], "source_port", count=4)
            names = [f"{AMPLIFIERS.get(port, 'port')} ({port})" for (port,), part in ports if part >= 0.05]
            main = int(view.rows["reflected_port"][row])
            octets = float(view.rows["reflected_bytes"][row]) + float(view.rows["fragment_bytes"][row])
            yield Attack(
                row=row,
                rate=float(rate[row]) + float(view.rate("fragments")[row]),
                bits_per_s=octets * 8 / view.second.length_s,
                bound=float(view.bound("reflected")[row]),
                normal=float(view.level("reflected")[row]),
                records=records,
                evidence={
                    "protocol": AMPLIFIERS.get(main, f"UDP port {main}"),
                    "amplifier_port": main,
                    "amplifiers": telling.join(names) or f"{AMPLIFIERS.get(main, 'port')} ({main})",
                    "questions_sent_per_s": round(float(view.sent_s("reflected")[row]), 1),
                    "fragments_per_s": round(float(view.rate("fragments")[row]), 1),
                },
            )

    def _shaped(self, view: View, rate: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell whose answers are many, or large, and not those of a conversation that we hear half of."""
        settings = self._settings
        size = (view.rows["reflected_bytes"] + view.rows["fragment_bytes"]) / np.maximum(view.rows["reflected"], 1)
        large = size >= np.where(view.silent, settings.silent_large_bytes, settings.large_bytes)
        conversing = np.isin(view.rows["reflected_port"], list(CONVERSING))
        return np.asarray(
            (large | (rate >= settings.sure_per_s)) & (~conversing | (view.peers >= settings.conversing_sources))
        )
