"""How much passes each port: the sum of the streams that are routed over it.

A stream enters at ports of one switch and leaves at ports of another; all wires of the route between carry it. So what
enters a wire at one end leaves it at the other, and what enters a switch leaves it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import floor

from netmon.demo.curves import Curve
from netmon.demo.habits import Shares, Stream
from netmon.demo.layout import Layout, Socket


@dataclass(frozen=True, slots=True)
class Load:
    """Bits a second into and out of a port."""

    in_bps: float
    out_bps: float


@dataclass(slots=True)
class _Terms:
    """What passes a port: curves in bits a second, and how much of each."""

    into: dict[Curve, float] = field(default_factory=dict)
    out: dict[Curve, float] = field(default_factory=dict)


class Traffic:
    """Loads and totals of every port."""

    def __init__(self, layout: Layout, streams: Iterable[Stream], cut: Collection[str] = ()) -> None:
        """Route the streams around the wires that are cut. One whose ends have no way between them flows nowhere."""
        self._layout = layout
        self._cut = cut
        self._terms: dict[Socket, _Terms] = {}
        for stream in streams:
            self._add(stream)

    def carries(self, socket: Socket) -> bool:
        """Say whether anything ever passes this port: one that carries nothing has nothing plugged in."""
        return socket in self._terms

    def load(self, socket: Socket, at: float) -> Load:
        """Return what passes the port at Unix time `at`."""
        terms = self._terms.get(socket) or _Terms()
        return Load(_rate(terms.into, at), _rate(terms.out, at))

    def peak(self, socket: Socket) -> float:
        """Return about the most bits a second, both ways together, that the port ever carries."""
        terms = self._terms.get(socket) or _Terms()
        return sum(share * curve.peak for way in (terms.into, terms.out) for curve, share in way.items())

    def octets(self, socket: Socket, at: float) -> tuple[int, int]:
        """Return the octets (in, out) since ORIGIN; at both ends of a wire they are the same, the other way round."""
        terms = self._terms.get(socket)
        return (_octets(terms.into, at), _octets(terms.out, at)) if terms else (0, 0)

    def _add(self, stream: Stream) -> None:
        start, end = next(iter(stream.near))[0], next(iter(stream.far))[0]
        route = self._layout.route(start, end, self._cut)
        if route is None:
            return
        self._enter(stream.near, stream.up, stream.down)
        self._enter(stream.far, stream.down, stream.up)
        for wire in route:
            there = wire.far(start)
            here = wire.far(there[0])
            self._pass(here, there, stream.up, 1.0)
            self._pass(there, here, stream.down, 1.0)
            start = there[0]

    def _enter(self, shares: Shares, into: Curve, out: Curve) -> None:
        """Let a stream in and out at its edge: by a device that we know, or from beyond our view."""
        for socket, share in shares.items():
            peer = self._layout.peer(socket)
            self._pass(peer, socket, into, share)
            self._pass(socket, peer, out, share)

    def _pass(self, source: Socket | None, sink: Socket | None, curve: Curve, share: float) -> None:
        if source is not None:
            out = self._terms.setdefault(source, _Terms()).out
            out[curve] = out.get(curve, 0.0) + share
        if sink is not None:
            into = self._terms.setdefault(sink, _Terms()).into
            into[curve] = into.get(curve, 0.0) + share


def _rate(terms: Mapping[Curve, float], at: float) -> float:
    return sum(share * curve.rate(at) for curve, share in terms.items())


def _octets(terms: Mapping[Curve, float], at: float) -> int:
    return floor(sum(share * curve.total(at) for curve, share in terms.items()) / 8)
