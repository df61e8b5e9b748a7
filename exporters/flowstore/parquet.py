"""Parquet files of exactly the store's columns: how rows are ordered and cut into groups, and the footer. Pure.

An own encoder, because a general one takes longer for a record than a collector may take for everything; it writes
what any program that reads Parquet can read. Layout: https://parquet.apache.org/docs/file-format/, parquet.thrift.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl

from exporters.flowstore.dictionaries import ROWS_MAX
from exporters.flowstore.heads import Chunk, described
from exporters.flowstore.memory import Octets, Room, Values
from exporters.flowstore.order_kernel import alike, place, rank, spread
from exporters.flowstore.pages import Called, Encoder
from exporters.flowstore.schema import FORMAT, SCHEMA, arrow_schema
from exporters.flowstore.thrift import Value, binary, i8, i32, i64, several, struct, yes

_GROUP_RECORDS: Final = 131_072  # of a row group: what a question skips by its statistics, or reads
_ORDER: Final = "destination_lo"
"""What a file's row groups are told apart by (measured in docs/benchmarks.md): an office is a range of addresses, so
that what was sent to one lies together too. Within a group records stay in the order in which they came, which makes
their times cheap."""
_SAMPLES: Final = 16_384  # keys that are sorted to find where groups begin
_MAGIC: Final = b"PAR1"


@dataclass(frozen=True, slots=True)
class Table:
    """Records in columns of uint32 and uint64 by their names in SCHEMA; all columns are cut into the same pieces.

    A column of names holds numbers; `called` tells their names. `owned`: columns of names that are told by another
    column and not there yet, under the name of that column.
    """

    columns: Mapping[str, Sequence[Values]]
    called: Mapping[str, Called] = field(default_factory=dict)
    owned: Mapping[str, "Owned"] = field(default_factory=dict)

    @property
    def sizes(self) -> list[int]:
        """Return the records of the pieces."""
        return [len(piece) for piece in self.columns["end"]]


class Owned(NamedTuple):
    """A column of names that depends on another one: the site of an address."""

    name: str
    numbers: Callable[[Values], Values]  # of the names, by the other column's values; 0: no name
    called: Called


class _Kind(NamedTuple):
    """A type: Parquet's physical, converted and logical one."""

    physical: int
    converted: int
    logical: Value


def _unsigned(bits: int, physical: int, converted: int) -> _Kind:
    return _Kind(physical, converted, struct({10: struct({1: i8(bits), 2: yes(False)})}))


_NOTHING: Final = struct({})
_INT64, _BYTE_ARRAY = 2, 6
_KINDS: Final[dict[Any, _Kind]] = {
    pl.UInt8: _unsigned(8, 1, 11),
    pl.UInt16: _unsigned(16, 1, 12),
    pl.UInt32: _unsigned(32, 1, 13),
    pl.UInt64: _unsigned(64, _INT64, 14),
    pl.Datetime: _Kind(_INT64, 9, struct({8: struct({1: yes(True), 2: struct({1: _NOTHING})})})),
    pl.Categorical: _Kind(_BYTE_ARRAY, 0, struct({1: _NOTHING})),
}


def _kind(name: str) -> _Kind:
    return _KINDS[type(SCHEMA[name])]


def packed(table: Table, encoder: Encoder) -> list[Octets]:
    """Return a file in which records lie by their destination, as small as it becomes.

    It is in the encoder's memory, until the next is packed.
    """
    encoder.begin()
    order = Order(table, encoder.room)
    chunks: dict[str, list[Chunk]] = {}
    for name, pieces in table.columns.items():
        called, owned = table.called.get(name), table.owned.get(name)
        if owned is None and _all_alike(pieces):
            chunks[name] = [encoder.same(pieces[0][:1], group.stop - group.start, called) for group in order.groups]
            continue
        values = order.of(pieces)
        parts = [values[group] for group in order.groups]
        if called is not None:
            chunks[name] = [encoder.named(name, part, called) for part in parts]
        elif owned is not None:
            chunks[name], names = _owned(name, parts, owned, encoder)
            chunks |= names
        else:
            chunks[name] = [encoder.packed(name, part, rising=name == "end") for part in parts]
    return _file({name: chunks[name] for name in SCHEMA if name in chunks})


def _owned(
    name: str, parts: Sequence[Values], owned: Owned, encoder: Encoder
) -> tuple[list[Chunk], dict[str, list[Chunk]]]:
    """Return the chunks of a column, and those of the one that it tells, unless that is empty throughout."""
    chunks, names, any_named = [], [], False
    for part in parts:
        chunks.append(encoder.packed(name, part))
        numbers = owned.numbers(part if encoder.entries is None else encoder.entries)
        any_named = any_named or bool(numbers.any())
        if encoder.entries is None:
            names.append(encoder.named(owned.name, numbers, owned.called))
        else:
            names.append(encoder.looked_up(owned.name, numbers, len(part), owned.called))
    return chunks, {owned.name: names} if any_named else {}


def quick(table: Table, encoder: Encoder) -> list[Octets]:
    """Return a file of records as they came, for as long as their hour lasts; it refers to the memory of the table."""
    encoder.begin()
    chunks: dict[str, list[Chunk]] = {}
    for name, pieces in table.columns.items():
        called = table.called.get(name)
        if called is not None:
            chunks[name] = [encoder.named("", each, called) for each in pieces]
        else:
            chunks[name] = [encoder.quick(each, rising=name == "end") for each in pieces]
    return _file(chunks)


def _all_alike(pieces: Sequence[Values]) -> bool:
    """Tell whether a column has but one value: who exported, and the ethertype, are often that."""
    return all(each[0] == pieces[0][0] for each in pieces) and all(map(alike, pieces))


class Order:
    """The order of a file: groups of records, apart by their destination."""

    def __init__(self, table: Table, room: Room) -> None:
        keys, sizes = table.columns[_ORDER], table.sizes
        rows, self._room = sum(sizes), room
        steps = _bounds(keys, rows)
        ranks = np.split(room.of("rank", np.uint8, rows), np.cumsum(sizes)[:-1])
        counts = np.zeros((len(sizes), len(steps) + 1), np.uint64)
        for piece, ranked, count in zip(keys, ranks, counts, strict=True):
            rank(piece, steps, ranked, count)
        totals = counts.sum(axis=0)
        begins = np.cumsum(totals) - totals
        self._to = np.split(room.of("place", np.uint32, rows), np.cumsum(sizes)[:-1])
        for ranked, places, to in zip(ranks, np.cumsum(counts, axis=0) - counts + begins, self._to, strict=True):
            place(ranked, places, to)
        self.groups = list(_groups(totals.tolist()))

    def of(self, pieces: Sequence[Values]) -> Values:
        """Return a column in this order, valid until the next call."""
        out = self._room.of("column", pieces[0].dtype.type, sum(map(len, self._to)))
        for piece, to in zip(pieces, self._to, strict=True):
            spread(piece, to, out)
        return out


def _bounds(keys: Sequence[Values], rows: int) -> Values:
    """Return where groups begin so that they become equal in size, as far as single addresses let them."""
    groups = round(rows / _GROUP_RECORDS)
    if groups < 2 or rows <= ROWS_MAX:  # nothing to tell apart
        return np.empty(0, np.uint64)
    every = max(1, rows // _SAMPLES)
    some = np.sort(np.concatenate([piece[::every] for piece in keys]))
    return np.unique(some[np.arange(1, groups) * len(some) // groups])


def _groups(totals: Sequence[int]) -> Iterator[slice]:
    """Give row groups, those of one rank one after the other."""
    at = 0
    for total in totals:
        parts = 1 if total <= ROWS_MAX else -(-total // _GROUP_RECORDS)
        for part in range(parts):
            begin, behind = at + total * part // parts, at + total * (part + 1) // parts
            if behind > begin:
                yield slice(begin, behind)
        at += total


def _file(chunks: Mapping[str, Sequence[Chunk]]) -> list[Octets]:
    """Return the octets of a file of these columns, whose chunks are those of its row groups."""
    octets: list[Octets] = [_MAGIC]
    at, rows, groups = len(_MAGIC), 0, []
    for group in zip(*chunks.values(), strict=True):
        told = []
        for name, chunk in zip(chunks, group, strict=True):
            told.append(described(chunk, _kind(name).physical, name, at))
            octets.extend(chunk.octets)
            at += chunk.size
        total = sum(chunk.unpacked for chunk in group)
        groups.append(struct({1: several(told), 2: i64(total), 3: i64(group[0].rows)}))
        rows += group[0].rows
    said = FORMAT | {"ARROW:schema": arrow_schema(tuple(chunks))}
    footer = struct(
        {
            1: i32(2),
            2: several([struct({4: binary(b"root"), 5: i32(len(chunks))}), *map(_element, chunks)]),
            3: i64(rows),
            4: several(groups),
            5: several([struct({1: binary(name.encode()), 2: binary(text.encode())}) for name, text in said.items()]),
            6: binary(b"netmon"),
            7: several([struct({1: _NOTHING})] * len(chunks)),  # statistics are in the order of the type
        }
    )[1]
    return [*octets, footer, len(footer).to_bytes(4, "little"), _MAGIC]


def _element(name: str) -> Value:
    kind = _kind(name)
    return struct(
        {1: i32(kind.physical), 3: i32(0), 4: binary(name.encode()), 6: i32(kind.converted), 10: kind.logical}
    )
