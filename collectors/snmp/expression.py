"""How a profile says that a metric follows from objects: `hrStorageUsed * hrStorageAllocationUnits`.

Arithmetic, comparisons and the functions below; names are objects of the profile's table. Parsed with Python's own
grammar, read into our own nodes, never executed as Python. Values travel as whole columns: see `evaluate.py`.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

MAX_LENGTH = 400  # characters: longer than any formula a person should have to read, and a bound on the tree's depth

FUNCTIONS = {  # name → (fewest, most) arguments
    "first": (2, 8),  # the first argument that the row has
    "unwrap": (1, 1),  # a Counter32 carried on past 2**32-1; see counters.py
    "scaled": (2, 2),  # value times 10 to the power of the second, exact for tenths
    "dbm": (1, 1),  # watts as decibels over one milliwatt
    "positive": (1, 1),  # itself, or missing where it is not above zero
    "at": (2, 2),  # the object's value in the row of this index, for every row
    "present": (1, 1),  # 1 for each row that has this object, whatever it holds
    "when": (2, 2),  # the second where the first is not 0, else missing
}


@dataclass(frozen=True, slots=True)
class Const:
    """A number."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Name:
    """A column of the table."""

    name: str


@dataclass(frozen=True, slots=True)
class Binary:
    """One of + - * / between two expressions."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Among:
    """1 where the column holds one of these values or enumeration names, else 0."""

    column: Name
    values: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One of FUNCTIONS."""

    function: str
    arguments: tuple["Node", ...]


Node: TypeAlias = Const | Name | Binary | Among | Call

_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def parse(text: str) -> Node:
    """Return the expression's tree. ValueError says what is wrong, and at which character."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"not an expression: {getattr(error, 'msg', None) or error}") from None
    return _node(tree.body)


def names(node: Node) -> Iterator[str]:
    """Give every column that the expression reads, what it measures before what it is conditional on."""
    match node:
        case Name(name):
            yield name
        case Binary(_, left, right):
            yield from names(left)
            yield from names(right)
        case Among(column, _):
            yield column.name
        case Call(function, arguments):
            for argument in reversed(arguments) if function == "when" else arguments:
                yield from names(argument)


def expand(node: Node, definitions: Mapping[str, Node]) -> Node:
    """Return the expression with each name that has a definition replaced by it."""
    match node:
        case Name(name):
            return definitions.get(name, node)
        case Binary(operator, left, right):
            return Binary(operator, expand(left, definitions), expand(right, definitions))
        case Call(function, arguments):
            return Call(function, tuple(expand(argument, definitions) for argument in arguments))
        case _:
            return node


def walk(node: Node) -> Iterator[Node]:
    """Give a node and everything below it."""
    yield node
    match node:
        case Binary(_, left, right):
            yield from walk(left)
            yield from walk(right)
        case Call(_, arguments):
            for argument in arguments:
                yield from walk(argument)


def _node(tree: ast.expr) -> Node:  # noqa: PLR0911 - one return for each kind of node
    match tree:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Const(value)
        case ast.Name(id=name):
            return Name(name)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return Const(-value)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            return Binary(_OPERATORS[type(operator)], _node(left), _node(right))
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Eq()], comparators=[ast.Constant(value=int() | str() as only)]
        ):
            return Among(Name(name), (only,))
        case ast.Compare(left=ast.Name(id=name), ops=[ast.In()], comparators=[ast.Tuple(elts=elements)]):
            return Among(Name(name), tuple(_choice(element) for element in elements))
        case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
            return _call(function, arguments, tree.col_offset)
    raise ValueError(
        f"character {tree.col_offset + 1}: only numbers, names of objects, + - * /, == 'name', in (…) and "
        f"{', '.join(sorted(FUNCTIONS))} are known"
    )


def _choice(tree: ast.expr) -> int | str:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int | str):
        return tree.value
    raise ValueError(f"character {tree.col_offset + 1}: only numbers and quoted names stand after 'in'")


def _call(function: str, arguments: list[ast.expr], offset: int) -> Call:
    if function not in FUNCTIONS:
        raise ValueError(f"character {offset + 1}: no function {function!r}; there are {', '.join(sorted(FUNCTIONS))}")
    fewest, most = FUNCTIONS[function]
    if not fewest <= len(arguments) <= most:
        count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise ValueError(f"character {offset + 1}: {function} takes {count} arguments, not {len(arguments)}")
    nodes = tuple(_node(argument) for argument in arguments)
    if function == "at" and not (isinstance(nodes[1], Const) and isinstance(nodes[1].value, int)):
        raise ValueError(f"character {offset + 1}: at takes the name of an object and a whole number, the row's index")
    if function in ("unwrap", "present", "at") and not isinstance(nodes[0], Name):
        raise ValueError(f"character {offset + 1}: {function} takes the name of an object")
    return Call(function, nodes)
