"""How answers about flows are shown: a table for people, JSON lines and CSV for programs."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import click
from rich.console import Console
from rich.text import Text

from netmon.app.asked import escaped, printable
from netmon.app.fitted import Column, Fitted, fitting
from netmon.app.human import scaled, written
from netmon.app.text import language, t

Form: TypeAlias = Literal["table", "json", "csv"]
Line: TypeAlias = Mapping[str, Any]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute instead of show


def octets(count: int) -> str:
    """Return octets as people read them."""
    return amount(count, "B")


def amount(value: float, unit: str) -> str:
    """Return a number with three digits and its unit, as the language in use writes it."""
    return written(scaled(value, unit), language())


def number(count: int) -> str:
    """Return a count with three digits; small ones whole."""
    return str(count) if count < 10_000 else amount(count, "")


def share(part: int, whole: int) -> str:
    """Return a part of a whole in percent; nothing of nothing is not told."""
    return written(f"{part / whole:.1%}", language()) if whole else "-"


def place(site: str) -> str:
    """Return an office as people read it: what is no office's is outside."""
    return printable(site) if site else t("flows.outside")


def clock_column(name: str, times: Sequence[float]) -> Column:
    """Return a column of this host's times; its zone is in the head, or beside each where summer time changes it."""
    here = [datetime.fromtimestamp(at).astimezone() for at in times]
    zones = [_zone(each) for each in here]
    same = len(set(zones)) == 1
    cells = [f"{each:%Y-%m-%d %H:%M:%S}" + ("" if same else f" {zone}") for each, zone in zip(here, zones, strict=True)]
    head = t(f"flows.column.{name}")
    return Column(f"{head} ({zones[0]})" if same else head, [Text(cell) for cell in cells])


def _zone(at: datetime) -> str:
    """Return `UTC` or the distance from it, `+08:00`."""
    return at.isoformat()[-6:] if at.utcoffset() else "UTC"


def column(name: str, cells: Iterable[str], *, least: int = 0) -> Column:
    """Return a column of a table under its head."""
    return Column(t(f"flows.column.{name}"), [Text(printable(cell)) for cell in cells], least)


def as_json(lines: Iterable[Line]) -> None:
    """Write an object a line."""
    for line in lines:
        click.echo(escaped(json.dumps(line, ensure_ascii=False)))


def as_csv(names: Sequence[str], lines: Iterable[Line]) -> None:
    """Write a header and a line each; text that a spreadsheet would compute is quoted for it."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for line in lines:
        writer.writerow(_safe(line[name]) for name in names)


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_table(forms: Sequence[Sequence[Column]], caption: str = "") -> None:
    """Write a table in the first form for which there is room; what the widest has besides is named on stderr."""
    console = Console()
    console.print(Fitted(forms, [""] * len(forms[0][0].cells), caption))
    shown = {each.head for each in fitting(forms, console.width)}
    if missing := [each.head for each in forms[0] if each.head and each.head not in shown]:
        click.echo(t("flows.narrow", columns=", ".join(missing), width=console.width), err=True)
