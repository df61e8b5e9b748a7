"""The windows of several capturing processes as one: sums by address, sketches joined, samples weighed."""

import secrets
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.memory import Again
from netmon.api.traffic import ENDPOINT, RECORD, SAMPLE, Second, empty
from rules.traffic.tables.merge_kernel import fold

Rows: TypeAlias = NDArray[np.void]

_FLOWS: Final = ("begun", "ended")
_MESSAGES: Final = ("dns", "neighbours", "leases", "routers", "bridges", "macs")
_LEAST: Final = 4_096
"""Rows of the smallest array that is used again: each has twice as many as the one before, so that windows which differ
a little have the same."""
_KEPT: Final = 3
"""Arrays of a kind that are kept: two tables of one window, and one of the window that is judged meanwhile."""


class Merging:
    """Makes one window out of those that several processes told of the same time. For one thread.

    A window's rows stand in memory that is used again once nobody holds it. `seed`: of the hash, which nobody is to
    foretell; None draws one.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = np.uint64(secrets.randbits(63) if seed is None else seed)
        self._index = np.zeros(0, np.uint64)
        self._endpoints, self._records = Again(ENDPOINT), Again(RECORD)

    def merge(self, seconds: Sequence[Second], *, seed: int = 0) -> Second:
        """Return one window for those of several processes that saw parts of the same traffic; ValueError for none.

        It begins with the earliest and ends with the latest. The most frequent port is exact where one process saw most
        of an address's packets, as with a fanout by flow, and otherwise the best of theirs. `seed`: of the sample's
        choice. All of it is copied: what a process told may be let go.
        """
        if not seconds:
            raise ValueError("no windows to merge")
        unlisted: dict[str, int] = {}
        for second in seconds:
            for table, count in second.unlisted.items():
                unlisted[table] = unlisted.get(table, 0) + count
        others: dict[str, Any] = {name: self._behind([getattr(one, name) for one in seconds]) for name in _FLOWS}
        others |= {name: np.concatenate([getattr(one, name) for one in seconds]) for name in _MESSAGES}
        merged = Second(
            start=min(second.start for second in seconds),
            end=max(second.end for second in seconds),
            live=all(second.live for second in seconds),
            records=sum(second.records for second in seconds),
            packets=sum(second.packets for second in seconds),
            bytes=sum(second.bytes for second in seconds),
            destinations=self._summed([second.destinations for second in seconds]),
            sources=self._summed([second.sources for second in seconds]),
            unlisted=unlisted,
            ports=_ports([second.ports for second in seconds]),
            sample=_sample(seconds, np.random.default_rng(seed)),
            **others,
        )
        for memory in (self._endpoints, self._records):
            memory.shed(_KEPT)
        return merged

    def touch(self, rows: int) -> None:
        """Take the memory of tables with so many rows from the kernel now, and not in a flood."""
        if rows:
            self._endpoints.touch(_room(rows), rows, rows)

    def _summed(self, tables: Sequence[Rows]) -> Rows:
        """Return one row for each address, numbers added and sketches OR-ed."""
        total = sum(map(len, tables))
        if not total:
            return empty(ENDPOINT)
        slots = 1 << (2 * total - 1).bit_length()
        if len(self._index) < slots:
            self._index = np.empty(slots, np.uint64)
        index = self._index[:slots]
        index.fill(0)
        rows, used = self._endpoints.take(_room(total)), 0
        for table in tables:
            used = int(fold(rows, index, np.uint64(used), _read_only(table), self._seed))
        return rows[:used]

    def _behind(self, parts: Sequence[Rows]) -> Rows:
        """Return rows one part behind the other."""
        total = sum(map(len, parts))
        if not total:
            return empty(RECORD)
        rows, at = self._records.take(_room(total)), 0
        for part in parts:
            _octets(rows[at : at + len(part)])[:] = _octets(part)
            at += len(part)
        return rows[:total]


def _room(rows: int) -> int:
    return max(_LEAST, 1 << (rows - 1).bit_length())


def _octets(rows: Rows) -> NDArray[np.uint8]:
    """Return rows as octets: numpy copies records one field after the other."""
    return np.ascontiguousarray(rows).view(np.uint8)


def _read_only(rows: Rows) -> Rows:
    """Return rows as what others have is seen, so that loops are compiled once."""
    view = np.ascontiguousarray(rows).view()
    view.flags.writeable = False
    return view


def _ports(tables: Sequence[Rows]) -> Rows:
    """Return one row for each port, numbers added."""
    rows = np.concatenate(tables)
    order = np.lexsort((rows["port"], rows["protocol"]))
    rows = rows[order]
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (rows["protocol"][1:] != rows["protocol"][:-1]) | (rows["port"][1:] != rows["port"][:-1])
    starts = np.flatnonzero(fresh)
    merged = rows[starts]
    for name in ("bytes", "packets", "flows"):
        merged[name] = np.add.reduceat(rows[name], starts) if len(starts) else 0
    return merged


def _sample(seconds: Sequence[Second], draw: np.random.Generator) -> Rows:
    """Return a sample in which each process has a share as its records have of all."""
    total = sum(second.records for second in seconds)
    if total <= SAMPLE:
        return np.concatenate([second.sample for second in seconds])
    room = np.floor(np.array([second.records for second in seconds]) * (SAMPLE / total)).astype(np.int64)
    parts: list[Any] = [
        second.sample[draw.permutation(len(second.sample))[: min(int(wanted), len(second.sample))]]
        for second, wanted in zip(seconds, room, strict=True)
    ]
    return np.concatenate(parts)
