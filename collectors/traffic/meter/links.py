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
        flows = second.ended[second.ended["exporter"] != 0]
        if not len(flows):
            return
        egress = flows["direction"] == 1
        self._both.update(flows["exporter"][egress].tolist())
        twice = np.isin(flows["exporter"], list(self._both)) & ~egress
        self._add(flows[~egress], "in_interface", IN, "")
        self._add(flows[~egress], "out_interface", IN, "reply_")
        self._add(flows[~twice], "out_interface", OUT, "")
        self._add(flows[~twice], "in_interface", OUT, "reply_")

    def _add(self, flows: Records, interface: str, way: int, which: str) -> None:
        flows = flows[(flows[interface] != 0) & (flows[f"{which}packets"] != 0)]
        keys, place = np.unique(
            flows["exporter"].astype(np.uint64) << _SHIFT | flows[interface].astype(np.uint64), return_inverse=True
        )
        octets = np.bincount(place, weights=flows[f"{which}bytes"], minlength=len(keys))
        packets = np.bincount(place, weights=flows[f"{which}packets"], minlength=len(keys))
        for key, size, count in zip(keys.tolist(), octets.tolist(), packets.tolist(), strict=True):
            at = (key >> 32, key & _LOW)
            load = self.loads.get(at)
            if load is None:
                if len(self.loads) >= self._most:
                    self.dropped += 1
                    continue
                load = self.loads[at] = [0, 0, 0, 0]
            load[way] += round(size)
            load[2 + way] += round(count)
