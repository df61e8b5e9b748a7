"""The seams: what a collector, a rule and an exporter must offer to be plugged in.

Constructors are inert. The daemon starts components in order and stops them in reverse.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from netmon.api.samples import Reading
from netmon.api.words import Finding, Target


class Component(Protocol):
    """Something with a life: sockets are opened in `start` and closed in `stop`."""

    async def start(self) -> None:
        """Begin to work; raise ConfigError where the operator can mend it."""

    async def stop(self) -> None:
        """Finish what is under way and let go of everything; safe to call twice."""


class Collector(Component, Protocol):
    """Turns one kind of source into readings. Judges nothing."""

    name: str
    job: str  # the `job` label of its series: snmp, node, blackbox, …

    def plan(self, target: Target) -> Mapping[float, tuple[str, ...]]:
        """Return what to read and how often: interval in seconds → names of parts. Does no I/O."""

    async def read(self, target: Target, parts: Iterable[str], deadline_s: float) -> Reading:
        """Read these parts of the target now, in at most `deadline_s` seconds. Raises no PeerError."""

    def forget(self, target: str) -> None:
        """Drop what is remembered of a target that left the inventory."""


class Rule(Protocol):
    """Turns readings into findings. Pure: no I/O, no clock, no log, so that it can be replayed."""

    name: str

    def observe(self, reading: Reading) -> Iterator[Finding]:
        """Judge one poll."""

    def tick(self, now: float) -> Iterator[Finding]:
        """Judge what follows from time passing, and forget what is old. `now` is in Unix seconds."""


class Exporter(Component, Protocol):
    """Carries readings out. Decides nothing."""

    name: str

    def put(self, target: Target, job: str, reading: Reading) -> None:
        """Take one poll's readings; they replace what the same collector's same parts said before."""

    def forget(self, target: str) -> None:
        """Drop everything of a target that left the inventory."""
