"""What goes wrong on the demo's ring and when, that both ends and all counters agree on it, and that it comes again."""

from itertools import pairwise

import pytest

from netmon.demo.layout import Kind
from netmon.demo.machine import Machine
from netmon.demo.mibs.interfaces import DOWN, UP, Meter
from netmon.demo.ring import DARK_DBM, Ring
from netmon.demo.story import FALL_DB, FULL, ROUND_S, STEP_DB, Story, Trouble, troubles
from tests.support import demo

START = 1_795_000_000.0
LIMIT_DBM = -18.0  # rules/packs/optics.yaml
FIRST_CUT, SECOND_CUT, BENT = "ring-13", "ring-11", "ring-05"
BETWEEN = ["acc-dishub", "acc-kec-cibening"]


@pytest.fixture
def ring() -> Ring:
    ring = Ring(demo.settings().inventory)
    used = [(n.name, p.index) for n in ring.layout.nodes.values() for p in n.ports]
    ring.story = Story(troubles(ring.layout, [socket for socket in used if ring.traffic.carries(socket)]), START)
    return ring


def test_every_trouble_comes_and_goes_each_round(ring: Ring) -> None:
    for trouble in ring.story.troubles:
        for round_ in (0, 3):
            start = START + round_ * ROUND_S
            worst = max(trouble.worst_s, trouble.begins_s)
            for at, wrong in (
                (start + trouble.begins_s - 0.1, False),
                (start + worst + 0.1, True),
                (start + trouble.ends_s - 0.1, True),
                (start + trouble.ends_s, False),
            ):
                assert holds(ring, trouble, at) is wrong, (trouble, at - start)


def holds(ring: Ring, trouble: Trouble, at: float) -> bool:
    story = ring.story
    if trouble.cut:
        return trouble.cut in story.cut(at)
    if trouble.dead:
        return story.dead(trouble.dead, at)
    if trouble.battery:
        return story.battery_s(trouble.battery, at) > 0
    if trouble.fills:
        return story.filled(*trouble.fills, at, 0.5) > 0.5
    return story.loss_db(next(wire for wire in ring.layout.ring if wire.name == trouble.bent), at) > 0


def test_a_minute_shows_every_kind_and_all_is_over_within_three(ring: Ring) -> None:
    assert all(trouble.begins_s <= 45 for trouble in ring.story.troubles if trouble.cut != SECOND_CUT)
    assert all(trouble.ends_s <= 170 for trouble in ring.story.troubles)


def test_a_battery_counts_from_when_the_mains_left(ring: Ring) -> None:
    trouble = next(one for one in ring.story.troubles if one.battery)
    assert ring.story.battery_s(trouble.battery, START + trouble.begins_s + 80) == pytest.approx(80)


def test_light_falls_at_both_ends_in_small_steps_and_crosses_the_limit_at_110_seconds(ring: Ring) -> None:
    wire = next(wire for wire in ring.layout.ring if wire.name == BENT)
    for end in (wire.a, wire.b):
        seen = [ring.light(*end, START + second).rx_dbm for second in range(160)]
        steps = [before - after for before, after in pairwise(seen)]
        assert max(steps) < STEP_DB + 0.05
        assert sum(steps) == pytest.approx(FALL_DB, abs=0.3)
        crossed = next(second for second, dbm in enumerate(seen) if dbm < LIMIT_DBM)
        assert 105 <= crossed <= 118
        assert ring.light(*end, START + 161).rx_dbm > -6


def test_light_of_other_wires_stays_or_is_gone(ring: Ring) -> None:
    for wire in ring.layout.ring:
        if wire.name != BENT:
            for end in (wire.a, wire.b):
                before, after = (ring.light(*end, at).rx_dbm for at in (START - 1, START + 100))
                assert after == (DARK_DBM if wire.name in {FIRST_CUT, SECOND_CUT} else pytest.approx(before, abs=0.1))


def test_a_disk_fills_in_bursts_and_never_shrinks_until_it_is_cleaned(ring: Ring) -> None:
    trouble = next(one for one in ring.story.troubles if one.fills)
    assert trouble.fills is not None
    machine = Machine(ring, ring.node(trouble.fills[0]))
    disk = next(disk for disk in machine.disks if disk.path == trouble.fills[1])
    used = [machine.disk_used(disk, START + second) / disk.size for second in range(166)]
    grown = [after - before for before, after in pairwise(used[3:165])]
    assert min(grown) >= 0
    assert max(grown[:90]) > 3 * min(grown[:90])
    assert used[60] < 0.9
    assert used[104] > 0.95
    assert used[160] == pytest.approx(FULL)
    assert used[165] == pytest.approx(used[0], abs=0.01)


def test_both_ends_of_a_cut_fiber_are_down_and_those_between_two_cuts_are_out_of_reach(ring: Ring) -> None:
    for second, cut, lost in (
        (41, [], []),
        (60, [FIRST_CUT], []),
        (100, [SECOND_CUT, FIRST_CUT], BETWEEN),
        (153, [], []),
    ):
        at = START + second
        for wire in ring.layout.ring:
            for device, index in (wire.a, wire.b):
                port = next(port for port in ring.node(device).ports if port.index == index)
                assert Meter(ring, ring.node(device), port).status(at) == (DOWN if wire.name in cut else UP)
        assert [name for name in ring.layout.nodes if not ring.reachable(name, at)] == lost


def test_what_was_cut_carries_nothing_and_the_rest_goes_round(ring: Ring) -> None:
    cut = next(wire for wire in ring.layout.ring if wire.name == FIRST_CUT)
    before, after = START + 41, START + 60
    assert ring.load(*cut.a, before).in_bps > 0
    assert ring.load(*cut.a, after).in_bps == ring.load(*cut.a, after).out_bps == 0
    around = next(wire for wire in ring.layout.ring if wire.name == "ring-10")
    more = ring.load(*around.a, after), ring.load(*around.a, before)
    assert more[0].in_bps + more[0].out_bps > 1.05 * (more[1].in_bps + more[1].out_bps)
    for node in ring.layout.of(Kind.ACCESS):
        loads = [ring.load(node.name, port.index, after) for port in node.ports]
        assert sum(load.in_bps for load in loads) == pytest.approx(sum(load.out_bps for load in loads), rel=1e-9)


def test_counters_agree_at_both_ends_and_never_jump_through_two_rounds(ring: Ring) -> None:
    times = [START + second for second in range(0, int(2 * ROUND_S), 7)]
    for wire in ring.layout.ring:
        near, far = ([ring.octets(*end, at) for at in times] for end in (wire.a, wire.b))
        for here, there in zip(pairwise(near), pairwise(far), strict=True):
            grown = [[after - before for before, after in zip(*pair, strict=True)] for pair in (here, there)]
            assert grown[0] == pytest.approx(grown[1][::-1], abs=3)  # each end rounds down by itself
            assert min(grown[0]) >= 0
            assert max(grown[0]) < 7 * 10e9 / 8


def test_nothing_goes_wrong_without_a_start(ring: Ring) -> None:
    told = Story(ring.story.troubles)
    for at in (START, START + 100):
        assert not told.cut(at)
        assert told.battery_s("ups-kominfo", at) == 0
        assert all(told.loss_db(wire, at) == 0 for wire in ring.layout.ring)
    assert not Story(ring.story.troubles, START).cut(START - ROUND_S + 100)
