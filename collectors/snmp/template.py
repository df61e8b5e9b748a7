"""Templates of labels: `input {upsInputLineIndex}`, `{ifType.name}` for the name of a value, and `{port}`."""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

PORT = "port"  # the field that stands for the port a row belongs to: its ifIndex, and as `.name` its name


@dataclass(frozen=True, slots=True)
class Field:
    """One `{name}` of a template with the literal text before it; `name` is empty at the template's end."""

    literal: str
    name: str
    as_name: bool  # the name instead of the number: an enumeration's, or the port's


Template: TypeAlias = tuple[Field, ...]


def parse(source: str) -> Template:
    """Return a template's fields. The source was checked with `fields`."""
    return tuple(Field(literal, name, what == "name") for literal, name, what in fields(source))


def fields(template: str) -> Iterator[tuple[str, str, str]]:
    """Give (text before, name, '' or 'name') for each field of a label's template, and the text at its end."""
    for literal, field, _, _ in string.Formatter().parse(template):
        name, _, what = (field or "").partition(".")
        yield literal, name, what
