"""Causes on the real core: what people are told and how soon, what a kill leaves, what a reload does."""

import shutil
import time
from pathlib import Path

import pytest

from netmon.api import Alert, Finding, Matcher, NewSilence
from netmon.api.alerts import State
from netmon.app.places import Places
from netmon.core.alerts.settings import AlertSettings
from netmon.core.causes.correlator import ByCause
from netmon.core.clock import boottime
from netmon.core.core import Core, Inventory
from tests.support.core import QUICK, Bench
from tests.support.ring import CUT, demo, disk_full, graph, port_down, unreachable
from tests.support.waiting import eventually

PLACES = Places(demo(), "netmon.noc")
BOTH_SIDES = (port_down("acc-rsud", "Te1/1/2"), port_down("acc-bapenda", "Te1/1/1"))


def by_cause(settings: AlertSettings) -> ByCause:
    return ByCause(settings, graph())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return at(tmp_path / "first")


def at(folder: Path) -> Bench:
    inventory = Inventory(PLACES.targets, PLACES.site_of, PLACES.matchers_of)
    return Bench(folder, correlator=by_cause, inventory=inventory)


class Said:
    """Numbers what a poller says."""

    def __init__(self, core: Core, first: int = 1) -> None:
        self._core, self._number = core, first

    async def __call__(self, *findings: Finding) -> None:
        numbered = list(enumerate(findings, self._number))
        self._number += len(findings)
        assert (await self._core.take("p-00000000", numbered)).received == len(findings)


async def look(core: Core) -> None:
    """Let the core look at what is due, more than once: what it finds by itself is looked at the next time."""
    for _ in range(3):
        await core.minder.look(time.time(), boottime())


def of_rule(core: Core, rule: str) -> list[Alert]:
    return [alert for alert in core.desk.alerts() if alert.rule == rule and alert.state is not State.RESOLVED]


async def test_redundancy_that_is_lost_is_known_within_two_seconds_of_the_cut(bench: Bench) -> None:
    async with bench.core() as core:
        await Said(core)(*CUT)
        began = time.monotonic()
        await eventually(lambda: of_rule(core, "redundancy_lost"))
        assert time.monotonic() - began < 2  # the core's own looks, once a second
        await eventually(lambda: {a.state for a in of_rule(core, "redundancy_lost")} == {State.FIRING})
        (incident,) = core.desk.incidents()
        risks = of_rule(core, "redundancy_lost")
        assert {risk.incident for risk in risks} == {incident.id}
        assert {risk.effect_of for risk in risks} == {"link:ring-03"}
        assert all(risk.labels["link"] == "ring-03" for risk in risks)
        assert all("one more cut between" in risk.summary for risk in risks)
        assert of_rule(core, "device_unreachable") == []  # before anybody is isolated
        assert {str(risk.evidence["isolates"]) for risk in risks} == {"2", "14"}


async def test_redundancy_is_back_when_the_ring_is_whole(bench: Bench) -> None:
    async with bench.core() as core:
        say = Said(core)
        await say(*CUT)
        await look(core)
        assert len(of_rule(core, "redundancy_lost")) == 2
        await say(*(port_down(f.target, f.labels["ifName"], cleared=True) for f in CUT))
        await look(core)
        assert of_rule(core, "redundancy_lost") == []
        assert {incident.state for incident in core.desk.incidents()} == {State.RESOLVED}


async def test_people_are_told_once_of_a_cut_and_its_cause_first(bench: Bench) -> None:
    async with bench.core() as core:
        await Said(core)(*CUT, disk_full("acc-rsud"))
        await look(core)
        await eventually(lambda: len(bench.post.delivered) >= 2)
        await look(core)
        told = {message.incidents[0]: message for message in bench.post.delivered}
        assert len(bench.post.delivered) == 2
        (cut,) = (incident for incident in core.desk.incidents() if incident.cause)
        message = told[cut.id]
        assert "Fiber ring-03 is cut" in message.subject
        lines = message.body.splitlines()
        assert "1.4 km, joints at 0.40 and 0.94 km" in lines[0]
        assert lines[1] == cut.explanation["en"]
        shown = [line for line in lines if line.startswith("- ")]
        assert shown[0].startswith(("- acc-disdik: Port", "- acc-rsud: Port"))  # its own signs before its effects
        if any("one more cut" in line for line in shown):
            assert "Effects of the cause, of these: 2" in lines


async def test_who_was_told_of_an_effect_is_told_that_the_cause_takes_it_over_and_nothing_else(bench: Bench) -> None:
    async with bench.core() as core:
        say = Said(core)
        await say(unreachable("acc-disdik"))
        await look(core)
        await eventually(lambda: len(bench.post.delivered) == 1)
        assert "acc-disdik" in bench.post.delivered[0].subject
        (first,) = core.desk.incidents()
        await say(*BOTH_SIDES, unreachable("acc-disdukcapil"))
        await look(core)
        taker = core.desk.incident(first.id).merged_into
        assert core.desk.incident(taker).cause.startswith("link:ring-0")
        await eventually(lambda: len(bench.post.delivered) == 3)  # two cuts
        (takes_over,) = (m for m in bench.post.delivered[1:] if m.incidents == (taker,))
        assert f"Takes in: {first.id}" in takes_over.body
        await look(core)
        assert [m.incidents for m in bench.post.delivered].count((first.id,)) == 1
        assert len(bench.post.delivered) == 3


async def test_effects_are_never_told_as_incidents_of_their_own(bench: Bench) -> None:
    async with bench.core() as core:
        names = sorted({node.name for node in graph().nodes if node.site == "setda" and node.kind != "application"})
        dark = [port_down("acc-dprd", "Te1/1/2"), port_down("acc-dpupr", "Te1/1/1")]
        await Said(core)(*map(unreachable, names), *dark)
        await look(core)
        (incident,) = core.desk.incidents()
        assert (incident.cause, incident.effect_count) == ("device:core-setda", len(names) - 1 + len(dark) + 2)
        alerts = core.desk.alerts_of(incident.id)
        listed = {alert.target: alert.effect_of for alert in alerts if alert.rule == "device_unreachable"}
        assert set(names) <= set(listed)  # none is hidden
        assert listed["core-setda"] == ""
        await eventually(lambda: bench.post.delivered)
        assert {message.incidents for message in bench.post.delivered} == {(incident.id,)}


def copy_at_rest(there: Path, here: Path) -> None:
    """Copy what a kill would leave: files between two writes of the ledger's own thread."""
    for _ in range(100):
        sizes = {path: path.stat().st_size for path in there.rglob("*") if path.is_file()}
        shutil.copytree(there, here)
        if sizes == {path: path.stat().st_size for path in there.rglob("*") if path.is_file()}:
            return
        shutil.rmtree(here)
    pytest.fail("the files never rested")


@pytest.mark.parametrize("snapshot", [True, False])
async def test_a_kill_leaves_the_same_causes_effects_and_redundancy(
    bench: Bench, tmp_path: Path, *, snapshot: bool
) -> None:
    async with bench.core() as core:
        say = Said(core)
        await say(unreachable("acc-disdik"), disk_full("acc-rsud"))
        await look(core)
        await say(*BOTH_SIDES, unreachable("acc-disdukcapil"))
        await look(core)
        before = core.desk.alerts(), core.desk.incidents()
        await core.desk.comment(core.desk.incidents()[0].id, "siti", "so that all before it is on disk")
        before = core.desk.alerts(), core.desk.incidents()
        if snapshot:
            await core._save()  # as it does each minute
        copy_at_rest(tmp_path / "first", tmp_path / "killed")
    again = at(tmp_path / "killed")
    records = len(again.kinds("alert", "incident"))
    async with again.core() as core:
        assert (core.desk.alerts(), core.desk.incidents()) == before
        await look(core)
        assert (core.desk.alerts(), core.desk.incidents()) == before
    assert len(again.kinds("alert", "incident")) == records


async def test_an_inventory_that_is_reloaded_while_an_incident_is_open(bench: Bench) -> None:
    async with bench.core() as core:
        await Said(core)(*CUT)
        await look(core)
        (incident,) = core.desk.incidents()
        core.change(QUICK, bench.notify, by_cause(QUICK), ["alerts"])
        await look(core)
        assert core.desk.incidents() == [incident]  # the same inventory: nothing happens
        without = demo().model_copy(
            update={
                "devices": tuple(device for device in demo().devices if device.name != "acc-rsud"),
                "links": tuple(link for link in demo().links if "acc-rsud" not in {link.a.device, link.b.device}),
            }
        )
        places = Places(without, "netmon.noc")
        core.change(QUICK, bench.notify, ByCause(QUICK, graph(without)), ["alerts"])
        core.retarget(Inventory(places.targets, places.site_of, places.matchers_of))
        await look(core)
        left = [one for one in core.desk.incidents() if one.state is not State.RESOLVED]
        assert [one.key for one in left] == ["target:acc-disdik"]
        assert {alert.target for alert in core.desk.alerts() if alert.state is State.FIRING} == {"acc-disdik"}


async def test_planned_work_on_a_link_mutes_its_redundancy_too(bench: Bench) -> None:
    async with bench.core() as core:
        for matchers in PLACES.matchers_of("link:ring-03"):
            await core.desk.silence(NewSilence(matchers, time.time(), time.time() + 60, "splicing"), "siti")
        await Said(core)(*CUT)
        await look(core)
        (incident,) = core.desk.incidents()
        assert incident.muted
        assert {bool(alert.muted_by) for alert in core.desk.alerts()} == {True}
        assert Matcher("link", "ring-03") in [part for parts in PLACES.matchers_of("link:ring-03") for part in parts]
        assert bench.post.delivered == []
