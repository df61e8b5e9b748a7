"""The shipped limits over the demonstration's story: its troubles are found and over, its quiet is quiet."""

import math
from collections.abc import Sequence

from netmon.api import Finding, Reading
from netmon.app.packs import load_packs
from rules.limits.rule import Limits
from tests.support.demo_readings import Readings

START = 1_795_000_000.0


async def replay(devices: Sequence[str], seconds: range) -> list[tuple[Reading, list[Finding]]]:
    readings, judge = Readings(START), Limits(load_packs(None))
    polls = [await readings.read(name, START + second) for second in seconds for name in devices]
    return [(poll, list(judge.observe(poll))) for poll in polls]


async def test_the_demonstrations_troubles_are_found_and_over() -> None:
    ring = Readings(START).ring
    dead, battery, bent, *cuts, full = (
        next(trouble for trouble in ring.story.troubles if trouble.dead),
        next(trouble for trouble in ring.story.troubles if trouble.battery),
        next(trouble for trouble in ring.story.troubles if trouble.bent),
        *(trouble for trouble in ring.story.troubles if trouble.cut),
        next(trouble for trouble in ring.story.troubles if trouble.fills),
    )
    assert dead.dead is not None
    assert full.fills is not None
    wires = {wire.name: wire for wire in ring.layout.ring}
    dim, first = wires[bent.bent].a[0], wires[cuts[0].cut].a[0]
    lost = next(name for name in ring.layout.nodes if not ring.reachable(name, START + cuts[-1].begins_s))
    names = [dead.dead[0], battery.battery, full.fills[0], dim, first, lost]
    told = await replay(list(dict.fromkeys(names)), range(0, 190, 10))
    story = [(f.rule, f.target, f.at - START, f.cleared) for _, found in told for f in found]

    def polled(seconds: float) -> float:
        return 10 * math.ceil(seconds / 10)

    assert ("interface_down", dead.dead[0], polled(dead.begins_s), False) in story
    assert ("interface_down", dead.dead[0], polled(dead.ends_s), True) in story
    assert ("ups_on_battery", battery.battery, polled(battery.ends_s), True) in story
    assert ("interface_down", first, polled(cuts[0].begins_s), False) in story
    assert ("device_unreachable", lost, polled(cuts[-1].begins_s) + 10, False) in story  # the second poll without
    assert ("device_unreachable", lost, polled(min(cut.ends_s for cut in cuts)), True) in story
    low = [at for name, target, at, cleared in story if (name, target, cleared) == ("optical_power_low", dim, False)]
    assert bent.begins_s + 30 < low[0] <= bent.worst_s  # it falls slowly
    assert ("optical_power_low", dim, polled(bent.ends_s), True) in story
    assert any(name == "storage_nearly_full" and target == full.fills[0] for name, target, *_ in story)
    assert {name for name, *_ in story} == {
        "interface_down",
        "ups_on_battery",
        "device_unreachable",
        "optical_power_low",
        "storage_nearly_full",
    }


async def test_the_same_readings_give_the_same_findings() -> None:
    told = await replay(["acc-dinkes"], range(0, 60, 10))
    again = Limits(load_packs(None))
    assert [list(again.observe(poll)) for poll, _ in told] == [found for _, found in told]
    assert any(found for _, found in told)


async def test_a_quiet_ring_has_nothing_to_tell() -> None:
    readings, judge = Readings(START), Limits(load_packs(None))
    names = list(readings.ring.layout.nodes)
    quiet = [await readings.read(name, START - back) for back in (600, 300) for name in names]
    assert [finding for poll in quiet for finding in judge.observe(poll)] == []
    assert len(quiet) == 2 * len(names)
