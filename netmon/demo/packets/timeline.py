"""What is to be sent when: conversations laid over each other, given frame by frame. Pure: time is an argument."""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from typing import Final

from netmon.demo.packets.talks import Timed

MAX_BEHIND_S: Final = 0.5
"""What is later than this is left out rather than sent in a burst: this machine was busy with something else."""


class Timeline:
    """Conversations under way. What a round can begin bounds how many; `left_out` counts frames that came too late."""

    def __init__(self) -> None:
        self.sent = 0
        self.left_out = 0
        self._waiting: list[tuple[float, int, bytes, float, Iterator[Timed]]] = []
        self._numbers = count()

    def add(self, at: float, talk: Iterator[Timed]) -> None:
        """Let a conversation begin at a time."""
        self._push(at, talk)

    def due(self, now: float) -> Iterator[bytes]:
        """Give the frames whose time has come, in its order."""
        while self._waiting and self._waiting[0][0] <= now:
            at, _, frame, begin, talk = heappop(self._waiting)
            self._push(begin, talk)
            if now - at > MAX_BEHIND_S:
                self.left_out += 1
            else:
                self.sent += 1
                yield frame

    def next_at(self) -> float | None:
        """Return when the next frame is due; None where there is none."""
        return self._waiting[0][0] if self._waiting else None

    def _push(self, begin: float, talk: Iterator[Timed]) -> None:
        following = next(talk, None)
        if following is not None:
            heappush(self._waiting, (begin + following[0], next(self._numbers), following[1], begin, talk))
