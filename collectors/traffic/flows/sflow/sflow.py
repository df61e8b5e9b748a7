"""The sFlow decoder: datagrams in, records and counters out. Its arrays are made once and used again."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.datagrams import DATAGRAM, Datagrams
from collectors.traffic.flows.settings import SFlowSettings
from collectors.traffic.flows.sflow import places, walk_kernel
from collectors.traffic.flows.sflow.words import AGENT, COUNTER_WORDS, COUNTS, SIDE, TRACK, interfaces, processors
from collectors.traffic.packet.decode_kernel import decode
from netmon.api.traffic import FRAME, RECORD, Tunnel

_SMALLEST: Final = 64  # octets of a flow sample that gives a record: two headers of 8, the sample's 32, a header's 16
_LINK_ETHERNET: Final = 1  # LINKTYPE_ values
_LINK_RAW: Final = 101  # IPv4 or IPv6, as the version field says
_INTERFACES: Final = 16_384  # rows between two calls of `counters`, 120 octets each: 300 switches of 52 ports fit
_PROCESSORS: Final = 1_024
_SLOTS: Final = 65_536  # sequences followed, 40 octets each: one for every port of 1,200 switches


@dataclass(frozen=True, slots=True)
class SFlowCounters:
    """Counter samples received since the last time: rows in the order of their arrival, copies.

    A counter that an agent does not keep is all ones (0xFFFFFFFF; 64 ones for octets and speed): it is missing, not a
    large number.
    """

    interfaces: NDArray[np.void]  # INTERFACE
    processors: NDArray[np.void]  # PROCESSOR


class SFlow:
    """Decodes sFlow version 5. Keeps sequence numbers of each agent, and counters until they are fetched.

    `agents` (AGENT) tells by exporter's row what it sent and what of it was lost. Not to be used by two threads at
    once.
    """

    def __init__(self, settings: SFlowSettings | None = None, exporters: int = 4_096) -> None:
        """Take the settings and how many rows the list of exporters has; what a higher one sends is told in row 0."""
        given = settings or SFlowSettings()
        self.agents = np.zeros(exporters + 1, AGENT)
        self._tunnels = sum(1 << Tunnel[name.upper()] for name in given.tunnels)
        self._counts = np.zeros(len(COUNTS), np.uint64)
        self._tracks = np.zeros(_SLOTS, TRACK)
        self._interfaces = np.zeros(_INTERFACES, COUNTER_WORDS)
        self._processors = np.zeros(_PROCESSORS, COUNTER_WORDS)
        self._filled = np.zeros(3, np.uint64)  # rows in use of the two above; the sub-agent being read
        self._make_room(4_096, 512)

    @property
    def counts(self) -> dict[str, int]:
        """Return what was seen, used and not used since the start, by name (words.COUNTS)."""
        return dict(zip(COUNTS, self._counts.tolist(), strict=True))

    def decode(self, datagrams: Datagrams) -> NDArray[np.void]:
        """Return a record (RECORD) for each flow sample: a view into an array that the next call writes anew.

        Octets are the frame's length as the agent tells it (sFlow counts the frame check sequence in) times the
        sampling rate. Nothing in a datagram raises: what cannot be read is counted.
        """
        index = datagrams.index
        self._make_room(int(index["length"].sum(dtype=np.int64)) // _SMALLEST + 1, len(index))
        found = np.zeros(places.NONE, np.uint64)
        ethernet = self._walk(datagrams, places.ETHERNET, 0, found)
        end = ethernet
        self._headers(datagrams.buffer, 0, ethernet, _LINK_ETHERNET)
        if found[places.IP]:
            end = self._walk(datagrams, places.IP, ethernet, found)
            self._headers(datagrams.buffer, ethernet, end, _LINK_RAW)
        if found[places.PARSED]:
            end = self._walk(datagrams, places.PARSED, end, found)
        walk_kernel.scale(self._records, self._side, end)
        return self._records[:end]

    def counters(self) -> SFlowCounters:
        """Return the counters received since the last call, and forget them."""
        of_interfaces, of_processors = (int(rows) for rows in self._filled[:2])
        self._filled[:2] = 0
        return SFlowCounters(interfaces(self._interfaces[:of_interfaces]), processors(self._processors[:of_processors]))

    def warm_up(self) -> None:
        """Compile (or load) the loops: a second at the first start rather than at the first datagram."""
        self.decode(Datagrams(np.zeros(1, np.uint8), np.zeros(0, DATAGRAM)))
        self._headers(np.zeros(1, np.uint8), 0, 0, _LINK_ETHERNET)

    def _walk(self, datagrams: Datagrams, want: int, row: int, found: NDArray[np.uint64]) -> int:
        end: int = walk_kernel.walk(
            datagrams.buffer,
            datagrams.index,
            want,
            row,
            self._frames,
            self._records,
            self._side,
            found,
            self._tracks,
            self.agents,
            self._interfaces,
            self._processors,
            self._filled,
            self._doubled,
            self._counts,
        )
        return int(end)

    def _headers(self, buffer: NDArray[np.uint8], start: int, end: int, link_type: int) -> None:
        decode(buffer, self._frames[start:end], self._records[start:end], end - start, link_type, self._tunnels)

    def _make_room(self, rows: int, datagrams: int) -> None:
        """Grow the arrays to what a batch can hold at most; a batch is bounded by its buffer."""
        if rows > len(getattr(self, "_records", ())):
            rows = 1 << (rows - 1).bit_length()
            self._records = np.zeros(rows, RECORD)
            self._frames = np.zeros(rows, FRAME)
            self._side = np.zeros(rows, SIDE)
        if datagrams > len(getattr(self, "_doubled", ())):
            self._doubled = np.zeros(datagrams, np.bool_)
