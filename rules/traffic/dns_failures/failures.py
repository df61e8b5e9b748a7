"""The failures of one window: which names were asked for in vain, of whom, by whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second
from rules.traffic.dns_failures.settings import DnsFailureSettings
from rules.traffic.learned import hashed

Address: TypeAlias = tuple[int, int]
SERVFAIL: Final = 2
NXDOMAIN: Final = 3
_SILENT_MIN: Final = 20  # questions of a server in a window, below which it is not said to be silent


@dataclass(frozen=True, slots=True)
class Failure:
    """One name asked for in vain."""

    client: Address
    server: Address
    name: str
    absent: bool  # said not to exist; otherwise SERVFAIL, or no answer


@dataclass(frozen=True, slots=True)
class Failures:
    """What failed in one window. Each name stands for `weight` of them."""

    rows: list[Failure]
    weight: int
    good: NDArray[np.void]  # DNS: answers with something in them
    good_servers: NDArray[np.uint64]  # hashes of who gave them


def read(second: Second, settings: DnsFailureSettings) -> tuple[Failures, int]:
    """Return what failed in a window, and how many failures were not read for want of time."""
    rows = second.dns
    answered = rows["response"] == 1
    vain = answered & np.isin(rows["code"], (SERVFAIL, NXDOMAIN))
    vain |= ~answered & _silent(rows, answered, settings)
    places = np.flatnonzero(vain)
    step = -(-len(places) // max(int(settings.rows_per_s * second.length_s), 1)) or 1
    picked = places if step == 1 else places[_drawn(rows["name"][places], step)]
    good = rows[answered & (rows["code"] == 0) & (rows["answers"] > 0)]
    servers = hashed(good["server_hi"], good["server_lo"])
    return Failures(list(_failures(rows[picked])), step, good, servers), len(places) - len(picked)


def _drawn(names: NDArray[np.bytes_], step: int) -> NDArray[np.bool_]:
    """Choose one name in so many, wherever it is asked for: by what stands in front, which differs."""
    words = np.ascontiguousarray(names.astype("S24")).view(np.uint64).reshape(len(names), 3)
    return np.asarray(hashed(words[:, 0] ^ words[:, 2], words[:, 1]) % np.uint64(step) == 0, np.bool_)


def _silent(rows: NDArray[np.void], answered: NDArray[np.bool_], settings: DnsFailureSettings) -> NDArray[np.bool_]:
    """Tell of each message whether its server hardly answers."""
    if len(rows) < _SILENT_MIN:
        return np.zeros(len(rows), np.bool_)
    keys, place = np.unique(hashed(rows["server_hi"], rows["server_lo"]), return_inverse=True)
    told = np.bincount(place, weights=answered, minlength=len(keys))
    asked = np.bincount(place, minlength=len(keys)) - told
    mute = (asked >= _SILENT_MIN) & (told <= (1 - settings.unanswered_share) * asked)
    return np.asarray(mute[place], np.bool_)


def _failures(rows: NDArray[np.void]) -> Iterator[Failure]:
    names = ("client_hi", "client_lo", "server_hi", "server_lo", "code", "name")
    for hi, lo, there_hi, there_lo, code, name in zip(*(rows[each].tolist() for each in names), strict=True):
        if name:
            yield Failure((hi, lo), (there_hi, there_lo), name.decode("ascii"), code == NXDOMAIN)
