"""Templates of labels: `input {upsInputLineIndex}`, and `{ifType.name}` for the name of an enumeration's value."""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Field:
    """One `{name}` of a template with the literal text before it; `name` is empty at the template's end."""

    literal: str
    name: str
    as_name: bool  # the enumeration's name instead of the number


Template: TypeAlias = tuple[Field, ...]


def parse(source: str) -> Template:
    """Return a template's fields. The source was checked with `fields`."""
    return tuple(Field(literal, name, what == "name") for literal, name, what in fields(source))


def fields(template: str) -> Iterator[tuple[str, str, str]]:
    """Give (text before, name, '' or 'name') for each field of a label's template, and the text at its end."""
    for literal, field, _, _ in string.Formatter().parse(template):
        name, _, what = (field or "").partition(".")
        yield literal, name, what
