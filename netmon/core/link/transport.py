"""The seam between a sender and whatever carries its batches: a socket here, a message system for many hosts later.

A transport must keep the order of batches and must not acknowledge what the core does not have on disk. It may lose
batches with a session, and it may hand them over twice: the core knows numbers that it has.
"""

from dataclasses import dataclass
from typing import Protocol

from netmon.api import NetmonError
from netmon.core.link.wire import Batch


class LinkDown(NetmonError):
    """The core cannot be reached, or the session is over. What was not acknowledged is sent again."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the other side said when the session began: see `wire.Welcome`."""

    last: int
    window: int
    records: int
    bytes: int


class Session(Protocol):
    """One connection, good until the first LinkDown."""

    terms: Terms

    async def send(self, batch: Batch) -> None:
        """Hand over a batch; may wait until there is room on the way. Raises LinkDown."""

    async def acknowledged(self) -> int:
        """Wait for the next acknowledgement and return the number up to which the core has everything.

        Raises LinkDown when the other side gave no sign of life for too long.
        """

    async def close(self) -> None:
        """End it; safe to call twice."""


class Transport(Protocol):
    """A way to the core."""

    def check(self) -> None:
        """Raise ConfigError where the operator can mend what would never work."""

    async def connect(self, sender: str, first: int) -> Session:
        """Begin a session for this sender, whose lowest unacknowledged number is `first`. Raises LinkDown."""
