"""Contacts that are so many and so little answered that their time-outs need not be waited for. Sensors only."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second
from rules.traffic.learned import hashed
from rules.traffic.memory import by_key, placed
from rules.traffic.numbering import Numbering
from rules.traffic.scans.contact import ODD_KINDS, Kind
from rules.traffic.scans.contacts import distinct
from rules.traffic.scans.settings import ScanSettings

_WINDOWS: Final = 8  # that are looked at together
_CLASSES: Final = ((Kind.SYN, Kind.CONNECT), (Kind.UDP,), (Kind.ICMP,), ODD_KINDS, (Kind.SCTP,))
_SYN, _UDP, _ICMP, _ODD, _SCTP = range(len(_CLASSES))
_CLASS: Final = np.full(256, len(_CLASSES), np.uint8)  # by Kind
for _place, _kinds in enumerate(_CLASSES):
    _CLASS[list(_kinds)] = _place


class Hurried:
    """What the busiest sources began in the last windows, and what they had answered.

    In columns: a row for each source that is watched, for each window and class of kinds a number.
    """

    def __init__(self, settings: ScanSettings, numbering: Numbering) -> None:
        self._settings = settings
        self._numbering = numbering
        self._keys = np.zeros(0, np.uint64)
        self._windows = np.zeros(0, np.int32)  # for how many windows it has been watched
        self._begun = np.zeros((0, _WINDOWS, len(_CLASSES) + 1), np.int32)
        self._answers = np.zeros((0, _WINDOWS, len(_CLASSES)), np.int64)
        self._rows: deque[NDArray[np.void]] = deque(maxlen=_WINDOWS)  # of those that were watched then
        self._turn = 0

    @property
    def is_idle(self) -> bool:
        """Tell whether nobody is watched, and nothing remembered."""
        return not len(self._keys) and not any(map(len, self._rows))

    def take(self, second: Second, begun: NDArray[np.void]) -> dict[int, NDArray[np.void]]:
        """Return the pending contacts (CONTACT) of sources that are hardly answered, by the source's hash."""
        if not second.live:
            return {}
        self._watch(self._busy(begun["source"]))
        self._turn = (self._turn + 1) % _WINDOWS
        self._answers[:, self._turn] = 0
        self._windows += 1
        if not len(self._keys):
            self._rows.append(begun[:0].copy())
            return {}
        rows, place = placed(begun["source"], self._keys)
        mine = begun[rows]
        kinds = len(_CLASSES) + 1
        counts = np.bincount(place * kinds + _CLASS[mine["kind"]], minlength=len(self._keys) * kinds)
        self._begun[:, self._turn] = counts.reshape(-1, kinds)
        self._rows.append(mine)
        sends = self._take_answers(second)
        given = self._hardly_answered(sends, int((second.end - self._settings.pending_age_s) * 1e9))
        over = (self._windows >= _WINDOWS) & (self._begun.sum(axis=(1, 2)) == 0)
        if over.any():
            self._choose(np.flatnonzero(~over))
        return given

    def _busy(self, sources: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return the sources that begin most."""
        groups, count = self._numbering.number(sources)
        keys = np.zeros(count, np.uint64)
        keys[groups] = sources
        counts = np.bincount(groups, minlength=count)
        busy = np.flatnonzero(counts >= max(self._settings.pending // 12, 4))
        return keys[busy[np.argsort(-counts[busy], kind="stable")][: self._settings.candidates]]

    def _watch(self, keys: NDArray[np.uint64]) -> None:
        fresh = np.setdiff1d(keys, self._keys)
        if not len(fresh):
            return
        count = len(fresh)
        self._keys = np.concatenate([self._keys, fresh])
        self._windows = np.concatenate([self._windows, np.zeros(count, np.int32)])
        self._begun = np.concatenate([self._begun, np.zeros((count, *self._begun.shape[1:]), np.int32)])
        self._answers = np.concatenate([self._answers, np.zeros((count, *self._answers.shape[1:]), np.int64)])
        self._choose(np.argsort(self._keys))

    def _choose(self, rows: NDArray[np.intp]) -> None:
        self._keys, self._windows = self._keys[rows], self._windows[rows]
        self._begun, self._answers = self._begun[rows], self._answers[rows]

    def _take_answers(self, second: Second) -> NDArray[np.bool_]:
        """Count this window's answers; return who sent anything, by the tables: they may have no room for all."""
        sends = np.zeros(len(self._keys), np.bool_)
        answers = self._answers[:, self._turn]
        rows, place = placed(hashed(second.sources["hi"], second.sources["lo"]), self._keys)
        sends[place] = True
        answers[place, _SYN] = second.sources["handshakes"][rows]
        table = second.destinations
        rows, place = placed(hashed(table["hi"], table["lo"]), self._keys)
        rows, place = rows[sends[place]], place[sends[place]]
        answers[place, _SYN] = np.maximum(answers[place, _SYN], table["syn_ack"][rows])
        answers[place, _UDP], answers[place, _ICMP] = table["udp"][rows], table["icmp"][rows]
        return sends

    def _hardly_answered(self, sends: NDArray[np.bool_], young_ns: int) -> dict[int, NDArray[np.void]]:
        """Return what is pending of those that sent something, where it is enough and few answers came."""
        answers = self._answers.sum(axis=1)
        maybe = sends & self._is_enough(self._begun.sum(axis=1)[:, :-1], answers).any(axis=1)
        if not maybe.any():
            return {}
        rows = np.concatenate(self._rows)
        given = {}
        for key, mine in by_key(rows, "source", self._keys[maybe]).items():
            pending = distinct(mine)
            pending = pending[pending["at_ns"] < young_ns]
            kinds = _CLASS[pending["kind"]]
            own = answers[np.searchsorted(self._keys, np.uint64(key))]
            enough = self._is_enough(np.bincount(kinds, minlength=len(_CLASSES) + 1)[:-1], own)
            told = pending[np.append(enough, False)[kinds]]
            if len(told):
                given[key] = told
        return given

    def _is_enough(self, pending: NDArray[np.integer], answers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of each class whether so many are pending, and so few were answered, that it is no use."""
        share = 1 - self._settings.failed_share
        enough = (pending >= self._settings.pending) & (answers < share * pending)
        enough[..., _ODD] = pending[..., _ODD] >= self._settings.odd_contacts
        enough[..., _SCTP] = pending[..., _SCTP] >= self._settings.ports  # answered or not: see port_scan
        return enough
