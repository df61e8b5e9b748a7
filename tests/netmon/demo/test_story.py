"""What goes wrong on the demo's ring, and that nothing does without a story."""

from pathlib import Path

import pytest

from netmon.app.settings import load_directory
from netmon.demo.layout import Kind
from netmon.demo.ring import Ring
from netmon.demo.run import SECRETS
from netmon.demo.story import DIM_DB, ROUND_S, Story, troubles

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
    silent, dead, battery, bent = sorted(ring.story.troubles, key=lambda one: [one.silent == "", one.dead is None])[:4]
    for round_ in (0, 3):
        quiet = START + round_ * ROUND_S + 5
        wrong = START + round_ * ROUND_S + 100
        assert not ring.story.silent(silent.silent, quiet)
        assert ring.story.silent(silent.silent, wrong)
        assert dead.dead is not None
        assert not ring.story.dead(dead.dead, quiet)
        assert ring.story.dead(dead.dead, wrong)
        ups = next(one.battery for one in (battery, bent) if one.battery)
        assert ring.story.battery_s(ups, quiet) == 0
        assert ring.story.battery_s(ups, wrong) == pytest.approx(80)


def test_a_bent_fiber_takes_light_from_both_ends_and_from_no_other(ring: Ring) -> None:
    bent = next(trouble.bent for trouble in ring.story.troubles if trouble.bent)
    for wire in ring.layout.ring:
        for device, port in (wire.a, wire.b):
            lost = ring.light(device, port, START + 39).rx_dbm - ring.light(device, port, START + 41).rx_dbm
            assert lost == pytest.approx(DIM_DB if wire.name == bent else 0, abs=0.1)


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
