"""What a daemon's traffic comes from, with one face: an interface's packets, or the flows that devices export."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Final, TypeAlias

import structlog

from collectors.traffic.capture.ring import Link, Ring
from collectors.traffic.flows.collector import FlowSource
from netmon.api import ConfigError, Fault
from netmon.api.flowcolumns import Lend
from netmon.api.traffic import Traffic
from netmon.app.settings.traffic import SensorSettings, TrafficSettings

log = structlog.get_logger(__name__)

Counts: TypeAlias = Callable[[], Mapping[str, int]]
Straight: TypeAlias = Callable[[], Lend | None]

_SAY_EVERY_S: Final = 10.0
"""How often an interface that comes and goes is told at most: as often that it went, and as often that it is back."""

LAG_NS: Final = 300_000_000
"""How far a silent wire's clock lies behind: packets that the kernel holds back in a block come within 100 ms, as
`block_timeout_ms` is by default."""


class Interface:
    """The packets of one interface."""

    live = True

    def __init__(self, settings: SensorSettings, name: str, *, tunnels: int) -> None:
        self.name = name
        self.ring = Ring(settings.interface, settings, tunnels=tunnels)
        self._told = Link.UP
        self._told_at = float("-inf")  # that it went
        self._away_at: float | None = None  # since when it is, as far as we saw

    @property
    def where(self) -> str:
        """Return the interface."""
        return self.ring.interface

    def open(self) -> None:
        """Begin to listen; CaptureFault where that cannot be."""
        self.ring.open()

    def next(self, timeout_s: float) -> Traffic | None:
        """Wait for packets. A ring looks after its interface itself, and listens to it again when it is back."""
        traffic = self.ring.next(timeout_s)
        if self.ring.link is not self._told or self._away_at is not None:
            self._see(self.ring.link, time.monotonic())
        return traffic

    def _see(self, link: Link, now: float) -> None:
        """Say that the interface went, or came back.

        That it went is told a little later where it was told only just; that it is back, at once, where it was told
        that it went.
        """
        known = {"interface": self.where, "source": self.name}
        if link is Link.UP:
            if self._told is not Link.UP and self._away_at is not None:
                away_s = round(now - self._away_at, 1)
                log.warning("the interface is back, packets are seen again", **known, after_s=away_s)
            self._told, self._away_at = Link.UP, None
            return
        if self._away_at is None:
            self._away_at = now
        if link is not self._told and now - self._told_at >= _SAY_EVERY_S:
            what = "is switched off" if link is Link.DOWN else "is gone"
            remedy = "see `ip link`; it is listened to again by itself once it is back"
            log.warning("no packets are seen: the interface is away", **known, problem=what, remedy=remedy)
            self._told, self._told_at = link, now

    def reached_ns(self) -> int:
        """Return the time before which nothing comes any more; called after `next` gave nothing."""
        return time.time_ns() - LAG_NS

    def end(self) -> None:
        """Be told that the rest is to be read: the ring holds it."""

    def is_up(self) -> bool:
        """Tell whether the interface is there and switched on."""
        return self.ring.link is Link.UP

    @property
    def counts(self) -> Mapping[str, Counts]:
        """Return what the kernel counts."""
        return {"ring": self._ring_counts}

    def _ring_counts(self) -> dict[str, int]:
        return asdict(self.ring.stats())

    def close(self) -> None:
        """Stop listening."""
        self.ring.close()


def _nobody() -> None:
    """Have no place where flows may go."""


class Exports:
    """The flows that devices export, at every address that is listened at."""

    live = False

    def __init__(self, settings: TrafficSettings, name: str, devices: Mapping[tuple[int, int], str]) -> None:
        self.name = name
        self.flows = FlowSource(settings.flows, devices)
        self.straight: Straight = _nobody  # where flows may go that nobody looks at
        self._open = False

    @property
    def where(self) -> str:
        """Return the addresses, with the ports that the kernel chose where none were given."""
        return " ".join(str(end) for end in self.flows.endpoints)

    def open(self) -> None:
        """Listen; ConfigError where an address cannot be had."""
        try:
            self.flows.open()
        except OSError as error:
            problem = error.strerror or str(error)  # names the address
            raise ConfigError(
                Fault(self.name, 0, 0, problem, "choose addresses and ports that are free here")
            ) from error
        self._open = True
        if self.flows.open_to_all:
            log.warning(
                "flows are taken from everybody",
                remedy="name the exporters in the inventory's devices, or their prefixes in traffic.flows.allow",
            )
        for endpoint, granted, wanted in self.flows.receiver.small_buffers():
            log.warning(
                "the kernel gave a smaller receive buffer than asked for",
                listen=str(endpoint),
                bytes=granted,
                asked_bytes=wanted,
                remedy=f"sysctl -w net.core.rmem_max={wanted}",
            )

    def next(self, timeout_s: float) -> Traffic | None:
        """Wait for flows."""
        return self.flows.next(timeout_s, self.straight())

    def reached_ns(self) -> int:
        """Return now: records count when they come."""
        return time.time_ns()

    def end(self) -> None:
        """Be told that the rest is to be read: the sockets hold it."""

    def is_up(self) -> bool:
        """Tell whether it listens."""
        return self._open

    @property
    def counts(self) -> Mapping[str, Counts]:
        """Return what was received, and what was not or could not be read."""
        return {part: partial(self._of, part) for part in self.flows.counts}

    def _of(self, part: str) -> Mapping[str, int]:
        return self.flows.counts[part]

    def close(self) -> None:
        """Listen no more."""
        if self._open:
            self._open = False
            self.flows.close()
