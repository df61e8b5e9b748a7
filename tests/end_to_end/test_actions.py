"""A sensor that acts: a flood begins and a route is announced, the sensor stops and it is withdrawn."""

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.support.command import NETMON, environment
from tests.support.floods import syn_flood
from tests.support.netns import INTERFACE, Lan, lan
from tests.support.waiting import eventually_sync


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a directory that the user that a sensor becomes may write to; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@contextmanager
def _acting(net: Lan, folder: Path) -> Iterator[subprocess.Popen[str]]:
    actions = {
        "enabled": True,
        "dry_run": False,
        "allow": [f"{net['server'].ipv4}/32"],
        "announcement": {"file": str(folder / "routes"), "route": "flowspec"},
    }
    traffic = {"sensors": [{"interface": INTERFACE, "processes": 2}], "actions": actions, "keep_flows": False}
    directory = folder / "etc"
    (directory / "inventory").mkdir(parents=True)
    main = {"state_dir": str(folder / "state"), "traffic": traffic}
    (directory / "netmon.yaml").write_text(yaml.safe_dump(main), encoding="utf-8")
    user = ["--user", ""] if net["server"].private else []
    command = net["server"].command(*NETMON, "sensor", "--config", str(directory), *user)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment(), stdout=pipe, stderr=pipe, text=True) as sensor:
        try:
            assert sensor.stderr is not None
            assert any("listening: eth0" in line for line in sensor.stderr)
            yield sensor
        finally:
            sensor.kill()


def _flood(net: Lan) -> None:
    with net["client"].socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((INTERFACE, 0))
        syn_flood(raw, net["client"], net["server"], 20_000)


def test_a_flood_is_announced_and_withdrawn_at_the_stop(folder: Path) -> None:
    routes = folder / "routes"
    with lan("server", "client") as net, _acting(net, folder) as sensor:
        eventually_sync(routes.exists, within_s=20)
        assert routes.read_text() == ""
        _flood(net)
        eventually_sync(routes.read_text, within_s=20)
        said = f"flow route {{ match {{ destination {net['server'].ipv4}/32; protocol =tcp; tcp-flags [ syn&!ack ]; }}"
        assert routes.read_text() == f"announce {said} then {{ discard; }} }}\n"
        sensor.terminate()
        _, err = sensor.communicate(timeout=60)
    assert sensor.returncode == 0, err
    assert routes.read_text().startswith(f"withdraw {said}")
