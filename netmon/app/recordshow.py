"""Records of the ledger as a table, as lines, as JSON and as CSV."""

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from netmon.app.asked import escaped, printable
from netmon.app.recordtext import describe
from netmon.app.text import t

Record = Mapping[str, Any]

COLUMNS: Final = ("seq", "time", "recorded", "kind", "category", "severity", "source", "target", "text", "data")

_ALL: Final = ("time", "severity", "kind", "target", "text", "source", "seq")
_FEW: Final = ("time", "severity", "target", "text", "seq")
_WIDE: Final = 120  # characters of a terminal on which all of it fits

_STYLES: Final = {"critical": "bold red", "error": "red", "warning": "yellow", "info": "cyan"}
_MAX_TEXT: Final = 500  # characters of one record on a terminal
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def table(records: Iterable[Record], console: Console) -> None:
    """Print records as a table. A narrow terminal has no room for who said it and what kind it is; `--format` has."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", border_style="dim")
    shown = _ALL if console.width >= _WIDE else _FEW
    for name in shown:
        whole = name in {"time", "severity", "kind", "seq"}
        grid.add_column(t(f"events.column.{name}"), no_wrap=whole, overflow="fold")
    for record in records:
        cells = {
            "time": Text(local(record["time"]), style="dim"),
            "severity": _severity(record),
            "kind": Text(printable(record["kind"])),
            "target": Text(printable(record.get("target", ""))),
            "text": _text(record),
            "source": Text(printable(record["source"]), style="dim"),
            "seq": Text(str(record["seq"]), style="dim"),
        }
        grid.add_row(*(cells[name] for name in shown))
    console.print(grid)


def line(record: Record, console: Console) -> None:
    """Print one record as a line, for those who follow."""
    parts = [Text(local(record["time"]), style="dim"), _severity(record), Text(printable(record["kind"]))]
    parts += [Text(printable(record.get("target", "")) or "-"), _text(record)]
    console.print(Text(" ").join(part for part in parts if part.plain), soft_wrap=True)


def json_line(record: Record, *, terminal: bool = False) -> str:
    """Return a record as it stands in the ledger; for a terminal, what would do something to it is escaped."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return escaped(text) if terminal else text


class Csv:
    """Writes records as RFC 4180 has it, each with what it says as a text and as JSON.

    On a terminal, control characters are replaced: they would be obeyed there.
    """

    def __init__(self, output: TextIO) -> None:
        self._terminal = output.isatty()
        self._writer = csv.writer(output)
        self._writer.writerow(COLUMNS)

    def write(self, record: Record) -> None:
        """Write one record."""
        said = {**record, "text": describe(record), "data": json.dumps(record["data"], ensure_ascii=False)}
        cells = [harmless(str(said.get(name, ""))) for name in COLUMNS]
        self._writer.writerow(map(printable, cells) if self._terminal else cells)


def harmless(cell: str) -> str:
    """Return a cell that a spreadsheet takes for text. What others wrote into a log must not become a formula.

    An apostrophe before it is what spreadsheets themselves write for "this is text" (OWASP, CSV Injection).
    """
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def local(text: str) -> str:
    """Return a record's time as this host's clock showed it, with its zone."""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S %Z}"


def _severity(record: Record) -> Text:
    severity = record.get("severity") or ""
    return Text(printable(severity), style=_STYLES.get(severity, ""))


def _text(record: Record) -> Text:
    said = printable(describe(record))
    return Text(said if len(said) <= _MAX_TEXT else said[: _MAX_TEXT - 1] + "…")
