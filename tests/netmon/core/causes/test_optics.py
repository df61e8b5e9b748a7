"""What light at both ends tells, case by case."""

import pytest

from netmon.core.causes.facts import Fact, LightLow, PortDown, Unreachable
from netmon.core.causes.optics import Certainty, Kind, Light, Verdict, had_fallen, judge, lights
from netmon.core.causes.topology import Edge

EDGE = Edge("ring-03", "acc-rsud", "Te1/1/2", "acc-disdik", "Te1/1/1", 1.4)
A_TO_B, B_TO_A = ("acc-rsud", "acc-disdik"), ("acc-disdik", "acc-rsud")
WELL, DARK, WEAK = Light(-6.0, -6.0), Light(-40.0, -6.0), Light(-11.0, -6.0)
NOTHING = Light()


@pytest.mark.parametrize(
    ("a", "b", "kind", "certainty", "direction"),
    [
        (DARK, DARK, Kind.CUT, Certainty.CERTAIN, ("", "")),
        (Light(-35.0), Light(-40.0), Kind.CUT, Certainty.CERTAIN, ("", "")),
        (WELL, DARK, Kind.FIBER_OR_TRANSMITTER, Certainty.LIKELY, A_TO_B),
        (DARK, WELL, Kind.FIBER_OR_TRANSMITTER, Certainty.LIKELY, B_TO_A),
        (Light(-6.0, -6.0, -2.5, -2.5), DARK, Kind.ONE_FIBER, Certainty.LIKELY, A_TO_B),
        (Light(-6.0, -6.0, -40.0, -2.5), DARK, Kind.TRANSMITTER, Certainty.CERTAIN, A_TO_B),
        (Light(-6.0, -6.0, -5.0, -2.5), DARK, Kind.TRANSMITTER, Certainty.CERTAIN, A_TO_B),
        (DARK, WEAK, Kind.FIBER_OR_TRANSMITTER, Certainty.LIKELY, B_TO_A),
        (NOTHING, DARK, Kind.CUT, Certainty.POSSIBLE, A_TO_B),
        (WEAK, WEAK, Kind.BEND, Certainty.LIKELY, ("", "")),
        (WELL, WEAK, Kind.CONNECTOR_OR_TRANSMITTER, Certainty.LIKELY, A_TO_B),
        (NOTHING, WEAK, Kind.CONNECTOR_OR_TRANSMITTER, Certainty.POSSIBLE, A_TO_B),
        (Light(-6.0, -6.0, -2.5, -2.5), WEAK, Kind.CONNECTOR, Certainty.LIKELY, A_TO_B),
        (WEAK, Light(-6.0, -6.0, -6.0, -2.5), Kind.TRANSMITTER, Certainty.LIKELY, B_TO_A),
        (WELL, WELL, Kind.PORT, Certainty.LIKELY, ("", "")),
        (WELL, NOTHING, Kind.UNKNOWN, Certainty.POSSIBLE, ("", "")),
        (Light(-6.0), Light(-6.0), Kind.UNKNOWN, Certainty.POSSIBLE, ("", "")),  # lit, but perhaps weaker than before
        (NOTHING, NOTHING, Kind.UNKNOWN, Certainty.POSSIBLE, ("", "")),
        (DARK, Light(silent=True), Kind.POWER, Certainty.POSSIBLE, B_TO_A),
        (Light(-6.0, silent=True), DARK, Kind.POWER, Certainty.POSSIBLE, A_TO_B),
        (WELL, Light(silent=True), Kind.PORT, Certainty.LIKELY, B_TO_A),
        (NOTHING, Light(silent=True), Kind.UNKNOWN, Certainty.POSSIBLE, ("", "")),
        (Light(-40.0, silent=True), Light(-40.0, silent=True), Kind.UNKNOWN, Certainty.POSSIBLE, ("", "")),
    ],
)
def test_verdict(a: Light, b: Light, kind: Kind, certainty: Certainty, direction: tuple[str, str]) -> None:
    found = judge(EDGE, a, b)
    assert (found.kind, found.certainty, (found.sender, found.receiver)) == (kind, certainty, direction)


def test_the_other_way_round_is_the_other_direction() -> None:
    swapped = {A_TO_B: B_TO_A, B_TO_A: A_TO_B, ("", ""): ("", "")}
    states = [
        WELL,
        DARK,
        WEAK,
        NOTHING,
        Light(silent=True),
        Light(-6.0, -6.0, -2.5, -2.5),
        Light(-6.0, -6.0, -9.0, -2.5),
    ]
    for a in states:
        for b in states:
            one, other = judge(EDGE, a, b), judge(EDGE, b, a)
            assert (one.kind, one.certainty) == (other.kind, other.certainty)
            assert swapped[one.sender, one.receiver] == (other.sender, other.receiver)


def test_a_fall_tells_by_how_much() -> None:
    assert judge(EDGE, WELL, WEAK).fell_db == 5.0
    assert judge(EDGE, Light(-9.0, -6.0), WEAK) == Verdict(Kind.BEND, Certainty.LIKELY, receiver_dbm=-11.0, fell_db=5.0)
    assert judge(EDGE, WELL, Light(-7.9, -6.0)).kind is Kind.PORT
    assert judge(EDGE, WELL, Light(-8.0, -6.0)).kind is Kind.CONNECTOR_OR_TRANSMITTER


def test_facts_become_readings() -> None:
    facts: list[Fact] = [
        LightLow("1", 100.0, "acc-rsud", "Te1/1/2", -12.0, -6.0),
        PortDown("2", 200.0, "acc-rsud", "Te1/1/2", -40.0, -12.0),
        PortDown("3", 200.0, "acc-disdik", "Te1/1/1"),
        PortDown("4", 300.0, "acc-rsud", "Te1/1/1", -3.0, -3.0),
        Unreachable("5", 300.0, "acc-disdik"),
    ]
    for order in (facts, facts[::-1]):
        assert lights(EDGE, order) == (Light(-40.0, -12.0), NOTHING)
        assert lights(EDGE, order, ["acc-disdik"]) == (Light(-40.0, -12.0), Light(silent=True))


def test_light_that_had_fallen_at_both_ends_before_was_a_break_in_the_making() -> None:
    low = [LightLow("1", 100.0, "acc-rsud", "Te1/1/2"), LightLow("2", 120.0, "acc-disdik", "Te1/1/1")]
    down = PortDown("3", 9000.0, "acc-rsud", "Te1/1/2", -40.0)
    assert had_fallen(EDGE, [*low, down])
    assert not had_fallen(EDGE, [low[0], down])
    assert not had_fallen(EDGE, [*low, PortDown("3", 110.0, "acc-rsud", "Te1/1/2", -40.0)])
    assert not had_fallen(EDGE, low)
    assert judge(EDGE, DARK, DARK, before=True) == Verdict(Kind.BROKE, Certainty.LIKELY)
