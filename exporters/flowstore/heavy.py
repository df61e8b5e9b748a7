"""The heaviest of very many keys, exactly, without a table of all of them.

Each record is added to one of 65,536 buckets, by a fold of its address, and no key has more than its bucket. A part of
the records tells beforehand which buckets are heavy: only their keys are counted while all is read. After that, most
other buckets cannot hold one of the first N any more; the keys of those that could are counted in a second reading.
Traffic is so unequal that a hundredth of the buckets is enough; where it is not (a flood from invented addresses), all
are counted, in passes of as many keys as memory is for.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from math import ceil
from typing import Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exporters.flowstore.directions import Directions

Totals: TypeAlias = tuple[int, int, int]

_BUCKETS: Final = 65_536  # a table of them and a piece of the records fit a core's second-level cache
_FIRST: Final = 8  # buckets counted at first, for each key that is wanted
_WORTH: Final = 4_000_000  # records; of fewer, one table of all keys is quicker
_LIMIT: Final = 1_000  # keys wanted; for more than that, the buckets exclude too little
_KEYS_AT_ONCE: Final = 6_000_000  # of one table: three quarters of a gigabyte while it grows
_READERS: Final = 2
_SAMPLE: Final = 8  # pieces that tell which buckets are heavy
_JOIN: Final = 64  # pieces whose keys are joined at once
_SUMS: Final = (pl.col("bytes", "packets").sum(), pl.len().cast(pl.UInt64).alias("flows"))


@dataclass(frozen=True, slots=True)
class Count:
    """What to count: the key's columns (`…_hi`, `…_lo`), which sum decides, how many keys are wanted."""

    keys: Sequence[str]
    order: str
    limit: int

    @property
    def bucket(self) -> pl.Expr:
        """Return the bucket of a record: hosts of a site differ in the last octets, those of IPv6 in the subnet too."""
        folded = pl.col(self.keys[0])
        for key in self.keys[1:]:
            folded = folded ^ pl.col(key)
        return (folded & (_BUCKETS - 1)).cast(pl.UInt16)


@dataclass(slots=True)
class _Read:
    """What came to each bucket and to all, and the sums of the keys of chosen buckets."""

    weights: NDArray[np.float64]  # of what decides; whole numbers up to 2**53
    totals: Totals = (0, 0, 0)
    counted: list[pl.DataFrame] = field(default_factory=list)


def heaviest(directions: Directions, count: Count) -> tuple[pl.DataFrame, Totals]:
    """Return the first `limit` keys with the sums of their directions, and the sums of all directions."""
    scan, table = directions.scan, directions.of(directions.scan.table)
    unlike = _unlike(directions, count)
    few = unlike * scan.records <= _KEYS_AT_ONCE
    if few and (scan.records < _WORTH or count.limit > _LIMIT or directions.where is not None):
        found = table.group_by(count.keys).agg(_SUMS).collect(engine="streaming")
        return found.top_k(count.limit, by=count.order), _totals(found)
    some = _read(directions, scan.pieces[:: max(1, len(scan.pieces) // _SAMPLE)][:_SAMPLE], count, None)
    first = np.argsort(-some.weights, kind="stable")[: min(_BUCKETS, count.limit * _FIRST)]
    chosen = np.zeros(_BUCKETS, np.bool_)
    chosen[first] = True
    everything = _read(directions, scan.pieces, count, chosen)
    best = _joined(everything.counted, count)
    rest = np.flatnonzero(~chosen & (everything.weights > 0))
    if best.height == count.limit:  # what a key needs to be among the first; one is for rounding
        rest = rest[everything.weights[rest] + 1 >= float(best[count.order][-1])]
    if len(rest):
        best = pl.concat([best, _counted(table, count, rest, unlike * scan.records)])
    return best.top_k(count.limit, by=count.order).sort(count.order, descending=True), everything.totals


def _read(
    directions: Directions, pieces: Sequence[pl.LazyFrame], count: Count, chosen: NDArray[np.bool_] | None
) -> _Read:
    """Read records once, a piece at a time: memory is that of two pieces, and of the chosen buckets' keys."""
    found = _Read(np.zeros(_BUCKETS))

    def one(piece: pl.LazyFrame) -> list[_Read]:
        return [_part(raw, count, chosen) for raw in directions.read(piece, (*count.keys, "bytes", "packets"))]

    with ThreadPoolExecutor(_READERS) as pool:
        for each in chain.from_iterable(pool.map(one, pieces)):
            found.weights += each.weights
            octets, packets, flows = (one + other for one, other in zip(found.totals, each.totals, strict=True))
            found.totals = (octets, packets, flows)
            found.counted += each.counted
            if len(found.counted) >= _JOIN:
                found.counted = [_summed(found.counted, count)]
    return found


def _part(raw: pl.DataFrame, count: Count, chosen: NDArray[np.bool_] | None) -> _Read:
    folded = raw[count.keys[0]].to_numpy()
    for key in count.keys[1:]:
        folded = folded ^ raw[key].to_numpy()
    places = (folded & np.uint64(_BUCKETS - 1)).view(np.intp)
    ones = None if count.order == "flows" else raw[count.order].to_numpy()
    weights = np.bincount(places, weights=ones, minlength=_BUCKETS).astype(np.float64, copy=False)
    found = _Read(weights, (int(raw["bytes"].sum()), int(raw["packets"].sum()), raw.height))
    if chosen is not None:
        found.counted = [raw.filter(pl.Series(chosen[places])).group_by(count.keys).agg(_SUMS)]
    return found


def _summed(parts: Sequence[pl.DataFrame], count: Count) -> pl.DataFrame:
    return pl.concat(parts).group_by(count.keys).agg(pl.col("bytes", "packets", "flows").sum())


def _joined(parts: Sequence[pl.DataFrame], count: Count) -> pl.DataFrame:
    return _summed(parts, count).top_k(count.limit, by=count.order).sort(count.order, descending=True)


def _counted(table: pl.LazyFrame, count: Count, chosen: NDArray[np.intp], keys: float) -> pl.DataFrame:
    """Return the first keys of these buckets, heaviest first; in several passes where the keys may be too many."""
    passes = ceil(keys * len(chosen) / _BUCKETS / _KEYS_AT_ONCE)
    best: list[pl.DataFrame] = []
    for part in np.array_split(np.sort(chosen), max(1, min(passes, len(chosen)))):
        inside = table
        if len(part) < _BUCKETS:
            inside = table.filter(count.bucket.is_in(pl.Series(part, dtype=pl.UInt16).implode()))
        found = inside.group_by(count.keys).agg(_SUMS).collect(engine="streaming")
        best.append(found.top_k(count.limit, by=count.order))
    return pl.concat(best).top_k(count.limit, by=count.order).sort(count.order, descending=True)


def _unlike(directions: Directions, count: Count) -> float:
    """Return how many keys there are for each record, by two pieces from the middle: too many where they repeat."""
    pieces = directions.scan.pieces
    records = keys = 0
    for piece in pieces[len(pieces) // 2 :][:2]:
        records += int(piece.select(pl.len()).collect().item())
        keys += directions.of(piece).select(count.keys).collect().n_unique()
    return keys / max(1, records)


def _totals(found: pl.DataFrame) -> Totals:
    return int(found["bytes"].sum()), int(found["packets"].sum()), int(found["flows"].sum())
