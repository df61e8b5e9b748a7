"""The account in a core with a real ledger: the same after a stop, a kill, and with no snapshot at all."""

import shutil
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from exporters.api.app import api_app
from exporters.api.settings import ApiSettings
from netmon.api import Event, Query, Severity
from netmon.api.predictions import PREDICTION, Outcome, RuleAccount
from netmon.core.core import Core
from tests.netmon.core.predictions.test_tally import T0, fields, missed
from tests.support.api import as_user
from tests.support.core import Bench
from tests.support.core import event as other_event
from tests.support.foretold import DAY_S, World, declared
from tests.support.waiting import eventually


def event(said: dict[str, object]) -> Event:
    return Event(T0, "forecasts", "sw-1", PREDICTION, Severity.INFO, said)  # type: ignore[arg-type]  # text and numbers


async def tell(core: Core, first: int) -> None:
    """Send four events: a hit, one that stays open, and a limit that was missed."""
    said = [
        event(fields(f"a{first}")),
        event(fields(f"a{first}", "hit", reached_at=T0 + 2_100)),
        other_event(first),
        event(fields(f"b{first}")),
        event(missed(f"m{first}")),
    ]
    receipt = await core.take("p-00000000", list(enumerate(said, first)))
    assert receipt.stored == len(said)


def counts(core: Core) -> RuleAccount:
    (account,) = core.desk.prediction_accounts()
    return account


async def test_the_account_is_the_ledgers(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    async with bench.core() as core:
        await tell(core, 1)
        assert (counts(core).hit, counts(core).open, counts(core).missed) == (1, 1, 1)
        assert [each.id for each in core.desk.predictions((Outcome.OPEN,))] == ["b1"]
        await eventually(lambda: core.index.lag == 0)
        records = await core.desk.history(Query(categories=(PREDICTION,)))
        assert len(records) == 4
    async with bench.core() as core:
        assert (counts(core).hit, counts(core).open, counts(core).missed) == (1, 1, 1)
        receipt = await core.take("p-00000000", [(1, event(fields("a1")))])
        assert receipt.dropped == {"duplicate": 1}
        await tell(core, 6)
        assert (counts(core).hit, counts(core).open, counts(core).missed) == (2, 2, 2)


@pytest.mark.parametrize("snapshot", ["none", "of before", "without predictions"])
async def test_the_counts_are_right_after_a_kill(tmp_path: Path, snapshot: str) -> None:
    alive, killed = Bench(tmp_path / "alive"), tmp_path / "killed"
    alive.folder.mkdir()
    async with alive.core() as core:
        await tell(core, 1)
    async with alive.core() as core:
        await tell(core, 6)
        shutil.copytree(alive.folder, killed)  # what a kill at this moment leaves
        expected = counts(core)
    if snapshot == "none":
        (killed / "core.json").unlink()
    if snapshot == "without predictions":
        (killed / "core.json").write_text((killed / "core.json").read_text().replace('"predictions":', '"others":'))
    async with Bench(killed).core() as core:
        assert counts(core) == expected
        assert (expected.hit, expected.open, expected.missed) == (2, 2, 2)


async def test_what_the_rule_says_is_what_the_api_shows(tmp_path: Path) -> None:
    """A disk that fills, with a restart of the rule and a kill of the core in the middle."""
    world = World([declared(horizons=["days"])])
    world.past([90.0 + day + 0.8 * ((day * 7) % 5 - 2) for day in range(-50, 0)])
    world.run(5 * DAY_S, 1_800, lambda s: 90.0 + s / DAY_S)
    world.restart()
    alive, killed = Bench(tmp_path / "alive"), tmp_path / "killed"
    alive.folder.mkdir()
    async with alive.core() as core:
        before = len(world.said)
        await core.take("p-00000000", list(enumerate(world.said, 1)))
        shutil.copytree(alive.folder, killed)
    world.run(8 * DAY_S, 1_800, lambda s: 90.0 + s / DAY_S)
    async with Bench(killed).core() as core:
        await core.take("p-00000000", list(enumerate(world.said, 1))[before - 3 :])
        app = as_user(api_app(core.desk, ApiSettings(), CollectorRegistry(), version="1.2.3"), "vera")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://netmon") as client:
            shown = (await client.get("/api/v1/predictions", params={"outcome": ["open", "hit", "early"]})).json()
            report = (await client.get("/api/v1/predictions/report")).json()
    made = [each["id"] for each in world.events if each["outcome"] == "open"]
    assert sorted(each["id"] for each in shown["predictions"]) == sorted(made)
    (score,) = report["rules"]
    assert (score["open"], score["hit"] + score["early"], score["foretold"], score["missed"]) == (0, len(made), 1, 0)
    assert score["recall"] == 1
    assert score["median_lead_s"] > DAY_S
