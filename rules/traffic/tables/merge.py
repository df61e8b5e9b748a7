"""The windows of several capturing processes as one: sums by address, sketches joined, samples weighed."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import ENDPOINT, PORT_LOAD, SAMPLE, Second

Rows: TypeAlias = NDArray[np.void]

_VOTES: Final = (("port", "port_votes"), ("reflected_port", "reflected_votes"))
_MESSAGES: Final = ("begun", "ended", "dns", "neighbours", "leases", "routers", "bridges", "macs")


def merge(seconds: Sequence[Second], *, seed: int = 0) -> Second:
    """Return one window for those of several processes that saw parts of the same traffic; ValueError for none.

    It begins with the earliest and ends with the latest. The most frequent port is exact where one process saw most
    of an address's packets, as with a fanout by flow, and otherwise the best of theirs. `seed`: of the sample's choice.
    """
    if not seconds:
        raise ValueError("no windows to merge")
    if len(seconds) == 1:
        return seconds[0]
    unlisted: dict[str, int] = {}
    for second in seconds:
        for table, count in second.unlisted.items():
            unlisted[table] = unlisted.get(table, 0) + count
    return Second(
        start=min(second.start for second in seconds),
        end=max(second.end for second in seconds),
        live=all(second.live for second in seconds),
        records=sum(second.records for second in seconds),
        packets=sum(second.packets for second in seconds),
        bytes=sum(second.bytes for second in seconds),
        destinations=_endpoints([second.destinations for second in seconds]),
        sources=_endpoints([second.sources for second in seconds]),
        unlisted=unlisted,
        ports=_summed([second.ports for second in seconds], ("protocol", "port"), PORT_LOAD),
        sample=_sample(seconds, np.random.default_rng(seed)),
        **{name: np.concatenate([getattr(second, name) for second in seconds]) for name in _MESSAGES},
    )


def _endpoints(tables: Sequence[Rows]) -> Rows:
    return _summed(tables, ("hi", "lo"), ENDPOINT, _elect)


def _summed(
    tables: Sequence[Rows],
    keys: tuple[str, str],
    dtype: np.dtype[np.void],
    after: Callable[[Rows, Rows, NDArray[np.intp]], None] | None = None,
) -> Rows:
    """Return rows with equal keys as one: numbers added, sketches OR-ed. `after` fills what is neither."""
    rows = np.concatenate(tables)
    if not len(rows):
        return rows
    rows = rows[np.lexsort((rows[keys[1]], rows[keys[0]]))]
    fresh = np.ones(len(rows), np.bool_)
    fresh[1:] = (rows[keys[0]][1:] != rows[keys[0]][:-1]) | (rows[keys[1]][1:] != rows[keys[1]][:-1])
    starts = np.flatnonzero(fresh)
    merged = np.zeros(len(starts), dtype)
    for name in dtype.names or ():
        column = rows[name]
        if name in keys:
            merged[name] = column[starts]
        elif dtype[name].shape:  # a sketch
            merged[name] = np.bitwise_or.reduceat(column, starts, axis=0)
        else:
            most = np.iinfo(dtype[name]).max
            sums = np.add.reduceat(column, starts, dtype=np.uint64)
            merged[name] = np.minimum(sums, np.uint64(most))
    if after is not None:
        after(merged, rows, starts)
    return merged


def _elect(merged: Rows, rows: Rows, starts: NDArray[np.intp]) -> None:
    """Choose the port with the most votes of any process; the votes of others count against it."""
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(rows))))
    for port, votes in _VOTES:
        by_votes = np.lexsort((rows[votes], group))
        winners = by_votes[np.append(starts[1:], len(rows)) - 1]  # the last of each group has the most
        merged[port] = rows[port][winners]
        same = rows[port] == merged[port][group]
        signed = np.where(same, rows[votes].astype(np.int64), -rows[votes].astype(np.int64))
        merged[votes] = np.clip(np.add.reduceat(signed, starts), 1, np.iinfo(np.uint32).max)
        merged[votes][np.maximum.reduceat(rows[votes], starts) == 0] = 0


def _sample(seconds: Sequence[Second], draw: np.random.Generator) -> Rows:
    """Return a sample in which each process has a share as its records have of all."""
    total = sum(second.records for second in seconds)
    if total <= SAMPLE:
        return np.concatenate([second.sample for second in seconds])
    room = np.floor(np.array([second.records for second in seconds]) * (SAMPLE / total)).astype(np.int64)
    parts = [
        second.sample[draw.permutation(len(second.sample))[: min(int(wanted), len(second.sample))]]
        for second, wanted in zip(seconds, room, strict=True)
    ]
    return np.concatenate(parts)
