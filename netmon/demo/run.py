"""Runs the demonstration: the simulated world, the real daemon over it and, where there is one, a real Prometheus."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from rich.console import Console

import netmon
from exporters.prometheus.settings import split_address
from netmon.api import ConfigError
from netmon.app.daemon import Daemon
from netmon.app.settings import Settings
from netmon.app.text import speaking, t
from netmon.app.wiring import Plan, load_plan, scrape_config
from netmon.demo.agent import CannotServeError
from netmon.demo.layout import Kind, NotSimulatedError
from netmon.demo.prometheus import Prometheus
from netmon.demo.summary import PageFacts, Run, missed, read_page, show
from netmon.demo.world import World

CONFIG: Final = Path(netmon.__file__).parents[1] / "config" / "demo"
PAGE_TIMEOUT_S: Final = 30.0
OK, INCOMPLETE, UNUSABLE = 0, 1, 2

# They protect nothing: the devices are simulated and answer on loopback only. Set them to have others.
SECRETS: Final = {
    "NETMON_DEMO_COMMUNITY": "tirtamulya",
    "NETMON_DEMO_AUTH_PASSWORD": "tirtamulya-auth",
    "NETMON_DEMO_PRIV_PASSWORD": "tirtamulya-priv",
}


async def run(
    duration_s: float | None,
    *,
    directory: Path = CONFIG,
    state: Path | None = None,
    console: Console | None = None,
) -> int:
    """Run for so many seconds, or until SIGINT or SIGTERM (None).

    Returns 0 when every target was read, 1 when one was not (after a duration only), 2 when it could not start.
    """
    console = console or Console()
    with _environment(state):
        try:
            return await _run(duration_s, directory, console)
        except ConfigError as error:
            console.print(str(error), markup=False, soft_wrap=True)
        except CannotServeError as error:
            console.print(t("demo.taken", problem=error), markup=False, soft_wrap=True)
        except NotSimulatedError as error:
            console.print(t("demo.not_simulated", problem=error), markup=False, soft_wrap=True)
    return UNUSABLE


async def _run(duration_s: float | None, directory: Path, console: Console) -> int:
    plan = await asyncio.to_thread(load_plan, directory)
    with _told_to_stop() as told, speaking(plan.settings.netmon.language):
        async with _all_started(plan) as (world, prometheus):
            _print_addresses(console, plan.settings, world, prometheus, duration_s)
            began, cpu_before_s = time.monotonic(), time.process_time()
            with suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), duration_s)
            if prometheus is not None and prometheus.ended():
                console.print(t("demo.prometheus_ended", log=prometheus.log), markup=False, soft_wrap=True)
            if duration_s is None:
                return OK
            ran = Run(
                seconds=time.monotonic() - began,
                expected=tuple(target.name for target in plan.settings.targets()),
                cpu_before_s=cpu_before_s,
                varbinds=world.varbinds,
                simulation_cpu_s=world.cpu_s,
            )
            return await _summarise(console, plan.settings, ran)


@contextmanager
def _environment(state: Path | None) -> Iterator[None]:
    """Set what the configuration takes from the environment, and put things back."""
    before = dict(os.environ)
    for name, value in SECRETS.items():
        os.environ.setdefault(name, value)
    if state is not None or "NETMON_STATE_DIR" not in os.environ:
        os.environ["NETMON_STATE_DIR"] = str(state or _default_state())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _default_state() -> Path:
    """Return a directory beside the one that a daemon of this user would have, so that they never meet."""
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "netmon-demo"


@asynccontextmanager
async def _all_started(plan: Plan) -> AsyncIterator[tuple[World, Prometheus | None]]:
    """Start the world, the daemon and Prometheus; stop them in reverse, however this ends."""
    world, daemon = World(plan.settings), Daemon(plan.directory)
    prometheus = Prometheus(Path(os.environ["NETMON_STATE_DIR"]) / "prometheus", scrape_config(plan))
    world.start()
    try:
        await daemon.start()
        try:
            if not prometheus.installed():
                yield world, None
                return
            try:
                await prometheus.start()
                yield world, prometheus
            finally:
                await prometheus.stop()
        finally:
            await daemon.stop()
    finally:
        world.stop()


@contextmanager
def _told_to_stop() -> Iterator[asyncio.Event]:
    """Give an event that SIGINT and SIGTERM set."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _print_addresses(
    console: Console, settings: Settings, world: World, prometheus: Prometheus | None, duration_s: float | None
) -> None:
    """Say what can be opened where."""
    core, device = (next(iter(world.ring.layout.of(kind))) for kind in (Kind.CORE, Kind.ACCESS))
    web = _web_url(settings)
    ask = f"NETMON_SNMP_COMMUNITY={os.environ['NETMON_DEMO_COMMUNITY']} netmon poll {device.address}"
    lines = [
        ("overview", f"{web}/"),
        ("page", f"{web}/metrics"),
        ("target", f"{web}/targets/{device.name}/metrics"),
        ("discovery", f"{web}/sd"),
        *([("graph", prometheus.graph_url(core.name))] if prometheus else []),
        ("ask", ask),
    ]
    console.print(t("demo.running", devices=len(world.agents)), markup=False, soft_wrap=True)
    width = max(len(t(f"demo.{key}")) for key, _ in lines)
    for key, value in lines:
        console.print(f"  {t(f'demo.{key}'):{width}}  {value}", markup=False, highlight=False, soft_wrap=True)
    if prometheus is None:
        console.print(t("demo.no_prometheus"), markup=False, soft_wrap=True)
    console.print(t("demo.forever") if duration_s is None else t("demo.until", seconds=f"{duration_s:g}"), markup=False)


async def _summarise(console: Console, settings: Settings, ran: Run) -> int:
    try:
        facts = await asyncio.to_thread(_read_facts, settings)
    except (OSError, HTTPException, ValueError) as error:
        console.print(t("demo.no_page", problem=error), markup=False, soft_wrap=True)
        return INCOMPLETE
    show(console, facts, ran)
    return INCOMPLETE if missed(facts, ran) else OK


def _read_facts(settings: Settings) -> PageFacts:
    host, port = _web_address(settings)
    connection = HTTPConnection(host, port, timeout=PAGE_TIMEOUT_S)
    try:
        connection.request("GET", "/metrics", headers={"Accept": "text/plain;version=0.0.4"})
        answer = connection.getresponse()
        body = answer.read().decode()
        if answer.status != 200:
            raise ValueError(f"HTTP {answer.status}")
        return read_page(body)
    finally:
        connection.close()


def _web_address(settings: Settings) -> tuple[str, int]:
    host, port = split_address(settings.netmon.web.listen[0])
    return host or "127.0.0.1", port


def _web_url(settings: Settings) -> str:
    host, port = _web_address(settings)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
