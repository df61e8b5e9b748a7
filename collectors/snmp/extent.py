"""Which rows an expression has: those that have all it needs, or any of what it may choose from."""

from collections.abc import Mapping, Sequence

from collectors.snmp import oid
from collectors.snmp.came import Keys
from collectors.snmp.expression import Among, Binary, Call, Const, Name, Node


def extent_of(node: Node, keys_of: Mapping[str, Keys]) -> Keys | None:  # noqa: PLR0911 - one for each kind of node
    """Return the rows that an expression has, in the order of the table; None where it has no say."""
    match node:
        case Const():
            return None
        case Name(name):
            return keys_of[name]
        case Among(column, _):
            return keys_of[column.name]
        case Binary(_, left, right):
            return _common([extent_of(left, keys_of), extent_of(right, keys_of)])
        case Call("at", _):
            return None
        case Call("first", arguments):
            extents = [extent_of(argument, keys_of) or () for argument in arguments]
            return _ordered({key for keys in extents for key in keys}, extents)
        case Call(_, arguments):
            return _common([extent_of(argument, keys_of) for argument in arguments])


def _common(extents: Sequence[Keys | None]) -> Keys | None:
    said = [keys for keys in extents if keys is not None]
    if not said:
        return None
    shared = set(said[0]).intersection(*said[1:])
    return next((keys for keys in said if len(keys) == len(shared)), tuple(key for key in said[0] if key in shared))


def _ordered(union: set[bytes], extents: Sequence[Keys]) -> Keys:
    """Return a union of rows in the order of their numbers; the same object where one extent has them all."""
    return next((keys for keys in extents if len(keys) == len(union)), tuple(sorted(union, key=oid.suffix_arcs)))
