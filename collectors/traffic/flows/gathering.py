"""How long to wait behind a batch's first datagram, so that the batch is worth the calls that it costs.

Waking, asking the kernel and beginning to decode cost as much as some thousand records do.
"""

from typing import Final

_FILLED: Final = 0.75  # of a mailbox: what comes while it is read finds room
_ROOM_SHARE: Final = 8  # a socket's buffer is let fill to an eighth, at the pace that was seen
_BURST_PER_S: Final = 20_000  # datagrams that it holds whatever was seen: half a million records a second
_DATAGRAM_BYTES: Final = 2_048  # of granted buffer that one takes: the kernel counts its own structures, and halves


class Gathering:
    """The pace of datagrams, and the wait that follows from it. Times are of a clock that only goes on."""

    def __init__(self, most_s: float, mailbox: int) -> None:
        """`most_s`: the longest wait; `mailbox`: datagrams that are read at once."""
        self._most_s = most_s
        self._enough = _FILLED * mailbox
        self._room = float("inf")
        self._pace = 0.0  # datagrams a second, over the last batch
        self._at_s: float | None = None

    def granted(self, buffer_bytes: int) -> None:
        """Know the smallest receive buffer of the sockets, as the kernel granted it."""
        self._room = buffer_bytes / _DATAGRAM_BYTES

    def came(self, datagrams: int, now_s: float) -> None:
        """Know that so many were read by now."""
        if self._at_s is not None and now_s > self._at_s:
            self._pace = datagrams / (now_s - self._at_s)
        self._at_s = now_s

    @property
    def wait_s(self) -> float:
        """Return how long to wait: not at all where hardly one more would come."""
        if self._pace * self._most_s < 1:
            return 0.0
        return min(self._most_s, min(self._enough, self._room / _ROOM_SHARE) / self._pace, self._room / _BURST_PER_S)
