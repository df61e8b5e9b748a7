"""A reading as people, machines and Prometheus read it."""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from netmon.api import Missing, Part, Reading, Sample, Table
from netmon.app import human
from netmon.app.text import t

ROWS_MAX: Final = 64  # of one table on a terminal
COLUMNS_MAX: Final = 8
_PREFIX: Final = "netmon_"
_DEVICE: Final = "netmon_device_info"
_SUFFIXES: Final = (
    "_bits_per_second",
    "_bytes_total",
    "_bytes",
    "_ratio",
    "_celsius",
    "_dbm",
    "_seconds",
    "_volts",
    "_amperes",
    "_watts",
    "_hertz",
    "_rpm",
    "_total",
)


def json_lines(reading: Reading) -> Iterator[str]:
    """Give one JSON object for each value, `oid` saying where it came from, and one for each part that failed."""
    for part in reading.parts:
        for table in part.tables:
            for sample in table.samples():
                yield _json(_sample(sample))
        if part.problem is not None:
            yield _json({"part": part.name, "at": reading.at} | _missing(part.problem))
    if reading.problem is not None:
        yield _json({"target": reading.target, "at": reading.at} | _missing(reading.problem))


def _sample(sample: Sample) -> dict[str, object]:
    said: dict[str, object] = {"metric": sample.metric, "labels": dict(sample.labels)}
    value = sample.value
    if isinstance(value, Missing):
        said |= _missing(value)
    else:  # JSON has no NaN: it stands as text, as in Prometheus's own API
        said["value"] = value if math.isfinite(value) else str(value)
    said["at"] = sample.at
    if sample.source:
        said["oid"] = sample.source
    return said


def _missing(missing: Missing) -> dict[str, object]:
    said: dict[str, object] = {"missing": missing.reason.value}
    return said | {"detail": missing.detail} if missing.detail else said


def _json(said: dict[str, object]) -> str:
    return json.dumps(said, ensure_ascii=False, allow_nan=False)


def tables(reading: Reading, console: Console) -> None:
    """Print what a person wants to see of a device: who it is, its normalised quantities, and how each part went."""
    all_tables = [table for part in reading.parts for table in part.tables]
    device = _device(reading, all_tables)
    if device is not None:
        console.print(device)
    for part in reading.parts:
        for table in part.tables:
            grid = _grid(part.name, table)
            if grid is not None:
                console.print(grid)
    console.print(_parts(reading.parts))


def _device(reading: Reading, all_tables: Iterable[Table]) -> RenderableType | None:
    """Return the panel that says which device this is."""
    lines = []
    for table in all_tables:
        for family in table.families:
            if family.name == _DEVICE and table.rows:
                lines = [(n, v) for n, v in zip(table.label_names, table.rows[0], strict=True) if v]
    if not lines:
        return None
    grid = Grid.grid(padding=(0, 2))
    for name, value in lines:
        grid.add_row(Text(name, style="dim"), Text(value))
    return Panel(Group(grid), title=Text(reading.target), title_align="left", expand=False)


def _grid(part: str, table: Table) -> Grid | None:
    """Return one table of normalised quantities; the MIB's own numbers are for machines."""
    ours = [
        number
        for number, family in enumerate(table.families)
        if family.name.startswith(_PREFIX) and not family.name.endswith("_info")
    ][:COLUMNS_MAX]
    if not ours or not table.rows:
        return None
    labels = [n for n in range(len(table.label_names)) if any(row[n] for row in table.rows[:ROWS_MAX])]
    grid = Grid(title=Text(part), title_justify="left", title_style="bold", header_style="dim", pad_edge=False)
    for label in labels:
        grid.add_column(table.label_names[label], overflow="fold")
    for number in ours:
        grid.add_column(_title(table.families[number].name), justify="right", no_wrap=True)
    for row, cells in enumerate(table.rows[:ROWS_MAX]):
        shown = [human.reading(table.families[n].name, table.columns[n][row]) for n in ours]
        grid.add_row(*(Text(cells[label]) for label in labels), *map(Text, shown))
    if len(table.rows) > ROWS_MAX:
        grid.caption = t("poll.more", count=len(table.rows) - ROWS_MAX)
    return grid


def _title(name: str) -> str:
    """Return a column's title: the metric's name without what the numbers show by themselves."""
    short = name.removeprefix(_PREFIX)
    for suffix in _SUFFIXES:
        short = short.removesuffix(suffix)
    return short.replace("_", " ")


def _parts(parts: Iterable[Part]) -> Grid:
    grid = Grid(title=t("poll.parts"), title_justify="left", title_style="bold", header_style="dim", pad_edge=False)
    grid.add_column(t("poll.part"))
    for key in ("poll.values", "poll.missing", "poll.seconds"):
        grid.add_column(t(key), justify="right")
    grid.add_column(t("poll.result"))
    for part in parts:
        present, missing = counts(part)
        if not present and not missing and part.problem is None:
            continue  # the device does not have it
        problem = part.problem
        result = Text(t("poll.complete"), style="green") if problem is None else Text(_why(problem), style="red")
        grid.add_row(Text(part.name), str(present), str(missing), f"{part.duration_s:.2f}", result)
    return grid


def counts(part: Part) -> tuple[int, int]:
    """Return how many values a part brought and how many are missing."""
    each = [table.count() for table in part.tables]
    return sum(present for present, _ in each), sum(missing for _, missing in each)


def _why(problem: Missing) -> str:
    return f"{problem.reason}: {problem.detail}" if problem.detail else problem.reason.value
