"""The questions that kept flows answer: who carried most, from which office to which, when, and the flows themselves.

`bytes` and `packets` are of both directions where a record has both (a sensor's), so that the same question asked of a
sensor's and of an exporter's records means the same. A flow belongs to the time in which it ended. Everything is exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal, TypeAlias

import polars as pl

from exporters.flowstore.files import Scan
from exporters.flowstore.schema import DEFAULTS
from exporters.flowstore.terms import app_port
from exporters.flowstore.words import Words, protocol_name
from netmon.api.traffic import address_text

Order: TypeAlias = Literal["bytes", "packets", "flows"]
By: TypeAlias = Literal["src", "dst", "port", "site", "app", "interface", "protocol", "as", "exporter", "vlan"]

_BYTES: Final = (pl.col("bytes") + pl.col("reply_bytes")).sum().alias("bytes")
_PACKETS: Final = (pl.col("packets") + pl.col("reply_packets")).sum().alias("packets")
_FLOWS: Final = pl.len().cast(pl.UInt64).alias("flows")
_SUMS: Final = ("bytes", "packets", "flows")
# Keys of one pass: 32 million with their sums and their table are about 1.5 GB. A flood from invented addresses has more,
# and is counted in several passes over the files.
_KEYS_AT_ONCE: Final = 24_000_000
_LOOK: Final = 1_000_000  # records by which the number of keys is guessed


@dataclass(frozen=True, slots=True)
class Dimension:
    """What flows are told apart by. `ends`: the key's columns, at one end or at both; a flow counts once for a key."""

    ends: tuple[tuple[str, ...], ...]
    text: Callable[[Sequence[object], Words], str]
    made: tuple[pl.Expr, ...] = ()  # columns that are computed
    wide: bool = False  # may have as many keys as there are addresses


def _address(key: Sequence[object], _: Words) -> str:
    return address_text(int(key[0]), int(key[1]))  # type: ignore[call-overload]


def _plain(key: Sequence[object], _: Words) -> str:
    return str(key[0])


_LOW: Final = app_port().alias("port")
DIMENSIONS: Final[dict[By, Dimension]] = {
    "src": Dimension((("source_hi", "source_lo"),), _address, wide=True),
    "dst": Dimension((("destination_hi", "destination_lo"),), _address, wide=True),
    "port": Dimension((("port",),), _plain, (_LOW,)),
    "site": Dimension((("source_site",), ("destination_site",)), _plain),
    "app": Dimension(
        (("protocol", "port"),),
        lambda key, words: words.app(int(key[0]), int(key[1])),  # type: ignore[call-overload]
        (_LOW,),
    ),
    "interface": Dimension(
        (("exporter", "in_interface"), ("exporter", "out_interface")),
        lambda key, _: f"{key[0]} {key[1]}".strip(),
    ),
    "protocol": Dimension((("protocol",),), lambda key, _: protocol_name(int(key[0]))),  # type: ignore[call-overload]
    "as": Dimension((("source_as",), ("destination_as",)), _plain),
    "exporter": Dimension((("exporter",),), _plain),
    "vlan": Dimension((("vlan",),), _plain),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One key and what it came to."""

    key: str
    bytes: int
    packets: int
    flows: int


@dataclass(frozen=True, slots=True)
class Top:
    """The first keys, and what all flows came to. With both ends counted, the keys come to more than the total."""

    rows: tuple[Row, ...]
    total: Row


def top(scan: Scan, by: By, where: pl.Expr | None, order: Order, limit: int, words: Words) -> Top:  # noqa: PLR0913
    """Return the keys with most of what `order` says."""
    dimension = DIMENSIONS[by]
    table = _where(scan.table, where)
    if len(dimension.ends) == 1 and dimension.wide:
        found, total = _wide(scan, table, dimension, order, limit)
    else:
        found, total = _narrow(scan, table, dimension)
    rows: dict[str, Row] = {}
    for *key, octets, packets, flows in found.iter_rows():
        text = dimension.text(key, words)
        old = rows.get(text, Row(text, 0, 0, 0))
        rows[text] = Row(text, old.bytes + octets, old.packets + packets, old.flows + flows)
    first = sorted(rows.values(), key=lambda row: (-int(getattr(row, order)), row.key))
    return Top(tuple(first[:limit]), total)


def _where(table: pl.LazyFrame, where: pl.Expr | None) -> pl.LazyFrame:
    return table if where is None else table.filter(where)


def _wide(scan: Scan, table: pl.LazyFrame, dimension: Dimension, order: Order, limit: int) -> tuple[pl.DataFrame, Row]:
    """Count keys that may be many: those that no file has are left out of the key, too many go in several passes."""
    (ends,) = dimension.ends
    keys = [name for name in ends if name in scan.present]
    passes = _passes(table, keys, scan.records)
    best: list[pl.DataFrame] = []
    totals: list[Row] = []
    for number in range(passes):
        part = table if passes == 1 else table.filter(pl.struct(keys).hash() % passes == number)
        found = _grouped(part, keys).collect(engine="streaming")
        totals.append(_total(found))
        best.append(found.top_k(limit, by=order))
    joined = pl.concat(best).with_columns(pl.lit(DEFAULTS[name]).alias(name) for name in ends if name not in keys)
    return joined.select(*ends, *_SUMS), _added(totals)


def _passes(table: pl.LazyFrame, keys: Sequence[str], records: int) -> int:
    """Return in how many passes the keys are to be counted, by the share of new ones in the first records."""
    if records <= _KEYS_AT_ONCE:
        return 1
    seen = table.select(keys).head(_LOOK).select(pl.len(), pl.struct(keys).n_unique().alias("keys")).collect()
    looked, unlike = seen.row(0)
    return max(1, ceil(records * unlike / max(1, looked) / _KEYS_AT_ONCE))


def _narrow(scan: Scan, table: pl.LazyFrame, dimension: Dimension) -> tuple[pl.DataFrame, Row]:
    """Count keys that are few, at both ends: pairs first, so that the files are read once and no flow counts twice."""
    names = list(dict.fromkeys(name for end in dimension.ends for name in end))
    made = {expression.meta.output_name() for expression in dimension.made}
    keys = [name for name in names if name in scan.present or name in made]
    pairs = _grouped(table.with_columns(*dimension.made), keys).collect(engine="streaming")
    pairs = pairs.with_columns(pl.lit(DEFAULTS[name]).alias(name) for name in names if name not in keys)
    total = _total(pairs)
    pairs = pairs.with_columns(pl.col(pl.Categorical).cast(pl.String))
    first, *others = dimension.ends
    parts = [pairs.select(*first, *_SUMS)]
    for other in others:
        differ = pl.any_horizontal(pl.col(one) != pl.col(two) for one, two in zip(first, other, strict=True))
        parts.append(
            pairs.filter(differ).select(*map(pl.col, other), *_SUMS).rename(dict(zip(other, first, strict=True)))
        )
    return pl.concat(parts).group_by(first).agg(pl.col(*_SUMS).sum()), total


def _grouped(table: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
    if not keys:  # no file has any of them: all flows have the same key
        return table.select(_BYTES, _PACKETS, _FLOWS)
    return table.group_by(keys).agg(_BYTES, _PACKETS, _FLOWS)


def _total(found: pl.DataFrame) -> Row:
    return Row("", *(int(found[name].sum()) for name in _SUMS))


def _added(rows: Sequence[Row]) -> Row:
    return Row("", *(sum(int(getattr(row, name)) for row in rows) for name in _SUMS))


def matrix(scan: Scan, where: pl.Expr | None) -> pl.DataFrame:
    """Return `source`, `destination` (sites) and what went from one to the other, replies the other way."""
    ends = ("source_site", "destination_site")
    sent = ("bytes", "packets", "reply_bytes", "reply_packets")
    pairs = _where(scan.table, where).group_by(ends).agg(pl.col(*sent).sum(), _FLOWS).collect(engine="streaming")
    pairs = pairs.with_columns(pl.col(ends).cast(pl.String))
    there = pairs.select(pl.col("source_site").alias("source"), pl.col("destination_site").alias("destination"), *_SUMS)
    replies = pairs.filter(pl.col("reply_packets") > 0)
    back = replies.select(
        pl.col("destination_site").alias("source"),
        pl.col("source_site").alias("destination"),
        pl.col("reply_bytes").alias("bytes"),
        pl.col("reply_packets").alias("packets"),
        pl.lit(0, pl.UInt64).alias("flows"),  # counted where it began
    )
    together = pl.concat([there, back]).group_by("source", "destination").agg(pl.col(*_SUMS).sum())
    return together.sort("bytes", "source", "destination", descending=[True, False, False])


def timeline(scan: Scan, where: pl.Expr | None, step_s: int) -> dict[int, Row]:
    """Return what flows that ended in each step came to, by its begin in Unix seconds; steps without flows are not in it."""
    begin = (pl.col("end").dt.epoch("s") // step_s * step_s).alias("begin")
    table = _where(scan.table, where).group_by(begin).agg(_BYTES, _PACKETS, _FLOWS)
    return {row[0]: Row("", *row[1:]) for row in table.sort("begin").collect(engine="streaming").iter_rows()}


def flows(scan: Scan, where: pl.Expr | None, order: Order | Literal["time"], limit: int) -> pl.DataFrame:
    """Return flows with the columns of SCHEMA: the latest, or the largest; at most `limit`."""
    table = _where(scan.table, where)
    if order == "flows":
        order = "time"
    if order == "time":
        return table.top_k(limit, by="end").collect(engine="streaming").sort("end")
    by = pl.col(order) + pl.col(f"reply_{order}")
    return table.top_k(limit, by=by).collect(engine="streaming").sort(by, descending=True)
