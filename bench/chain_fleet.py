"""Readings of many devices, made in memory: what `bench.chain` runs through the rules."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from netmon.api import Column, Kind, Reading, Table
from rules.panel.choices import Watching
from tests.support.demo_readings import Readings

START = 1_795_000_200.0  # the beginning of a period of five minutes
INTERVAL_S = 30
MODEL = "core-kominfo"


async def read_model() -> Reading:
    """Return one poll of the device that all are like."""
    return await Readings(START).read(MODEL, START)


def cells(reading: Reading) -> int:
    """Return how many numbers are in a poll."""
    return sum(table.count()[0] for part in reading.parts for table in part.tables)


def lean(reading: Reading, watching: Watching) -> Reading:
    """Return a poll with nothing but the columns that are watched and those that bound them."""
    parts = (replace(part, tables=tuple(_lean(part.tables, watching))) for part in reading.parts)
    return replace(reading, parts=tuple(part for part in parts if part.tables))


def _lean(tables: Iterable[Table], watching: Watching) -> Iterator[Table]:
    for table in tables:
        shape = watching.shape(table.families)
        limits = {name for watch in shape.watches for name in (watch.family.upper_limit, watch.family.lower_limit)}
        kept = {watch.number for watch in shape.watches} | {shape.numbers[name] for name in limits & set(shape.numbers)}
        if kept:
            families = tuple(table.families[number] for number in sorted(kept))
            yield replace(table, families=families, columns=tuple(table.columns[number] for number in sorted(kept)))


class Fleet:
    """Readings of many devices of one model, changing from round to round; those of one second differ in name."""

    def __init__(self, model: Reading, devices: int) -> None:
        self._chance = np.random.default_rng(1)
        self._model = model
        self._names = [f"sw{number:05}" for number in range(devices)]
        self._states = [self._columns(model) for _ in range(INTERVAL_S)]

    def second(self, number: int, at: float) -> list[Reading]:
        """Return what is polled in one second of a round."""
        state = self._states[number]
        for family, column in state:
            self._move(family, column)
        columns = iter([_as_it_came(column) for _, column in state])
        parts = tuple(
            replace(part, tables=tuple(_filled(table, columns, at) for table in part.tables))
            for part in self._model.parts
        )
        return [replace(self._model, target=name, at=at, parts=parts) for name in self._names[number::INTERVAL_S]]

    def _columns(self, model: Reading) -> list[tuple[Any, Any]]:
        """Return (what the column is, its values) of every column; a gauge's first values are kept to swing around."""
        return [
            (
                ("counter" if family.kind is Kind.COUNTER else "gauge" if _swings(family.name) else "", list(column)),
                list(column),
            )
            for part in model.parts
            for table in part.tables
            for family, column in zip(table.families, table.columns, strict=True)
        ]

    def _move(self, what: tuple[str, list[Any]], column: list[Any]) -> None:
        kind, first = what
        if kind == "counter":
            grown = self._chance.integers(10**8, 10**9, len(column))
            column[:] = [
                value + int(more) if value > 10**6 else value for value, more in zip(column, grown, strict=True)
            ]
        elif kind == "gauge":
            factors = 1 + 0.02 * self._chance.standard_normal(len(column))
            column[:] = [type(value)(value * factor) for value, factor in zip(first, factors.tolist(), strict=True)]


def _swings(metric: str) -> bool:
    return metric.startswith("netmon_") and not metric.endswith(("_info", "_up", "_size_bytes", "_per_second"))


def _as_it_came(column: list[Any]) -> Column:
    if all(type(value) is int for value in column):
        return array("Q" if max(column, default=0) > 2**62 else "q", column)
    return array("d", column) if all(type(value) is float for value in column) else column


def _filled(table: Table, columns: Iterator[Column], at: float) -> Table:
    return replace(table, columns=tuple(next(columns) for _ in table.families), at=at)
