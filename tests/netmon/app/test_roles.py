"""A core and pollers as processes of their own: they meet in the state directory, or where the link's socket is."""

import json
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

from tests.support.command import netmon
from tests.support.daemon import daemon, write_config
from tests.support.processes import free_port
from tests.support.waiting import eventually_sync

HOST = socket.gethostname()


def shared(folder: Path, **more: Any) -> tuple[Path, int, int]:
    """Write a configuration for a core and a poller; return its directory and the ports of both."""
    folder.mkdir()
    core_port, silent = free_port(), ("127.0.0.1", free_port(socket.SOCK_DGRAM))
    settings = {"core": {"listen": [f"127.0.0.1:{core_port}"]}, "alerts": {"pending_for_s": {"critical": 0}}}
    directory, port = write_config(folder, {"sw-1": silent}, settings | more)
    return directory, core_port, port


def heard(directory: Path) -> set[str]:
    """Return the daemons that a core has heard, without the parts of their names that their spools have."""
    said = netmon("status", "--config", directory, "--json")
    return {name.rpartition("-")[0] for name in json.loads(said.stdout)["sources"]} if said.stdout else set()


def rules(directory: Path) -> set[str]:
    said = netmon("alerts", "--config", directory, "--json")
    return {json.loads(line)["rule"] for line in said.stdout.splitlines()}


def test_core_and_poller_share_configuration_and_state(tmp_path: Path) -> None:
    directory, core_port, port = shared(tmp_path / "a")
    with daemon(directory, core_port, "--role", "core") as core, daemon(directory, port, "--role", "poller") as poller:
        poller.wait_ready()
        eventually_sync(lambda: "device_unreachable" in rules(directory), 30)
        assert heard(directory) == {f"poller.{HOST}"}
        assert core.value("netmon_build_info", role="core") == 1
        assert netmon("reload", "--config", directory, TEST_COMMUNITY="public").returncode == 0  # both of them
        for each in (core, poller):
            assert each.value("netmon_config_last_reload_successful") == 1
        poller.process.send_signal(signal.SIGTERM)
        assert poller.process.wait(10) == 0
        assert "device_unreachable" in rules(directory)  # it lasts while nobody looks


def test_a_second_poller_on_the_same_host(tmp_path: Path) -> None:
    first, core_port, port = shared(tmp_path / "a")
    link = {"link": {"socket": str(tmp_path / "a" / "state" / "link.sock"), "name": "poller-2"}}
    second, _, other_port = shared(tmp_path / "b", **link)
    with (
        daemon(first, core_port, "--role", "core"),
        daemon(first, port, "--role", "poller"),
        daemon(second, other_port, "--role", "poller"),
    ):
        eventually_sync(lambda: heard(first) == {f"poller.{HOST}", "poller-2"}, 30)


def test_a_ledger_that_was_put_back_from_a_copy_goes_on(tmp_path: Path) -> None:
    """docs/operations.md, backup and restore: copied while the core runs, put back on another machine."""
    directory, core_port, _ = shared(tmp_path / "a")
    state, copy = tmp_path / "a" / "state", tmp_path / "copy"
    with daemon(directory, core_port, "--role", "core"):
        eventually_sync((state / "ledger" / "checkpoint").exists)
        first = [path for path in (state / "ledger").iterdir() if path.name.startswith(("checkpoint", "ledger."))]
        copy.mkdir()
        for path in first:  # before the records, so that no checkpoint says more than the copy has
            shutil.copy2(path, copy)
        shutil.copytree(state / "ledger" / "segments", copy / "segments")
    fresh, fresh_port, _ = shared(tmp_path / "b")
    (tmp_path / "b" / "state").mkdir(mode=0o700)
    shutil.copytree(copy, tmp_path / "b" / "state" / "ledger")
    with daemon(fresh, fresh_port, "--role", "core"):
        eventually_sync((tmp_path / "b" / "state" / "control.sock").exists)
        said = json.loads(netmon("status", "--config", fresh, "--json").stdout)
        assert said["problems"] == []
        assert netmon("ledger", "verify", "--config", fresh).returncode == 0
    keys = [(folder / "ledger" / "ledger.pub").read_text() for folder in (state, tmp_path / "b" / "state")]
    assert keys[0] == keys[1]
