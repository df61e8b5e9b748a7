"""What the detectors of hidden channels cost, and what they find in ordinary flows: an office's day, a busy second.

    .venv/bin/python -m bench.traffic_hidden [--hours 24]

The office is that of the tests (60 people, servers, a monitor, every kind of ping); its flows of each hour are others.
The busy seconds have flows of our hosts to 100,000 addresses outside, more than any table holds.
"""

import argparse
import resource
import time
from dataclasses import replace
from itertools import islice

import numpy as np

from netmon.api.networks import Networks
from netmon.api.traffic import Second, TrafficRule
from rules.traffic.hidden.beacon import Beacon
from rules.traffic.hidden.exfiltration import Exfiltration
from rules.traffic.hidden.first_seen import FirstSeen
from rules.traffic.hidden.icmp_tunnel import IcmpTunnel
from rules.traffic.settings import DetectorSettings
from tests.rules.traffic.hidden.flows import NOWHERE, OURS, START, flows, low, windows
from tests.rules.traffic.hidden.ordinary import office

_BUSY_S = 60
_BUSY_FLOWS = 1_000_000  # in fewer seconds where they are many


def rules(networks: Networks) -> list[TrafficRule]:
    """Return the four, as they are set where nothing is."""
    settings = DetectorSettings()
    return [
        Beacon(settings.beacon, networks),
        IcmpTunnel(settings.icmp_tunnel, networks),
        Exfiltration(settings.exfiltration, networks),
        FirstSeen(settings.first_seen, networks),
    ]


def day(hours: int, networks: Networks, title: str) -> None:
    """Print what is found in hours of the office."""
    judges, count, found = rules(networks), 0, 0
    for hour in range(hours):
        parts = office(hour)
        later_s = hour * 3_600
        for part in parts:
            part["start_ns"] += np.uint64(later_s * 10**9)
        for told in islice(windows(parts), 3_600):
            second = replace(told, start=told.start + later_s, end=told.end + later_s)
            count += len(second.ended)
            found += sum(len(list(rule.observe(second))) for rule in judges)
    print(f"{title}: {hours} h, {count:,} flows: {found} findings")


def busy(per_second: int) -> None:
    """Print the CPU of each rule over seconds with so many flows each."""
    rng = np.random.default_rng(1)
    cost = {rule.name: 0.0 for rule in rules(OURS)}
    judges = rules(OURS)
    seconds = min(_BUSY_S, _BUSY_FLOWS // per_second)
    for number in range(seconds):
        rows = flows(
            number + rng.uniform(0, 1, per_second), low("10.20.2.0") + rng.integers(0, 500, per_second),
            low("45.0.0.0") + rng.integers(0, 100_000, per_second) * 300,
            source_port=rng.integers(32_768, 60_000, per_second), sent=rng.lognormal(8, 2, per_second).astype(int),
        )  # fmt: skip
        window = Second(START + number, START + number + 1, ended=rows)
        for rule in judges:
            began = time.process_time()
            list(rule.observe(window))
            cost[rule.name] += time.process_time() - began
    told = ", ".join(f"{name} {spent / seconds * 1e3:.1f}" for name, spent in cost.items())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{per_second:,} flows/s: ms of CPU a second: {told}; {memory:.0f} MB resident")


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    hours = parser.parse_args().hours
    for per_second in (100, 1_000, 10_000, 100_000):
        busy(per_second)
    day(hours, OURS, "with its prefix known")
    day(hours, NOWHERE, "without any prefix")


if __name__ == "__main__":
    main()
