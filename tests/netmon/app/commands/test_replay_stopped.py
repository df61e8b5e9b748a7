"""A replay that is stopped tells what was found so far."""

import os
import signal
from pathlib import Path

import pytest

from netmon.app.commands.replay import _asked_to_stop
from netmon.app.traffic.replaying import open_replay
from tests.support.packets import SYN, ethernet, ipv4, pcap, tcp

START_NS = 1_767_225_600_000_000_000
PER_S = 2_000


def flood(path: Path, seconds: int) -> Path:
    frames = [
        ethernet(
            ipv4(tcp(flags=SYN, source_port=row % 60_000 + 1, destination_port=443), source=f"198.51.{row % 200}.7")
        )
        for row in range(PER_S * seconds)
    ]
    path.write_bytes(pcap(frames, start_ns=[START_NS + row * 10**9 // PER_S for row in range(len(frames))]))
    return path


def test_what_was_found_so_far_is_closed_with_its_totals(tmp_path: Path) -> None:
    replay, asked = open_replay(flood(tmp_path / "flood.pcap", 8), None, None), iter([False, False, True])
    found = [finding for finding, begins in replay.run(stopped=lambda: next(asked)) if not begins]
    assert [finding.rule for finding in found] == ["syn_flood"]
    assert 0 < replay.seen.packets < 8 * PER_S
    assert replay.seen.packets - PER_S < int(found[0].evidence["total_packets"]) <= replay.seen.packets  # whole seconds


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_taken_and_the_second_is_left_to_who_was_there(number: signal.Signals) -> None:
    heard: list[int] = []
    before = signal.signal(number, lambda given, _: heard.append(given))
    try:
        with _asked_to_stop() as stop:
            os.kill(os.getpid(), number)
            assert stop.wait(5)
            assert heard == []
            os.kill(os.getpid(), number)
            assert heard == [number]
    finally:
        signal.signal(number, before)
