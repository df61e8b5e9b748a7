"""What goes wrong on the simulated ring, and when: a few troubles, over and over, at fixed times after the start.

Pure: the ring asks what holds at a time. Without a start nothing ever goes wrong, as tests of the quiet ring want it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from netmon.demo.layout import Kind, Layout, Socket, Wire

ROUND_S: Final = 420.0  # then it begins again
DIM_DB: Final = 15.0  # a fiber that is bent hard: it carries still, and its receiver complains


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong from `begins_s` to `ends_s` of each round, in seconds."""

    begins_s: float
    ends_s: float
    silent: str = ""  # a device that does not answer
    dead: Socket | None = None  # a port without link
    battery: str = ""  # a UPS without mains
    bent: str = ""  # a wire that loses light

    def holds(self, second: float) -> bool:
        """Say whether it is so at a second of the round."""
        return self.begins_s <= second < self.ends_s


class Story:
    """The troubles of one ring, from `start` (Unix seconds) on; None: a quiet life."""

    def __init__(self, troubles: Iterable[Trouble] = (), start: float | None = None) -> None:
        self.troubles = tuple(troubles)
        self.start = start

    def was_silent(self, device: str, until: float) -> bool:
        """Say whether a device has not answered at some time before `until`."""
        if self.start is None:
            return False
        return any(one.silent == device and one.begins_s < until - self.start for one in self.troubles)

    def silent(self, device: str, at: float) -> bool:
        """Say whether a device does not answer."""
        return any(trouble.silent == device for trouble in self._now(at))

    def dead(self, socket: Socket, at: float) -> bool:
        """Say whether a port has lost its link."""
        return any(trouble.dead == socket for trouble in self._now(at))

    def battery_s(self, device: str, at: float) -> float:
        """Return for how many seconds a UPS has been without mains; 0 where it has them."""
        return max((self._second(at) - one.begins_s for one in self._now(at) if one.battery == device), default=0.0)

    def loss_db(self, wire: Wire, at: float) -> float:
        """Return what a wire loses beyond what it always does."""
        return DIM_DB if any(trouble.bent == wire.name for trouble in self._now(at)) else 0.0

    def _now(self, at: float) -> list[Trouble]:
        if self.start is None or at < self.start:
            return []
        second = self._second(at)
        return [trouble for trouble in self.troubles if trouble.holds(second)]

    def _second(self, at: float) -> float:
        return (at - (self.start or 0.0)) % ROUND_S


def troubles(layout: Layout, ports: Iterable[Socket]) -> tuple[Trouble, ...]:
    """Return the demonstration's troubles for a layout; `ports` are those that have something plugged in.

    All begin within the first half minute, so that a run of one minute shows every kind; two end within three minutes.
    """
    office = layout.of(Kind.ACCESS)
    used = [socket for socket in ports if socket[0] == office[0].name and layout.wires.get(socket) is None]
    found = [Trouble(4, 170, dead=used[0])] if used else []
    found += [Trouble(9, 110, battery=ups.name) for ups in layout.of(Kind.UPS)[:1]]
    found.append(Trouble(12, 240, silent=office[-1].name))
    lit = [wire for wire in layout.ring if office[-1].name not in (wire.a[0], wire.b[0])]  # both ends can say so
    long = max(lit, key=lambda wire: wire.km, default=None)
    if long is not None:
        found.append(Trouble(20, 300, bent=long.name))
    return tuple(found)
