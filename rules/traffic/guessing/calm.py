"""What is left to the judge of floods: conversations that come too often for guessing, or while a flood goes on."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import PrefixMap
from rules.traffic.flooding import Flooding
from rules.traffic.guessing.settings import GuessingSettings, Service
from rules.traffic.learned import hashed
from rules.traffic.numbering import Numbering

_LATE: Final = 64  # pairs with very many conversations that are looked at in a window
_OLDER: Final = 4  # one of so many of a service's attempts came before the last seconds


class Calm:
    """Tells which conversations (ATTEMPT) are worth looking at."""

    def __init__(self, settings: GuessingSettings) -> None:
        self._settings = settings
        self._allowed = PrefixMap(settings.allow)
        self._numbering = Numbering()
        self._heeds = np.array([service.flooded for service in settings.services])
        self._most_per_s = np.array([service.flood_per_s for service in settings.services])

    def worth(self, rows: NDArray[np.void], length_s: float, flooding: Flooding) -> slice | NDArray[np.bool_]:
        """Tell which of a window's are neither of sources that are allowed nor of floods.

        A pair that talks more often than anybody guesses has a program at its end.
        """
        calm = ~self.flooded(rows, flooding)
        pairs, _ = self._numbering.number(rows["pair"])
        counts = np.bincount(pairs)
        most = self._most_per_s * max(length_s, 1e-3)
        if len(rows) and counts.max() >= most.min():
            calm &= (counts[pairs] < most[rows["service"]]) | self._came_late(rows, pairs, counts, most)
        if self._settings.allow:
            calm &= self._allowed.find(rows["source_hi"], rows["source_lo"]) < 0
        return slice(None) if calm.all() else calm

    def _came_late(
        self, rows: NDArray[np.void], pairs: NDArray[np.uint32], counts: NDArray[np.int64], most: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Tell which are of pairs with many that ended over a longer time: all that was open is told at the end."""
        late = np.zeros(len(rows), np.bool_)
        for pair in np.flatnonzero(counts >= most.min())[:_LATE].tolist():
            mine = pairs == pair
            first, last = np.quantile(rows["at_ns"][mine].astype(np.float64), (0.1, 0.9))
            per_s = 0.8 * counts[pair] / max((last - first) / 1e9, 1e-3)
            late[mine] = per_s < self._most_per_s[rows["service"][mine]]
        return late

    def flooded(self, rows: NDArray[np.void], flooding: Flooding) -> NDArray[np.bool_]:
        """Tell which fell into a connection flood, with services where that looks like guessing."""
        if not flooding.knows("connection_flood"):
            return np.zeros(len(rows), np.bool_)
        hosts = hashed(rows["destination_hi"], rows["destination_lo"])
        told = flooding.among("connection_flood", hosts, rows["at_ns"])
        return told & self._heeds[rows["service"]] if told.any() else told

    def settled(self, rows: NDArray[np.void], service: Service, now: float, flooding: Flooding) -> NDArray[np.void]:
        """Return those of a service that are no flood; none while they are so many so soon that it may be told yet."""
        if not service.flooded or not len(rows):
            return rows
        before = np.count_nonzero(rows["at_ns"] < int((now - self._settings.flood_s) * 1e9))
        if _OLDER * before < service.attempts:
            return rows[:0]
        flooded = self.flooded(rows, flooding)
        return rows[~flooded] if flooded.any() else rows
