"""What flows cost for each packet, and the joining of one-way records for each record: `python -m bench.flow_table`.

Packets of many TCP connections in random order: as records in memory, and with their frames, so that sequence numbers
are followed too. Then a flood of SYN from sources that never come twice, beside established connections, in a process
of its own whose memory is told; the sweep for expiry; and records of an exporter that find their reverse.
"""

import os
import subprocess
import sys
import time
from argparse import ArgumentParser

import numpy as np
from numpy.typing import NDArray

from collectors.traffic.flowtable.pairing import Pairing
from collectors.traffic.flowtable.table import FlowTable
from netmon.api.traffic import FRAME, MAPPED, RECORD, Frames
from tests.support.processes import memory_mb

BATCH = 4096
START_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000
HEADERS = 66  # Ethernet, IPv4, TCP with timestamps


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
    records["payload_at"], records["payload_length"] = HEADERS, 734
    _same(records, 800)
    return records


def framed(records: NDArray[np.void]) -> Frames:
    """Return the frames of records, as far as the flow table reads them: TCP's ports, sequence and data offset."""
    octets = np.zeros((len(records), 128), np.uint8)
    for at, name in ((HEADERS - 32, "source_port"), (HEADERS - 30, "destination_port")):
        octets[:, at : at + 2] = records[name].astype(">u2").view(np.uint8).reshape(-1, 2)
    sequence = (np.arange(len(records)) * 734).astype(">u4").view(np.uint8).reshape(-1, 4)
    octets[:, HEADERS - 28 : HEADERS - 24] = sequence
    octets[:, HEADERS - 20] = 8 << 4
    index = np.zeros(len(records), FRAME)
    index["at"] = np.arange(len(records)) * 128
    index["captured"], index["wire"] = 128, 800
    return Frames(octets.reshape(-1), index)


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


def run(table: FlowTable, records: NDArray[np.void], frames: Frames | None = None) -> float:
    """Return CPU ns a packet."""
    began = time.process_time_ns()
    for at in range(0, len(records), BATCH):
        rows = slice(at, at + BATCH)
        table.add(records[rows], Frames(frames.buffer, frames.index[rows]) if frames is not None else None)
    return (time.process_time_ns() - began) / len(records)


def steady(packets: int) -> None:
    random = np.random.default_rng(1)
    for flows in (1_000, 10_000, 100_000, 200_000):
        table = FlowTable()
        records = connections(flows, packets, random)
        frames = framed(records)
        run(table, records, frames)
        records["start_ns"] += np.uint64(packets * 1000)
        plain = run(table, records)
        records["start_ns"] += np.uint64(packets * 1000)
        print(f"{flows:>9,} flows open: {plain:6.1f} ns a packet, with frames {run(table, records, frames):6.1f}")
    now_ns = int(records["start_ns"][-1])
    table.drain(now_ns)
    began = time.process_time_ns()
    for _ in range(100):
        table.drain(now_ns)
    print(f"sweep of {table.open:,} flows: {(time.process_time_ns() - began) / 1e8:.3f} ms")


def flooded(packets: int) -> None:
    table, random = FlowTable(), np.random.default_rng(1)
    seen = np.zeros((100_000, 2), np.bool_)
    for _ in range(4):  # 20 packets each, so that nearly all are seen both ways
        records = connections(100_000, 500_000, random)
        back = records["source_port"] == 443
        client = np.where(back, records["destination_lo"], records["source_lo"]) & np.uint64(0xFF_FFFF)
        seen[client.astype(np.int64), back.astype(np.int64)] = True
        run(table, records)
    held, before, took, drained = table.open, memory_mb(os.getpid(), "VmHWM"), 0.0, 0
    for number in range(0, packets, 100_000):
        second_ns = START_NS + SECOND_NS + number * 1000
        took += run(table, flood(100_000, number, second_ns)) * 100_000
        if number % 1_000_000 == 900_000:
            began = time.process_time_ns()
            table.drain(second_ns + 100_000_000)
            drained += time.process_time_ns() - began
    print(f"flood of {packets:,} sources at 1,000,000/s beside {held:,} connections:")
    print(f"  {took / packets:.1f} ns a packet, {drained * 1e6 / packets / 1e6:.1f} ms for each second's drain")
    print(f"  resident at most {memory_mb(os.getpid(), 'VmHWM'):,.0f} MB, before the flood {before:,.0f} MB")
    left = table.finish()
    kept = int(((left["packets"] > 0) & (left["reply_packets"] > 0)).sum())
    print(f"  {kept:,} of {int(seen.all(1).sum()):,} that were seen both ways are still there; {table.counts}")


def joined(records: int, near: int) -> None:
    pairing = Pairing()
    random = np.random.default_rng(2)
    there = connections(records // 2, records // 2, random)
    there["source_port"] = np.arange(records // 2) % 60_000
    there["exporter"], there["end_ns"] = 1, there["start_ns"]
    back = there.copy()
    for one, other in (("source_lo", "destination_lo"), ("source_port", "destination_port")):
        back[one], back[other] = there[other], there[one]
    both = np.arange(records) // 2 + (np.arange(records) % 2) * (records // 2)
    for at in range(0, records, near):
        random.shuffle(both[at : at + near])
    came = np.concatenate([there, back])[both]
    took = 0
    for at in [*range(0, records, 100_000)] * 2:  # the second time its memory has been used before
        took = 0 if at == 0 else took
        now_ns = START_NS + at * 10_000
        began = time.process_time_ns()
        for first in range(at, at + 100_000, BATCH):
            pairing.add(came[first : min(first + BATCH, at + 100_000)], now_ns)
        pairing.drain(now_ns)
        took += time.process_time_ns() - began
    pairs = pairing.counts["pairs"] // 2
    print(f"pairing, the reverse among {near:,} records: {took / records:.1f} ns a record, {pairs:,} pairs")


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--flood", type=int, default=0, help="only this, with so many sources")
    arguments = parser.parse_args()
    if arguments.flood:
        flooded(arguments.flood)
        return
    steady(arguments.packets)
    for near in (20_000, 400_000):
        joined(400_000, near)
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "bench.flow_table", "--flood", "10000000"], check=True)


if __name__ == "__main__":
    main()
