"""Arithmetic of periods: which one a moment belongs to, what its values come to, and what a day's periods come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.columns import Floats, Singles

FIVE_MINUTES_S: Final = 300
HOUR_S: Final = 3_600
DAY_S: Final = 86_400
PERIODS: Final = DAY_S // FIVE_MINUTES_S  # of a day
LENGTHS: Final = (FIVE_MINUTES_S, DAY_S)

QUANTILE: Final = 0.95
_LARGEST: Final = float(np.finfo(np.float32).max)
_SIGN: Final = np.uint32(1 << 31)

Ids: TypeAlias = NDArray[np.uint32]
Counts: TypeAlias = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A period's records, one for each series: `ids` ascend, none is there twice; all have the same length."""

    ids: Ids
    counts: Counts  # values that went into it
    minimum: Singles
    mean: Singles
    maximum: Singles
    p95: Singles

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Columns":
        """Return some of the rows, given by ascending index or by flags."""
        return Columns(*(column[rows] for column in self.all))

    @property
    def all(self) -> tuple[NDArray[Any], ...]:
        """Return the columns in the order in which they are on disk."""
        return self.ids, self.counts, self.minimum, self.mean, self.maximum, self.p95


def period_of(at: float, length_s: int) -> int:
    """Return when the period of a moment begins, in Unix seconds; days are those of UTC."""
    return int(at // length_s) * length_s


def singles(values: Floats) -> Singles:
    """Return float64[n] as float32[n]. What is beyond its range is its largest number; there is no negative zero."""
    within: Floats = np.clip(values, -_LARGEST, _LARGEST) + 0.0
    return within.astype(np.float32)


def summarise(ids: Ids, values: Singles) -> Columns:
    """Return what values of one period come to, each with the id of its series, in any order.

    One sort does all: the id above the bits of the value, turned so that they ascend as the values do.
    """
    keys = np.sort((ids.astype(np.uint64) << np.uint64(32)) | _ascending(values))
    ordered = (keys >> np.uint64(32)).astype(np.uint32)
    sorted_values = _values(keys.astype(np.uint32))
    begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if len(ids) else np.empty(0, np.intp)
    if not len(begins):
        return empty()
    counts = np.diff(begins, append=len(ids))
    sums = np.add.reduceat(sorted_values, begins, dtype=np.float64)
    return Columns(
        ordered[begins],
        counts.astype(np.uint32),
        sorted_values[begins],
        (sums / counts).astype(np.float32),
        sorted_values[begins + counts - 1],
        _quantile(sorted_values, begins, counts),
    )


def empty() -> Columns:
    """Return columns without a record."""
    nothing = np.empty(0, np.float32)
    return Columns(np.empty(0, np.uint32), np.empty(0, np.uint32), nothing, nothing, nothing, nothing)


def of_day(ids: Ids, periods: Iterable[Columns]) -> Columns:
    """Return what five-minute periods of one day come to, for the series of these ascending ids.

    The mean is that of the five-minute means, so that it weighs by time however often was polled; the 95th percentile
    is theirs too. Takes 1.2 kB of memory a series.
    """
    means = np.full((len(ids), PERIODS), np.nan, np.float32)
    counts, sums = np.zeros(len(ids), np.uint64), np.zeros(len(ids))
    low, high = np.full(len(ids), np.inf, np.float32), np.full(len(ids), -np.inf, np.float32)
    for place, period in enumerate(periods):
        rows, known = _rows(ids, period.ids)
        part = period if known.all() else period.take(known)
        means[rows, place] = part.mean
        sums[rows] += part.mean
        counts[rows] += part.counts
        low[rows] = np.minimum(low[rows], part.minimum)
        high[rows] = np.maximum(high[rows], part.maximum)
    means.sort(axis=1)  # those that are not there, as NaN, come last
    there = PERIODS - np.isnan(means).sum(axis=1)
    full = np.flatnonzero(there)
    begins = full * PERIODS
    return Columns(
        ids[full],
        np.minimum(counts[full], 0xFFFF_FFFF).astype(np.uint32),
        low[full],
        (sums[full] / there[full]).astype(np.float32),
        high[full],
        _quantile(means.ravel(), begins, there[full]),
    )


def without(columns: Columns, ids: Ids) -> Columns:
    """Return the records of series that are not among these ascending ids."""
    _, known = _rows(ids, columns.ids)
    return columns.take(~known) if known.any() else columns


def exceeds(columns: Columns, old: Columns) -> NDArray[np.bool_]:
    """Tell which of the records are of more values than the old ones of the same series, or of series without one."""
    rows, known = _rows(old.ids, columns.ids)
    better = ~known
    better[known] = columns.counts[known] > old.counts[rows]
    return better


def together(parts: Iterable[Columns]) -> Columns:
    """Return records of one period from several places; of a series that is there twice the first counts."""
    whole: Columns | None = None
    for part in parts:
        if whole is None:
            whole = part
            continue
        more = without(part, whole.ids)
        order = np.argsort(np.concatenate((whole.ids, more.ids)), kind="stable")
        joined = (np.concatenate(pair) for pair in zip(whole.all, more.all, strict=True))
        whole = Columns(*joined).take(order)
    return empty() if whole is None else whole


def _rows(known: Ids, ids: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the rows of `known` that hold these ids, for those that are there, and which these are."""
    if not len(known):
        return np.empty(0, np.intp), np.zeros(len(ids), np.bool_)
    rows = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    there = known[rows] == ids
    return rows[there], there


def _quantile(values: Singles, begins: NDArray[np.intp], counts: NDArray[np.intp]) -> Singles:
    """Return the 95th percentile of each ascending stretch, between two values by their distance (as Prometheus)."""
    rank = QUANTILE * (counts - 1)
    below = rank.astype(np.intp)
    above = np.minimum(below + 1, counts - 1)
    weight = rank - below
    low, high = values[begins + below].astype(np.float64), values[begins + above].astype(np.float64)
    between: Floats = low * (1 - weight) + high * weight
    return between.astype(np.float32)


def _ascending(values: Singles) -> NDArray[np.uint32]:
    """Return the bits of IEEE 754 numbers, turned so that they ascend as unsigned integers when the numbers do."""
    bits = values.view(np.uint32)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _values(bits: NDArray[np.uint32]) -> Singles:
    """Undo `_ascending`."""
    return np.where(bits & _SIGN, bits & ~_SIGN, ~bits).view(np.float32)
