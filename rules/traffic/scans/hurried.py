"""Contacts that are so many and so little answered that their time-outs need not be waited for. Sensors only."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second
from rules.traffic.learned import hashed
from rules.traffic.scans.contact import ODD_KINDS, Kind
from rules.traffic.scans.contacts import distinct
from rules.traffic.scans.settings import ScanSettings

_WINDOWS: Final = 8  # that are looked at together


class Hurried:
    """What the busiest sources began in the last windows, and what they had answered."""

    def __init__(self, settings: ScanSettings) -> None:
        self._settings = settings
        self._kept: dict[int, deque[tuple[NDArray[np.void], dict[int, int]]]] = {}

    def take(self, second: Second, begun: NDArray[np.void]) -> dict[int, NDArray[np.void]]:
        """Return the pending contacts (CONTACT) of sources that are hardly answered, by the source's hash."""
        if not second.live:
            return {}
        keys, counts = np.unique(begun["source"], return_counts=True)
        busy = keys[counts >= max(self._settings.pending // 12, 4)]
        busy = busy[np.argsort(-counts[np.searchsorted(keys, busy)], kind="stable")][: self._settings.candidates]
        for key in busy.tolist():
            self._kept.setdefault(key, deque(maxlen=_WINDOWS))
        watched = np.array(list(self._kept), np.uint64)
        answered = _answers(second, watched) if len(watched) else {}
        mine = begun[np.isin(begun["source"], watched)]
        young = int((second.end - self._settings.pending_age_s) * 1e9)
        given = {}
        for key, windows in list(self._kept.items()):
            windows.append((mine[mine["source"] == key], answered.get(key, {})))
            if len(windows) == _WINDOWS and not any(len(rows) for rows, _ in windows):
                del self._kept[key]
            elif key in answered:
                pending = distinct(np.concatenate([rows for rows, _ in windows]))
                told = self._unanswered(pending[pending["at_ns"] < young], [answers for _, answers in windows])
                if len(told):
                    given[key] = told
        return given

    def _unanswered(self, pending: NDArray[np.void], answers: Sequence[Mapping[int, int]]) -> NDArray[np.void]:
        told = [pending[:0]]
        for kinds in ((Kind.SYN, Kind.CONNECT), (Kind.UDP,), (Kind.ICMP,), ODD_KINDS):
            those = pending[np.isin(pending["kind"], kinds)]
            if self._is_unanswered(those, sum(each.get(kinds[0], 0) for each in answers)):
                told.append(those)
        return np.concatenate(told)

    def _is_unanswered(self, pending: NDArray[np.void], answers: int) -> bool:
        if not len(pending):
            return False
        if pending["kind"][0] in ODD_KINDS:
            return len(pending) >= self._settings.odd_contacts
        share = 1 - self._settings.failed_share
        return len(pending) >= self._settings.pending and answers < share * len(pending)


def _answers(second: Second, keys: NDArray[np.uint64]) -> dict[int, dict[int, int]]:
    """Return how many answers each of some sources had, by kind; none where the tables had no room for it."""
    told: dict[int, dict[int, int]] = {}
    for table, sent in ((second.sources, True), (second.destinations, False)):
        hashes = hashed(table["hi"], table["lo"])
        for place in np.flatnonzero(np.isin(hashes, keys)):
            row, key = table[place], int(hashes[place])
            if sent:
                told[key] = {Kind.SYN: int(row["handshakes"]), Kind.UDP: 0, Kind.ICMP: 0, Kind.FIN: 0}
            elif key in told:
                told[key][Kind.SYN] = max(told[key][Kind.SYN], int(row["syn_ack"]))
                told[key][Kind.UDP] = int(row["udp"])
                told[key][Kind.ICMP] = int(row["icmp"])
    return told
