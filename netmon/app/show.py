"""A reading as people, machines and Prometheus read it."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich import box
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from netmon.api import Missing, Part, Reading, Reason, Sample, Table, Value
from netmon.app import human
from netmon.app.text import t

ROWS_MAX: Final = 64  # of one table on a terminal
COLUMNS_MAX: Final = 8
_PREFIX: Final = "netmon_"
_DEVICE: Final = "netmon_device_info"
_OF_DEVICE: Final = frozenset({_DEVICE, "netmon_device_uptime_seconds"})
_OF_READING: Final = frozenset({"netmon_counter_discontinuities_total"})  # about the reading, not the device
_NOT_THERE: Final = Missing(Reason.NOT_SUPPORTED)
_HIDDEN_LABELS: Final = frozenset({"mib"})
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
        if part.problem is not None and part.failed:
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
    parts = sorted(reading.parts, key=lambda part: _describes(part.tables), reverse=True)
    console.print(_device(reading))
    for part in parts:
        joined = _joined([table for table in part.tables if table.rows and not _describes([table])])
        shown = [(table, _ours(table)) for table in joined]
        alone = [(table, numbers[0]) for table, numbers in shown if len(numbers) == 1]
        for grid in [_grid(part.name, *each) for each in shown if len(each[1]) > 1]:
            console.print(grid)
        if alone:
            console.print(_list(part.name, alone))
    console.print(_parts(parts))


def _describes(tables: Iterable[Table]) -> bool:
    """Tell whether these hold what the device as a whole is."""
    return any(family.name in _OF_DEVICE for table in tables for family in table.families)


def _device(reading: Reading) -> RenderableType:
    """Return the panel that says which device this is."""
    grid = Grid.grid(padding=(0, 2))
    for table in (table for part in reading.parts for table in part.tables):
        for family, column in zip(table.families, table.columns, strict=True):
            if family.name == _DEVICE and table.rows:
                for name, value in zip(table.label_names, table.rows[0], strict=True):
                    if value and name not in _HIDDEN_LABELS:
                        grid.add_row(Text(name, style="dim"), Text(value))
            elif family.name in _OF_DEVICE and table.rows:
                grid.add_row(Text(_title(family.name, ""), style="dim"), Text(human.reading(family.name, column[0])))
    return Panel(grid, title=Text(reading.target), title_align="left", expand=False, border_style="dim")


def _joined(tables: Iterable[Table]) -> list[Table]:
    """Join tables about the same things: a column that some ports lack comes as a table of its own."""
    found: list[Table] = []
    for table in tables:
        for place, other in enumerate(found):
            if other.label_names == table.label_names and not set(other.rows).isdisjoint(table.rows):
                found[place] = _join(other, table)
                break
        else:
            found.append(table)
    return found


def _join(one: Table, other: Table) -> Table:
    keys = dict(zip(one.rows, one.keys, strict=True)) | dict(zip(other.rows, other.keys, strict=True))
    rows = tuple(keys)
    columns = [
        [cells.get(row, _NOT_THERE) for row in rows]
        for table in (one, other)
        for cells in (dict(zip(table.rows, column, strict=True)) for column in table.columns)
    ]
    families = (*one.families, *other.families)
    return Table(families, one.label_names, rows, tuple(keys.values()), tuple(columns), one.at)


def _ours(table: Table) -> list[int]:
    """Return which columns are normalised quantities; the MIB's own numbers are for machines."""
    return [
        number
        for number, family in enumerate(table.families)
        if family.name.startswith(_PREFIX) and not family.name.endswith("_info") and family.name not in _OF_READING
    ][:COLUMNS_MAX]


def _list(part: str, alone: Sequence[tuple[Table, int]]) -> Grid:
    """Return the quantities that come one to a table (temperatures, light, fans) as one list."""
    grid = _plain_grid(part)
    for _ in range(2):
        grid.add_column(overflow="fold")
    grid.add_column(justify="right", no_wrap=True)
    for table, number in alone:
        name, labels = table.families[number].name, _telling(table)
        for cells, value in list(zip(table.rows, table.columns[number], strict=True))[:ROWS_MAX]:
            grid.add_row(Text(", ".join(cells[label] for label in labels)), Text(_title(name, "")), _cell(name, value))
    grid.show_header = False
    return grid


def _grid(part: str, table: Table, ours: Sequence[int]) -> Grid:
    """Return one table of normalised quantities that share their labels."""
    names = [table.families[number].name for number in ours]
    shared = _shared([name.removeprefix(_PREFIX) for name in names])
    grid = _plain_grid(f"{part}  {shared.replace('_', ' ')}".rstrip())
    labels = _telling(table)
    for label in labels:
        grid.add_column(table.label_names[label], overflow="fold")
    for name in names:
        grid.add_column(_title(name, shared), justify="right", no_wrap=True)
    for row, cells in enumerate(table.rows[:ROWS_MAX]):
        shown = [_cell(name, table.columns[number][row]) for name, number in zip(names, ours, strict=True)]
        grid.add_row(*(Text(cells[label]) for label in labels), *shown)
    if len(table.rows) > ROWS_MAX:
        grid.caption = t("poll.more", count=len(table.rows) - ROWS_MAX)
    return grid


def _shared(names: list[str]) -> str:
    """Return the words with their `_` that all of several names begin with."""
    words = []
    for column in zip(*(name.split("_") for name in names), strict=False):
        if len(names) == 1 or len(set(column)) > 1:
            break
        words.append(column[0] + "_")
    return "".join(words)


def _telling(table: Table) -> list[int]:
    """Return the labels that tell a person something: not empty, and not the same as one before them."""
    columns = list(zip(*table.rows[:ROWS_MAX], strict=True))
    return [
        number
        for number, column in enumerate(columns)
        if any(column) and column not in columns[:number] and table.label_names[number] not in _HIDDEN_LABELS
    ]


def _cell(name: str, value: Value | Missing) -> Text:
    if isinstance(value, Missing):
        return Text("" if value is _NOT_THERE else human.reading(name, value), style="yellow")
    if name.endswith("_up"):
        return Text(t("poll.up"), style="green") if value else Text(t("poll.down"), style="red")
    return Text(human.reading(name, value))


def _title(name: str, shared: str) -> str:
    """Return a column's title: the metric's name without what the numbers or the table's title show."""
    short = name.removeprefix(_PREFIX).removeprefix(shared)
    for suffix in _SUFFIXES:
        short = short.removesuffix(suffix) or short
    return short.replace("_", " ")


def _plain_grid(title: str) -> Grid:
    return Grid(
        title=Text(title),
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        border_style="dim",
    )


def _parts(parts: Iterable[Part]) -> Grid:
    grid = _plain_grid(t("poll.parts"))
    grid.add_column(t("poll.part"))
    for key in ("poll.values", "poll.missing", "poll.seconds"):
        grid.add_column(t(key), justify="right")
    grid.add_column(t("poll.result"))
    for part in parts:
        present, missing = counts(part)
        if part.absent:
            continue
        problem = part.problem
        result = Text(t("poll.complete"), style="green") if problem is None else Text(_why(problem), style="red")
        grid.add_row(Text(part.name), str(present), str(missing), f"{part.duration_s:.3f}", result)
    return grid


def counts(part: Part) -> tuple[int, int]:
    """Return how many values a part brought and how many are missing."""
    each = [table.count() for table in part.tables]
    return sum(present for present, _ in each), sum(missing for _, missing in each)


def _why(problem: Missing) -> str:
    return f"{problem.reason}: {problem.detail}" if problem.detail else problem.reason.value
