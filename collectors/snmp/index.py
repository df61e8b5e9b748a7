"""What the arcs after a column's OID mean: RFC 2578 section 7.7, which says how an INDEX clause becomes arcs."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

from collectors.snmp import oid


class IndexType(StrEnum):
    """How one part of an index is written as arcs."""

    INTEGER = "integer"  # one arc
    STRING = "string"  # a length, then an arc for each octet; text
    IMPLIED_STRING = "implied_string"  # all the arcs that are left; text
    OCTETS = "octets"  # as string, shown as 0x0a1b
    FIXED_OCTETS = "fixed_octets"  # `size` arcs, shown as 0x0a1b
    MAC = "mac"  # six arcs
    IPV4 = "ipv4"  # four arcs
    OID = "oid"  # a length, then the arcs
    IMPLIED_OID = "implied_oid"  # all the arcs that are left
    INET_ADDRESS = "inet_address"  # RFC 4001: a length, then octets; its type is an index part of its own before it


Arcs: TypeAlias = tuple[tuple[int, ...], ...]


class IndexMismatch(ValueError):
    """The arcs do not fit the INDEX clause."""


def split_any(arcs: Sequence[int], clauses: Sequence[Sequence[tuple[IndexType, int]]]) -> tuple[int, Arcs]:
    """Return the first clause that the arcs fit, as its place in the list, and each part's own arcs.

    Raises IndexMismatch, with what the first clause says, where they fit none.
    """
    problem: IndexMismatch | None = None
    for at, clause in enumerate(clauses):
        try:
            return at, split(arcs, clause)
        except IndexMismatch as error:
            problem = problem or error
    raise problem or IndexMismatch("no INDEX clause")


def split(arcs: Sequence[int], parts: Sequence[tuple[IndexType, int]]) -> Arcs:
    """Return each part's own arcs, without lengths. Raises IndexMismatch for arcs too few, too many or no octets."""
    found: list[tuple[int, ...]] = []
    at = 0
    for kind, size in parts:
        start, end = _extent(arcs, at, kind, size)
        if end > len(arcs):
            raise IndexMismatch(f"index {oid.text(arcs)} ends inside its {kind.value}")
        part = tuple(arcs[start:end])
        if kind not in _ANY_ARCS and any(arc > 255 for arc in part):
            raise IndexMismatch(f"index {oid.text(arcs)} has an arc above 255 inside its {kind.value}")
        found.append(part)
        at = end
    if at != len(arcs):
        raise IndexMismatch(f"index {oid.text(arcs)} has {len(arcs) - at} arcs too many")
    return tuple(found)


_ANY_ARCS = frozenset({IndexType.INTEGER, IndexType.OID, IndexType.IMPLIED_OID})
_FIXED = {IndexType.INTEGER: 1, IndexType.MAC: 6, IndexType.IPV4: 4}


def _extent(arcs: Sequence[int], at: int, kind: IndexType, size: int) -> tuple[int, int]:
    """Return where the part's own arcs begin and end."""
    if kind in _FIXED:
        return at, at + _FIXED[kind]
    if kind is IndexType.FIXED_OCTETS:
        return at, at + size
    if kind in (IndexType.IMPLIED_STRING, IndexType.IMPLIED_OID):
        return at, len(arcs)
    if at >= len(arcs):
        raise IndexMismatch(f"index {oid.text(arcs)} ends before its {kind.value}")
    return at + 1, at + 1 + arcs[at]
