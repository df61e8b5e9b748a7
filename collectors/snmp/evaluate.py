"""An expression over whole columns: C loops while every number is there, one row at a time where some are missing."""

from collections.abc import Callable, Mapping, Sequence
from itertools import repeat
from math import log10
from operator import add, mul, sub, truediv
from typing import Protocol

from collectors.snmp.expression import Among, Binary, Call, Const, Name, Node
from netmon.api import Column, Missing, Reason, Value

ABSENT = Missing(Reason.NOT_SUPPORTED, "the device has no such instance")

_BINARY: Mapping[str, Callable[[Value, Value], Value]] = {"+": add, "-": sub, "*": mul, "/": truediv}


class Source(Protocol):
    """Where columns come from; all have as many rows as the block."""

    @property
    def rows(self) -> int:
        """How many rows the block has."""

    def column(self, name: str) -> Column:
        """Return an object's numbers."""

    def unwrap(self, name: str, needed: Sequence[bool] | None) -> Column:
        """Return a counter's numbers, carried on past its wraps; only for the rows that need it, where said."""

    def at(self, name: str, index: int) -> Value | Missing:
        """Return an object's number in the row of this index."""

    def matches(self, among: Among) -> Column:
        """Return 1 for each row where the object holds one of the values, else 0."""


def evaluate(node: Node, source: Source) -> Column:  # noqa: PLR0911 - one return for each kind of node
    """Return the expression's value for every row."""
    match node:
        case Const(value):
            return [value] * source.rows
        case Name(name):
            return source.column(name)
        case Among():
            return source.matches(node)
        case Binary(operator, left, right):
            return _map(_BINARY[operator], _operand(left, source), _operand(right, source), rows=source.rows)
        case Call("unwrap", (Name(name),)):
            return source.unwrap(name, None)
        case Call("at", (Name(name), Const(int() as index))):
            return [source.at(name, index)] * source.rows
        case Call("present", _):
            return [1] * source.rows
        case Call("first", arguments):
            return _first(arguments, source)
        case Call(function, arguments):
            operands = [_operand(argument, source) for argument in arguments]
            return _map(_FUNCTIONS[function], *operands, rows=source.rows)


def _operand(node: Node, source: Source) -> Column | Value:
    return node.value if isinstance(node, Const) else evaluate(node, source)


def _map(function: Callable[..., Value | Missing], *operands: Column | Value, rows: int) -> Column:
    columns = [repeat(operand, rows) if isinstance(operand, int | float) else operand for operand in operands]
    try:
        return list(map(function, *columns))
    except (TypeError, ArithmeticError, ValueError):  # a Missing among the operands, or a number that has no result
        whole = [[operand] * rows if isinstance(operand, int | float) else operand for operand in operands]
        return [_apply(function, cells) for cells in zip(*whole, strict=True)]


def _apply(function: Callable[..., Value | Missing], cells: Sequence[Value | Missing]) -> Value | Missing:
    for cell in cells:
        if isinstance(cell, Missing):
            return cell
    try:
        return function(*cells)
    except (ArithmeticError, ValueError) as error:
        return Missing(Reason.INVALID, f"{', '.join(map(str, cells))}: {error}")


def _first(arguments: Sequence[Node], source: Source) -> Column:
    """Return each row's first number; where there is none, the first reason that is more than absence."""
    column = evaluate(arguments[0], source)
    for argument in arguments[1:]:
        if not isinstance(column, list):
            return column  # packed: nothing is missing
        needed = [isinstance(cell, Missing) for cell in column]
        if not any(needed):
            return column
        match argument:
            case Call("unwrap", (Name(name),)):
                # A counter gives way where there is none, not where it was lost: two counters are not one series.
                other = source.unwrap(name, [cell is ABSENT for cell in column])
            case _:
                other = evaluate(argument, source)
        column = [_either(cell, alternative) for cell, alternative in zip(column, other, strict=True)]
    return column


def _either(cell: Value | Missing, other: Value | Missing) -> Value | Missing:
    if not isinstance(cell, Missing):
        return cell
    return other if not isinstance(other, Missing) or cell is ABSENT else cell


def _scaled(value: Value, exponent: Value) -> Value:
    """Return value x 10^exponent; tenths are divided, since 254 / 10 is 25.4 and 254 * 0.1 is not."""
    power = int(exponent)
    if not -60 <= power <= 60:
        raise ValueError(f"10 to the power of {power} is no scale of anything measured")
    return value / float(10**-power) if power < 0 else value * int(10**power)


def _dbm(watts: Value) -> Value | Missing:
    """Return watts as dBm; no light at all has no logarithm."""
    return 10 * log10(watts * 1000) if watts > 0 else Missing(Reason.INVALID, "no power: minus infinity dBm")


def _positive(value: Value) -> Value | Missing:
    return value if value > 0 else ABSENT


def _when(condition: Value, value: Value) -> Value | Missing:
    return value if condition else Missing(Reason.NOT_SUPPORTED, "the device says that it cannot read this now")


_FUNCTIONS: Mapping[str, Callable[..., Value | Missing]] = {
    "scaled": _scaled,
    "dbm": _dbm,
    "positive": _positive,
    "when": _when,
}
