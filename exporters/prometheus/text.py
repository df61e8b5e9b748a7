"""Numbers and headers as text: one column of a table becomes the lines of its family. Pure.

Lines of samples are the same bytes in both formats, so they are made once; only HELP, TYPE and the end differ.
"""

from array import array
from collections.abc import Collection, Iterable, Sequence
from enum import Enum
from itertools import compress
from math import inf, isfinite, isnan

from exporters.prometheus.names import escape_help
from netmon.api import Column, Family, Kind, Missing, Value


class Format(Enum):
    """The formats that we write; the value is the media type's version."""

    TEXT = "0.0.4"
    OPENMETRICS = "1.0.0"


EOF = b"# EOF\n"  # OpenMetrics 1.0: "The exposition MUST end with EOF"


def value_text(value: Value) -> str:
    """Return one number as both formats want it: ints exactly, floats in the shortest form that reads back the same."""
    if isinstance(value, int):  # a bool too, which must not become "True"
        return int.__repr__(value)
    if isfinite(value):
        return float.__repr__(value)
    return "NaN" if isnan(value) else "+Inf" if value == inf else "-Inf"


def _texts(values: Sequence[Value]) -> Iterable[str]:
    """Return all numbers as text, in one go over the column where its types allow that."""
    if isinstance(values, array):
        plain = values.typecode in "bBhHiIlLqQ" or (values.typecode in "df" and isfinite(sum(values)))
        return map(repr, values) if plain else map(value_text, values)
    if set(map(type, values)) == {int}:
        return map(repr, values)
    return map(value_text, values)


def _is_count(value: Value | Missing) -> bool:
    """Tell whether this can be a counter's value: neither missing nor NaN nor negative."""
    return value.__class__ is not Missing and value >= 0  # type: ignore[operator]


def _is_value(value: Value | Missing) -> bool:
    return value.__class__ is not Missing


def _may_lack(column: Column, *, counter: bool) -> bool:
    """Tell whether some cells of the column may have to be left out."""
    if not isinstance(column, array):
        return True
    return counter and column.typecode not in "BHILQ"


def sample_lines(
    name: str, labels: Sequence[str], column: Column, *, counter: bool = False, skip: Collection[int] = ()
) -> bytes:
    """Return the lines of one family for the rows of one table.

    `labels` are label texts with their closing brace and space. Missing cells, the rows in `skip`, and what cannot be
    the value of a `counter` (OpenMetrics forbids NaN and negative numbers there) give no line.
    """
    if skip or _may_lack(column, counter=counter):
        there = list(map(_is_count if counter else _is_value, column))
        for row in skip:
            there[row] = False
        if not all(there):
            labels = tuple(compress(labels, there))
            column = tuple(compress(column, there))
    if not labels:
        return b""
    lines = f"\n{name}".join(map(str.__add__, labels, _texts(column)))  # type: ignore[arg-type] # Missing is out
    return f"{name}{lines}\n".encode("utf-8", "replace")


def openmetrics_name(name: str, kind: Kind, names: Collection[str]) -> tuple[str, str]:
    """Return (family name, type) in OpenMetrics for a family whose samples are called `name`.

    A counter's samples end in `_total` and its family lacks that suffix. A counter without the suffix, as SNMP has
    them, or one whose shorter name or `_created` belongs to another family in `names`, is `unknown` and keeps its name.
    """
    if kind is Kind.GAUGE:
        return name, "gauge"
    base = name.removesuffix("_total")
    if kind is Kind.COUNTER and base not in {name, ""} and base not in names and f"{base}_created" not in names:
        return base, "counter"
    return name, "unknown"


def header(family: Family, name: str, form: Format, names: Collection[str]) -> bytes:
    """Return the HELP and TYPE lines of a family; `names` are all families of the page."""
    shown, kind = (name, str(family.kind))
    if form is Format.OPENMETRICS:
        shown, kind = openmetrics_name(name, family.kind, names)
    about = ""
    if family.help:
        about = f"# HELP {shown} {escape_help(family.help, quotes=form is Format.OPENMETRICS)}\n"
    return f"{about}# TYPE {shown} {kind}\n".encode("utf-8", "replace")
