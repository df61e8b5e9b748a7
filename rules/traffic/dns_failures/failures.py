"""The failures of one window: which names were asked for in vain, of whom, by whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second
from rules.traffic.dns_failures.settings import DnsFailureSettings
from rules.traffic.dns_kernel import mark_vain
from rules.traffic.dns_share import FairShare
from rules.traffic.learned import hashed
from rules.traffic.numbering import Numbering

Address: TypeAlias = tuple[int, int]
NXDOMAIN: Final = 3
_SILENT_MIN: Final = 20  # questions of a server in a window, below which it is not said to be silent


@dataclass(frozen=True, slots=True)
class Failure:
    """One name asked for in vain."""

    client: Address
    server: Address
    name: str
    absent: bool  # said not to exist; otherwise SERVFAIL, or no answer


@dataclass(frozen=True)
class Failures:
    """What failed in one window. Each name of `rows` stands for `weight` of them."""

    rows: list[Failure]  # of names drawn evenly, whoever asks for them
    weight: int
    by_client: list[tuple[Failure, float]]  # of clients, who are read whole below their share; and what each stands for
    messages: NDArray[np.void]  # DNS: all of the window

    @cached_property
    def good(self) -> NDArray[np.void]:
        """Return the answers with something in them (DNS): looked for where something comes near its bound."""
        rows = self.messages
        there: NDArray[np.bool_] = (rows["response"] == 1) & (rows["code"] == 0) & (rows["answers"] > 0)
        return np.compress(there, rows)

    @cached_property
    def good_servers(self) -> NDArray[np.uint64]:
        """Return hashes of who gave them."""
        return hashed(self.good["server_hi"], self.good["server_lo"])


class FailureReader:
    """Reads what failed out of one window after another."""

    def __init__(self, settings: DnsFailureSettings) -> None:
        """Know no server yet."""
        self._rows_per_s = settings.rows_per_s
        self._answered = 1 - settings.unanswered_share
        self._servers = Numbering()
        self._share = FairShare()
        self._numbers = np.zeros(0, np.uint32)
        self.skipped = 0  # failures not read, for want of time

    def read(self, second: Second) -> Failures:
        """Return what failed in a window."""
        rows = second.dns
        places = self._vain(np.ascontiguousarray(rows))
        most = max(int(self._rows_per_s * second.length_s), 1)
        step = -(-len(places) // most) or 1
        if step == 1:
            told = _named(rows[places])
            return Failures(told, step, [(each, 1.0) for each in told], rows)
        picked = places[_drawn(rows["name"][places], step)]
        self.skipped += len(places) - len(picked)
        shared, times = self._share.of(rows["client_hi"][places], rows["client_lo"][places], max(most // 2, 1))
        each = zip(_failures(rows[places[shared]]), times.tolist(), strict=True)
        by_client = [(one, time) for one, time in each if one.name]
        return Failures(_named(rows[picked]), step, by_client, rows)

    def _vain(self, rows: NDArray[np.void]) -> NDArray[np.intp]:
        """Return which messages tell of a name that it is in vain to ask for it."""
        servers, asked, told = np.empty((3, len(rows)), np.uint32)
        vain = np.empty(len(rows), np.bool_)
        seed, slots = self._servers.seed, self._servers.slots(len(rows))
        if len(slots) > len(self._numbers):
            self._numbers = np.zeros(len(slots), np.uint32)
        mark_vain(
            rows, _SILENT_MIN, self._answered, seed, slots, self._numbers, servers, asked, told, vain.view(np.uint8)
        )
        return np.flatnonzero(vain)


def _drawn(names: NDArray[np.bytes_], step: int) -> NDArray[np.bool_]:
    """Choose one name in so many, wherever it is asked for: by what stands in front, which differs."""
    words = np.ascontiguousarray(names.astype("S24")).view(np.uint64).reshape(len(names), 3)
    return np.asarray(hashed(words[:, 0] ^ words[:, 2], words[:, 1]) % np.uint64(step) == 0, np.bool_)


def _named(rows: NDArray[np.void]) -> list[Failure]:
    return [each for each in _failures(rows) if each.name]


def _failures(rows: NDArray[np.void]) -> Iterator[Failure]:
    names = ("client_hi", "client_lo", "server_hi", "server_lo", "code", "name")
    for hi, lo, there_hi, there_lo, code, name in zip(*(rows[each].tolist() for each in names), strict=True):
        yield Failure((hi, lo), (there_hi, there_lo), name.decode("ascii"), code == NXDOMAIN)
