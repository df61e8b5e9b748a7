"""What is known of a network in trouble: facts, each with an id by which the caller knows it. Pure.

`since` is Unix seconds: when it was first noticed, which with polling is up to an interval after it happened.
A fact that is withdrawn is simply not given any more. What no fact speaks of is taken to be well, or not told yet.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A device or server does not answer."""

    id: str
    since: float
    node: str


@dataclass(frozen=True, slots=True)
class PortDown:
    """A node tells that a port of its own is down, with the light it receives now and received before (dBm)."""

    id: str
    since: float
    node: str
    port: str
    rx_dbm: float | None = None
    before_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class PortUp:
    """A node tells that a port of its own is up: welcome where known, since it excludes a cut. Needs no explanation."""

    id: str
    since: float
    node: str
    port: str


@dataclass(frozen=True, slots=True)
class LightLow:
    """A port receives too little light, but works. `foretold`: not yet too little, but it falls and will be."""

    id: str
    since: float
    node: str
    port: str
    rx_dbm: float | None = None
    before_dbm: float | None = None
    foretold: bool = False


@dataclass(frozen=True, slots=True)
class PowerLost:
    """The mains of a site are gone: a UPS there is on battery. `node` is who tells so, where it is a node."""

    id: str
    since: float
    site: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationDown:
    """An application does not work for its users."""

    id: str
    since: float
    app: str


Trouble = Unreachable | PortDown | LightLow | PowerLost | ApplicationDown
Fact = Trouble | PortUp
