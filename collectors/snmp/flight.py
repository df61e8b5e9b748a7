"""How many requests may wait for an answer at once: for each device, and over all. First come, first served."""

import asyncio
from collections import deque
from contextlib import suppress

SUSPECT_SHARE = 4  # of all places, one in so many may be held by devices that were silent when last asked


class Gate:
    """A counting gate. Entering costs one comparison while there is room."""

    __slots__ = ("_queue", "inside", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many stand before the gate."""
        return len(self._queue)

    async def enter(self) -> None:
        """Take a place, waiting for one if needed."""
        if self.inside < self.limit:
            self.inside += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # the place was handed over, and nobody is there to use it
                self.leave()
            else:
                with suppress(ValueError):  # gone already when somebody left in the meantime
                    self._queue.remove(place)
            raise

    def leave(self) -> None:
        """Give the place back, to whoever stands first in the queue."""
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(None)
                return
        self.inside -= 1


class Lane:
    """One device's way through the gates. `suspect` while it did not answer when last asked."""

    __slots__ = ("gate", "suspect")

    def __init__(self, limit: int) -> None:
        self.gate = Gate(limit)
        self.suspect = False


class Flight:
    """The places in flight of one client. Devices that fell silent share a part, so that they delay no other."""

    def __init__(self, limit: int, limit_per_device: int) -> None:
        self._all = Gate(limit)
        self._suspects = Gate(max(1, limit // SUSPECT_SHARE))
        self._limit_per_device = limit_per_device

    @property
    def in_flight(self) -> int:
        """Places taken."""
        return self._all.inside

    @property
    def waiting(self) -> int:
        """Requests that wait for a place, those that their own device's limit holds back not counted."""
        return self._all.waiting + self._suspects.waiting

    def lane(self) -> Lane:
        """Return a new device's lane."""
        return Lane(self._limit_per_device)

    async def enter(self, lane: Lane, patience_s: float) -> tuple[Gate, ...]:
        """Take a place and return the gates to `leave`. TimeoutError after `patience_s` seconds of waiting."""
        gates = (lane.gate, self._suspects, self._all) if lane.suspect else (lane.gate, self._all)
        if all(gate.inside < gate.limit for gate in gates):
            for gate in gates:
                gate.inside += 1
            return gates
        passed: list[Gate] = []
        try:
            async with asyncio.timeout(patience_s):
                for gate in gates:
                    await gate.enter()
                    passed.append(gate)
        except BaseException:
            self.leave(passed)
            raise
        return gates

    @staticmethod
    def leave(gates: tuple[Gate, ...] | list[Gate]) -> None:
        """Give the places back."""
        for gate in reversed(gates):
            gate.leave()
