"""`netmon sensor` and `netmon flow-collector` as users start them, on a network of their own."""

import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command import NETMON, environment, netmon
from tests.support.exporters import v5, v5_record
from tests.support.netns import INTERFACE, Host, lan
from tests.support.waiting import eventually_sync

SENT = 400


@contextmanager
def _sensor(host: Host, state: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    user = ["--user", ""] if host.private else []
    command = host.command(*NETMON, "sensor", "--interface", INTERFACE, *user, *options)
    # A user that it becomes must be able to write there.
    state.chmod(0o777)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(NETMON_STATE_DIR=str(state)), stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_sensor_sees_what_passes_and_says_so_at_the_end(tmp_path: Path) -> None:
    with lan("server", "client") as net, _sensor(net["server"], tmp_path, "--filter", "udp port 9999") as sensor:
        assert sensor.stderr is not None
        assert any("listening: eth0" in line for line in sensor.stderr)
        with net["client"].socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for number in range(SENT):
                client.sendto(b"%d" % number, (net["server"].ipv4, 9999))
        sensor.terminate()
        out, err = sensor.communicate(timeout=60)
    assert sensor.returncode == 0, err
    assert out == ""
    assert re.search(rf": {SENT} packets, ", err), err
    assert f"ring: packets {SENT}" in err


def test_a_sensor_keeps_no_right_but_the_one_to_capture(tmp_path: Path) -> None:
    with lan("server", "client") as net, _sensor(net["server"], tmp_path) as sensor:
        status = Path(f"/proc/{sensor.pid}/status")

        def rights() -> str:
            found = re.search(r"^CapEff:\s*([0-9a-f]+)", status.read_text(encoding="ascii"), re.MULTILINE)
            return found.group(1) if found else ""

        eventually_sync(lambda: int(rights(), 16) == 1 << 13, within_s=60)
        sensor.terminate()
        _, err = sensor.communicate(timeout=60)
    assert sensor.returncode == 0, err


def test_an_interface_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with lan("server", "client") as net:
        sensor = subprocess.run(
            net["server"].command(*NETMON, "sensor", "--interface", "eth9"),
            env=environment(NETMON_STATE_DIR=str(tmp_path)),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert sensor.returncode == 2
    assert "there is no interface eth9; there are eth0, lo" in sensor.stderr


def test_without_an_interface_or_an_address_the_commands_say_what_to_give() -> None:
    assert "--interface" in netmon("sensor").stderr
    assert "--listen" in netmon("flow-collector").stderr
    assert netmon("flow-collector", "--listen", "tcp//x").returncode == 2


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """Give a directory that every user reaches: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_store_that_the_user_to_become_does_not_reach_is_told_at_once(tmp_path: Path) -> None:
    store = tmp_path / "flows"
    done = netmon("flow-collector", "--listen", "udp://127.0.0.1:0", "--store", store, NETMON_STATE_DIR=str(tmp_path))
    assert done.returncode == 2
    assert f"{store}: the user nobody cannot keep flows there: " in done.stderr
    assert "listening" not in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_flow_collector_that_root_starts_is_nobody_and_says_what_it_did_not_keep(open_to_all: Path) -> None:
    store = open_to_all / "flows"
    command = [*NETMON, "flow-collector", "--listen", "udp://127.0.0.1:0", "--store", str(store)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(NETMON_STATE_DIR=str(open_to_all)), stdout=pipe, stderr=pipe, text=True
    ) as collector:
        try:
            assert collector.stderr is not None
            said = next(line for line in collector.stderr if "listening: " in line)
            port = int(said.rpartition(":")[2])
            status = Path(f"/proc/{collector.pid}/status").read_text(encoding="ascii")
            assert re.search(r"^Uid:\s+65534\s+65534", status, re.MULTILINE)
            assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as exporter:
                exporter.sendto(v5([v5_record()] * 3, seconds=1_000_000), ("127.0.0.1", port))  # in 1970
            collector.terminate()
            _, err = collector.communicate(timeout=60)
        finally:
            collector.kill()
    assert collector.returncode == 0, err
    assert "3 flow records" in err
    assert "Files of flows: dropped_late 3" in err
