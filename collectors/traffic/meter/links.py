"""The load of exporters' interfaces, as their flow records tell it: bytes in and out, beside what SNMP counts.

A record says where its flow came in and where it went out; that of the other direction, joined to it, the reverse. An
exporter that reports flows at both places (IPFIX flowDirection) would count its output twice: of such a one, only
records of output count as output.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netmon.api.traffic import Second

Records: TypeAlias = NDArray[np.void]
Counts: TypeAlias = NDArray[np.uint64]

CHUNK: Final = 8_192
"""Flows that are looked at together: 1.4 MB, which a core's second cache holds, since each is read for many columns."""
_SMALL: Final = 4_096  # pairs of an exporter and an interface that could be: no more than half the flows of a chunk
IN, OUT = range(2)
_SHIFT: Final = np.uint64(32)
_LOW: Final = 0xFFFF_FFFF


class Links:
    """Bytes and packets by (exporter, ifIndex), each in and out. `dropped` counts records for whose interface there
    was no room.
    """

    def __init__(self, most: int) -> None:
        self.loads: dict[tuple[int, int], list[int]] = {}  # bytes in, bytes out, packets in, packets out
        self.dropped = 0
        self._most = most
        self._both: set[int] = set()  # exporters that report output by itself

    def see(self, second: Second) -> None:
        """Count the flows of one window."""
        egress = second.ended["direction"] == 1
        if egress.any():
            self._both.update(second.ended["exporter"][egress].tolist())
        for at in range(0, len(second.ended), CHUNK):
            self._see(second.ended[at : at + CHUNK])

    def _see(self, flows: Records) -> None:
        exporter = flows["exporter"].astype(np.uint64)
        egress = flows["direction"] == 1
        twice = np.isin(exporter, list(self._both)) & ~egress if self._both else np.zeros(len(flows), np.bool_)
        for name, other in (("in_interface", OUT), ("out_interface", IN)):
            index = flows[name].astype(np.uint64)
            for which, way in (("", 1 - other), ("reply_", other)):
                packets = flows[f"{which}packets"]
                counted = (packets != 0) & (index != 0) & (exporter != 0) & ~(egress if way == IN else twice)
                if counted.all():
                    self._add(exporter, index, way, flows[f"{which}bytes"], packets)
                elif counted.any():
                    octets = flows[f"{which}bytes"]
                    self._add(exporter[counted], index[counted], way, octets[counted], packets[counted])

    def _add(self, exporter: Counts, index: Counts, way: int, octets: Counts, packets: Counts) -> None:
        keys, place = _places(exporter, index)
        sizes = np.bincount(place, weights=octets, minlength=len(keys)).tolist()
        counts = np.bincount(place, weights=packets, minlength=len(keys)).tolist()
        for key, size, count in zip(keys.tolist(), sizes, counts, strict=True):
            if not count:
                continue
            at = (key >> 32, key & _LOW)
            load = self.loads.get(at)
            if load is None:
                if len(self.loads) >= self._most:
                    self.dropped += 1
                    continue
                load = self.loads[at] = [0, 0, 0, 0]
            load[way] += round(size)
            load[2 + way] += round(count)


def _places(exporter: Counts, index: Counts) -> tuple[Counts, NDArray[np.intp]]:
    """Return keys, and for each record the place of its key: without sorting where the numbers are small."""
    least, first = int(exporter.min()), int(index.min())
    height, width = int(exporter.max()) - least + 1, int(index.max()) - first + 1
    if height * width <= _SMALL:
        place = ((exporter - np.uint64(least)) * np.uint64(width) + (index - np.uint64(first))).astype(np.intp)
        rows, columns = np.divmod(np.arange(height * width, dtype=np.uint64), np.uint64(width))
        return (rows + np.uint64(least)) << _SHIFT | (columns + np.uint64(first)), place
    keys, inverse = np.unique(exporter << _SHIFT | index, return_inverse=True)
    return keys, inverse
