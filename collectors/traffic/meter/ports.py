"""Bytes and packets by IP version and protocol, and by application port."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.meter.meter_kernel import BYTES, PACKETS
from collectors.traffic.meter.topn import TopN
from netmon.api.traffic import Second

Counts: TypeAlias = NDArray[np.uint64]

VERSIONS: Final = ("4", "6")
PROTOCOLS: Final = ("tcp", "udp", "icmp", "other")


class Protocols:
    """Counters of shape (versions, protocols)."""

    def __init__(self) -> None:
        self.bytes: Counts = np.zeros((2, 4), np.uint64)
        self.packets: Counts = np.zeros((2, 4), np.uint64)

    def add(self, sums: Counts, *, last_is_all: bool) -> None:
        """Add sums of shape (versions, protocols, bytes and packets); where the last is all, others are its rest."""
        if last_is_all:
            sums = sums.copy()
            sums[:, -1] -= np.minimum(sums[:, :-1].sum(axis=1), sums[:, -1])
        self.bytes += sums[:, :, BYTES]
        self.packets += sums[:, :, PACKETS]


class Ports:
    """Counters of the ports that are always told, of the rest as one, and of the busiest of the rest.

    `told` has a row for each of `keys` (protocol and port), and one more for all others; columns are bytes, packets
    and flows.
    """

    def __init__(self, ports: Sequence[int], followed: int, half_life_s: float) -> None:
        self.keys = tuple((protocol, port) for protocol in (6, 17) for port in sorted(set(ports)))
        self.told: Counts = np.zeros((len(self.keys) + 1, 3), np.uint64)
        self.busiest = TopN(followed, ("bytes", "packets", "flows"), half_life_s=half_life_s)
        self._codes = _codes(self.keys)  # they are sorted

    def see(self, second: Second) -> None:
        """Count one window."""
        rows = second.ports
        counts = np.stack([rows[name] for name in ("bytes", "packets", "flows")], axis=1)
        places = np.searchsorted(self._codes, _code(rows["protocol"], rows["port"]))
        places = np.minimum(places, len(self.keys) - 1)
        listed = np.zeros(len(rows), np.bool_)
        if self.keys:
            listed = self._codes[places] == _code(rows["protocol"], rows["port"])
        places[~listed] = len(self.keys)
        np.add.at(self.told, places, counts)
        rest = ~listed & (rows["port"] != 0)
        protocols, ports = (rows[name][rest].astype(np.uint64) for name in ("protocol", "port"))
        self.busiest.add(protocols, ports, tuple(counts[rest].T), second.end)


def _code(protocols: NDArray[np.uint8], ports: NDArray[np.uint16]) -> NDArray[np.int32]:
    return protocols.astype(np.int32) << 16 | ports.astype(np.int32)


def _codes(keys: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    return np.array([protocol << 16 | port for protocol, port in keys], np.int32)
