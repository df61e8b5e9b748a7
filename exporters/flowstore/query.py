"""The questions that kept flows answer: who carried most, from which office to which, when, and the flows themselves.

Each direction of a flow counts by itself (directions.py), so that the same question asked of a sensor's and of an
exporter's records means the same. A flow belongs to the time in which it ended. Everything is exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import polars as pl

from exporters.flowstore.directions import Directions
from exporters.flowstore.files import Scan
from exporters.flowstore.filter import Chosen
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


def top(scan: Scan, by: By, where: Chosen | None, ranked: Ranked, words: Words) -> Top:
    """Return the keys with most of what `order` says.

    An address (`src`, `dst`) has the flows in which it sent or received; any other key has each flow once.
    """
    if not scan.records:
        return Top((), Row("", 0, 0, 0))
    dimension, directions = DIMENSIONS[by], Directions(scan, where)
    if len(dimension.ends) == 1 and dimension.wide:
        found, total = _wide(directions, dimension, ranked)
    else:
        found, total = _narrow(directions, dimension)
    rows: dict[str, Row] = {}
    for *key, octets, packets, flows in found.iter_rows():
        text = dimension.text(key, words)
        old = rows.get(text, Row(text, 0, 0, 0))
        rows[text] = Row(text, old.bytes + octets, old.packets + packets, old.flows + flows)
    first = sorted(rows.values(), key=lambda row: (-int(getattr(row, ranked.order)), row.key))
    return Top(tuple(first[: ranked.limit]), total)


def _wide(directions: Directions, dimension: Dimension, ranked: Ranked) -> tuple[pl.DataFrame, Row]:
    """Count keys that may be many; a part of the key that no file has is left out of it."""
    (ends,) = dimension.ends
    keys = [name for name in ends if name in directions.present]
    found, (octets, packets, flows) = heaviest(directions, Count(keys, ranked.order, ranked.limit))
    if directions.both:  # that was of directions: each flow once
        flows = int(directions.flows().select(pl.len()).collect(engine="streaming").item())
    found = found.with_columns(pl.lit(DEFAULTS[name]).alias(name) for name in ends if name not in keys)
    return found.select(*ends, *_SUMS), Row("", octets, packets, flows)


def _narrow(directions: Directions, dimension: Dimension) -> tuple[pl.DataFrame, Row]:
    """Count keys that are few, at both ends: pairs first, so that the files are read once and no flow counts twice.

    None of these keys tells the directions of a flow apart.
    """
    names = list(dict.fromkeys(name for end in dimension.ends for name in end))
    made = {expression.meta.output_name() for expression in dimension.made}
    keys = [name for name in names if name in directions.scan.present or name in made]
    pairs = _grouped(directions, keys, dimension.made)
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


def _grouped(directions: Directions, keys: Sequence[str], made: Sequence[pl.Expr] = ()) -> pl.DataFrame:
    table = directions.flows().with_columns(*made)
    sums = (*(directions.carried(name).sum() for name in ("bytes", "packets")), _FLOWS)
    # No keys: no file has any of them, and all flows have the same.
    return (table.group_by(keys).agg(*sums) if keys else table.select(*sums)).collect(engine="streaming")


def _total(found: pl.DataFrame) -> Row:
    return Row("", *(int(found[name].sum()) for name in _SUMS))


def matrix(scan: Scan, where: Chosen | None) -> pl.DataFrame:
    """Return `source`, `destination` (sites) and what the one sent to the other.

    A flow counts where it began; where its replies went, if only they are let through.
    """
    directions, ends = Directions(scan, where), ("source_site", "destination_site")
    ways = {"there": directions.there, "back": directions.back}
    sums = [part(name).sum().alias(f"{way}_{name}") for way, part in ways.items() for name in ("bytes", "packets")]
    counts = {"there_flows": directions.begun, "back_flows": pl.len() - directions.begun}
    pairs = directions.flows().group_by(ends).agg(*sums, **counts).collect(engine="streaming")
    pairs = pairs.with_columns(pl.col(ends).cast(pl.String))
    parts = [
        pairs.select(
            pl.col(one).alias("source"),
            pl.col(other).alias("destination"),
            *(pl.col(f"{way}_{name}").cast(pl.UInt64).alias(name) for name in _SUMS),
        )
        for way, (one, other) in (("there", ends), ("back", ends[::-1]))
    ]
    together = pl.concat(parts).group_by("source", "destination").agg(pl.col(*_SUMS).sum())
    some = together.filter(pl.any_horizontal(pl.col(*_SUMS) > 0))
    return some.sort("bytes", "source", "destination", descending=[True, False, False])


def timeline(scan: Scan, where: Chosen | None, step_s: int) -> dict[int, Row]:
    """Return what flows that ended in each step came to, by its begin in Unix seconds; empty ones are left out."""
    begin = (pl.col("end").dt.epoch("s") // step_s * step_s).alias("begin")
    table = _grouped(Directions(scan, where), ["begin"], [begin])
    return {row[0]: Row("", *row[1:]) for row in table.sort("begin").iter_rows()}


def flows(scan: Scan, where: Chosen | None, order: Literal["time", "bytes", "packets"], limit: int) -> pl.DataFrame:
    """Return flows with the columns of SCHEMA: the latest, or the largest; at most `limit`."""
    table = Directions(scan, where).flows()
    by = pl.col("end") if order == "time" else pl.col(order) + pl.col(f"reply_{order}")
    # What is asked for is found in one column first, so that the others are read only where it is.
    ranks = table.select(by.alias("rank")).top_k(limit, by="rank").collect(engine="streaming")["rank"]
    if len(ranks):
        table = table.filter(by >= ranks.min())
    found = table.top_k(limit, by=by).collect(engine="streaming")
    return found.sort(by, descending=order != "time")


def named(scan: Scan, what: Literal["site", "exporter"]) -> list[str]:
    """Return the names of sites or exporters in these flows, in alphabetical order; those without a name have none."""
    columns = ("source_site", "destination_site") if what == "site" else ("exporter",)
    found = [
        scan.table.select(pl.col(name).cast(pl.String)).unique().collect(engine="streaming")[name] for name in columns
    ]
    return sorted(set(pl.concat(found).to_list()) - {""})
