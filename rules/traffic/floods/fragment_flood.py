"""Fragment floods: pieces of datagrams that never become whole, to fill the memory that waits for the rest."""

from collections.abc import Iterator, Mapping

import numpy as np

from rules.traffic.floods.flood import Attack, crossed
from rules.traffic.floods.settings import FragmentFloodSettings
from rules.traffic.floods.view import View


class FragmentFlood:
    """Fragment floods on one address."""

    name = "fragment_flood"
    technique = "T1498.001"
    titles: Mapping[str, str] = {"en": "Fragment flood", "id": "Banjir fragmen"}

    def __init__(self, settings: FragmentFloodSettings) -> None:
        """Judge by these settings."""
        self._settings = settings
        self.floors: Mapping[str, float] = {"fragments": settings.floor_per_s}

    def judge(self, view: View, taken: Mapping[int, set[str]]) -> Iterator[Attack]:
        """Give the addresses with fragments that no message explains."""
        settings = self._settings
        rate = view.rate("fragments")
        size = view.rows["fragment_bytes"] / np.maximum(view.rows["fragments"], 1)
        unanswered = view.sent_s("packets") < settings.answered_share * rate
        for row in crossed((rate > view.bound("fragments")) & ~view.blind, rate):
            if taken.get(row, set()) & {"amplification"}:
                continue  # what follows the first fragments of the amplifiers' answers
            records = view.records_to(row)
            records = records[records["fragment"] != 0]
            first = float((records["fragment"] == 1).mean()) if len(records) else 0.0
            unwhole = len(records) >= 100 and first < settings.whole_share
            small = size[row] < settings.small_bytes
            crowd = view.peers[row] >= settings.many or rate[row] >= settings.dense_per_s
            if not (unwhole or small or (crowd and unanswered[row])):
                continue
            yield Attack(
                row=row,
                rate=float(rate[row]),
                bits_per_s=float(view.rows["fragment_bytes"][row]) * 8 / view.second.length_s,
                bound=float(view.bound("fragments")[row]),
                normal=float(view.level("fragments")[row]),
                records=records,
                evidence={"first_fragments_share": f"{first:.0%}"},
            )
