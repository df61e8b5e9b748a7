"""What goes wrong on the simulated ring, and when: one story, over and over, at fixed times after the start.

Seconds of a round, for the demonstration's network:

      2  light begins to fall on one span, 0.12 dB a second in small steps: -18 dBm is crossed near 110 s
      3  a log runs away on a server and fills its disk, in bursts: 95% near 100 s, 97.5% at 105 s
      4  an office's port goes down
      9  a UPS loses its mains
     42  a fiber is cut; the ring carries everything the other way round
     85  a second fiber is cut: the two offices between the cuts are cut off
    120  the office's port is back; the mains at 130, the fibers at 140 and 152, the light at 160, the disk at 165

Pure: the ring asks what holds at a time. Without a start nothing ever goes wrong, as tests of the quiet ring want it.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import sin
from typing import Final

from netmon.demo.layout import Kind, Layout, Socket, Wire

ROUND_S: Final = 420.0  # then it begins again
FALL_DB: Final = 14.2  # of a bend at its worst: it carries still, and its receiver complains
STEP_DB: Final = 0.3  # a bend gets worse each time that something moves
FULL: Final = 0.975  # of a disk: the rest is root's


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong from `begins_s` to `ends_s` of each round; what grows is at its worst from `worst_s` on."""

    begins_s: float
    ends_s: float
    worst_s: float = 0.0
    cut: str = ""  # a wire
    dead: Socket | None = None  # a port without link
    battery: str = ""  # a UPS without mains
    bent: str = ""  # a wire that loses more and more light
    fills: tuple[str, str] | None = None  # a device, and the path of a disk on it

    def holds(self, second: float) -> bool:
        """Say whether it is so at a second of the round."""
        return self.begins_s <= second < self.ends_s

    def share(self, second: float) -> float:
        """Return how bad it is, from 0 to 1."""
        return min(1.0, max(0.0, (second - self.begins_s) / (self.worst_s - self.begins_s)))


@dataclass(frozen=True, slots=True)
class Piece:
    """A time in which the same wires are cut: as a part of a round in its seconds, else in Unix seconds."""

    begins: float
    ends: float
    cut: frozenset[str]


class Story:
    """The troubles of one ring, from `start` (Unix seconds) on; None: a quiet life."""

    def __init__(self, troubles: Iterable[Trouble] = (), start: float | None = None) -> None:
        self.troubles = tuple(troubles)
        self.start = start
        self._parts = _parts(self.troubles)
        self._ends = [part.ends for part in self._parts]
        self._now = lru_cache(maxsize=4)(self._holding)  # one question asks for many values of a moment

    def cut(self, at: float) -> frozenset[str]:
        """Return the wires that are cut."""
        piece = self.piece(at)
        return piece.cut if piece else frozenset()

    def dead(self, socket: Socket, at: float) -> bool:
        """Say whether a port has lost its link by itself."""
        return any(trouble.dead == socket for trouble in self._now(at))

    def battery_s(self, device: str, at: float) -> float:
        """Return for how many seconds a UPS has been without mains; 0 where it has them."""
        return max((self._second(at) - one.begins_s for one in self._now(at) if one.battery == device), default=0.0)

    def loss_db(self, wire: Wire, at: float) -> float:
        """Return what a wire loses beyond what it always does."""
        bent = (FALL_DB * one.share(self._second(at)) for one in self._now(at) if one.bent == wire.name)
        return sum(db // STEP_DB * STEP_DB for db in bent)

    def filled(self, device: str, path: str, at: float, used: float) -> float:
        """Return the used share of a disk that has `used` without what runs away."""
        for one in self._now(at):
            if one.fills == (device, path):
                second = self._second(at) - one.begins_s
                share = one.share(one.begins_s + second - 1.6 * sin(second / 2))  # bursts: 20% to 180% of the pace
                return used + (FULL - used) * share
        return used

    def piece(self, at: float) -> Piece | None:
        """Return the time around `at` in which wires are cut; None where none is."""
        if self.start is None or at < self.start:
            return None
        second = self._second(at)
        number = bisect_right(self._ends, second)
        if number == len(self._parts) or second < self._parts[number].begins:
            return None
        return self.number(self._round(at) * len(self._parts) + number)

    def pieces_over(self, at: float) -> int:
        """Return how many times in which wires were cut ended until then."""
        if self.start is None or at < self.start:
            return 0
        return self._round(at) * len(self._parts) + bisect_right(self._ends, self._second(at))

    def number(self, count: int) -> Piece:
        """Return a time in which wires are cut, counted from the start."""
        round_, number = divmod(count, len(self._parts))
        begin, part = (self.start or 0.0) + round_ * ROUND_S, self._parts[number]
        return Piece(begin + part.begins, begin + part.ends, part.cut)

    def _holding(self, at: float) -> list[Trouble]:
        if self.start is None or at < self.start:
            return []
        second = self._second(at)
        return [trouble for trouble in self.troubles if trouble.holds(second)]

    def _round(self, at: float) -> int:
        return int((at - (self.start or 0.0)) // ROUND_S)

    def _second(self, at: float) -> float:
        return (at - (self.start or 0.0)) % ROUND_S


def _parts(troubles: Iterable[Trouble]) -> list[Piece]:
    """Return the times of a round in which wires are cut."""
    breaks = [one for one in troubles if one.cut]
    edges = sorted({edge for one in breaks for edge in (one.begins_s, one.ends_s)})
    found = []
    for begins, ends in pairwise(edges):
        cut = frozenset(one.cut for one in breaks if one.holds(begins))
        if cut:
            found.append(Piece(begins, ends, cut))
    return found


def troubles(layout: Layout, ports: Iterable[Socket]) -> tuple[Trouble, ...]:
    """Return the demonstration's troubles for a layout; `ports` are those that have something plugged in.

    On a smaller network than the demonstration's own some are left out.
    """
    office, servers, spans = layout.of(Kind.ACCESS), layout.of(Kind.SERVER), _office_spans(layout)
    used = [socket for socket in ports if socket[0] == office[0].name and layout.wires.get(socket) is None]
    found = [Trouble(4, 120, dead=used[0])] if used else []
    found += [Trouble(9, 130, battery=ups.name) for ups in layout.of(Kind.UPS)[:1]]
    found += [Trouble(3, 165, 105, fills=(server.name, "/var")) for server in servers[7:8]]
    if len(spans) > 6:
        found.append(Trouble(2, 160, 120, bent=spans[3].name))
        found += [Trouble(42, 152, cut=spans[-1].name), Trouble(85, 140, cut=spans[-3].name)]
    return tuple(found)


def _office_spans(layout: Layout) -> list[Wire]:
    """Return the fibers between two offices, in the inventory's order."""
    offices = {node.name for node in layout.of(Kind.ACCESS)}
    return [wire for wire in layout.ring if wire.a[0] in offices and wire.b[0] in offices]
