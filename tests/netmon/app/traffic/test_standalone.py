"""What a sensor without a core shows when it is stopped."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import detectors
from netmon.app.traffic.outcomes import Closing, last_words
from netmon.app.traffic.standalone import Told
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from tests.rules.traffic.floods.attacks import BOT, run, syn_flood
from tests.rules.traffic.floods.ordinary import CLIENTS, NETWORKS, START, TCP, packets
from tests.rules.traffic.scans.conversations import START as SCANNED
from tests.rules.traffic.scans.conversations import Packet, refused, seconds, session, syn

STRANGER = "198.51.100.77"


def stopped(*, as_json: bool, quiet: int = 0, at: float = START + 3.5) -> None:
    """Let a sensor be stopped after three seconds of a flood and some without it."""
    draw, rule, told = np.random.default_rng(3), Floods(FloodSettings(), NETWORKS), Told(as_json=as_json)
    silence = [packets(source=BOT, destination=CLIENTS, protocol=TCP, size=[60])] * quiet
    told.send(run([*(syn_flood(draw, rate=rate) for rate in (2_000, 4_000, 1_000)), *silence], rule=rule))
    told.finish(list(last_words([rule, object()], at)))


def test_what_goes_on_is_told_as_a_whole(capsys: pytest.CaptureFixture[str]) -> None:
    stopped(as_json=False)
    said = capsys.readouterr()
    begins, ends = said.out.splitlines()
    assert re.search(r" begins syn_flood: SYN flood on web1 from .*: 2,000 packets/s", begins)
    assert "docs/runbooks-traffic.md" in said.err
    assert " is over syn_flood: SYN flood on web1 is over after 3 s: 7,000 packets and 420 kB in all" in ends


def test_where_the_packets_are_is_said_when_it_begins(capsys: pytest.CaptureFixture[str]) -> None:
    told, draw = Told(as_json=False), np.random.default_rng(3)
    found = run([syn_flood(draw)])
    told.send([replace(one, evidence={**one.evidence, "pcap": "/var/lib/x/1.pcap"}) for one in found])
    told.finish()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "  packets of that moment: /var/lib/x/1.pcap"
    assert len(lines) == 3


def test_it_is_told_to_be_open(capsys: pytest.CaptureFixture[str]) -> None:
    stopped(as_json=True)
    ends = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (ends["event"], ends["open"], ends["end"]) == ("ends", True, START + 3)
    assert ends["runbook"] == "docs/runbooks-traffic.md#syn_flood"
    assert (ends["evidence"]["total_packets"], ends["evidence"]["lasted_s"]) == (7_000, 3.0)


def test_nothing_is_over_before_it_began_where_the_last_window_ends_ahead_of_the_clock(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stopped(as_json=False, at=START + 0.5)
    began, over = (line.split("Z ")[0] for line in capsys.readouterr().out.splitlines())
    assert began == over


def test_what_was_over_is_not_told_again(capsys: pytest.CaptureFixture[str]) -> None:
    stopped(as_json=False, quiet=12)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_every_detector_has_last_words() -> None:
    assert [rule.name for rule in detectors(TrafficSettings(), NETWORKS) if not isinstance(rule, Closing)] == []


def test_a_scan_and_guessing_that_go_on_are_told_as_a_whole() -> None:
    guesses = [packet for place in range(20) for packet in tries_at(place)]
    ports = [packet for port in range(1, 41) for packet in refused(syn(port / 10, STRANGER, "10.20.1.9", port))]
    rules = detectors(TrafficSettings(), NETWORKS)
    windows = seconds(guesses + ports, quiet=3)
    told = {finding.rule for window in windows for rule in rules for finding in rule.observe(window)}
    closed = list(last_words(rules, SCANNED + 50))
    assert sorted(finding.rule for finding in closed) == sorted(told) == ["brute_force", "port_scan"]
    assert all(finding.cleared and "lasted_s" in finding.evidence for finding in closed)
    totals = {finding.rule: finding.evidence for finding in closed}
    assert totals["brute_force"]["total_attempts"] == 20
    assert totals["port_scan"]["total_contacts"] == 40


def tries_at(place: int) -> list[Packet]:
    return session(syn(place * 2, STRANGER, "10.20.1.22", 22, 33_000 + place), 1_600, 2_260, lasts=1.5)
