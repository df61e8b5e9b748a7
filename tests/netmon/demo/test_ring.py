"""The physics: what goes in comes out, counters only grow, light fades with distance."""

from itertools import pairwise

import pytest

from netmon.demo.layout import Kind
from netmon.demo.ring import RESTART_DAYS, Ring
from tests.support import demo

NOW = 1_795_000_000.0
TIMES = [NOW, NOW + 9 * 3600, NOW + 5 * 86_400 + 1234.5]


@pytest.fixture
def ring() -> Ring:
    return demo.ring()


def test_the_world_is_as_large_as_it_should_be(ring: Ring) -> None:
    counts = {kind: len(ring.layout.of(kind)) for kind in Kind}
    assert counts == {Kind.CORE: 2, Kind.ACCESS: 12, Kind.SERVER: 10, Kind.UPS: 2}
    assert len(ring.layout.ring) == 14
    assert sum(wire.km for wire in ring.layout.ring) == pytest.approx(25)
    assert all(wire.joints for wire in ring.layout.ring)
    ends = [end[0] for wire in ring.layout.ring for end in (wire.a, wire.b)]
    assert all(ends.count(name) == 2 for name in set(ends))  # a ring


@pytest.mark.parametrize("at", TIMES)
def test_what_enters_a_wire_leaves_it_at_the_other_end(ring: Ring, at: float) -> None:
    for wire in set(ring.layout.wires.values()):
        near, far = ring.load(*wire.a, at), ring.load(*wire.b, at)
        assert near.in_bps == pytest.approx(far.out_bps, rel=1e-9)
        assert near.out_bps == pytest.approx(far.in_bps, rel=1e-9)
        assert near.in_bps > 0
        grown = [
            [b - a for a, b in zip(ring.octets(*end, at), ring.octets(*end, at + 60), strict=True)]
            for end in (wire.a, wire.b)
        ]
        assert grown[0] == pytest.approx(grown[1][::-1], abs=1)


@pytest.mark.parametrize("at", TIMES)
def test_what_enters_a_switch_leaves_it(ring: Ring, at: float) -> None:
    for node in (*ring.layout.of(Kind.CORE), *ring.layout.of(Kind.ACCESS)):
        loads = [ring.load(node.name, port.index, at) for port in node.ports]
        assert sum(load.in_bps for load in loads) == pytest.approx(sum(load.out_bps for load in loads), rel=1e-9)


@pytest.mark.parametrize("at", TIMES)
def test_no_port_carries_more_than_it_can(ring: Ring, at: float) -> None:
    for node in ring.layout.nodes.values():
        for port in node.ports:
            load = ring.load(node.name, port.index, at)
            assert max(load.in_bps, load.out_bps) <= 0.9e6 * port.mbps


def test_counters_only_grow_and_grow_by_the_load(ring: Ring) -> None:
    for device, port in (("acc-rsud", "Te1/1/1"), ("core-kominfo", "Te1/0/24"), ("simrs", "eno1")):
        counts = [ring.octets(device, port, NOW + 0.05 * i) for i in range(2_000)]
        for way in (0, 1):
            assert all(later[way] >= earlier[way] for earlier, later in pairwise(counts))
        begun, load = NOW + 50, ring.load(device, port, NOW + 50)
        grown = ring.octets(device, port, begun + 0.5)[0] - ring.octets(device, port, begun - 0.5)[0]
        assert grown * 8 == pytest.approx(load.in_bps, rel=1e-3)
        assert ring.mean_load(device, port, begun + 0.5, 1.0).in_bps == pytest.approx(load.in_bps, rel=1e-3)


def test_devices_restart_seldom_and_begin_from_zero(ring: Ring) -> None:
    boots = {name: ring.boot(name, NOW) for name in ring.layout.nodes}
    assert len(set(boots.values())) == len(boots)
    for name, boot in boots.items():
        assert NOW - RESTART_DAYS * 86_400 < boot <= NOW
        assert ring.boot(name, boot + 1) == pytest.approx(boot)
        assert ring.boots(name, boot + 1) == ring.boots(name, boot - 1) + 1
    name = "acc-dinkes"
    assert ring.octets(name, "Te1/1/1", ring.boot(name, NOW) + 1e-3)[0] < 1e6 < ring.octets(name, "Te1/1/1", NOW)[0]


@pytest.mark.parametrize("at", TIMES)
def test_light_is_what_was_sent_less_the_way(ring: Ring, at: float) -> None:
    for wire in ring.layout.ring:
        for near, far in ((wire.a, wire.b), (wire.b, wire.a)):
            here, there = ring.light(*near, at), ring.light(*far, at)
            lost = there.tx_dbm - here.rx_dbm
            assert wire.km * 0.35 + wire.joints * 0.04 + 0.5 < lost < wire.km * 0.35 + wire.joints * 0.2 + 1.8
            assert -28 < here.rx_dbm < -3
            assert 20 < here.bias_ma < 45
            assert 15 < here.celsius < 60


def test_light_moves_little_in_a_minute_and_more_in_a_year(ring: Ring) -> None:
    now, soon = (ring.light("acc-rsud", "Te1/1/1", NOW + s).rx_dbm for s in (0, 60))
    assert 0 < abs(now - soon) < 0.05
    year = [ring.light("acc-rsud", "Te1/1/1", NOW + day * 86_400).rx_dbm for day in range(0, 365, 5)]
    assert 0.2 < max(year) - min(year) < 1.0


def test_routes_go_the_short_way_and_around_a_cut(ring: Ring) -> None:
    layout = ring.layout
    short = layout.route("acc-rsud", "core-kominfo")
    assert short is not None
    assert [wire.name for wire in short] == ["ring-02", "ring-01"]
    around = layout.route("acc-rsud", "core-kominfo", cut={"ring-01"})
    assert around is not None
    assert len(around) == 12
    assert layout.route("acc-rsud", "core-kominfo", cut={"ring-02", "ring-14"}) is None


def test_the_world_repeats_itself() -> None:
    again = Ring(demo.settings().inventory)
    other = Ring(demo.settings().inventory, seed=1)
    assert again.load("acc-rsud", 25, NOW) == demo.ring().load("acc-rsud", 25, NOW)
    assert other.load("acc-rsud", 25, NOW) != demo.ring().load("acc-rsud", 25, NOW)
    assert again.light("acc-rsud", 25, NOW) == demo.ring().light("acc-rsud", 25, NOW)
