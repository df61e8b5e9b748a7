"""What light at both ends of a fiber link tells: which direction, and what kind of trouble it likely is. Pure.

A link is a pair of fibers, one for each direction: what end a receives tells of the fiber from b to a and of b's laser.
Light that only one fiber loses is no cut cable; light that both lose at once can hardly be anything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from netmon.core.causes.facts import Fact, LightLow, PortDown
from netmon.core.causes.topology import Edge

DARK_DBM: Final = -35.0  # receivers report nothing weaker as light: SFF-8472 counts from 0.1 µW, which is -40 dBm
FALL_DB: Final = 2.0  # less than this and it is the reading (SFF-8472: ±3 dB absolute, but steadier) or the weather


class Kind(Enum):
    """What is likely wrong with a link."""

    CUT = "cut"  # both fibers are dark
    BROKE = "broke"  # both are dark, and their light had fallen before: a bend or a bad splice that gave way
    ONE_FIBER = "one_fiber"  # one direction is dark: that fiber, or its connectors
    TRANSMITTER = "transmitter"  # one direction is dark or weak, and its laser sends too little
    FIBER_OR_TRANSMITTER = "fiber_or_transmitter"  # one direction is dark, and nobody knows what its laser sends
    BEND = "bend"  # both directions are weak: a bend, or a damaged splice
    CONNECTOR = "connector"  # one direction is weak, its laser is well: dirt on a connector, most of all
    CONNECTOR_OR_TRANSMITTER = "connector_or_transmitter"  # one direction is weak
    POWER = "power"  # no light from a device that does not answer: it is off
    PORT = "port"  # down, with light in both directions: not the fiber
    UNKNOWN = "unknown"  # too few readings


class Certainty(Enum):
    """How far the readings carry."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Light:
    """What one end reports, in dBm, now and while all was well; None where it reports nothing."""

    rx_dbm: float | None = None
    before_dbm: float | None = None
    tx_dbm: float | None = None
    tx_before_dbm: float | None = None
    silent: bool = False  # its device does not answer, so that nothing here is of now
    low: bool = (
        False  # it was said to be too little, or soon to be: slow falls show no step from one reading to the next
    )

    @property
    def dark(self) -> bool:
        """Tell if it receives no light."""
        return self.rx_dbm is not None and self.rx_dbm <= DARK_DBM

    @property
    def fell_db(self) -> float | None:
        """Return by how much the light it receives has fallen."""
        return None if self.rx_dbm is None or self.before_dbm is None else self.before_dbm - self.rx_dbm

    @property
    def weak(self) -> bool:
        """Tell if it receives light, but too little, or clearly less than before."""
        return not self.dark and (self.low or (self.fell_db is not None and self.fell_db >= FALL_DB))

    @property
    def sends(self) -> bool | None:
        """Tell if its laser sends as it should; None if it does not say."""
        if self.tx_dbm is None:
            return None
        fell = 0.0 if self.tx_before_dbm is None else self.tx_before_dbm - self.tx_dbm
        return self.tx_dbm > DARK_DBM and fell < FALL_DB


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a link, and how sure that is. `sender` → `receiver` is the direction in trouble; empty: both.

    `receiver_dbm` and `fell_db` are the reading that shows it, where there is one.
    """

    kind: Kind
    certainty: Certainty
    sender: str = ""
    receiver: str = ""
    receiver_dbm: float | None = None
    fell_db: float | None = None


def lights(edge: Edge, facts: Sequence[Fact], silent: Sequence[str] = ()) -> tuple[Light, Light]:
    """Return what facts tell of the light at both ends, a's first. `silent` names nodes that do not answer."""
    found: dict[str, tuple[float, float, float | None, bool]] = {}
    for fact in facts:
        if isinstance(fact, PortDown | LightLow) and _at(edge, fact) and fact.rx_dbm is not None:
            this = (fact.since, fact.rx_dbm, fact.before_dbm, isinstance(fact, LightLow))
            found[fact.node] = max(found.get(fact.node, this), this, key=lambda entry: (entry[0], -entry[1]))
    a, b = (_light_at(found.get(end), silent=end in silent) for end in (edge.a, edge.b))
    return a, b


def _light_at(entry: tuple[float, float, float | None, bool] | None, *, silent: bool) -> Light:
    if entry is None:
        return Light(silent=silent)
    _, now, before, low = entry
    return Light(now, before, silent=silent, low=low)


def had_fallen(edge: Edge, facts: Sequence[Fact]) -> bool:
    """Tell if light was low at both ends before either port went down."""
    low = {fact.node: fact.since for fact in facts if isinstance(fact, LightLow) and _at(edge, fact)}
    down = [fact.since for fact in facts if isinstance(fact, PortDown) and _at(edge, fact)]
    return len(low) == len(_ports(edge)) and max(low.values()) < min(down, default=0.0)


def _at(edge: Edge, fact: PortDown | LightLow) -> bool:
    return (fact.node, fact.port) in _ports(edge)


def _ports(edge: Edge) -> tuple[tuple[str, str], tuple[str, str]]:
    return (edge.a, edge.a_port), (edge.b, edge.b_port)


def judge(edge: Edge, a: Light, b: Light, *, before: bool = False) -> Verdict:
    """Return what the light at both ends of a cut, down or degraded link tells.

    `before`: light in both directions had fallen before the link went down (see `had_fallen`). The
    reading of a silent end is of the past and does not count.
    """
    if a.silent or b.silent:
        return _with_one_end(edge, a, b)
    if a.dark and b.dark:
        return Verdict(Kind.BROKE if before else Kind.CUT, Certainty.LIKELY if before else Certainty.CERTAIN)
    if a.weak and b.weak:
        worst = max(a, b, key=lambda light: light.fell_db or 0.0)
        return Verdict(Kind.BEND, Certainty.LIKELY, receiver_dbm=worst.rx_dbm, fell_db=worst.fell_db)
    for verdict in (_one_dark, _one_weak):
        for light, sender, receiver, other in ((a, edge.b, edge.a, b), (b, edge.a, edge.b, a)):
            if light.dark if verdict is _one_dark else light.weak:
                return verdict(light, other, sender, receiver)
    known = None not in (a.fell_db, b.fell_db)
    return Verdict(Kind.PORT, Certainty.LIKELY) if known else Verdict(Kind.UNKNOWN, Certainty.POSSIBLE)


def _with_one_end(edge: Edge, a: Light, b: Light) -> Verdict:
    """One end does not answer: what the other receives tells if that one's laser is on."""
    light, sender, receiver = (b, edge.a, edge.b) if a.silent else (a, edge.b, edge.a)
    if light.silent or light.rx_dbm is None:
        return Verdict(Kind.UNKNOWN, Certainty.POSSIBLE)
    if light.dark:  # the laser is off with its device, or the fiber is cut besides
        return Verdict(Kind.POWER, Certainty.POSSIBLE, sender, receiver, light.rx_dbm, light.fell_db)
    return Verdict(Kind.PORT, Certainty.LIKELY, sender, receiver, light.rx_dbm, light.fell_db)


def _one_dark(light: Light, other: Light, sender: str, receiver: str) -> Verdict:
    """One direction is dark. `other` is the sending end: what it receives, and what its laser sends."""
    reading = (sender, receiver, light.rx_dbm, light.fell_db)
    if other.sends is False:
        return Verdict(Kind.TRANSMITTER, Certainty.CERTAIN, *reading)
    if other.rx_dbm is None:  # nobody knows of the other direction
        return Verdict(Kind.CUT, Certainty.POSSIBLE, *reading)
    if other.sends:
        return Verdict(Kind.ONE_FIBER, Certainty.LIKELY, *reading)
    return Verdict(Kind.FIBER_OR_TRANSMITTER, Certainty.LIKELY, *reading)


def _one_weak(light: Light, other: Light, sender: str, receiver: str) -> Verdict:
    reading = (sender, receiver, light.rx_dbm, light.fell_db)
    if other.sends is False:
        return Verdict(Kind.TRANSMITTER, Certainty.LIKELY, *reading)
    if other.sends:
        return Verdict(Kind.CONNECTOR, Certainty.LIKELY, *reading)
    known = Certainty.POSSIBLE if other.rx_dbm is None else Certainty.LIKELY
    return Verdict(Kind.CONNECTOR_OR_TRANSMITTER, known, *reading)
