"""A list of indicators ready to be asked: which of many addresses and names stand in it, and in which line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks, PrefixMap
from netmon.api.traffic import address_text
from rules.traffic.indicators.matching_kernel import fill, find_ends, find_names, hash_names
from rules.traffic.indicators.reading import Entries, line_of, read_entries
from rules.traffic.indicators.settings import IndicatorList

Halves: TypeAlias = NDArray[np.uint64]
Rows: TypeAlias = NDArray[np.int64]

_NAME_OCTETS: Final = 255
_NOBODYS: Final = np.zeros(1, np.bool_)  # where no prefix is known, nobody is spared


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list, as far as people want to see it."""

    kind: str  # address, prefix, domain
    text: str  # the entry itself
    line: str  # the whole line: with what the feed says of it


class _Set:
    """Pairs of numbers, found by hash."""

    def __init__(self, keys: Halves) -> None:
        self.keys = keys
        self.slots = np.zeros(1 << max(2 * len(keys), 1).bit_length(), np.uint32)
        fill(self.slots, keys)


class Indicators:
    """One list. Never changed: a newer file becomes a new one."""

    def __init__(self, settings: IndicatorList, raw: bytes, most: int, rest: Callable[[], None] | None = None) -> None:
        """Read the content of the list's file, at most `most` entries of it. `rest`: see read_entries."""
        self.settings = settings
        self._raw = raw
        entries = read_entries(raw, most, rest)
        self.count = len(entries)
        self.bad, self.bad_lines, self.beyond = entries.bad, tuple(entries.bad_lines), entries.beyond
        self._addresses = _Set(np.stack([_array(entries.hi), _array(entries.lo)], axis=1))
        self._address_at = _array(entries.address_at)
        self._prefixes = PrefixMap(entries.prefixes)
        self._networks = tuple(entries.prefixes)
        self._prefix_at = _array(entries.prefix_at)
        self._take_names(entries)

    def _take_names(self, entries: Entries) -> None:
        ends = np.cumsum([len(name) for name in entries.names], dtype=np.uint64)
        begins = np.concatenate([np.zeros(1, np.uint64), ends])[: len(ends)].astype(np.uint64)
        self._text = b"".join(entries.names)
        self._begins, self._ends = begins, ends
        keys = np.zeros((len(ends), 2), np.uint64)
        hash_names(np.frombuffer(self._text or b"\0", np.uint8), begins, ends, keys)
        self._names = _Set(keys)
        self._name_at = _array(entries.name_at)

    @property
    def has_names(self) -> bool:
        """Tell whether it lists domains."""
        return len(self._name_at) > 0

    def find_ends(self, flows: NDArray[np.void], side: str, networks: Networks) -> Rows:
        """Return for the `source` or `destination` of each flow the number of its entry, -1 where it has none.

        Addresses of ours have none: lists hold private networks too, and ours may be in them.
        """
        found = np.empty(len(flows), np.int64)
        own = networks.of_places[0] if networks.places else _NOBODYS
        flows, own_of = np.require(flows, requirements=["C", "W"]), (networks.lookup, own)
        listed = (self._addresses.slots, self._addresses.keys, self._prefixes.lookup)
        find_ends(flows, side == "source", *own_of, *listed, found)
        return found

    def find_names(self, names: NDArray[np.bytes_], lengths: NDArray[np.uint8]) -> Rows:
        """Return for each name (S255, lower case) the number of the entry that is it or a parent of it, else -1."""
        found = np.full(len(names), -1, np.int64)
        if len(self._name_at) and len(names):
            octets = np.ascontiguousarray(names).view(np.uint8).reshape(len(names), _NAME_OCTETS)
            find_names(self._names.slots, self._names.keys, octets, np.ascontiguousarray(lengths), found)
            for row in np.flatnonzero(found >= 0):
                listed, asked = self._name(int(found[row])), bytes(names[row])
                if asked != listed and not asked.endswith(b"." + listed):  # two names with one hash
                    found[row] = -1
            found[found >= 0] += len(self._address_at) + len(self._prefix_at)
        return found

    def entry(self, number: int) -> Entry:
        """Return an entry that was found."""
        addresses, prefixes = len(self._address_at), len(self._prefix_at)
        if number < addresses:
            hi, lo = (int(half) for half in self._addresses.keys[number])
            return Entry("address", address_text(hi, lo), line_of(self._raw, int(self._address_at[number])))
        number -= addresses
        if number < prefixes:
            return Entry("prefix", str(self._networks[number]), line_of(self._raw, int(self._prefix_at[number])))
        number -= prefixes
        return Entry("domain", self._name(number).decode(), line_of(self._raw, int(self._name_at[number])))

    def _name(self, number: int) -> bytes:
        return self._text[int(self._begins[number]) : int(self._ends[number])]


def _array(values: Sequence[int]) -> Halves:
    return np.array(values, np.uint64)
