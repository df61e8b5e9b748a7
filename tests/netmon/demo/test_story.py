"""What goes wrong on the demo's ring, and that nothing does without a story."""

from pathlib import Path

import pytest

from netmon.app.settings import load_directory
from netmon.demo.layout import Kind
from netmon.demo.ring import Ring
from netmon.demo.run import SECRETS
from netmon.demo.story import DIM_DB, ROUND_S, Story, Trouble, troubles

START = 1_750_000_000.0
DEMO = Path(__file__).parents[3] / "config" / "demo"


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    ring = Ring(load_directory(DEMO).inventory)
    used = [(n.name, p.index) for n in ring.layout.nodes.values() for p in n.ports]
    ring.story = Story(troubles(ring.layout, [socket for socket in used if ring.traffic.carries(socket)]), START)
    return ring


def test_every_kind_of_trouble_comes_and_goes_each_round(ring: Ring) -> None:
    for trouble in ring.story.troubles:
        for round_ in (0, 3):
            start = START + round_ * ROUND_S
            for at, wrong in (
                (start + trouble.begins_s - 0.1, False),
                (start + trouble.begins_s, True),
                (start + trouble.ends_s - 0.1, True),
                (start + trouble.ends_s, False),
            ):
                assert holds(ring, trouble, at) is wrong


def holds(ring: Ring, trouble: Trouble, at: float) -> bool:
    if trouble.silent:
        return ring.story.silent(trouble.silent, at)
    if trouble.dead:
        return ring.story.dead(trouble.dead, at)
    if trouble.battery:
        return ring.story.battery_s(trouble.battery, at + 0.01) > 0
    return ring.story.loss_db(next(wire for wire in ring.layout.ring if wire.name == trouble.bent), at) > 0


def test_a_battery_counts_from_when_the_mains_left(ring: Ring) -> None:
    trouble = next(one for one in ring.story.troubles if one.battery)
    assert ring.story.battery_s(trouble.battery, START + trouble.begins_s + 80) == pytest.approx(80)


def test_a_bent_fiber_takes_light_from_both_ends_and_from_no_other(ring: Ring) -> None:
    trouble = next(trouble for trouble in ring.story.troubles if trouble.bent)
    before, after = START + trouble.begins_s - 1, START + trouble.begins_s + 1
    for wire in ring.layout.ring:
        for device, port in (wire.a, wire.b):
            lost = ring.light(device, port, before).rx_dbm - ring.light(device, port, after).rx_dbm
            assert lost == pytest.approx(DIM_DB if wire.name == trouble.bent else 0, abs=0.1)


def test_a_minute_shows_every_kind_and_two_are_over_after_three(ring: Ring) -> None:
    assert all(trouble.begins_s <= 20 for trouble in ring.story.troubles)
    assert sum(trouble.ends_s <= 175 for trouble in ring.story.troubles) >= 2


def test_what_was_switched_off_is_known_also_when_it_answers_again(ring: Ring) -> None:
    trouble = next(trouble for trouble in ring.story.troubles if trouble.silent)
    assert not ring.story.was_silent(trouble.silent, START + trouble.begins_s)
    assert ring.story.was_silent(trouble.silent, START + trouble.ends_s + 50)
    assert not ring.story.was_silent("acc-rsud", START + trouble.ends_s)
    assert not Story(ring.story.troubles).was_silent(trouble.silent, START + 100)


def test_the_troubles_touch_different_things(ring: Ring) -> None:
    kinds = {ring.node(t.silent).kind for t in ring.story.troubles if t.silent}
    assert kinds == {Kind.ACCESS}
    assert len({(t.silent, t.dead, t.battery, t.bent) for t in ring.story.troubles}) == 4


def test_nothing_goes_wrong_without_a_start(ring: Ring) -> None:
    told = Story(ring.story.troubles)
    for trouble in told.troubles:
        assert not told.silent(trouble.silent, START + 100)
        assert told.battery_s(trouble.battery, START + 100) == 0
    assert not Story(ring.story.troubles, START).silent(ring.story.troubles[0].silent, START - ROUND_S + 100)
