"""The load of exporters' interfaces, as their flow records tell it: bytes in and out, beside what SNMP counts.

A record says where its flow came in and where it went out; that of the other direction, joined to it, the reverse. An
exporter that reports flows at both places (IPFIX flowDirection) would count its output twice: of such a one, only
records of output count as output.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.meter.meter_kernel import LINK_COUNT, LINK_DROPPED

_LOW: Final = 0xFFFF_FFFF
_EXPORTERS: Final = 1 << 16
"""More rows than a collector's list of exporters may have: 64 kB."""


class Links:
    """Bytes and packets by (exporter, ifIndex), each in and out, for at most so many; `meter_kernel.count_flows` adds
    to `window`, the sums of this window.
    """

    def __init__(self, most: int) -> None:
        self.both = np.zeros(_EXPORTERS, np.bool_)  # exporters that report output by itself
        self.keys = np.zeros(most, np.uint64)  # exporter << 32 | ifIndex
        self.slots = np.zeros(1 << (2 * most).bit_length(), np.uint32)  # half of them stay free
        self.state = np.zeros(2, np.uint64)
        self.window = np.zeros((most + 1, 4), np.uint64)  # the last: what there was no room for
        self._sums = np.zeros((most, 4), np.uint64)  # bytes in, bytes out, packets in, packets out

    @property
    def dropped(self) -> int:
        """Return how many sums of records there was no room for their interface."""
        return int(self.state[LINK_DROPPED])

    @property
    def loads(self) -> dict[tuple[int, int], list[int]]:
        """Return bytes in and out, then packets in and out, of each interface that carried any."""
        count = int(self.state[LINK_COUNT])
        rows = zip(self.keys[:count].tolist(), self._sums[:count].tolist(), strict=True)
        return {(key >> 32, key & _LOW): sums for key, sums in rows if any(sums)}

    @property
    def tables(self) -> tuple[NDArray[np.generic], ...]:
        """Return what `count_flows` asks and fills."""
        return self.both, self.slots, self.keys, self.window, self.state

    def begin(self, dropped: int) -> None:
        """Begin a window, or begin it again; `dropped` is what was dropped before it."""
        self.window[: int(self.state[LINK_COUNT])] = 0
        self.state[LINK_DROPPED] = dropped

    def end(self) -> None:
        """Add the window to what was before."""
        count = int(self.state[LINK_COUNT])
        self._sums[:count] += self.window[:count]
