"""The whole: simulated devices, the real daemon and a real Prometheus, on free ports."""

import asyncio
import io
import json
import os
import re
import shutil
import signal
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from rich.console import Console

from netmon.app.wiring import load_plan
from netmon.demo import run as demo_run
from netmon.demo.prometheus import Prometheus, free_port
from netmon.demo.ring import Ring
from netmon.demo.started import PROMETHEUS_URL, all_started
from netmon.demo.teller import Teller
from tests.support import demo
from tests.support.command import netmon
from tests.support.netns import lan

INTERVAL_S = 2
WINDOW_S = 16
RATE = f'rate(ifHCInOctets{{job="snmp",instance!="netmon-host"}}[{WINDOW_S}s]) * 8'


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETMON_LANG", "en")


@pytest.fixture
def without_prometheus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Prometheus, "installed", staticmethod(lambda: False))


async def run(directory: Path, state: Path, duration_s: float) -> tuple[int, str]:
    output = io.StringIO()
    console = Console(file=output, width=200)
    return await demo_run.run(duration_s, directory=directory, state=state, console=console), output.getvalue()


@pytest.mark.usefixtures("without_prometheus")
async def test_a_run_reads_everything_and_says_so(tmp_path: Path) -> None:
    before = dict(os.environ)
    code, output = await run(demo.moved(tmp_path / "demo"), tmp_path / "state", 4)
    assert code == 0, output
    assert "27 / 27" in output
    assert re.search(r"After \d+ s", output)  # a busy machine ends it late
    assert "/targets/acc-dinkes/metrics" in output
    assert "no graph" in output
    assert (tmp_path / "state").is_dir()
    assert dict(os.environ) == before  # nothing of the demonstration stays behind


@pytest.mark.usefixtures("without_prometheus")
async def test_a_target_that_does_not_answer_is_named(tmp_path: Path) -> None:
    directory = demo.moved(tmp_path / "demo")
    devices = directory / "inventory" / "devices.yaml"
    port = demo.load(directory).inventory.devices[0].address.partition(":")[2]
    lost = f"  - {{name: lost, address: '127.77.8.8:{port}', site: kominfo, role: access, credential: v1}}\n"
    devices.write_text(devices.read_text("utf-8") + lost, "utf-8")
    with patch("netmon.demo.world.World.start", _start_all_but("lost")):
        code, output = await run(directory, tmp_path / "state", 5)
    assert code == 1, output
    assert "27 / 28" in output
    assert "lost was not read." in output


@pytest.mark.usefixtures("without_prometheus")
async def test_an_attack_is_named_while_it_lasts_and_flows_are_kept(tmp_path: Path) -> None:
    """The port scan at 13 s, found by the sensor and told by the core, and the routers' flows."""
    with lan("a", "b"):
        pass  # skips where no namespace can be made
    code, output = await run(demo.moved(tmp_path / "demo", 5, traffic=True), tmp_path / "state", 18)
    assert code == 0, output
    assert "attack begins: port scan" in output
    assert re.search(r"port scan +\d\.\d s +\d\.\d s +port_scan: .+ \(I\d+\)", output), output
    words = ("flows", "top", "--by", "site", "--format", "json", "--config", tmp_path / "demo")
    flows = netmon(*words, NETMON_STATE_DIR=str(tmp_path / "state"))
    assert flows.returncode == 0, flows.stderr
    assert {"kominfo", "rsud", "kec-sukaraja"} <= {json.loads(line)["site"] for line in flows.stdout.splitlines()}


@pytest.mark.usefixtures("without_prometheus")
async def test_where_packets_cannot_be_shown_it_says_why_and_goes_on(tmp_path: Path) -> None:
    with patch("netmon.demo.packets.stage.PROGRAMS", {"unshare-of-mars": "util-mars"}):
        code, output = await run(demo.moved(tmp_path / "demo", 5, traffic=True), tmp_path / "state", 4)
    assert code == 0, output
    assert "Packets and attacks are not shown: not installed here: unshare-of-mars (util-mars)" in output


def _start_all_but(silent: str) -> Any:
    from netmon.demo.world import World

    start = World.start

    def start_others(world: World) -> None:
        world.agents[silent].community = b"another"
        start(world)

    return start_others


@pytest.mark.usefixtures("without_prometheus")
async def test_an_address_that_is_taken_ends_it_with_a_clear_message(tmp_path: Path) -> None:
    from netmon.demo.agent import Agent, Responder
    from netmon.demo.mib import MibView

    directory = demo.moved(tmp_path / "demo")
    host, _, port = demo.load(directory).inventory.devices[3].address.partition(":")
    other = Responder()
    other.serve(Agent(MibView([])), (host, int(port)))
    try:
        code, output = await run(directory, tmp_path / "state", 1)
    finally:
        other.close()
    assert code == 2
    assert f"cannot answer SNMP at {host}:{port}: Address already in use" in output
    assert "is another demonstration running?" in output


async def test_faults_of_the_configuration_are_all_said(tmp_path: Path) -> None:
    directory = demo.moved(tmp_path / "demo")
    (directory / "netmon.yaml").write_text("snmp: {interval: 5}\nlog: {level: loud}\n", "utf-8")
    code, output = await run(directory, tmp_path / "state", 1)
    assert code == 2
    assert "netmon.yaml:1:" in output
    assert "netmon.yaml:2:" in output


async def test_a_device_that_is_not_simulated_is_named(tmp_path: Path) -> None:
    directory = demo.moved(tmp_path / "demo")
    devices = directory / "inventory" / "devices.yaml"
    devices.write_text(devices.read_text("utf-8").replace("role: core", "role: firewall", 1), "utf-8")
    code, output = await run(directory, tmp_path / "state", 1)
    assert code == 2
    assert "core-kominfo: the demo does not simulate a device in the role firewall" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    directory = demo.moved(tmp_path / "demo")
    command = [sys.executable, "-c", "from netmon.app.cli import main; main()", "demo"]
    arguments = ["--config", str(directory), "--state", str(tmp_path / "state")]
    process = await asyncio.create_subprocess_exec(*command, *arguments, stdout=-1, stderr=-1)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            while b"Ctrl-C" not in await process.stdout.readline():
                assert not process.stdout.at_eof()
        process.send_signal(number)
        _, errors = await asyncio.wait_for(process.communicate(), 15)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, errors
    assert b"Traceback" not in errors


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
async def test_prometheus_sees_the_simulated_load(tmp_path: Path) -> None:
    directory = demo.moved(tmp_path / "demo", INTERVAL_S)
    past = {PROMETHEUS_URL: f"http://127.0.0.1:{free_port()}"}
    environment = {**demo_run.SECRETS, **past, "NETMON_STATE_DIR": str(tmp_path / "state")}
    with patch.dict(os.environ, environment):
        plan = load_plan(directory)
        ring = Ring(plan.settings.inventory)
        console = Console(file=io.StringIO())
        async with all_started(plan, console, Teller(console, ())) as (_, prometheus, _stage):
            assert prometheus is not None
            answers = await _eventually_all(prometheus, ring)
        assert prometheus.url
    assert len(answers) > 200
    assert not _wrong(answers), "\n".join(_wrong(answers))
    middle = sorted(abs(seen / true - 1) for seen, true, _ in answers)[len(answers) // 2]
    assert middle < 0.02


def _wrong(answers: list[tuple[float, float, str]]) -> list[str]:
    """Return those that are further off than a table whose rows are read up to two seconds apart."""
    return [line for seen, true, line in answers if seen != pytest.approx(true, rel=2 / WINDOW_S)]


async def _eventually_all(prometheus: Prometheus, ring: Ring, within_s: float = 60) -> list[tuple[float, float, str]]:
    """Wait until every device has a full window of scrapes that is right; the last (seen, true, which) of each port."""
    deadline = time.monotonic() + within_s
    answers: list[tuple[float, float, str]] = []
    while time.monotonic() < deadline:
        now = time.time()
        full = await asyncio.to_thread(_ask, prometheus, f"min(count_over_time(netmon_up[{WINDOW_S}s]))", now)
        if full and float(full[0]["value"][1]) >= WINDOW_S // INTERVAL_S and len(await _up(prometheus, now)) == 27:
            series = await asyncio.to_thread(_ask, prometheus, RATE, now)
            answers = [found for one in series if (found := _compare(ring, one, now))]
            if not _wrong(answers):
                return (
                    answers  # a machine that stood still for a while has windows with a poll too few: the next has all
                )
        await asyncio.sleep(0.2)
    assert answers, f"not within {within_s:g} s; {prometheus.log.read_text(errors='replace')}"
    return answers


async def _up(prometheus: Prometheus, at: float) -> list[Any]:
    return await asyncio.to_thread(_ask, prometheus, 'up{job!="netmon"} == 1', at)


def _compare(ring: Ring, series: dict[str, Any], now: float) -> tuple[float, float, str] | None:
    labels = series["metric"]
    true = ring.mean_load(labels["instance"], labels["ifName"], now - 1, WINDOW_S).in_bps
    if true < 1e4:  # too few octets between two scrapes to tell
        return None
    seen = float(series["value"][1])
    return seen, true, f"{labels['instance']} {labels['ifName']}: {seen:.0f} seen, {true:.0f} true"


def _ask(prometheus: Prometheus, query: str, at: float) -> list[Any]:
    connection = HTTPConnection(prometheus.url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/api/v1/query?" + urlencode({"query": query, "time": at}))
        return list(json.load(connection.getresponse())["data"]["result"])
    except (OSError, ValueError):  # it is still starting
        return []
    finally:
        connection.close()
