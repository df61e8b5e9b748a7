"""The questions that kept flows answer: who carried most, from which office to which, when, and the flows themselves.

`bytes` and `packets` are of both directions where a record has both (a sensor's), so that the same question asked of a
sensor's and of an exporter's records means the same. A flow belongs to the time in which it ended. Everything is exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import polars as pl

from exporters.flowstore.files import Scan
from exporters.flowstore.heavy import Count, heaviest
from exporters.flowstore.schema import DEFAULTS
from exporters.flowstore.terms import app_port
from exporters.flowstore.words import Words, protocol_name
from netmon.api.traffic import address_text

Order: TypeAlias = Literal["bytes", "packets", "flows"]
By: TypeAlias = Literal["src", "dst", "port", "site", "app", "interface", "protocol", "as", "exporter", "vlan"]

_FLOWS: Final = pl.len().cast(pl.UInt64).alias("flows")
_SUMS: Final = ("bytes", "packets", "flows")


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
class Ranked:
    """By what keys are ordered, the most first, and how many are wanted."""

    order: Order = "bytes"
    limit: int = 20


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


def top(scan: Scan, by: By, where: pl.Expr | None, ranked: Ranked, words: Words) -> Top:
    """Return the keys with most of what `order` says."""
    if not scan.records:
        return Top((), Row("", 0, 0, 0))
    dimension = DIMENSIONS[by]
    if len(dimension.ends) == 1 and dimension.wide:
        found, total = _wide(scan, where, dimension, ranked)
    else:
        found, total = _narrow(scan, _where(scan.table, where), dimension)
    rows: dict[str, Row] = {}
    for *key, octets, packets, flows in found.iter_rows():
        text = dimension.text(key, words)
        old = rows.get(text, Row(text, 0, 0, 0))
        rows[text] = Row(text, old.bytes + octets, old.packets + packets, old.flows + flows)
    first = sorted(rows.values(), key=lambda row: (-int(getattr(row, ranked.order)), row.key))
    return Top(tuple(first[: ranked.limit]), total)


def _where(table: pl.LazyFrame, where: pl.Expr | None) -> pl.LazyFrame:
    return table if where is None else table.filter(where)


def _wide(scan: Scan, where: pl.Expr | None, dimension: Dimension, ranked: Ranked) -> tuple[pl.DataFrame, Row]:
    """Count keys that may be many; a part of the key that no file has is left out of it."""
    (ends,) = dimension.ends
    keys = [name for name in ends if name in scan.present]
    count = Count(keys, _values(scan.present), ranked.order, ranked.limit)
    found, total = heaviest(scan, where, count)
    found = found.with_columns(pl.lit(DEFAULTS[name]).alias(name) for name in ends if name not in keys)
    return found.select(*ends, *_SUMS), Row("", *total)


def _narrow(scan: Scan, table: pl.LazyFrame, dimension: Dimension) -> tuple[pl.DataFrame, Row]:
    """Count keys that are few, at both ends: pairs first, so that the files are read once and no flow counts twice."""
    names = list(dict.fromkeys(name for end in dimension.ends for name in end))
    made = {expression.meta.output_name() for expression in dimension.made}
    keys = [name for name in names if name in scan.present or name in made]
    pairs = _grouped(table.with_columns(*dimension.made), keys, scan.present).collect(engine="streaming")
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


def _values(present: frozenset[str]) -> list[pl.Expr]:
    """Return the bytes and packets of a flow in both directions: no additions where no file has replies."""
    return [
        (pl.col(name) + pl.col(reply) if (reply := f"reply_{name}") in present else pl.col(name)).alias(name)
        for name in ("bytes", "packets")
    ]


def _sums(present: frozenset[str]) -> list[pl.Expr]:
    return [*(value.sum() for value in _values(present)), _FLOWS]


def _grouped(table: pl.LazyFrame, keys: Sequence[str], present: frozenset[str]) -> pl.LazyFrame:
    if not keys:  # no file has any of them: all flows have the same key
        return table.select(_sums(present))
    return table.group_by(keys).agg(_sums(present))


def _total(found: pl.DataFrame) -> Row:
    return Row("", *(int(found[name].sum()) for name in _SUMS))


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
    """Return what flows that ended in each step came to, by its begin in Unix seconds; empty ones are left out."""
    begin = (pl.col("end").dt.epoch("s") // step_s * step_s).alias("begin")
    table = _where(scan.table, where).group_by(begin).agg(_sums(scan.present))
    return {row[0]: Row("", *row[1:]) for row in table.sort("begin").collect(engine="streaming").iter_rows()}


def flows(scan: Scan, where: pl.Expr | None, order: Literal["time", "bytes", "packets"], limit: int) -> pl.DataFrame:
    """Return flows with the columns of SCHEMA: the latest, or the largest; at most `limit`."""
    table = _where(scan.table, where)
    by = pl.col("end") if order == "time" else pl.col(order) + pl.col(f"reply_{order}")
    # What is asked for is found in one column first, so that the others are read only where it is.
    ranks = table.select(by.alias("rank")).top_k(limit, by="rank").collect(engine="streaming")["rank"]
    if len(ranks):
        table = table.filter(by >= ranks.min())
    found = table.top_k(limit, by=by).collect(engine="streaming")
    return found.sort(by, descending=order != "time")
