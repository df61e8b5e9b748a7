"""A file's data, where each part of it stands, and how a fault at a place is written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from netmon.api import Fault
from netmon.app.text import t

Way: TypeAlias = Sequence[str | int]
"""The way to a value: keys and list indices from the root."""


@dataclass(slots=True)
class Document:
    """One file's data, the faults found while it was read, and where each value stands.

    `marks[id(container)][key or index]` is (line, column, key's line, key's column), all from 1; in a list the key is
    the item itself. `data` keeps the containers alive, so that their ids stay theirs.
    """

    file: str
    data: Any = None
    faults: list[Fault] = field(default_factory=list)
    marks: dict[int, dict[str | int, tuple[int, int, int, int]]] = field(default_factory=dict)

    def place(self, path: Way, *, key: bool = False) -> tuple[int, int]:
        """Return line and column of the deepest part of `path` that is there, or of its key.

        Of a mapping it is the key anyway: that names it. Steps that the data does not have are skipped, as pydantic
        puts the names of union members into its paths.
        """
        mark, inside = (1, 1, 1, 1), self.data
        for step in path:
            deeper = self.marks[id(inside)].get(step) if isinstance(inside, dict | list) else None
            if deeper is not None:
                mark, inside = deeper, inside[step]
        return mark[2:] if key or isinstance(inside, dict) else mark[:2]

    def fault(self, path: Way, text: str, /, *, key: bool = False, **values: object) -> Fault:
        """Return the fault called `text` at the value of `path`, or at its key."""
        line, column = self.place(path, key=key)
        return fault_at(self.file, line, column, text, **values)


def inside(value: Any, path: Way) -> Any:
    """Return what stands at a way inside a value, None where nothing does."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def fault_at(file: str, line: int, column: int, text: str, /, **values: object) -> Fault:
    """Return the fault whose two texts are `fault.<text>` and `fault.<text>.remedy`."""
    return Fault(file, line, column, t(f"fault.{text}", **values), t(f"fault.{text}.remedy", **values))
