"""The way of flows straight to the columns in which they are kept: which column is made from what.

A batch goes there while somebody lends columns; what the loops hold meanwhile stands here.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flows.netflow.codes_kernel import From, Slot
from collectors.traffic.flows.netflow.layout import HELD, PLAN
from collectors.traffic.flows.netflow.straight_kernel import MOST, PLACES_HELD
from collectors.traffic.packet.sums_kernel import EARLIEST, NEVER, SUMS
from netmon.api.flowcolumns import BEHIND, FIELD, ROW, Columns, Lender

Arrays: TypeAlias = tuple[NDArray[np.generic], ...]
_ALL: Final = 0xFFFF_FFFF_FFFF_FFFF

_HOW: Final[dict[str, tuple[From, Slot, Slot, int]]] = {  # column → how, slot, slot of IPv4, bits
    **{
        slot.name.lower(): (From.FIELD, slot, slot, _ALL)
        for slot in (
            *(Slot.PROTOCOL, Slot.TOS, Slot.TTL, Slot.SOURCE_MAC, Slot.DESTINATION_MAC),
            *(Slot.IN_INTERFACE, Slot.OUT_INTERFACE, Slot.SOURCE_AS, Slot.DESTINATION_AS),
        )
    },
    "tcp_flags": (From.FIELD, Slot.FLAGS, Slot.FLAGS, 0xFF),
    "vlan": (From.FIELD, Slot.VLAN, Slot.VLAN, 0xFFF),
    "inner_vlan": (From.FIELD, Slot.INNER_VLAN, Slot.INNER_VLAN, 0xFFF),
    "direction": (From.FIELD, Slot.DIRECTION, Slot.DIRECTION, 1),
    "bytes": (From.COUNT, Slot.BYTES, Slot.BYTES, _ALL),
    "packets": (From.COUNT, Slot.PACKETS, Slot.PACKETS, _ALL),
    "source_port": (From.PORT, Slot.SOURCE_PORT, Slot.SOURCE_PORT, _ALL),
    "destination_port": (From.PORT, Slot.DESTINATION_PORT, Slot.DESTINATION_PORT, _ALL),
    "icmp_type": (From.TYPE, Slot.ICMP, Slot.ICMP, _ALL),
    "icmp_code": (From.CODE, Slot.ICMP_CODE, Slot.ICMP_CODE, _ALL),
    "end_reason": (From.REASON, Slot.END_REASON, Slot.END_REASON, _ALL),
    "source_hi": (From.ADDRESS_HI, Slot.SOURCE_HI, Slot.NOWHERE, _ALL),
    "source_lo": (From.ADDRESS_LO, Slot.SOURCE_LO, Slot.SOURCE4, _ALL),
    "destination_hi": (From.ADDRESS_HI, Slot.DESTINATION_HI, Slot.NOWHERE, _ALL),
    "destination_lo": (From.ADDRESS_LO, Slot.DESTINATION_LO, Slot.DESTINATION4, _ALL),
    "sampling": (From.RATE, Slot.NOWHERE, Slot.NOWHERE, _ALL),
    "version": (From.VERSION, Slot.NOWHERE, Slot.NOWHERE, _ALL),
    "ethertype": (From.ETHERTYPE, Slot.NOWHERE, Slot.NOWHERE, _ALL),
    "exporter": (From.EXPORTER, Slot.NOWHERE, Slot.NOWHERE, _ALL),
    "domain": (From.DOMAIN, Slot.NOWHERE, Slot.NOWHERE, _ALL),
}
"""Columns that are not here are 0 of all flows that go this way: of no ordinary template is anything else made."""

_NO_COLUMNS: Final = Columns(
    (),
    np.zeros(0, FIELD),
    np.zeros((0, 0), np.uint32),
    np.zeros((0, 0), np.uint64),
    np.zeros(2, np.uint64),
    np.zeros(4, np.uint64),
)


def plan(names: tuple[str, ...]) -> NDArray[np.void]:
    """Return from what the columns of these names are made: PLAN[]."""
    rows = np.zeros(len(names), PLAN)
    for row, name in zip(rows, names, strict=True):
        how, slot, slot_v4, mask = _HOW.get(name, (From.CONSTANT, Slot.NOWHERE, Slot.NOWHERE, 0))
        row["how"], row["slot"], row["slot_v4"], row["mask"] = how, slot, slot_v4, mask
    return rows


class Straight:
    """Where flows go that nobody looks at as records."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._plan = plan(())
        self._held = np.zeros(1, HELD)
        self._places = np.zeros((2, PLACES_HELD), np.uint64)
        self._lender: Lender | None = None
        self.sums = np.zeros(SUMS, np.uint64)
        """Over the flows that went this way since `begin`, as over records: see packet/sums_kernel.py."""

    def begin(self, lender: Lender | None) -> None:
        """Go that way for one batch; None: not."""
        self._lender = lender
        self.sums[:] = 0
        self.sums[EARLIEST] = NEVER
        if lender is not None and lender.columns.names != self._names:
            self._names = lender.columns.names
            self._plan = plan(self._names)

    def more(self) -> None:
        """Go on with other columns: these have no room for the next set. Without any, the rest is for records."""
        if self._lender is not None:
            more = self._lender.renew()
            room = self._lender.columns.room
            if not more or room[BEHIND] - room[ROW] < MOST:
                self._lender = None

    @property
    def arrays(self) -> Arrays:
        """Return what the walk takes of it."""
        columns, made = (_NO_COLUMNS, self._plan[:0]) if self._lender is None else (self._lender.columns, self._plan)
        fields, used = columns.fields, columns.used
        return (self._held, self._places, made, fields, used, columns.narrow, columns.wide, columns.room, self.sums)
