"""What is to be sent when: conversations laid over each other, given frame by frame. Pure: time is an argument."""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count

from netmon.demo.packets.talks import Timed


class Timeline:
    """Conversations under way: as many as are begun and not over."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, bytes, float, Iterator[Timed]]] = []
        self._numbers = count()

    def add(self, at: float, talk: Iterator[Timed]) -> None:
        """Let a conversation begin at a time."""
        self._push(at, talk)

    def due(self, now: float) -> Iterator[bytes]:
        """Give the frames whose time has come, in its order."""
        while self._waiting and self._waiting[0][0] <= now:
            _, _, frame, begin, talk = heappop(self._waiting)
            self._push(begin, talk)
            yield frame

    def postpone(self, seconds: float) -> None:
        """Let everything that is under way go on so much later."""
        self._waiting = [(at + seconds, n, frame, begin + seconds, talk) for at, n, frame, begin, talk in self._waiting]

    def next_at(self) -> float | None:
        """Return when the next frame is due; None where there is none."""
        return self._waiting[0][0] if self._waiting else None

    def _push(self, begin: float, talk: Iterator[Timed]) -> None:
        following = next(talk, None)
        if following is not None:
            heappush(self._waiting, (begin + following[0], next(self._numbers), following[1], begin, talk))
