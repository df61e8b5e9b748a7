"""The pack over what sensors measure: a capacity that stays busy, and one that will be full."""

from netmon.api import Finding, Reading
from netmon.app.packs import load_packs
from netmon.app.settings.inventory import Inventory
from netmon.app.traffic.capacities import CapacityTables, link_capacities
from rules.limits.rule import Limits
from rules.pack import Pack
from rules.traffic.overload.settings import Capacity

RING = Capacity.model_validate({"name": "ring", "prefix": "0.0.0.0/0", "bits_per_second": 1e9})


def reading(at: float, bits: float) -> Reading:
    parts = CapacityTables().parts([(RING, "in", {"bits": bits})], at)
    return Reading("sensor", "traffic", at, 0.0, parts)


def pack() -> Pack:
    return next(one for one in load_packs(None) if one.name == "traffic")


def found(*polls: Reading) -> list[Finding]:
    judge = Limits([pack()])
    return [finding for poll in polls for finding in judge.observe(poll)]


def test_a_capacity_that_stays_busy_is_told() -> None:
    busy = found(*(reading(at, 850e6) for at in range(0, 700, 10)))
    assert [finding.rule for finding in busy] == ["capacity_bits_busy"]
    assert busy[0].labels["capacity"] == "ring"
    assert "85%" in busy[0].summary
    assert found(*(reading(at, 790e6) for at in range(0, 700, 10))) == []


def test_a_busy_minute_is_not() -> None:
    assert found(*(reading(at, 850e6 if at % 300 < 250 else 1e6) for at in range(0, 3_000, 10))) == []


def test_the_forecast_is_bounded_by_the_capacity_of_the_same_row() -> None:
    [part] = reading(0, 1.0).parts
    [table] = part.tables
    told = {family.name: family for family in table.families}
    forecast = next(one for one in pack().forecasts if one.name == "bit_rate_filling")
    bound = told[forecast.metric].upper_limit
    assert dict(zip((family.name for family in table.families), table.columns, strict=True))[bound][0] == 1e9


def test_the_links_of_the_inventory_have_their_capacity_at_both_named_ports() -> None:
    link = {"name": "east", "a": {"device": "r1", "port": "Te1/1"}, "b": {"device": "r2"}, "length_km": 3}
    inventory = Inventory.model_validate({"links": [{**link, "capacity_mbps": 1_000}, {**link, "name": "west"}]})
    [capacity] = link_capacities(inventory)
    assert capacity.link is not None
    assert (capacity.name, capacity.link.device, capacity.link.port) == ("east (r1)", "r1", "Te1/1")
    assert capacity.bits_per_second == 1e9
