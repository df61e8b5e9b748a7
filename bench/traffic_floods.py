"""What judging floods costs, by how many addresses receive, and what an hour of ordinary traffic brings.

Run `python -m bench.traffic_floods [SECONDS]`. The hour is that of tests/rules/traffic/floods/ordinary.py: web both
ways with a minute's crowd, DNS, mail, backups, video calls, cameras, logs, SNMP, speed tests, large downloads, a busy
NAT gateway. The goal is no finding. CPU time of one process.
"""

import sys
import time

import numpy as np

from bench.traffic_tables import PACKETS, packets
from netmon.api.networks import Networks
from rules.traffic.floods.rule import Floods
from rules.traffic.floods.settings import FloodSettings
from rules.traffic.tables.tables import Tables
from tests.rules.traffic.floods import ordinary


def hour(seconds: int) -> None:
    tables, floods = Tables(seed=1), Floods(FloodSettings(), ordinary.NETWORKS)
    seen, found, spent = 0, 0, 0.0
    for number, records in enumerate(ordinary.seconds(0, seconds)):
        seen += len(records)
        tables.add(records)
        second = tables.drain(ordinary.START + number, ordinary.START + number + 1)
        began = time.process_time()
        for finding in floods.observe(second):
            found += 1
            print(f"{number:>6} s: {finding.summary}")
        spent += time.process_time() - began
    print(f"{seconds:,} s of ordinary traffic, {seen:,} packets: {found} findings; judged in", end=" ")
    print(f"{spent / seconds * 1e3:.2f} ms a second")


def cost(hosts: int) -> None:
    tables, floods = Tables(seed=1), Floods(FloodSettings(), Networks())
    records = packets(hosts, PACKETS)
    records["tcp_flags"] = np.where(records["protocol"] == 6, 0x10, 0)
    back = records[::2]  # half of them the other way: everybody answers
    for one, other in (("source_lo", "destination_lo"), ("source_port", "destination_port")):
        back[one], back[other] = back[other].copy(), back[one].copy()
    took = []
    for number in range(6):
        tables.add(records)
        second = tables.drain(number, number + 1)
        began = time.process_time()
        list(floods.observe(second))
        took.append(time.process_time() - began)
    print(f"{hosts:>9,} addresses each side: {np.median(took) * 1e3:7.2f} ms a second")


def main() -> None:
    for hosts in (10, 1_000, 10_000, 100_000):
        cost(hosts)
    hour(int(sys.argv[1]) if len(sys.argv) > 1 else 3_600)


if __name__ == "__main__":
    main()
