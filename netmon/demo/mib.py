"""What an agent knows, in the order of its OIDs: values that stay, and values computed when they are asked for.

Every varbind that stays is encoded once; one that moves keeps its encoded name. A walk then costs a dictionary look-up
for each page and one join.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TypeAlias

from collectors.snmp import oid
from collectors.snmp.ber import Tag, length, tlv

Computed: TypeAlias = Callable[[float], bytes]
"""A value at a time: Unix seconds → TLV."""

Entry: TypeAlias = tuple[bytes, bytes | Computed]
"""An OID's contents octets, and its value: a TLV, or how to compute it."""

MAX_REMEMBERED_PREFIXES = 4_096  # where walks begin: the columns of every table, many times over


class MibView:
    """A sorted, immutable set of varbinds. Positions count from 0; `len(view)` is the position after the last."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Sort the entries by their arcs. ValueError when two have the same name."""
        # Octets do not sort as arcs do: 16384 takes three octets that compare below the two of 16383.
        ordered = sorted(((oid.decode(name), name, value) for name, value in entries), key=lambda entry: entry[0])
        self._arcs = [arcs for arcs, _, _ in ordered]
        self._position = {name: at for at, (_, name, _) in enumerate(ordered)}
        if len(self._position) != len(ordered):
            raise ValueError(f"two values for one name: {_first_duplicate(self._arcs)}")
        self.names = [name for _, name, _ in ordered]
        self.values = [value for _, _, value in ordered]
        self._prefixes: dict[bytes, int] = {}
        self._name_tlvs = [tlv(Tag.OBJECT_IDENTIFIER, name) for name in self.names]
        pairs = zip(self._name_tlvs, self.values, strict=True)
        self._encoded = [None if callable(value) else _sequence(name + value) for name, value in pairs]

    def __len__(self) -> int:
        return len(self.names)

    def find(self, name: bytes) -> int | None:
        """Return the position of exactly this name."""
        return self._position.get(name)

    def after(self, name: bytes) -> int:
        """Return the position of the first name past this one (RFC 3416 section 4.2.2: its lexicographic successor)."""
        at = self._position.get(name)
        if at is not None:
            return at + 1
        at = self._prefixes.get(name)
        if at is None:
            at = bisect_right(self._arcs, oid.decode(name))
            if len(self._prefixes) < MAX_REMEMBERED_PREFIXES:
                self._prefixes[name] = at
        return at

    def value(self, position: int, now: float) -> bytes:
        """Return the value's TLV at Unix time `now`."""
        value = self.values[position]
        return value(now) if callable(value) else value

    def varbind(self, position: int, now: float) -> bytes:
        """Return the encoded VarBind at Unix time `now`."""
        return self._encoded[position] or _sequence(self._name_tlvs[position] + self.value(position, now))


def varbind(name: bytes, value: bytes) -> bytes:
    """Return an encoded VarBind from an OID's contents octets and a value's TLV."""
    return _sequence(tlv(Tag.OBJECT_IDENTIFIER, name) + value)


def _sequence(contents: bytes) -> bytes:
    return b"\x30" + length(len(contents)) + contents


def _first_duplicate(arcs: list[tuple[int, ...]]) -> str:
    return next(oid.text(one) for one, other in pairwise(arcs) if one == other)
