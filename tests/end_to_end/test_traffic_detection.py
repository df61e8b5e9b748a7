"""Attackers' tools on a network of their own: named by a sensor while they work, and in recordings of them."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from netmon.app.traffic.replaying import open_replay
from tests.support.attacks import TOOLS, Tool, serving, strike
from tests.support.command import NETMON, environment
from tests.support.netns import INTERFACE, Host, lan
from tests.support.waiting import eventually_sync

CAPTURES = Path(__file__).parents[1] / "data" / "traffic" / "detection"
LIVE = ("hping3 -S --rand-source", "nmap -sS", "slowloris, 300 connections")
NAMED_WITHIN_S = 45  # from the tool's start, on a machine with much else to do; docs/detection.md has the seconds


@dataclass
class Heard:
    """What a sensor said so far: Unix seconds and the object."""

    lines: list[tuple[float, dict[str, object]]] = field(default_factory=list)

    def begun(self) -> list[tuple[float, str]]:
        return [(at, str(line["rule"])) for at, line in self.lines if line["event"] == "begins"]


@contextmanager
def listening(host: Host, state: Path) -> Iterator[Heard]:
    user = ["--user", ""] if host.private else []
    state.chmod(0o777)  # a user that it becomes must be able to write there
    command = host.command(*NETMON, "sensor", "--interface", INTERFACE, "--json", *user)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        env=environment(NETMON_STATE_DIR=str(state), PYTHONUNBUFFERED="1"),
        stdout=pipe,
        stderr=pipe,
        text=True,
    ) as sensor:
        assert sensor.stdout is not None
        assert sensor.stderr is not None
        heard = Heard()

        def hear(lines: Iterator[str]) -> None:
            heard.lines.extend((time.time(), json.loads(line)) for line in lines)

        thread = threading.Thread(target=hear, args=(iter(sensor.stdout.readline, ""),))
        try:
            assert any("listening: eth0" in line for line in sensor.stderr)
            thread.start()
            yield heard
            sensor.terminate()
            sensor.wait(60)
        finally:
            sensor.kill()
            thread.join()


def test_a_sensor_names_attacks_while_they_go_on(tmp_path: Path) -> None:
    tools = [tool for tool in TOOLS if tool.name in LIVE]
    with lan("server", "attacker", sensor=True) as net, listening(net.watching, tmp_path) as heard:
        for tool in tools:
            with serving(tool.serves, net["server"], tmp_path):
                began = strike(tool, net, tmp_path)
                eventually_sync(partial(_named, heard, tool, began), within_s=60)
            assert _named(heard, tool, began)[0] - began < NAMED_WITHIN_S, tool.name
    beside = {rule for tool in tools for rule in tool.beside}
    assert sorted({rule for _, rule in heard.begun()} - beside) == sorted(tool.expected[0] for tool in tools)


def _named(heard: Heard, tool: Tool, since: float) -> list[float]:
    return [at for at, rule in heard.begun() if at >= since and rule in tool.expected]


@pytest.mark.parametrize("case", sorted(path.name for path in CAPTURES.iterdir() if path.is_dir()))
def test_a_recorded_attack_is_found_once_and_nothing_else(case: str) -> None:
    folder = CAPTURES / case
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    replay = open_replay(folder / "seen.pcap.gz", None, None)
    begun = [finding for finding, begins in replay.run() if begins]
    assert [finding.rule for finding in begun] == [expected["rule"]]
    (finding,) = begun
    assert {name: finding.evidence[name] for name in expected["evidence"]} == expected["evidence"]
    assert finding.at - expected["first_packet"] <= expected["said_after_s"] + 1  # a window may be cut elsewhere
