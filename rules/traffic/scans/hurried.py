"""Contacts that are so many and so little answered that their time-outs need not be waited for. Sensors only."""

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second
from rules.traffic.learned import hashed
from rules.traffic.scans.contacts import CONTACT, ODD_KINDS, Kind, distinct
from rules.traffic.scans.settings import ScanSettings

_NONE = np.zeros(0, CONTACT)


class Hurried:
    """What the busiest sources began in this window and the one before, and what they had answered."""

    def __init__(self, settings: ScanSettings) -> None:
        self._settings = settings
        self._before: dict[int, tuple[NDArray[np.void], dict[int, int]]] = {}

    def take(self, second: Second, begun: NDArray[np.void]) -> dict[int, NDArray[np.void]]:
        """Return the pending contacts (CONTACT) of sources that are hardly answered, by the source's hash."""
        if not second.live:
            return {}
        keys, counts = np.unique(begun["source"], return_counts=True)
        busy = keys[counts >= max(self._settings.pending // 5, 4)]
        busy = busy[np.argsort(-counts[np.searchsorted(keys, busy)], kind="stable")][: self._settings.candidates]
        answered = _answers(second, busy) if len(busy) else {}
        now = {int(key): (begun[begun["source"] == key], answered.get(int(key), {})) for key in busy}
        young = int((second.end - self._settings.pending_age_s) * 1e9)
        given = {}
        for key, (rows, answers) in now.items():
            rows_before, answers_before = self._before.get(key, (_NONE, {}))
            pending = distinct(np.concatenate([rows_before, rows]))
            pending = pending[pending["at_ns"] < young]
            told = [
                those
                for kinds in ((Kind.SYN, Kind.CONNECT), (Kind.UDP,), (Kind.ICMP,), ODD_KINDS)
                if self._is_unanswered(
                    those := pending[np.isin(pending["kind"], kinds)],
                    answers.get(kinds[0], None),
                    answers_before.get(kinds[0], 0),
                )
            ]
            if told:
                given[key] = np.concatenate(told)
        self._before = now
        return given

    def _is_unanswered(self, pending: NDArray[np.void], answers: int | None, before: int) -> bool:
        if answers is None or not len(pending):
            return False
        if pending["kind"][0] in ODD_KINDS:
            return len(pending) >= self._settings.odd_contacts
        share = 1 - self._settings.failed_share
        return len(pending) >= self._settings.pending and answers + before < share * len(pending)


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
