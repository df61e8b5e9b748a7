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
    """Return rows with equal keys as one: numbers added, sketches OR-ed. `after` fills what is neither.

    Most rows of a flood of forged sources have no equal: these are copied, once, because a table of them is 34 MB. The
    others stand behind them.
    """
    places = np.cumsum([0, *map(len, tables)])
    order, fresh = _grouped(*(np.concatenate([table[key] for table in tables]) for key in keys))
    alone = fresh & np.append(fresh[1:], True)[: len(fresh)]
    rows = _picked(tables, places, order[~alone], dtype)
    joined = _joined(rows, fresh[~alone], keys, dtype, after) if len(rows) else rows
    lonely = np.zeros(len(order), np.bool_)
    lonely[order[alone]] = True
    merged, at = np.empty(np.count_nonzero(alone) + len(joined), dtype), 0
    octets = _octets(merged)
    for table, place in zip(tables, places, strict=False):
        which = np.flatnonzero(lonely[place : place + len(table)])
        np.take(_octets(table), which, axis=0, out=octets[at : at + len(which)], mode="clip")  # "raise" takes a copy
        at += len(which)
    octets[at:] = _octets(joined)
    return merged


def _picked(
    tables: Sequence[Rows], places: NDArray[np.intp], which: NDArray[np.intp], dtype: np.dtype[np.void]
) -> Rows:
    """Return rows by number, tables one behind the other; `places`: where each begins, and the end."""
    rows = np.empty(len(which), dtype)
    octets = _octets(rows)
    for table, begin, end in zip(tables, places[:-1], places[1:], strict=True):
        here = (which >= begin) & (which < end)
        octets[here] = _octets(table)[which[here] - begin]
    return rows


def _octets(rows: Rows) -> NDArray[np.uint8]:
    """Return rows as so many octets each: numpy copies rows with sketches in them one field after the other."""
    return np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), rows.dtype.itemsize)


def _grouped(first: NDArray[np.generic], second: NDArray[np.generic]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return an order in which equal keys stand together, and where in it a new key begins."""
    first, second = np.ascontiguousarray(first), np.ascontiguousarray(second)
    order = np.argsort(second, kind="stable")
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = second[order][1:] != second[order][:-1]
    if (first[order][1:] != first[order][:-1])[~fresh[1:]].any():  # as a rule the second is enough
        order = np.lexsort((second, first))
        fresh[1:] = (first[order][1:] != first[order][:-1]) | (second[order][1:] != second[order][:-1])
    return order, fresh


def _joined(
    rows: Rows,
    fresh: NDArray[np.bool_],
    keys: tuple[str, str],
    dtype: np.dtype[np.void],
    after: Callable[[Rows, Rows, NDArray[np.intp]], None] | None,
) -> Rows:
    """Return one row for each group of rows; `fresh`: where a group begins."""
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
