"""What ties a daemon to its machine: the lock on its state, systemd's messages, the event loop's lag."""

import errno
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from netmon.api import ConfigError
from netmon.app.lag import LoopLag
from netmon.app.notify import notify, watchdog_interval_s
from netmon.app.pidfile import PidFile, Reloaded, daemon_pid
from tests.support.waiting import eventually, eventually_sync


def test_a_state_directory_belongs_to_one_daemon(tmp_path: Path) -> None:
    first, second = PidFile(tmp_path), PidFile(tmp_path)
    first.take()
    with pytest.raises(
        ConfigError, match=rf"another netmon daemon \(process {os.getpid()}\) uses this state directory"
    ):
        second.take()
    assert daemon_pid(tmp_path) == os.getpid()
    first.release()
    assert daemon_pid(tmp_path) is None
    second.take()
    second.release()


def test_a_killed_daemon_leaves_no_lock(tmp_path: Path) -> None:
    take = f"PidFile(pathlib.Path({str(tmp_path)!r})).take()"
    code = f"import time, pathlib; from netmon.app.pidfile import PidFile; {take}; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            eventually_sync(lambda: daemon_pid(tmp_path) == process.pid)
        finally:
            process.kill()
    assert daemon_pid(tmp_path) is None
    PidFile(tmp_path).take()


def test_a_full_disk_keeps_no_daemon_from_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    first = PidFile(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        first.take()
    with pytest.raises(ConfigError):
        PidFile(tmp_path).take()
    first.release()
    PidFile(tmp_path).take()


def test_no_daemon_where_there_never_was_one(tmp_path: Path) -> None:
    assert daemon_pid(tmp_path) is None


def test_the_outcome_of_a_reload_comes_back(tmp_path: Path) -> None:
    outcome = Reloaded(7, 2, ok=False, faults=("f.yaml:1:2: wrong; right",))
    outcome.write(tmp_path)
    assert Reloaded.read(tmp_path) == outcome


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "number": 1, "ok": true, "faults": []}'])
def test_a_broken_outcome_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "netmon.reload.json").write_text(text, encoding="utf-8")
    assert Reloaded.read(tmp_path) is None


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    name = f"netmon-test-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(5)
        manager.bind("\0" + name if abstract else str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name if abstract else str(tmp_path / "notify"))
        assert notify("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_systemd_nobody_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("usec", "pid", "interval_s"),
    [
        ("30000000", "", 15.0),
        ("30000000", "mine", 15.0),
        ("30000000", "1", None),
        ("0", "", None),
        ("x", "", None),
        (None, "", None),
    ],
)
def test_watchdog_interval(
    monkeypatch: pytest.MonkeyPatch, usec: str | None, pid: str, interval_s: float | None
) -> None:
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", str(os.getpid()) if pid == "mine" else pid or None)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert watchdog_interval_s() == interval_s


async def test_a_blocked_loop_shows_in_the_lag() -> None:
    registry = CollectorRegistry()
    lag = LoopLag(registry)

    def late() -> float:
        """Return how many wakings were more than 0.1 s late."""
        upto = registry.get_sample_value("netmon_event_loop_lag_seconds_bucket", {"le": "0.1"}) or 0
        return (registry.get_sample_value("netmon_event_loop_lag_seconds_count") or 0) - upto

    await lag.start()
    await eventually(lambda: (registry.get_sample_value("netmon_event_loop_lag_seconds_count") or 0) >= 1)
    time.sleep(0.35)  # noqa: ASYNC251  # blocking the loop is the point
    await eventually(lambda: late() >= 1)
    await lag.stop()
    await lag.stop()


def test_python_m_netmon_is_the_command() -> None:
    result = subprocess.run([sys.executable, "-m", "netmon", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("netmon, version ")


def test_the_daemons_reload_outcome_is_for_its_user_alone(tmp_path: Path) -> None:
    Reloaded(1, 1, ok=True).write(tmp_path)
    assert (tmp_path / "netmon.reload.json").stat().st_mode & 0o077 == 0
