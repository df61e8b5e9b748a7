"""`netmon sensor --processes 2`: packets counted once, an attack over both is one finding, the dead are replaced."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from collectors.traffic.capture.files import open_capture
from tests.support.command import NETMON, environment
from tests.support.floods import syn_flood
from tests.support.netns import INTERFACE, Host, Lan, lan
from tests.support.waiting import eventually_sync

_PORT = 9999
_CLIENTS = 40
_EACH = 25


@contextmanager
def _sensor(host: Host, state: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    user = ["--user", ""] if host.private else []
    command = host.command(*NETMON, "sensor", "--interface", INTERFACE, "--processes", "2", *user, *options)
    state.chmod(0o777)  # a user that it becomes must be able to write there
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(NETMON_STATE_DIR=str(state)), stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            assert process.stderr is not None
            assert any("listening: eth0" in line for line in process.stderr)
            yield process
        finally:
            process.kill()


@pytest.fixture
def state() -> Iterator[Path]:
    """Give a directory that the user that a sensor becomes reaches, too: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _talk(net: Host, to: str) -> None:
    """Send datagrams from many ports, so that both processes have their share."""
    for _ in range(_CLIENTS):
        with net.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for number in range(_EACH):
                client.sendto(b"%d" % number, (to, _PORT))


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")  # each thread has its own
    return [int(each) for task in tasks for each in task.read_text(encoding="ascii").split()]


def _capturing(sensor: int) -> list[int]:
    """Return the processes that capture: children of the one that forks."""
    return [one for forker in _children(sensor) for one in _children(forker)]


def _rights(pid: int) -> tuple[str, ...]:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return tuple(re.findall(r"^(?:Uid|CapEff|CapPrm|CapAmb):.*$", status, re.MULTILINE))


def test_two_processes_see_each_packet_once_and_die_with_their_parent(state: Path) -> None:
    with lan("server", "client") as net, _sensor(net["server"], state, "--filter", f"udp port {_PORT}") as sensor:
        _talk(net["client"], net["server"].ipv4)
        pids = _capturing(sensor.pid)
        eventually_sync(lambda: {_rights(pid) for pid in pids} == {_rights(sensor.pid)}, within_s=20)
        sensor.terminate()
        _, err = sensor.communicate(timeout=60)
        assert sensor.returncode == 0, err
        assert re.search(rf": {_CLIENTS * _EACH:,} packets, ", err), err
        assert f"ring: packets {_CLIENTS * _EACH:,}" in err
        assert "restarts" not in err
        assert "late_windows" not in err
        eventually_sync(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), within_s=10)
    assert len(pids) == 2


def test_one_that_hangs_holds_up_nobody_one_that_dies_is_replaced_and_all_end_with_their_parent(state: Path) -> None:
    # It stays who it is: another user may not reach the interpreter of these tests, and then nobody starts a new one.
    with lan("server", "client") as net, _sensor(net["server"], state, "--json", "--user", "") as sensor:
        before = _capturing(sensor.pid)
        os.kill(before[0], signal.SIGSTOP)
        waited_s = _found_within(net, sensor)
        assert waited_s < 4, waited_s  # its second, the lag of a silent wire, the patience of a second, a slow machine

        os.kill(before[0], signal.SIGKILL)
        eventually_sync(
            lambda: len(now := _capturing(sensor.pid)) == 2 and before[0] not in now and before[1] in now, within_s=20
        )
        (forker,) = _children(sensor.pid)
        os.kill(forker, signal.SIGKILL)
        eventually_sync(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before[1:]), within_s=10)
        eventually_sync(lambda: _children(sensor.pid) not in ([], [forker]), within_s=20)  # and somebody tries anew
        everybody = [*_children(sensor.pid), *_capturing(sensor.pid)]
        sensor.kill()
        sensor.communicate(timeout=60)
        eventually_sync(lambda: not any(Path(f"/proc/{pid}").exists() for pid in everybody), within_s=10)


def _found_within(net: Lan, sensor: subprocess.Popen[str]) -> float:
    """Flood the server; return how many seconds after the flood's end it was told."""
    with net["client"].socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((INTERFACE, 0))
        syn_flood(raw, net["client"], net["server"], 20_000)
    ended = time.monotonic()
    assert sensor.stdout is not None
    first = json.loads(sensor.stdout.readline())
    assert (first["rule"], first["target"]) == ("syn_flood", net["server"].ipv4)
    return time.monotonic() - ended


def test_a_flood_over_both_processes_is_one_finding_with_the_sum_of_their_rates(state: Path) -> None:
    sent = 30_000
    for _ in range(4):
        findings, err = _flooded(state, sent)
        if "late_windows" not in err:  # a process that told its share too late for its rates to count
            break
    floods = [one for one in findings if one["rule"] == "syn_flood"]
    assert [one["event"] for one in floods] == ["begins", "ends"], (findings, err)
    captures = [Path(file) for file in floods[0]["evidence"]["pcap"].split()]
    shares = [sum(map(len, open_capture(file).batches())) for file in captures]
    assert len(shares) == 2
    assert all(f"file={file}" in err for file in captures), err  # that they are kept is said, as of one process
    assert min(shares) > sum(shares) / 4, shares  # by hash: about half each
    # The second in which it began may have had too few to count; the other process's share is nearly half.
    assert sent * 0.75 < floods[-1]["evidence"]["total_packets"] <= sent, err


def _flooded(state: Path, sent: int) -> tuple[list[dict[str, Any]], str]:
    """Flood the server; return what a sensor of two processes finds about it, and its last words."""
    with lan("server", "client") as net, _sensor(net["server"], state, "--json") as sensor:
        with net["client"].socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind((INTERFACE, 0))
            syn_flood(raw, net["client"], net["server"], sent)
        assert sensor.stdout is not None
        first = json.loads(sensor.stdout.readline())
        sensor.terminate()
        out, err = sensor.communicate(timeout=60)
        told = [first, *map(json.loads, out.splitlines())]
        return [one for one in told if one["target"] == net["server"].ipv4], err
