"""Which of too many DNS messages are read: a client that says little is read whole, whoever shouts."""

import numpy as np
from numpy.typing import NDArray

from rules.traffic.learned import hashed
from rules.traffic.numbering import Numbering


class FairShare:
    """Chooses among the messages of one window after another."""

    def __init__(self) -> None:
        """Draw a seed of its own."""
        self._clients = Numbering()

    def of(
        self, hi: NDArray[np.uint64], lo: NDArray[np.uint64], most: int
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the places of at most so many messages, ascending, and how many each stands for.

        `hi`, `lo`: the client of each message. Of each client the first ones are taken, as many for all who have so
        many (max-min fairness); where there are more clients than places, the first message of some of them.
        """
        if len(hi) <= most:
            return np.arange(len(hi)), np.ones(len(hi))
        clients, count = self._clients.number(hashed(hi, lo))
        said = np.bincount(clients, minlength=count)
        narrow = np.uint16 if count <= 1 << 16 else np.uint32  # numbers of two octets are sorted without comparing
        order = np.argsort(clients.astype(narrow), kind="stable")
        turn = np.empty(len(order), np.int64)  # of each message, among those of its client
        turn[order] = np.arange(len(order)) - np.repeat(np.cumsum(said) - said, said)
        level = max(_level(said, most), 1)
        kept = np.flatnonzero(turn < level)
        step = -(-len(kept) // most)
        kept = kept[::step]
        return kept, step * said[clients[kept]] / np.minimum(said[clients[kept]], level)


def _level(said: NDArray[np.int64], most: int) -> int:
    """Return how many messages each client may have so that all together have at most so many."""
    ordered = np.sort(said)
    before = np.cumsum(ordered) - ordered  # of those who say less
    left = (most - before) // np.arange(len(ordered), 0, -1)  # for each of those who say as much or more
    return int(left[np.argmax(left < ordered)])
