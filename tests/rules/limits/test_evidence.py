"""A port that goes down tells of the light of its transceiver: now, and last while all was well."""

from typing import Any

from netmon.api import Family, Finding, Kind, Missing, Part, Reading, Reason, Table
from rules.limits.rule import Limits
from rules.pack import Limit, Pack

LIGHT = "netmon_optical_rx_power_dbm"
BEFORE = f"{LIGHT}.before"
DARK = Missing(Reason.INVALID)


def down(**changes: Any) -> Limits:
    fields = {
        "name": "interface_down",
        "metric": "netmon_interface_up",
        "equals": 0,
        "labels": ["ifName"],
        "evidence": [LIGHT],
        "severity": "error",
        "summary": {"en": "{ifName}", "id": "{ifName}"},
    }
    return Limits([Pack(name="test", limits=(Limit.model_validate({**fields, **changes}),))])


def ports(at: float, *up: int) -> Part:
    rows = tuple((str(number), f"Te{number}", "uplink") for number in range(1, len(up) + 1))
    families = (Family("netmon_interface_up", Kind.GAUGE, ""),)
    return Part("if_mib", (Table(families, ("ifIndex", "ifName", "ifAlias"), rows, ("",) * len(up), (up,), at),), 0.1)


def light(at: float, *dbm: float | Missing) -> Part:
    """Return transceivers of Te1, Te2, …, and one of no port."""
    rows = (*((f"Rx {n}", str(n), f"Te{n}", "MIB") for n in range(1, len(dbm) + 1)), ("Rx 0", "", "", "MIB"))
    families = (Family(LIGHT, Kind.GAUGE, ""),)
    names = ("sensor", "ifIndex", "ifName", "mib")
    return Part("entity", (Table(families, names, rows, ("",) * len(rows), ((*dbm, -1.0),), at),), 0.1)


def see(judge: Limits, at: float, *parts: Part) -> list[Finding]:
    return list(judge.observe(Reading("sw-1", "snmp", at, 0.1, parts)))


def test_light_is_told_as_it_is_and_as_it_was() -> None:
    judge = down()
    assert see(judge, 0, ports(0, 1, 1), light(0, -5.0, -7.0)) == []
    [found] = see(judge, 30, ports(30, 0, 1), light(30, -31.0, -7.1))
    assert (found.evidence[LIGHT], found.evidence[BEFORE]) == (-31.0, -5.0)
    [found] = see(judge, 330, ports(330, 0, 1), light(330, DARK, -7.1))
    assert (found.evidence.get(LIGHT), found.evidence[BEFORE]) == (None, -5.0)
    [found] = see(judge, 360, ports(360, 1, 1), light(360, -5.2, -7.1))
    assert (found.cleared, found.evidence[LIGHT], found.evidence[BEFORE]) == (True, -5.2, -5.0)


def test_light_that_is_polled_before_the_port_does_not_count_as_before() -> None:
    judge = down()
    see(judge, 0, ports(0, 1), light(0, -5.0))
    assert see(judge, 20, light(20, -33.0)) == []
    [found] = see(judge, 30, ports(30, 0))
    assert (found.evidence[LIGHT], found.evidence[BEFORE]) == (-33.0, -5.0)


def test_a_port_that_is_down_at_the_first_poll_was_never_well() -> None:
    [found] = see(down(), 0, ports(0, 0), light(0, -31.0))
    assert BEFORE not in found.evidence


def test_a_second_port_tells_of_its_own_light() -> None:
    judge = down()
    see(judge, 0, ports(0, 1, 1), light(0, -5.0, -7.0))
    see(judge, 30, ports(30, 0, 1), light(30, -31.0, -7.5))
    [found] = see(judge, 60, ports(60, 0, 0), light(60, -31.0, -32.0))
    assert (found.key, found.evidence[BEFORE]) == ("interface_down/sw-1/Te2", -7.5)


def test_a_thing_without_such_a_metric_tells_nothing_of_it() -> None:
    judge = down()
    see(judge, 0, ports(0, 1, 1, 1), light(0, -5.0, -7.0))
    [found] = see(judge, 30, ports(30, 1, 1, 0), light(30, -5.0, -7.0))
    assert not {LIGHT, BEFORE} & set(found.evidence)


def test_targets_are_forgotten_after_a_day() -> None:
    judge = down()
    see(judge, 0, ports(0, 1), light(0, -5.0))
    list(judge.tick(80_000))
    assert judge._witnesses._targets
    list(judge.tick(90_000))
    assert not judge._witnesses._targets


def test_a_reload_forgets_what_is_not_asked_for_any_more() -> None:
    judge = down()
    see(judge, 0, ports(0, 1), light(0, -5.0))
    judge.configure([])
    assert judge._witnesses._targets["sw-1"].latest == {}
