"""The DNS messages of one window as columns: each name once, and what a client asked of it together."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import DNS
from rules.traffic.dns_kernel import name_keys
from rules.traffic.learned import hashed
from rules.traffic.numbering import Numbering

_NAME: Final = slice(DNS.itemsize - 255, DNS.itemsize)  # the last column


@dataclass(frozen=True, slots=True)
class Names:
    """The names of some messages. All are in the order in which they come."""

    places: NDArray[np.intp]  # where these messages stand among all
    texts: list[bytes]  # different names
    keys: NDArray[np.uint64]  # one for each message
    numbers: NDArray[np.uint32]  # the place of each message's name in `texts`


@dataclass(frozen=True, slots=True)
class Asked:
    """What one client asked of one name and type, and was told."""

    client: tuple[int, int]
    query_type: int
    name: int  # the place of its name
    messages: int
    questions: int
    answer_octets: int


class DnsWindow:
    """Reads the messages of one window after another."""

    def __init__(self) -> None:
        self._names = Numbering()
        self._groups = Numbering()

    def names(self, messages: NDArray[np.void], places: NDArray[np.intp] | None = None) -> Names:
        """Return the names of messages (DNS[n]): of all, or of those at `places`."""
        messages = np.ascontiguousarray(messages)
        places = np.arange(len(messages)) if places is None else np.ascontiguousarray(places)
        octets = messages.view(np.uint8).reshape(len(messages), DNS.itemsize)[:, _NAME]
        keys = np.empty(len(places), np.uint64)
        lengths = np.empty(len(keys), np.uint8)
        name_keys(messages, octets, places, self._names.seed, keys, lengths)
        numbers, _ = self._names.number(keys)
        first = _first(numbers)
        width = int(lengths.max(initial=1)) or 1
        texts = np.ascontiguousarray(octets[places[first], :width]).view(f"S{width}").ravel()
        return Names(places, texts.tolist(), keys, numbers)

    def asked(self, messages: NDArray[np.void], names: Names, wanted: NDArray[np.bool_]) -> list[Asked]:
        """Return what was asked of the names that are wanted (bool for each); `messages`: as `names` got them."""
        picked = np.flatnonzero(wanted[names.numbers])
        if not len(picked):
            return []
        rows = names.places[picked]
        hi, lo, types = (messages[each][rows] for each in ("client_hi", "client_lo", "query_type"))
        groups, count = self._groups.number(hashed(hashed(hi, lo) ^ types, names.keys[picked]))
        first = _first(groups)
        response = messages["response"][rows] != 0
        totals = np.bincount(groups, minlength=count)
        answers = np.bincount(groups, weights=response, minlength=count)
        octets = np.bincount(groups, weights=messages["size"][rows] * response, minlength=count)
        columns = (types[first], names.numbers[picked[first]], totals, totals - answers, octets)
        plain = (each.astype(np.int64).tolist() for each in columns)
        clients = zip(hi[first].tolist(), lo[first].tolist(), strict=True)
        return [Asked(*each) for each in zip(clients, *plain, strict=True)]


def _first(numbers: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return where each number stands first; they begin with 0 and come in order."""
    highest = np.maximum.accumulate(numbers.astype(np.int64))
    return np.flatnonzero(np.diff(highest, prepend=-1))
