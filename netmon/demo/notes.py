"""What the demonstration prints once it runs: what can be opened where, and what to type in a second terminal."""

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

import netmon
from exporters.prometheus.settings import split_address
from netmon.app.settings import Settings
from netmon.app.text import t
from netmon.demo.layout import Kind
from netmon.demo.prometheus import Prometheus
from netmon.demo.world import World

_PROJECT: Final = Path(netmon.__file__).parents[1]


def web_address(settings: Settings) -> tuple[str, int]:
    """Return where the daemon's pages are: host and port."""
    host, port = split_address(settings.netmon.web.listen[0])
    return host or "127.0.0.1", port


def web_authority(settings: Settings) -> str:
    """Return where the daemon's pages are, as it stands in a URL."""
    host, port = web_address(settings)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def command(directory: Path, *words: str) -> list[str]:
    """Return a command of netmon on this configuration, to be typed in the project's folder."""
    return [_program(), *words, "--config", _short(directory)]


def answer(directory: Path, incident: str) -> str:
    """Return the command that takes an incident in hand."""
    return shlex.join(command(directory, "ack", incident, "--note", t("demo.note")))


@dataclass(frozen=True, slots=True)
class Shown:
    """What runs."""

    world: World
    prometheus: Prometheus | None
    packets: bool  # whether there are packets, and a sensor that sees them


def print_start(console: Console, settings: Settings, shown: Shown, duration_s: float | None) -> None:
    """Say what can be done while it runs."""
    world, prometheus = shown.world, shown.prometheus
    console.print(t("demo.running", devices=len(world.agents)), markup=False, soft_wrap=True)
    _print_pairs(console, list(_addresses(settings, world, prometheus)))
    if prometheus is None:
        console.print(t("demo.no_prometheus"), markup=False, soft_wrap=True)
    console.print()
    console.print(t("demo.second"), markup=False, soft_wrap=True)
    _print_pairs(console, list(_commands(settings, shown)))
    console.print()
    console.print(t("demo.forever") if duration_s is None else t("demo.until", seconds=f"{duration_s:g}"), markup=False)
    console.print(t("demo.story"), markup=False, highlight=False, soft_wrap=True)
    console.print()
    console.print(t("demo.messages"), markup=False, soft_wrap=True)


def _addresses(settings: Settings, world: World, prometheus: Prometheus | None) -> Iterator[tuple[str, str]]:
    core, device = (world.ring.layout.of(kind)[0] for kind in (Kind.CORE, Kind.ACCESS))
    web = f"http://{web_authority(settings)}"
    yield "overview", f"{web}/"
    yield "page", f"{web}/metrics"
    yield "target", f"{web}/targets/{device.name}/metrics"
    yield "discovery", f"{web}/sd"
    if prometheus is not None:
        yield "graph", prometheus.graph_url(core.name)


def _commands(settings: Settings, shown: Shown) -> Iterator[tuple[str, str]]:
    directory = settings.directory
    set_up = [f"NETMON_STATE_DIR={os.environ['NETMON_STATE_DIR']}"]
    set_up.append(f"NETMON_SNMP_COMMUNITY={os.environ['NETMON_DEMO_COMMUNITY']}")
    yield "first", f"cd {shlex.quote(str(_PROJECT))}; export {shlex.join(set_up)}"
    yield "alerts", shlex.join(command(directory, "alerts"))
    yield "incidents", shlex.join(command(directory, "incidents"))
    yield "predictions", shlex.join(command(directory, "predictions"))
    yield "ack", answer(directory, "ID")
    yield "actions", shlex.join(command(directory, "events", "--kind", "action"))
    yield "verify", shlex.join(command(directory, "ledger", "verify"))
    if settings.netmon.traffic.flows is not None:
        yield "flows", shlex.join(command(directory, "flows", "top", "--by", "site"))
    if shown.packets:
        yield "moments", f"ls -t {shlex.quote(os.environ['NETMON_STATE_DIR'])}/sensor/moments"
    yield "ask", shlex.join([_program(), "poll", shown.world.ring.layout.of(Kind.ACCESS)[0].address])


def _print_pairs(console: Console, lines: Sequence[tuple[str, str]]) -> None:
    width = max(len(t(f"demo.{key}")) for key, _ in lines)
    for key, value in lines:
        console.print(f"  {t(f'demo.{key}'):{width}}  {value}", markup=False, highlight=False, soft_wrap=True)


def _program() -> str:
    found = Path(sys.executable).with_name("netmon")
    return _short(found) if found.exists() else "netmon"


def _short(path: Path) -> str:
    """Return a path as it is typed in the project's folder."""
    whole = path.absolute()
    return str(whole.relative_to(_PROJECT)) if whole.is_relative_to(_PROJECT) else str(whole)
