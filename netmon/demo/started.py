"""Starts all that the demonstration consists of, and stops it in reverse order, however it ends."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from rich.console import Console

from netmon.app.daemon import Daemon
from netmon.app.settings import Settings, state_directory
from netmon.app.text import t
from netmon.app.wiring import Plan, scrape_config
from netmon.demo.compiled import compile_once
from netmon.demo.exports import Exports
from netmon.demo.notes import web_authority
from netmon.demo.packets.stage import CannotShowError, Stage, places_of
from netmon.demo.past import Past
from netmon.demo.prometheus import Prometheus, with_rules
from netmon.demo.teller import Teller
from netmon.demo.world import World

RULES: Final = "prometheus-rules.yaml"
PROMETHEUS_URL: Final = "NETMON_DEMO_PROMETHEUS"
"""The variable that says where Prometheus is to be."""


@asynccontextmanager
async def all_started(
    plan: Plan, console: Console, teller: Teller
) -> AsyncIterator[tuple[World, Prometheus | None, Stage | None]]:
    """Give the world, and Prometheus and the packets where this machine has what they take."""
    world, daemon = World(plan.settings), Daemon(plan.directory)
    state = state_directory(plan.settings)
    past = Past(state, time.time())
    world.age(past.anchor)
    port = urlsplit(os.environ.get(PROMETHEUS_URL, "")).port
    prometheus = Prometheus(state / "prometheus", _prometheus_config(plan), port)
    async with AsyncExitStack() as stack:
        say = partial(console.print, t("traffic.compiling"), markup=False, soft_wrap=True)
        before: list[Awaitable[object]] = [compile_once(say)] if _sees_traffic(plan) else []
        if prometheus.installed():
            before.append(past.tell(world.ring, prometheus.data))
        await asyncio.gather(*before)
        world.start()
        stack.callback(world.stop)
        await daemon.start()
        stack.push_async_callback(daemon.stop)
        if prometheus.installed():
            stack.push_async_callback(prometheus.stop)
            await prometheus.start()
        exports = _exports(plan.settings, world)
        if exports is not None:
            stack.push_async_callback(exports.stop)
            exports.start()
        stage = await _stage(plan, console, teller)
        if stage is not None:
            stack.push_async_callback(stage.stop)
        yield world, prometheus if prometheus.installed() else None, stage


def _sees_traffic(plan: Plan) -> bool:
    return plan.settings.netmon.traffic.flows is not None or Stage.wanted(plan.directory)


def _exports(settings: Settings, world: World) -> Exports | None:
    """Return what exports flows to where the daemon listens first; None where it listens nowhere."""
    flows = settings.netmon.traffic.flows
    if flows is None:
        return None
    end = flows.endpoints[0]
    return Exports(world.ring, places_of(settings.inventory), (end.address, end.port))


async def _stage(plan: Plan, console: Console, teller: Teller) -> Stage | None:
    """Start the packets and their sensor; None, and a line that says why, where this machine does not let us."""
    if not Stage.wanted(plan.directory):
        return None
    stage = Stage(plan.settings, teller.happened)
    try:
        await stage.start()
    except CannotShowError as error:
        console.print(t("demo.no_packets", problem=error), markup=False, soft_wrap=True)
        return None
    return stage


def _prometheus_config(plan: Plan) -> str:
    config, rules = scrape_config(plan), plan.directory / RULES
    return with_rules(config, rules, web_authority(plan.settings)) if rules.exists() else config
