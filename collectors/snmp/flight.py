"""How many requests may wait for an answer at once: for each device, and over all.

Who began to be polled first goes first: what a device has answered is kept until its poll is complete, so that memory
follows the polls under way and not the number of devices.
"""

import asyncio
from heapq import heapify, heappop, heappush
from itertools import count


class Gate:
    """A counting gate. Entering costs one comparison while there is room."""

    __slots__ = ("_arrivals", "_queue", "inside", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside = 0
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []  # a heap: turn, arrival, place
        self._arrivals = count()

    @property
    def waiting(self) -> int:
        """How many stand before the gate."""
        return len(self._queue)

    async def enter(self, turn: int) -> None:
        """Take a place, waiting for one if needed: the lowest turn first, then who came first."""
        if self.inside < self.limit:
            self.inside += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._queue, (turn, next(self._arrivals), place))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # the place was handed over, and nobody is there to use it
                self.leave()
            else:
                self._queue = [each for each in self._queue if each[2] is not place]
                heapify(self._queue)
            raise

    def leave(self) -> None:
        """Give the place back, to whoever stands first in the queue."""
        while self._queue:
            _, _, place = heappop(self._queue)
            if not place.done():
                place.set_result(None)
                return
        self.inside -= 1


class Lane:
    """One device's way through the gates. `suspect` while it did not answer when last asked."""

    __slots__ = ("gate", "suspect", "turn")

    def __init__(self, limit: int) -> None:
        self.gate = Gate(limit)
        self.suspect = False
        self.turn = 0


class Flight:
    """The places in flight of one client.

    Devices that were silent when last asked have as many places of their own: they delay no other, and what they hold a
    place for takes no memory.
    """

    def __init__(self, limit: int, limit_per_device: int) -> None:
        self._all = Gate(limit)
        self._suspects = Gate(limit)
        self._limit_per_device = limit_per_device
        self._turns = count(1)

    @property
    def in_flight(self) -> int:
        """Places taken."""
        return self._all.inside + self._suspects.inside

    @property
    def waiting(self) -> int:
        """Requests that wait for a place, those that their own device's limit holds back not counted."""
        return self._all.waiting + self._suspects.waiting

    def lane(self) -> Lane:
        """Return a new device's lane."""
        return Lane(self._limit_per_device)

    def begin(self, lane: Lane) -> None:
        """Say that a poll of this device begins: it stands behind those that began before."""
        lane.turn = next(self._turns)

    async def enter(self, lane: Lane, patience_s: float) -> tuple[Gate, ...]:
        """Take a place and return the gates to `leave`. TimeoutError after `patience_s` seconds of waiting."""
        gates = (lane.gate, self._suspects if lane.suspect else self._all)
        if all(gate.inside < gate.limit for gate in gates):
            for gate in gates:
                gate.inside += 1
            return gates
        passed: list[Gate] = []
        try:
            async with asyncio.timeout(patience_s):
                for gate in gates:
                    await gate.enter(lane.turn)
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
