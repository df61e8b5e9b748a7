"""The flow table: packets in, flows out, each with both its directions; the side that began it is the source."""

from collections.abc import Mapping
from secrets import randbits
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.entry_kernel import add, end_all, expire
from collectors.traffic.flowtable.layout import (
    CHUNK,
    FLOW,
    KEY,
    LINK,
    NONE,
    SEEDS,
    Phase,
    Place,
    aligned,
)
from collectors.traffic.flowtable.settings import FlowTableSettings
from collectors.traffic.flowtable.told import Told
from netmon.api.memory import Allocate, touch
from netmon.api.traffic import FRAME, RECORD, EndReason, Frames, empty

_NO_OCTETS: Final = np.zeros(0, np.uint8)
_NO_FRAMES: Final = empty(FRAME)
_REASONS: Final = (EndReason.IDLE, EndReason.END, EndReason.FORCED, EndReason.EVICTED)


class _Table(NamedTuple):
    """The arrays of a table, in the order in which the compiled loops take them."""

    rows: NDArray[np.void]  # FLOW
    slots: NDArray[np.uint64]  # the index
    links: NDArray[np.void]  # LINK, one for each row
    state: NDArray[np.uint64]  # see Place
    ended: NDArray[np.void]  # RECORD, filled from the front


def _state(settings: FlowTableSettings) -> NDArray[np.uint64]:
    """Return the state of an empty table: nothing counted, lists empty, timeouts in nanoseconds."""
    seconds = dict.fromkeys(Phase, settings.idle_s)
    seconds |= dict.fromkeys((Phase.OPENING, Phase.SYN_ACKED), settings.half_open_s)
    seconds |= dict.fromkeys((Phase.ESTABLISHED, Phase.JOINED), settings.established_idle_s)
    seconds |= dict.fromkeys((Phase.CLOSED, Phase.RESET, Phase.REFUSED), settings.closed_s)
    state = np.zeros(Place.SIZE, np.uint64)
    for phase, quiet_s in seconds.items():
        state[Place.TIMEOUTS + phase] = int(quiet_s * 1e9)
    state[Place.ACTIVE] = int(settings.active_s * 1e9)
    state[Place.FREE] = NONE
    return state


class FlowTable:
    """Open flows of one sensor. One thread at a time may use it; the compiled loops hold no lock of the interpreter.

    Packets (RECORD) belong to one flow when addresses, ports, protocol, tunnel and, by setting, VLAN are the same, in
    either direction. ICMP echo, timestamp and mask requests are joined with their replies by identifier, other ICMP is
    a flow by type and code; later fragments have no ports and are a flow of their own, so their octets are not lost.

    The initiator is who sent the SYN, or the request of ICMP. Where a SYN with ACK is the first packet seen, the other
    side began, and `packets` may be 0 beside `reply_packets`. A TCP connection of which the beginning was not seen was
    begun by the side that has not the server's port (a port below 1024, else one below 32768 when the other is not).
    Any other flow was begun by the sender of its first packet.
    """

    def __init__(
        self, settings: FlowTableSettings | None = None, *, seed: int | None = None, new: Allocate | None = None
    ) -> None:
        """`seed`: 704 secret bits of the hash; told only by tests that want the same table twice.

        `new`: where the memory comes from in which flows are told (see Again).
        """
        settings = FlowTableSettings() if settings is None else settings
        self.settings = settings
        bits = randbits(64 * SEEDS) if seed is None else seed
        self._seeds = np.array([bits >> 64 * i & 0xFFFF_FFFF_FFFF_FFFF for i in range(SEEDS)], np.uint64)
        self._keys = np.zeros(CHUNK + 1, KEY)
        self._begun = Told(settings.begun_rows, kept=2, new=new)  # 11 MB each
        self._ended = Told(settings.ended_rows, kept=1, new=new)  # 44 MB
        links = aligned(settings.flows, LINK)
        links["due"] = ~np.uint64(0)
        self._table = _Table(
            rows=aligned(settings.flows, FLOW),
            slots=aligned(1 << (4 * settings.flows - 1).bit_length(), np.uint64),
            links=links,
            state=_state(settings),
            ended=self._ended.rows,
        )

    def touch(self) -> None:
        """Take the memory of open flows and of what is told of new ones from the kernel now, and not in a flood: 85 MB.

        What flows that end are written to is not among it: most sensors never need much of that.
        """
        for array in (self._table.rows, self._table.slots, self._table.links):
            touch(array)
        self._begun.touch()

    def add(self, records: NDArray[np.void], frames: Frames | None = None) -> int:
        """Take packets (RECORD[n], in time order or nearly so); return how many belong to flows.

        With their frames (one for each record), retransmissions are counted, ICMP requests told apart by identifier and
        port unreachables matched; without, `retransmissions` stays 0.
        """
        buffer, index = (_NO_OCTETS, _NO_FRAMES) if frames is None else (frames.buffer, frames.index)
        by_vlan = self.settings.by_vlan
        taken = add(*self._table, self._begun.rows, records, buffer, index, self._seeds, by_vlan, self._keys)
        return int(taken)

    def drain(self, now_ns: int) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """Return (begun, ended), RECORD each, since the last call, with what expired by now; call it each second.

        `begun`: each flow as of its first packet, state BEGUN. `ended`: flows that are over and parts of long ones
        (end_reason ACTIVE): `start_ns`, counters and flags are the part's, `state` and `handshake_us` the flow's. A
        flow that was silent since its last part ends without another record.
        """
        expire(*self._table, now_ns)
        begun = self._begun.take(self._filled(Place.BEGUN_ROWS))
        ended = self._ended.take(self._filled(Place.ENDED_ROWS))
        self._table = self._table._replace(ended=self._ended.rows)
        return begun, ended

    def finish(self) -> NDArray[np.void]:
        """End every open flow (end_reason FORCED) and return what was not drained: RECORD[m]. It is empty then."""
        room = int(self._table.state[Place.OPEN])
        told = self._ended.rows[: self._filled(Place.ENDED_ROWS)]
        left = np.empty(room, RECORD)
        end_all(*self._table._replace(ended=left))
        return np.concatenate([told, left[: self._filled(Place.ENDED_ROWS)]])

    @property
    def open(self) -> int:
        """Return how many flows are open."""
        return int(self._table.state[Place.OPEN])

    @property
    def counts(self) -> Mapping[str, int]:
        """Return what happened so far, by name; see docs/metrics.md. `open` is of now."""
        state = self._table.state
        told = {
            "packets": Place.PACKETS,
            "bytes": Place.BYTES,
            "skipped_not_ip": Place.NOT_IP,
            "skipped_malformed": Place.MALFORMED,
            "begun": Place.BEGUN,
            "begun_untold": Place.UNTOLD,
            "parts": Place.PARTS,
            **{f"ended_{reason.name.lower()}": Place.ENDED + reason for reason in _REASONS},
            "unwritten": Place.LOST,
            "unwritten_packets": Place.LOST_PACKETS,
            "unwritten_bytes": Place.LOST_BYTES,
            "open": Place.OPEN,
        }
        return {name: int(state[place]) for name, place in told.items()}

    def _filled(self, count: Place) -> int:
        """Return how many rows are filled, and begin to fill them anew."""
        filled = int(self._table.state[count])
        self._table.state[count] = 0
        return filled
