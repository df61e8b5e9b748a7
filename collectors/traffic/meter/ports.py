"""Bytes and packets by IP version and protocol, and by application port."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.meter.topn import TopN
from netmon.api.traffic import Second

Records: TypeAlias = NDArray[np.void]
Counts: TypeAlias = NDArray[np.uint64]

VERSIONS: Final = ("4", "6")
PROTOCOLS: Final = ("tcp", "udp", "icmp", "other")
_NUMBERS: Final = ((6,), (17,), (1, 58))  # of the first three
_MAPPED: Final = np.uint64(0xFFFF)
_HALF: Final = np.uint64(32)


class Protocols:
    """Counters of shape (versions, protocols)."""

    def __init__(self) -> None:
        self.bytes: Counts = np.zeros((2, 4), np.uint64)
        self.packets: Counts = np.zeros((2, 4), np.uint64)

    def see(self, second: Second) -> None:
        """Count one window: a sensor's by who received, which holds every packet; exporters' by their records."""
        if second.live:
            self._see_table(second.destinations)
        else:
            self._see_flows(second.ended)

    def _see_table(self, rows: Records) -> None:
        four = (rows["hi"] == 0) & (rows["lo"] >> _HALF == _MAPPED)
        for version, mask in enumerate((four, ~four)):
            chosen = rows[mask]
            octets = [int(chosen[f"{name}_bytes"].sum(dtype=np.uint64)) for name in PROTOCOLS[:3]]
            packets = [int(chosen[name].sum(dtype=np.uint64)) for name in PROTOCOLS[:3]]
            octets.append(max(int(chosen["bytes"].sum(dtype=np.uint64)) - sum(octets), 0))
            packets.append(max(int(chosen["packets"].sum(dtype=np.uint64)) - sum(packets), 0))
            self.bytes[version] += np.array(octets, np.uint64)
            self.packets[version] += np.array(packets, np.uint64)

    def _see_flows(self, flows: Records) -> None:
        kind = np.full(len(flows), 3)
        for place, numbers in enumerate(_NUMBERS):
            kind[np.isin(flows["protocol"], numbers)] = place
        cell = (flows["version"] == 6) * 4 + kind
        for counters, name in ((self.bytes, "bytes"), (self.packets, "packets")):
            both = flows[name].astype(np.float64) + flows[f"reply_{name}"].astype(np.float64)
            counters[...] += np.rint(np.bincount(cell, weights=both, minlength=8)).astype(np.uint64).reshape(2, 4)


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
        self.busiest.add(
            rows["protocol"][rest].astype(np.uint64), rows["port"][rest].astype(np.uint64), counts[rest], second.end
        )


def _code(protocols: NDArray[np.uint8], ports: NDArray[np.uint16]) -> NDArray[np.int32]:
    return protocols.astype(np.int32) << 16 | ports.astype(np.int32)


def _codes(keys: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    return np.array([protocol << 16 | port for protocol, port in keys], np.int32)
