"""What ages over weeks on the simulated ring: one laser that sends less every day, one disk that a database fills.

Both come round again: the laser is replaced and the disk is cleaned when they are at their end. `anchor` (Unix seconds)
is when they stand where the demonstration begins: the laser some four weeks before its receiver complains, the disk
three weeks before it is full.
"""

from typing import Final

from netmon.demo.chance import between
from netmon.demo.climate import wander
from netmon.demo.curves import DAY_S
from netmon.demo.layout import Kind, Layout, Socket

PAST_DAYS: Final = 56  # how long both have aged already when the demonstration begins, and some days more
_BEFORE: Final = PAST_DAYS + 4
LASER_DB: Final = 9.6  # less than it sent when it was new, as the past begins
LASER_DB_A_DAY: Final = 0.04
LASER_DAYS: Final = 100
LASER_MA_PER_DB: Final = 1.1  # of bias current, with which an old laser makes up for what it can
DISK_LOW: Final = 0.43
DISK_A_DAY: Final = 0.0065
DISK_DAYS: Final = 83  # 0.43 to 0.97
_SEED: Final = 56


class Wear:
    """How far a laser and a disk have aged at any Unix time."""

    def __init__(self, layout: Layout, anchor: float) -> None:
        """Choose the laser of the second core towards the next office, and the disk of the last big server there is."""
        cores, servers = layout.of(Kind.CORE), layout.of(Kind.SERVER)
        self.anchor = anchor
        lasers = [wire.a for wire in layout.ring if wire.a[0] == cores[-1].name]
        self.laser: Socket | None = lasers[0] if lasers else None
        self.disk = (servers[6].name, "/srv") if len(servers) > 6 else None

    def laser_db(self, socket: Socket, at: float) -> float:
        """Return how much less a laser sends than it should."""
        if socket != self.laser:
            return 0.0
        days = self._days(at) % LASER_DAYS
        return LASER_DB + LASER_DB_A_DAY * days + 0.05 * wander(_SEED, "laser", at)

    def disk_share(self, device: str, path: str, at: float, usual: float) -> float:
        """Return the used share of a disk; `usual` where it is not the one that fills."""
        if (device, path) != self.disk:
            return usual
        days = self._days(at) % DISK_DAYS
        uneven = between(-0.002, 0.002, _SEED, int(at // DAY_S))  # no day brings as much as another
        return DISK_LOW + DISK_A_DAY * days + uneven

    def _days(self, at: float) -> float:
        return (at - self.anchor) / DAY_S + _BEFORE
