"""What a sensor's path costs by how many hosts there are and how many detectors are on; and each detector by itself.

Run `python -m bench.rules_cost` (`--hosts 1000,10000,100000,1000000`, `--windows 5`, `--packets 500000`). Records are
made in memory, as the decoder leaves them, so many a window of a second: each host talks to ten others, over TCP and
UDP, both ways. CPU time of the one thread, with tables, flow table and windows; the first two windows are not
counted.
"""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from netmon.api.networks import Networks, Place
from netmon.api.traffic import MAPPED, RECORD, Traffic
from netmon.app.catalog import TRAFFIC_RULES
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import build_sensor
from tests.support.processes import memory_mb

BATCH: Final = 4_096
_WARM: Final = 2  # windows that are not counted: what is empty is filled
_OURS: Final = Networks([Place(ip_network("10.0.0.0/8"), "ours")])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default="1000,10000,100000,1000000")
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--packets", type=int, default=500_000)
    options = parser.parse_args()
    names = [rule.name for rule in TRAFFIC_RULES]
    several = {"none": [], "half": names[::2], "all": names}
    path(["none"], 1_000, 2, BATCH)  # compiled
    print(f"{len(names)} detectors, {options.packets:,} packets a window, load {load()}")
    print(f"{'hosts':>10}" + "".join(f"{name:>12}" for name in several) + "   ns of CPU a packet; MB with all")
    costs: dict[int, Counter[str]] = {}
    for hosts in map(int, options.hosts.split(",")):
        print(f"{hosts:>10,}", end="")
        for on in several.values():
            each, spent = path(on, hosts, options.windows, options.packets)
            costs[hosts] = spent
            print(f"{each:>12.0f}", end="", flush=True)
        print(f"   {memory_mb(_own()):.0f}")
    print("\nms of CPU a window, by detector")
    print(f"{'':<24}" + "".join(f"{hosts:>12,}" for hosts in costs))
    for name in sorted(names, key=lambda name: -max(cost[name] for cost in costs.values())):
        print(f"{name:<24}" + "".join(f"{cost[name] * 1e3:>12.2f}" for cost in costs.values()))


def path(on: Sequence[str], hosts: int, windows: int, packets: int) -> tuple[float, Counter[str]]:
    """Return nanoseconds a packet, and the seconds a window of each detector."""
    detectors = {rule.name: {"enabled": rule.name in on} for rule in TRAFFIC_RULES}
    built = build_sensor(TrafficSettings.model_validate({"detectors": detectors}), _OURS)
    spent, before = 0.0, Counter[str]()
    for window in range(windows + _WARM):
        records = made(hosts, packets, window)
        if window == _WARM:
            spent, before = 0.0, Counter(built.judges.cpu_s)
        began = time.thread_time()
        for at in range(0, packets, BATCH):
            built.pipeline.take(Traffic(records[at : at + BATCH]))
        spent += time.thread_time() - began
    cost = Counter({name: (total - before[name]) / windows for name, total in built.judges.cpu_s.items()})
    return spent / (windows * packets) * 1e9, cost


def made(hosts: int, count: int, window: int) -> NDArray[np.void]:
    """Return a second of packets between our hosts and ten others each, requests and answers."""
    draw = np.random.default_rng(window)
    records = np.zeros(count, RECORD)
    begin = np.uint64((1_800_000_000 + window) * 1_000_000_000)
    records["start_ns"] = records["end_ns"] = begin + np.arange(count, dtype=np.uint64) * np.uint64(10**9 // count)
    host = draw.integers(0, hosts, count).astype(np.uint64)
    peer = (host * np.uint64(2_654_435_761) + draw.integers(0, 10, count).astype(np.uint64)) % np.uint64(hosts)
    inside, outside = MAPPED + 0x0A00_0000 + host, MAPPED + 0x1400_0000 + peer
    back = draw.random(count) < 0.5
    records["source_lo"], records["destination_lo"] = np.where(back, [outside, inside], [inside, outside])
    service = np.array([443, 53, 80, 443], np.uint64)[(peer % np.uint64(4)).astype(np.intp)]
    client = np.uint64(40_000) + peer % np.uint64(20_000)
    records["source_port"], records["destination_port"] = np.where(back, [service, client], [client, service])
    records["protocol"] = np.where(service == 53, 17, 6)
    records["tcp_flags"] = np.where(service == 53, 0, draw.choice([0x10, 0x18], count))
    records["bytes"], records["packets"], records["sampling"] = draw.integers(60, 1_500, count), 1, 1
    records["version"], records["ethertype"] = 4, 0x0800
    return records


def load() -> str:
    return Path("/proc/loadavg").read_text(encoding="ascii").split()[0]


def _own() -> int:
    return int(Path("/proc/self/stat").read_text(encoding="ascii").split()[0])


if __name__ == "__main__":
    main()
