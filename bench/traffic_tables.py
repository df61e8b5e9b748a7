"""What the tables of a second cost: nanoseconds for each packet, by how many addresses there are.

Run `python -m bench.traffic_tables`. Packets have forged or real sources drawn evenly from so many addresses, so that
the figure for many is the worst that can be: no address is met twice while the cache still knows it. CPU time, the
best of five rounds of a second of one million packets; draining is told apart.
"""

import resource
import time

import numpy as np

from netmon.api.traffic import MAPPED, RECORD
from rules.traffic.tables.tables import Tables

BATCH = 4_096
PACKETS = 1_000_000


def packets(hosts: int, count: int, seed: int = 1) -> np.ndarray:
    draw = np.random.default_rng(seed)
    records = np.zeros(count, RECORD)
    records["start_ns"] = records["end_ns"] = np.arange(count, dtype=np.uint64) * 1_000
    records["source_lo"] = MAPPED + 0x0A000000 + draw.integers(0, hosts, count).astype(np.uint64)
    records["destination_lo"] = MAPPED + 0x0B000000 + draw.integers(0, hosts, count).astype(np.uint64)
    records["bytes"], records["packets"], records["sampling"] = draw.integers(60, 1_500, count), 1, 1
    records["version"], records["ethertype"] = 4, 0x0800
    records["protocol"] = np.where(draw.random(count) < 0.8, 6, 17)
    records["tcp_flags"] = draw.choice([0x10, 0x18, 0x02, 0x12, 0x11], count, p=[0.6, 0.3, 0.04, 0.03, 0.03])
    records["source_port"] = draw.integers(1_024, 65_536, count)
    records["destination_port"] = draw.choice([443, 80, 53, 22], count)
    return records


def cost(records: np.ndarray, rounds: int = 5) -> tuple[float, float]:
    tables = Tables(seed=1)
    adding, draining = [], []
    batch = np.zeros(BATCH, RECORD)
    for number in range(rounds):
        spent = 0.0
        for at in range(0, len(records) - BATCH + 1, BATCH):
            batch[:] = records[at : at + BATCH]  # as the decoder leaves them: in one array, used again
            began = time.process_time()
            tables.add(batch)
            spent += time.process_time() - began
        middle = time.process_time()
        tables.drain(number, number + 1)
        adding.append(spent)
        draining.append(time.process_time() - middle)
    return min(adding) / len(records) * 1e9, min(draining) * 1e3


def main() -> None:
    cost(packets(10, BATCH))  # compiled
    for hosts in (10, 100, 1_000, 10_000, 100_000):
        each, drain = cost(packets(hosts, PACKETS))
        print(f"{hosts:>9,} addresses each side: {each:6.1f} ns a packet, drained in {drain:6.2f} ms")
    flood(10_000_000)


def flood(sources: int) -> None:
    """One window with a flood from so many forged sources: memory, and whether its victim is exact."""
    tables = Tables(seed=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    for number in range(sources // PACKETS):
        records = packets(1, PACKETS, number)
        records["source_lo"] = MAPPED + number * PACKETS + np.arange(PACKETS, dtype=np.uint64)
        for at in range(0, PACKETS, BATCH):
            tables.add(records[at : at + BATCH])
    second = tables.drain(0, 1)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{sources:,} sources in one window: victim {int(second.destinations['packets'][0]):,} packets, "
        f"{len(second.sources):,} sources listed, {second.unlisted['sources']:,} not; "
        f"{(time.process_time() - began) / sources * 1e9:.0f} ns a packet, made too; {grown:.0f} MB more"
    )


if __name__ == "__main__":
    main()
