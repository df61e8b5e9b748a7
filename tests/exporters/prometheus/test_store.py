"""What a page shows of readings: which replace which, what goes stale, what vanishes at once."""

from netmon.api import Family, Kind, Missing, Reason
from tests.support.exposition import OCTETS, Shelf, octets, part, reading, table, target

TIMEOUT = Missing(Reason.TIMEOUT, "no answer within 3 s")
TEMP = Family("temp", Kind.GAUGE, "")
BASE = {"instance": "sw1", "job": "snmp", "site": "dc"}


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset({**BASE, **labels}.items())


async def test_series_carry_the_targets_labels() -> None:
    shelf = Shelf()
    shelf.store.put(target(labels=(("rack", "R1"), ("job", "mine"))), "snmp", reading(part(octets(5))))
    assert await shelf.series() == {key("ifHCInOctets", ifIndex="1", rack="R1", exported_job="mine"): 5}


async def test_labels_of_a_table_that_are_taken_become_exported() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(table([(TEMP, (1,))], ("site", "rack"), (("x", "y"),)))))
    assert await shelf.series() == {key("temp", exported_site="x", rack="y"): 1}


async def test_a_reading_replaces_its_parts_and_leaves_the_others() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(octets(1, 2)), part(table([(TEMP, (20,))]), name="ups")))
    shelf.store.put(target(), "snmp", reading(part(octets(3))))
    assert await shelf.series() == {key("ifHCInOctets", ifIndex="1"): 3, key("temp"): 20}


async def test_a_page_between_two_readings_changes_nothing_in_the_outcome() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(octets(1, 2)), part(table([(TEMP, (20,))]), name="ups")))
    await shelf.page()
    shelf.store.put(target(), "snmp", reading(part(octets(1, 7))))
    assert await shelf.series() == {
        key("ifHCInOctets", ifIndex="1"): 1,
        key("ifHCInOctets", ifIndex="2"): 7,
        key("temp"): 20,
    }


async def test_a_part_that_fails_loses_its_series_at_once_and_says_why() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(octets(1)), part(table([(TEMP, (20,))]), name="ups")))
    await shelf.page()
    shelf.store.put(target(), "snmp", reading(part(problem=TIMEOUT, completeness=0.0)))
    series = await shelf.series(own=True)
    assert key("ifHCInOctets", ifIndex="1") not in series
    assert series[key("temp")] == 20
    assert series[key("netmon_collect_success", collector="snmp", part="if-mib")] == 0
    assert series[key("netmon_collect_success", collector="snmp", part="ups")] == 1
    assert series[key("netmon_collect_failure", collector="snmp", part="if-mib", reason="timeout")] == 1
    assert series[key("netmon_collect_completeness_ratio", collector="snmp", part="if-mib")] == 0
    assert series[key("netmon_up")] == 1


async def test_status_of_a_good_part() -> None:
    shelf = Shelf()
    cells: list[float | Missing] = [1, Missing(Reason.INVALID), Missing(Reason.FIRST), Missing(Reason.INVALID)]
    rows = tuple((str(n),) for n in range(4))
    shelf.store.put(target(), "snmp", reading(part(table([(OCTETS, cells)], ("ifIndex",), rows), completeness=0.25)))
    shelf.clock.now += 12.5
    series = await shelf.series(own=True)
    labels = {"collector": "snmp", "part": "if-mib"}
    assert series[key("netmon_collect_success", **labels)] == 1
    assert series[key("netmon_collect_duration_seconds", **labels)] == 0.25
    assert series[key("netmon_collect_completeness_ratio", **labels)] == 0.25
    assert series[key("netmon_collect_age_seconds", **labels)] == 12.5
    assert series[key("netmon_collect_samples", **labels)] == 1
    assert series[key("netmon_collect_missing_samples", **labels, reason="invalid")] == 2
    assert series[key("netmon_collect_missing_samples", **labels, reason="first")] == 1
    assert not [name for name, _ in series if name == "netmon_collect_failure"]


async def test_a_target_that_is_not_read_yet_says_nothing() -> None:
    shelf = Shelf()
    shelf.store.retarget([(target(), "snmp")])
    assert await shelf.series(own=True) == {}


async def test_an_unreachable_target_shows_no_old_values() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(octets(1))))
    await shelf.page()
    shelf.store.put(target(), "snmp", reading(at=shelf.clock.now, problem=TIMEOUT))
    series = await shelf.series(own=True)
    assert series[key("netmon_up")] == 0
    assert series[key("netmon_collect_success", collector="snmp", part="if-mib")] == 0
    assert series[key("netmon_collect_failure", collector="snmp", part="if-mib", reason="timeout")] == 1
    assert series[key("netmon_collect_failure", collector="snmp", part="", reason="timeout")] == 1
    assert key("netmon_collect_age_seconds", collector="snmp", part="if-mib") in series
    assert await shelf.series() == {}


async def test_values_come_back_with_the_target_unless_they_are_stale() -> None:
    shelf = Shelf(stale_after_s=60)
    shelf.store.put(target(), "snmp", reading(part(octets(1)), part(table([(TEMP, (20,))]), name="ups")))
    shelf.store.put(target(), "snmp", reading(problem=TIMEOUT))
    await shelf.page()
    shelf.clock.now += 50
    shelf.store.put(target(), "snmp", reading(part(octets(2)), at=shelf.clock.now))
    assert await shelf.series() == {key("ifHCInOctets", ifIndex="1"): 2, key("temp"): 20}
    shelf.clock.now += 11
    assert await shelf.series() == {key("ifHCInOctets", ifIndex="1"): 2}
    assert shelf.store.stale_parts == 1


async def test_holding_an_unreachable_targets_values_ends_too() -> None:
    shelf = Shelf(hold_s=90)
    shelf.store.put(target(), "snmp", reading(part(octets(1))))
    for seconds in (30, 30, 30):
        shelf.clock.now += seconds
        shelf.store.put(target(), "snmp", reading(at=shelf.clock.now, problem=TIMEOUT))
        assert len(await shelf.series()) == 1
    shelf.clock.now += 30
    assert await shelf.series() == {}


async def test_values_that_nothing_replaces_are_dropped() -> None:
    shelf = Shelf(stale_after_s=300)
    shelf.store.put(target(), "snmp", reading(part(octets(1))))
    shelf.clock.now += 300
    assert len(await shelf.series()) == 1
    shelf.clock.now += 1
    assert await shelf.series() == {}
    assert shelf.store.cache.used_bytes < 4_000  # what is left is the status


async def test_a_part_that_is_read_seldom_counts_longer() -> None:
    shelf = Shelf(stale_after_s=300)
    shelf.store.expect("sw1", "snmp", {30.0: ("if-mib",), 3600.0: ("entity",)})
    shelf.store.put(target(), "snmp", reading(part(octets(1)), part(table([(TEMP, (20,))]), name="entity")))
    shelf.clock.now += 3600 * 2.5
    assert await shelf.series() == {key("temp"): 20}
    shelf.clock.now += 1
    assert await shelf.series() == {}


async def test_a_target_that_left_vanishes_at_once_and_does_not_come_back() -> None:
    shelf = Shelf()
    shelf.store.retarget([(target(), "snmp"), (target("sw2"), "snmp")])
    for name in ("sw1", "sw2"):
        shelf.store.put(target(name), "snmp", reading(part(octets(1)), name=name))
    assert len(await shelf.series()) == 2
    shelf.store.retarget([(target("sw2"), "snmp")])
    shelf.store.put(target(), "snmp", reading(part(octets(1))))  # it was under way when the inventory changed
    assert {dict(labels)["instance"] for _, labels in await shelf.series(own=True)} == {"sw2"}
    assert shelf.store.ignored_readings == 1
    shelf.store.forget("sw2")
    assert await shelf.series(own=True) == {}
    assert shelf.store.cache.used_bytes == 0


async def test_new_labels_of_a_target_are_on_all_its_series() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(octets(1))))
    await shelf.page()
    shelf.store.retarget([(target(site="branch"), "snmp")])
    sites = {dict(labels)["site"] for _, labels in await shelf.series(own=True)}
    assert sites == {"branch"}


async def test_one_target_under_two_jobs() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(octets(1))))
    shelf.store.put(target(), "node", reading(part(octets(2)), collector="host", problem=None))
    shelf.store.put(target(), "node", reading(collector="host", problem=TIMEOUT))
    series = await shelf.series(own=True)
    assert series[key("netmon_up")] == 1
    assert series[key("netmon_up", job="node")] == 0
    assert key("ifHCInOctets", ifIndex="1") in series


async def test_reached_by_one_collector_is_reached() -> None:
    shelf = Shelf()
    shelf.store.put(target(), "snmp", reading(part(octets(1))))
    shelf.store.put(target(), "snmp", reading(collector="traps", problem=TIMEOUT))
    series = await shelf.series(own=True)
    assert series[key("netmon_up")] == 1
    assert series[key("netmon_collect_failure", collector="traps", part="", reason="timeout")] == 1
    assert series[key("ifHCInOctets", ifIndex="1")] == 1
