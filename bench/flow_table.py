"""What the flow table costs for each packet: `python -m bench.flow_table`.

Packets of many TCP connections in random order, as records in memory without frames; then a flood of SYN from sources
that never come twice, beside established connections; then the sweep for expiry alone.
"""

import resource
import time
from argparse import ArgumentParser

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable import FlowTable, FlowTableSettings
from netmon.api.traffic import MAPPED, RECORD

BATCH = 4096
START_NS = 1_700_000_000_000_000_000


def connections(flows: int, packets: int, random: np.random.Generator) -> NDArray[np.void]:
    """Return packets of so many established connections, both directions, in random order, 1 µs apart."""
    records = np.zeros(packets, RECORD)
    which = random.integers(0, flows, packets).astype(np.uint64)
    back = random.random(packets) < 0.5
    client = MAPPED | 0x0A00_0000 | which
    server = MAPPED | 0xC0A8_0000 | which % np.uint64(500)
    port = (32768 + which % np.uint64(28000)).astype(np.uint16)
    records["source_lo"] = np.where(back, server, client)
    records["destination_lo"] = np.where(back, client, server)
    records["source_port"] = np.where(back, 443, port)
    records["destination_port"] = np.where(back, port, 443)
    records["start_ns"] = START_NS + np.arange(packets, dtype=np.uint64) * np.uint64(1000)
    records["tcp_flags"] = 16
    _same(records, 800)
    return records


def flood(packets: int, first: int, start_ns: int) -> NDArray[np.void]:
    """Return SYNs, each from another source, 1 µs apart."""
    records = np.zeros(packets, RECORD)
    number = np.arange(first, first + packets, dtype=np.uint64)
    records["source_lo"] = MAPPED | (number * np.uint64(2654435761)) % np.uint64(2**32)
    records["destination_lo"] = MAPPED | 0xC0A8_0001
    records["source_port"] = number % np.uint64(64000)
    records["destination_port"] = 443
    records["start_ns"] = start_ns + np.arange(packets, dtype=np.uint64) * np.uint64(1000)
    records["tcp_flags"] = 2
    _same(records, 60)
    return records


def _same(records: NDArray[np.void], size: int) -> None:
    records["version"], records["protocol"], records["packets"], records["sampling"] = 4, 6, 1, 1
    records["bytes"] = size


def run(table: FlowTable, records: NDArray[np.void]) -> float:
    """Return CPU ns a packet."""
    began = time.process_time_ns()
    for at in range(0, len(records), BATCH):
        table.add(records[at : at + BATCH])
    return (time.process_time_ns() - began) / len(records)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=2_000_000)
    parser.add_argument("--flood", type=int, default=10_000_000)
    arguments = parser.parse_args()
    random = np.random.default_rng(1)
    FlowTable(FlowTableSettings(flows=64)).add(connections(10, 100, random))
    for flows in (1_000, 10_000, 100_000, 200_000):
        table = FlowTable()
        records = connections(flows, arguments.packets, random)
        run(table, records)
        records["start_ns"] += np.uint64(arguments.packets * 1000)
        print(f"{flows:>9,} open flows: {run(table, records):6.1f} ns a packet ({table.open:,} open)")
    table = FlowTable()
    run(table, connections(100_000, 1_000_000, random))
    held, took, drained, second = table.open, 0.0, 0.0, START_NS + 1_000_000_000
    for number in range(0, arguments.flood, 1_000_000):
        took += run(table, flood(1_000_000, number, second))
        second += 1_000_000_000
        began = time.process_time_ns()
        table.drain(second)
        drained += time.process_time_ns() - began
    seconds = arguments.flood / 1e6
    print(f"flood of {arguments.flood:,} sources at 1,000,000/s beside {held:,} connections:")
    print(f"  {took / seconds:6.1f} ns a packet, {drained / seconds / 1e6:.1f} ms a drain, {table.counts}")
    print(f"  peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB (with the packets of a second)")
    table = FlowTable()
    run(table, connections(200_000, 2_000_000, random))
    table.drain(START_NS + 2_000_000_000)
    began = time.process_time_ns()
    for _ in range(100):
        table.drain(START_NS + 2_000_000_000)
    print(f"sweep of {table.open:,} flows: {(time.process_time_ns() - began) / 1e8:.3f} ms")


if __name__ == "__main__":
    main()
