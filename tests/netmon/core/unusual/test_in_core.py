"""What was unusual at an incident, in a core with a real ledger: the same after a stop, a kill, and no snapshot."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from netmon.api import Event, Finding, Query, Unknown
from netmon.api.unusual import ANOMALY, Unusual
from netmon.app.places import Places
from netmon.app.settings.inventory import Device, Inventory, Link, Port, Role, Site
from netmon.app.topology import topology_of
from netmon.core.causes.correlator import ByCause
from netmon.core.clock import boottime
from netmon.core.core import Core
from netmon.core.core import Inventory as CoreInventory
from tests.support.core import Bench, finding
from tests.support.ring import port_down
from tests.support.unusual import event
from tests.support.waiting import eventually

RING = Inventory(
    sites=(Site(name="kota"),),
    devices=tuple(Device(name=f"sw-{n}", address=f"192.0.2.{n}", site="kota", role=Role.CORE) for n in (1, 2, 3)),
    links=(
        Link(name="one-two", a=Port(device="sw-1", port="to-2"), b=Port(device="sw-2", port="to-1"), length_km=3),
        Link(name="two-three", a=Port(device="sw-2", port="to-3"), b=Port(device="sw-3", port="to-2"), length_km=3),
        Link(name="three-one", a=Port(device="sw-3", port="to-1"), b=Port(device="sw-1", port="to-3"), length_km=3),
    ),
)


async def take(core: Core, first: int, *things: Finding | Event) -> None:
    receipt = await core.take("p-00000000", list(enumerate(things, first)))
    assert receipt.stored == len(things), receipt


def scores(found: Sequence[Unusual]) -> list[tuple[str, float]]:
    return [(each.target, each.score) for each in found]


async def test_from_half_an_hour_before_an_incident_until_five_minutes_after_its_end(tmp_path: Path) -> None:
    now = 1_780_000_000.0
    async with Bench(tmp_path).core(lambda: now) as core:
        opened = now
        await take(core, 1, finding("a"))
        (incident,) = core.desk.incidents()
        around = [(-1_801, 0.9), (-1_800, 0.6), (0, 0.55), (1_200, 0.8), (1_201, 0.95)]
        said = [event("sw-1", opened + at, score, port=f"xe-0/{n}") for n, (at, score) in enumerate(around)]
        await take(core, 2, *said, event("sw-2", opened, 0.99))
        assert scores(core.desk.unusual_at(incident.id)) == [("sw-1", 0.6), ("sw-1", 0.55)]
        now += 900
        assert scores(core.desk.unusual_at(incident.id)) == [("sw-1", 0.8), ("sw-1", 0.6), ("sw-1", 0.55)]
        await take(core, 8, finding("a", cleared=True))
        await core.minder.look(now, boottime())
        assert core.desk.incident(incident.id).resolved_at == now
        now += 9_000
        assert scores(core.desk.unusual_at(incident.id)) == [("sw-1", 0.8), ("sw-1", 0.6), ("sw-1", 0.55)]
        assert scores(core.desk.unusual(opened, opened)) == [("sw-2", 0.99), ("sw-1", 0.55)]
        with pytest.raises(Unknown):
            core.desk.unusual_at("I99")


async def test_at_all_targets_of_an_incident_not_only_those_shown(tmp_path: Path) -> None:
    names = [f"sw-{number:02d}" for number in range(30)]
    inventory = CoreInventory(frozenset(names), lambda _target: "kota", lambda _scope: ())
    async with Bench(tmp_path, inventory=inventory).core() as core:
        await take(core, 1, *(finding("a", name) for name in names))
        site = next(each for each in core.desk.incidents() if each.target_count == 30)
        assert len(site.targets) == 20
        await take(core, 31, *(event(name, time.time()) for name in names), event("elsewhere", time.time()))
        assert sorted(each.target for each in core.desk.unusual_at(site.id)) == names


async def test_at_both_ends_of_the_link_that_is_the_cause(tmp_path: Path) -> None:
    """One end tells of the cut; what the light did at the other is part of the incident."""
    topology = topology_of(RING)
    assert topology is not None
    places = Places(RING, "netmon.noc")
    inventory = CoreInventory(places.targets, places.site_of, places.matchers_of, places.ends_of)
    bench = Bench(tmp_path, inventory=inventory, correlator=lambda alerts: ByCause(alerts, topology))
    async with bench.core() as core:
        said = [event(name, time.time(), score) for name, score in (("sw-1", 0.7), ("sw-2", 0.8), ("sw-3", 0.9))]
        await take(core, 1, port_down("sw-2", "to-1"), port_down("sw-3", "to-1"), *said)
        await core.minder.look(time.time(), boottime())
        (incident,) = (each for each in core.desk.incidents() if each.cause == "link:one-two")
        assert {alert.target for alert in core.desk.alerts_of(incident.id)} == {"sw-2"}
        assert scores(core.desk.unusual_at(incident.id)) == [("sw-2", 0.8), ("sw-1", 0.7)]


async def test_the_board_is_the_ledgers(tmp_path: Path) -> None:
    bench, at = Bench(tmp_path), time.time()
    async with bench.core() as core:
        await take(core, 1, finding(), event("sw-1", at), event("sw-1", at, 0.6, port="xe-0/2"))
        await eventually(lambda: core.index.lag == 0)
        assert len(await core.desk.history(Query(categories=(ANOMALY,)))) == 2
        before = core.desk.unusual_at("I1")
    async with bench.core() as core:
        assert core.desk.unusual_at("I1") == before
        assert len(before) == 2
        receipt = await core.take("p-00000000", [(2, event("sw-1", at))])
        assert receipt.dropped == {"duplicate": 1}
        assert core.desk.unusual_at("I1") == before


@pytest.mark.parametrize("snapshot", ["none", "of before", "without the board"])
async def test_the_board_is_right_after_a_kill(tmp_path: Path, snapshot: str) -> None:
    alive, killed, at = Bench(tmp_path / "alive"), tmp_path / "killed", time.time()
    alive.folder.mkdir()
    async with alive.core() as core:
        await take(core, 1, event("sw-1", at))
    async with alive.core() as core:
        await take(core, 2, event("sw-2", at))
        shutil.copytree(alive.folder, killed)  # what a kill at this moment leaves
    if snapshot == "none":
        (killed / "core.json").unlink()
    if snapshot == "without the board":
        text = (killed / "core.json").read_text()
        assert '"unusual":' in text
        (killed / "core.json").write_text(text.replace('"unusual":', '"others":'))
    async with Bench(killed).core() as core:
        assert [(each.target, each.times) for each in core.desk.unusual(at, at)] == [("sw-1", 1), ("sw-2", 1)]
