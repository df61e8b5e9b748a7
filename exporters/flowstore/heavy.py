"""The heaviest of very many keys, exactly, without a table of all of them.

Two readings. The first adds each record to one of 65,536 buckets, by a fold of its address. No key has more than its
bucket, so that after the second, which counts the keys of the heaviest buckets only, most buckets cannot hold one of
the first N any more; those that could are counted too. Traffic is so unequal that a hundredth of the buckets is enough;
where it is not (a flood from invented addresses), all are counted, in passes of as many keys as memory is for.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from exporters.flowstore.files import Scan

Totals: TypeAlias = tuple[int, int, int]

_BUCKETS: Final = 65_536  # a table of them and a piece of the records fit a core's second-level cache
_FIRST: Final = 8  # buckets counted at first, for each key that is wanted
_WORTH: Final = 4_000_000  # records; of fewer, one table of all keys is quicker
_LIMIT: Final = 1_000  # keys wanted; for more than that, the buckets exclude too little
_KEYS_AT_ONCE: Final = 12_000_000  # of one table: about a gigabyte while it grows
_READERS: Final = 2


@dataclass(frozen=True, slots=True)
class Count:
    """What to count: the key's columns (`…_hi`, `…_lo`), what bytes and packets of a record are, which sum decides."""

    keys: Sequence[str]
    values: Sequence[pl.Expr]
    order: str
    limit: int

    @property
    def sums(self) -> list[pl.Expr]:
        """Return the sums of a group: bytes, packets, flows."""
        return [*(value.sum() for value in self.values), pl.len().cast(pl.UInt64).alias("flows")]

    @property
    def bucket(self) -> pl.Expr:
        """Return the bucket of a record: hosts of a site differ in the last octets, those of IPv6 in the subnet too."""
        folded = pl.col(self.keys[0])
        for key in self.keys[1:]:
            folded = folded ^ pl.col(key)
        return (folded & (_BUCKETS - 1)).cast(pl.UInt16)


class _Buckets(NamedTuple):
    """What came to each bucket, and to all."""

    weights: NDArray[np.float64]  # of what decides; whole numbers up to 2**53
    totals: Totals


def heaviest(scan: Scan, where: pl.Expr | None, count: Count) -> tuple[pl.DataFrame, Totals]:
    """Return the first `limit` keys with their sums, and the sums of all flows."""
    table = scan.table if where is None else scan.table.filter(where)
    unlike = _unlike(scan, where, count)
    few = unlike * scan.records <= _KEYS_AT_ONCE
    if few and (scan.records < _WORTH or count.limit > _LIMIT or where is not None):
        found = table.group_by(count.keys).agg(count.sums).collect(engine="streaming")
        return found.top_k(count.limit, by=count.order), _totals(found)
    buckets = _read(scan, where, count)
    by_weight = np.argsort(-buckets.weights, kind="stable")
    first = by_weight[: min(_BUCKETS, count.limit * _FIRST)]
    best = _counted(table, count, first, unlike * scan.records)
    rest = by_weight[len(first) :]
    if best.height == count.limit:  # what a key needs to be among the first; one is for rounding
        rest = rest[buckets.weights[rest] + 1 >= float(best[count.order][-1])]
    rest = rest[buckets.weights[rest] > 0]
    if len(rest):
        best = pl.concat([best, _counted(table, count, rest, unlike * scan.records)]).top_k(count.limit, by=count.order)
    return best, buckets.totals


def _read(scan: Scan, where: pl.Expr | None, count: Count) -> _Buckets:
    """Read all records once, a piece at a time: memory is that of two pieces."""
    weights = np.zeros(_BUCKETS)
    totals = (0, 0, 0)

    def one(piece: pl.LazyFrame) -> _Buckets:
        chosen = piece if where is None else piece.filter(where)
        return _piece(chosen, count)

    with ThreadPoolExecutor(_READERS) as pool:
        for found in pool.map(one, scan.pieces):
            weights += found.weights
            totals = (totals[0] + found.totals[0], totals[1] + found.totals[1], totals[2] + found.totals[2])
    return _Buckets(weights, totals)


def _piece(piece: pl.LazyFrame, count: Count) -> _Buckets:
    raw = piece.select(count.bucket.alias("bucket"), *count.values).collect()
    places = raw["bucket"].to_numpy().astype(np.intp)
    ones = None if count.order == "flows" else raw[count.order].to_numpy()
    weights = np.bincount(places, weights=ones, minlength=_BUCKETS).astype(np.float64)
    return _Buckets(weights, (int(raw["bytes"].sum()), int(raw["packets"].sum()), raw.height))


def _counted(table: pl.LazyFrame, count: Count, chosen: NDArray[np.intp], keys: float) -> pl.DataFrame:
    """Return the first keys of these buckets, heaviest first; in several passes where the keys may be too many."""
    passes = ceil(keys * len(chosen) / _BUCKETS / _KEYS_AT_ONCE)
    best: list[pl.DataFrame] = []
    for part in np.array_split(np.sort(chosen), max(1, min(passes, len(chosen)))):
        inside = table
        if len(part) < _BUCKETS:
            inside = table.filter(count.bucket.is_in(pl.Series(part, dtype=pl.UInt16).implode()))
        found = inside.group_by(count.keys).agg(count.sums).collect(engine="streaming")
        best.append(found.top_k(count.limit, by=count.order))
    return pl.concat(best).top_k(count.limit, by=count.order).sort(count.order, descending=True)


def _unlike(scan: Scan, where: pl.Expr | None, count: Count) -> float:
    """Return how many keys there are for each record, by two pieces from the middle: too many where they repeat."""
    records = keys = 0
    for piece in scan.pieces[len(scan.pieces) // 2 :][:2]:
        chosen = piece if where is None else piece.filter(where)
        looked = chosen.select(count.keys).collect()
        records += int(piece.select(pl.len()).collect().item())
        keys += looked.n_unique()
    return keys / max(1, records)


def _totals(found: pl.DataFrame) -> Totals:
    return int(found["bytes"].sum()), int(found["packets"].sum()), int(found["flows"].sum())
