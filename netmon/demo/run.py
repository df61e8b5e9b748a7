"""Runs the demonstration: the simulated world, the real daemon over it and, where there is one, a real Prometheus."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from rich.console import Console

import netmon
from netmon.api import ConfigError, NetmonError
from netmon.app.client import Client, RefusedError
from netmon.app.settings import Settings, state_directory
from netmon.app.text import speaking, t
from netmon.app.whereabouts import control_sockets
from netmon.app.wiring import load_plan
from netmon.demo import receiver
from netmon.demo.agent import CannotServeError
from netmon.demo.layout import NotSimulatedError
from netmon.demo.naming import tell_named
from netmon.demo.notes import Shown, answer, print_start, web_address
from netmon.demo.outcome import Outcome, close_earlier, outcome, verified
from netmon.demo.packets.stage import Stage
from netmon.demo.prometheus import PREFERRED_PORT, free_port
from netmon.demo.receiver import Receiver
from netmon.demo.started import PROMETHEUS_URL, all_started
from netmon.demo.summary import PageFacts, Run, complete, read_page, show
from netmon.demo.teller import Teller
from netmon.demo.world import World

CONFIG: Final = Path(netmon.__file__).parents[1] / "config" / "demo"
PAGE_TIMEOUT_S: Final = 30.0
OK, INCOMPLETE, UNUSABLE = 0, 1, 2

PEOPLE: Final = {"siti": "NETMON_DEMO_URL_SITI", "grace": "NETMON_DEMO_URL_GRACE"}
"""Who is told, and the variable that says over which channel: the receiver's, unless it is set."""

# They protect nothing: the devices are simulated and answer on loopback only. Set them to have others.
SECRETS: Final = {
    "NETMON_DEMO_COMMUNITY": "tirtamulya",
    "NETMON_DEMO_AUTH_PASSWORD": "tirtamulya-auth",
    "NETMON_DEMO_PRIV_PASSWORD": "tirtamulya-priv",
    **{variable: receiver.url(person) for person, variable in PEOPLE.items()},
    PROMETHEUS_URL: f"http://127.0.0.1:{PREFERRED_PORT}",
}


async def run(
    duration_s: float | None,
    *,
    directory: Path = CONFIG,
    state: Path | None = None,
    console: Console | None = None,
) -> int:
    """Run for so many seconds, or until SIGINT or SIGTERM (None).

    Returns 0 when every target was read and the ledger verifies, 1 when not (after a duration only), 2 when it could
    not start.
    """
    console = console or Console()
    teller = Teller(console, PEOPLE)
    post = Receiver(PEOPLE, teller.arrived)
    try:
        await post.start()
        with _environment(state, post.port):
            return await _run(duration_s, directory, console, teller)
    except ConfigError as error:
        console.print(str(error), markup=False, soft_wrap=True)
    except CannotServeError as error:
        console.print(t("demo.taken", problem=error), markup=False, soft_wrap=True)
    except NotSimulatedError as error:
        console.print(t("demo.not_simulated", problem=error), markup=False, soft_wrap=True)
    finally:
        await post.stop()
    return UNUSABLE


async def _run(duration_s: float | None, directory: Path, console: Console, teller: Teller) -> int:
    plan = await asyncio.to_thread(load_plan, directory)
    with _told_to_stop() as told, speaking(plan.settings.netmon.language):
        client, began = Client(control_sockets(directory)), time.time()
        async with all_started(plan, console, teller) as (world, prometheus, stage):
            await _begin(console, client, teller, directory, began)
            print_start(console, plan.settings, Shown(world, prometheus, packets=stage is not None), duration_s)
            before = _Before(time.monotonic(), time.process_time())
            _begin_story(world, stage, time.time())
            async with _naming(client, stage, teller):
                with suppress(TimeoutError):
                    await asyncio.wait_for(told.wait(), duration_s)
            if prometheus is not None and prometheus.ended():
                console.print(t("demo.prometheus_ended", log=prometheus.log), markup=False, soft_wrap=True)
            if stage is not None and stage.ended():
                console.print(t("demo.packets.ended", log=stage.log), markup=False, soft_wrap=True)
            if duration_s is None:
                return OK
            ran = _ran(plan.settings, world, before, teller, stage)
            facts, found = await _ask(console, plan.settings, client, began)
        return await _summarise(console, state_directory(plan.settings), ran, facts, found)


@asynccontextmanager
async def _naming(client: Client, stage: Stage | None, teller: Teller) -> AsyncIterator[None]:
    """Tell what attacks are named as inside a `with` block."""
    task = None if stage is None else asyncio.create_task(tell_named(client, stage.happened, teller.named))
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.wait([task])


def _begin_story(world: World, stage: Stage | None, start: float) -> None:
    world.begin_story(start)
    if stage is not None:
        stage.begin_story(start)


async def _begin(console: Console, client: Client, teller: Teller, directory: Path, began: float) -> None:
    """Close what an earlier run left open, and let people's messages be told from now on."""
    earlier: frozenset[str] = frozenset()
    try:
        earlier = await asyncio.to_thread(close_earlier, client, began)
    except RefusedError as error:
        console.print(str(error), markup=False, soft_wrap=True)
    teller.begin(earlier, partial(answer, directory))


@dataclass(frozen=True, slots=True)
class _Before:
    """The clocks when the watch began, in seconds."""

    monotonic_s: float
    cpu_s: float


def _ran(settings: Settings, world: World, before: _Before, teller: Teller, stage: Stage | None) -> Run:
    now, expected = time.time(), tuple(target.name for target in settings.targets())
    return Run(
        seconds=time.monotonic() - before.monotonic_s,
        expected=expected,
        cpu_before_s=before.cpu_s,
        varbinds=world.varbinds,
        simulation_cpu_s=world.cpu_s,
        silenced=tuple(name for name in expected if world.was_silent(name, now)),
        delivered=dict(teller.delivered),
        happened=() if stage is None else tuple(stage.happened),
        sensor_cpu_s=None if stage is None else stage.cpu_s(),
    )


@contextmanager
def _environment(state: Path | None, post_port: int) -> Iterator[None]:
    """Set what the configuration takes from the environment, and put things back."""
    before = dict(os.environ)
    for person, variable in PEOPLE.items():
        os.environ.setdefault(variable, receiver.url(person, post_port))
    os.environ[PROMETHEUS_URL] = f"http://127.0.0.1:{free_port()}"  # that knows the past, and that is started
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


async def _ask(
    console: Console, settings: Settings, client: Client, began: float
) -> tuple[PageFacts | None, Outcome | None]:
    """Read the daemon's page, and what it says of alerts; None, and a line that says why, where it does not answer."""
    facts = found = None
    try:
        facts = await asyncio.to_thread(_read_facts, settings)
    except (OSError, HTTPException, ValueError) as error:
        console.print(t("demo.no_page", problem=error), markup=False, soft_wrap=True)
    try:
        found = await asyncio.to_thread(outcome, client, began)
    except RefusedError as error:
        console.print(str(error), markup=False, soft_wrap=True)
    return facts, found


async def _summarise(console: Console, state: Path, ran: Run, facts: PageFacts | None, found: Outcome | None) -> int:
    """Show what came of it. The ledger is verified now that the daemon has signed its last record."""
    try:
        report = await asyncio.to_thread(verified, state)
    except (NetmonError, OSError) as error:
        console.print(t("demo.no_ledger", problem=error), markup=False, soft_wrap=True)
        return INCOMPLETE
    if facts is None or found is None:
        return INCOMPLETE
    show(console, facts, ran, found, report)
    return OK if complete(facts, ran, report) else INCOMPLETE


def _read_facts(settings: Settings) -> PageFacts:
    host, port = web_address(settings)
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
