"""README's section "Your first real network", run as it is printed, and config/example, which it starts from."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netmon.app.settings import load_directory
from tests.support.command import environment, netmon
from tests.support.daemon import Running
from tests.support.processes import free_port
from tests.support.responder import recorded
from tests.support.served import served
from tests.support.waiting import eventually_sync

ROOT = Path(__file__).parents[4]
VENV = Path(sys.prefix)
HEADING = "## Your first real network"
# What the operator types in the editor: the switch's own address; every other address of the example moves to loopback.
EDITOR = """#!/bin/sh
folder=$(dirname "$1")
sed -i -e 's/address: 10\\.10\\.0\\.1 /address: {switch} /' -e 's/address: 10\\./address: 127./' "$folder"/*.yaml
sed -i 's/127\\.0\\.0\\.1:19100/127.0.0.1:{port}/' "$folder/../netmon.yaml"
"""


def printed(number: int = 0) -> list[str]:
    """Return the lines of a block of commands of the section: the first terminal's, or the second one's."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text().partition(HEADING)[2], re.DOTALL)
    return str(blocks[number]).splitlines()


def project(folder: Path) -> Path:
    """Return a directory that looks like the project's root to these commands."""
    folder.mkdir()
    (folder / ".venv").symlink_to(VENV)
    shutil.copytree(ROOT / "config", folder / "config")
    return folder


@contextmanager
def typed(lines: list[str], folder: Path, log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run lines in a shell with a process group of its own; end the group."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-ec", "\n".join(lines)],
            cwd=folder,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(15)


@pytest.mark.skipif(not (VENV / "bin" / "activate").exists(), reason="not run from a virtual environment")
def test_the_lines_of_the_readme_work_as_they_are_printed(tmp_path: Path) -> None:
    etc, port, log = tmp_path / "netmon", free_port(), tmp_path / "log"
    with served(recorded("routeros_crs317")) as [(host, snmp_port)]:
        editor = tmp_path / "editor"
        editor.write_text(EDITOR.format(switch=f"{host}:{snmp_port}", port=port))
        editor.chmod(0o755)
        lines = [
            line.replace("/etc/netmon", str(etc)).replace("192.0.2.1", f"{host}:{snmp_port}") for line in printed()
        ]
        variables = {"EDITOR": str(editor), "NETMON_STATE_DIR": str(tmp_path / "state")}
        with typed(lines, project(tmp_path / "project"), log, **variables) as process:
            daemon = Running(process, etc, port, log)
            eventually_sync(lambda: daemon.value("netmon_up", instance="core-1") == 1 or process.poll() is not None, 60)
            said = log.read_text()
            assert process.poll() is None, said
            asked = [typed_next(line, etc, tmp_path / "state") for line in printed(1)]
    assert asked in ([0, 0, 0, 0], [0, 5, 0, 0])  # whether there is an incident by then is the switch's affair
    assert "RouterOS CRS317-1G-16S+" in said
    assert f"{etc} is fine. " in said


def typed_next(line: str, etc: Path, state: Path) -> int:
    """Run a line of the second terminal; return what it exits with."""
    command = shlex.split(line.partition(" >")[0], comments=True)[1:]
    return netmon(*command, "--config", etc, NETMON_STATE_DIR=str(state), NETMON_SNMP_COMMUNITY="public").returncode


def test_the_prometheus_configuration_that_the_readme_makes_is_whole() -> None:
    line = shlex.split(printed(1)[-1].partition(" >")[0])[1:]
    made = netmon(*line, "--config", ROOT / "config" / "example", NETMON_SNMP_COMMUNITY="public")
    assert made.returncode == 0, made.stderr
    assert "scrape_configs:" in made.stdout


def test_the_example_with_its_snmpv3_lines_taken_in(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config" / "example", tmp_path / "netmon")
    main, network = tmp_path / "netmon" / "netmon.yaml", tmp_path / "netmon" / "inventory" / "network.yaml"
    before, start, rest = main.read_text().partition("  #backbone:")
    block, empty, after = rest.partition("\n\n")
    main.write_text(before + (start + block).replace("  #", "  ") + empty + after)
    network.write_text(network.read_text().replace("#credential: backbone", "credential: backbone"))
    secrets = {f"NETMON_SNMP_{name}": "maplesyrup" for name in ("COMMUNITY", "AUTH_PASSWORD", "PRIV_PASSWORD")}
    loaded = load_directory(tmp_path / "netmon", secrets)
    assert [device.credential for device in loaded.inventory.devices[:3]] == ["backbone", "backbone", "default"]
    assert loaded.netmon.credentials["backbone"].version == "v3"
