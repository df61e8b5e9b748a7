"""Traffic on a ring that is cut now and then: a cut wire carries nothing, and what can goes another way.

Counters never jump: while a wire is cut a port counts what takes its detour, and afterwards goes on from there.
"""

from collections.abc import Callable
from functools import cache

from netmon.demo.layout import Socket
from netmon.demo.story import Piece, Story
from netmon.demo.traffic import Load, Traffic


class Detours:
    """The traffic of one story. `routed` gives the traffic of a ring on which wires are cut."""

    def __init__(self, usual: Traffic, routed: Callable[[frozenset[str]], Traffic], story: Story) -> None:
        self._usual, self._story = usual, story
        self._routed = cache(routed)  # a story breaks in a few ways
        self._owed: dict[Socket, list[tuple[int, int]]] = {}  # after each piece of the story: octets beside the usual

    def load(self, socket: Socket, at: float) -> Load:
        """Return what passes the port at Unix time `at`."""
        piece = self._story.piece(at)
        return (self._routed(piece.cut) if piece else self._usual).load(socket, at)

    def octets(self, socket: Socket, at: float) -> tuple[int, int]:
        """Return the octets (in, out) since ORIGIN; at both ends of a wire they are the same, the other way round."""
        over, piece = self._story.pieces_over(at), self._story.piece(at)
        owed = self._after(socket, over) if over else (0, 0)
        if piece is None:
            usual = self._usual.octets(socket, at)
            return usual[0] + owed[0], usual[1] + owed[1]
        then, here = self._usual.octets(socket, piece.begins), self._grown(socket, piece, at)
        return then[0] + here[0] + owed[0], then[1] + here[1] + owed[1]

    def _after(self, socket: Socket, count: int) -> tuple[int, int]:
        """Return what a port counted beside the usual in the first `count` pieces."""
        if socket not in self._owed:
            self._owed[socket] = [(0, 0)]
        owed = self._owed[socket]
        while len(owed) <= count:  # a day has some six hundred
            piece = self._story.number(len(owed) - 1)
            grown = self._grown(socket, piece, piece.ends)
            begin, end = (self._usual.octets(socket, at) for at in (piece.begins, piece.ends))
            last = owed[-1]
            owed.append((last[0] + grown[0] - end[0] + begin[0], last[1] + grown[1] - end[1] + begin[1]))
        return owed[count]

    def _grown(self, socket: Socket, piece: Piece, at: float) -> tuple[int, int]:
        traffic = self._routed(piece.cut)
        begin, now = (traffic.octets(socket, moment) for moment in (piece.begins, at))
        return now[0] - begin[0], now[1] - begin[1]
