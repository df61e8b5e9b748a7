"""A flood from ten million forged sources through a whole sensor: memory over time, cost, and who comes through it.

Run `python -m bench.spoofed_flood` (`--sources 10000000`, `--folder DIR`, 70 octets of disk a source). A capture is
made of SYNs to one server, each from an address of its own, a million a second, and of 200 connections to other
servers that began before it and go on to the end. `netmon replay` reads it as fast as it can and keeps the flows:
resident memory is looked at every 250 ms; afterwards, which of the connections are in the files as one whole flow
each.
"""

import argparse
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from bench.flow_collector import last_cpu_s
from tests.support.packets import ACK, FIN, PSH, SYN, ethernet, ipv4, tcp
from tests.support.processes import memory_mb

BATCH: Final = 100_000
ESTABLISHED: Final = 200
_BEGIN_S: Final = 1_800_000_000
_EACH_NS: Final = 1_000  # a million packets a second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        write(folder / "flood.pcap", 0)
        idle_s = replay(folder, 0, 0.0)
        count = write(folder / "flood.pcap", options.sources)
        replay(folder, count, idle_s)
        survived(folder / "flows", options.sources)


def replay(folder: Path, packets: int, idle_s: float) -> float:
    """Run the sensor's path over the capture and show what it takes beyond `idle_s`; return its CPU seconds.

    Of no packets nothing is shown: a capture of the connections alone, to know what starting takes.
    """
    store = folder / ("flows" if packets else "none")
    command = [str(Path(sys.executable).with_name("netmon")), "replay", str(folder / "flood.pcap"), "--json"]
    began, over_time = time.monotonic(), []
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen([*command, "--store", str(store)], stdout=said, stderr=said)
        peak = 0.0
        while not _zombie(process.pid):
            peak = max(peak, memory_mb(process.pid, "VmHWM"))
            over_time.append((time.monotonic() - began, memory_mb(process.pid)))
            time.sleep(0.25)
        used = last_cpu_s(process)
        code = process.wait()
    took = time.monotonic() - began
    if not packets:
        return used
    print(
        f"{packets:,} packets, exit status {code}, {took:.1f} s, {(used - idle_s) / packets * 1e9:.0f} ns of CPU each"
    )
    shown = over_time[:: max(1, len(over_time) // 12)]
    print(f"peak {peak:.0f} MB; over time: " + ", ".join(f"{at:.0f} s {mb:.0f}" for at, mb in shown))
    for line in (folder / "said").read_text(encoding="utf-8").splitlines():
        print("  " + line[:240])
    return used


def _zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"


def survived(store: Path, sources: int) -> None:
    """Say how many of the connections are one whole flow in the files."""
    files = [str(path) for path in store.rglob("*.parquet")]
    table = pl.concat([pl.read_parquet(file) for file in files], how="diagonal")
    ours = table.filter(pl.col("destination_port") == 443)
    expected = sources // BATCH + 3
    whole = ours.filter(pl.col("packets") == expected)
    print(f"{table.height:,} flows kept; of {ESTABLISHED} connections {whole.height} are one flow with every packet")


def write(path: Path, sources: int) -> int:
    """Write the capture; return how many packets it has."""
    flood = _rows(ipv4(tcp(source_port=1024, destination_port=80, flags=SYN), source="1.0.0.0", destination="10.0.0.9"))
    total = 0
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        at = _BEGIN_S * 1_000_000_000
        for flags, back in ((SYN, False), (SYN | ACK, True), (ACK, False)):
            total += _connections(out, at, flags, back=back)
            at += 10_000_000
        for begin in range(0, sources, BATCH):
            count = min(BATCH, sources - begin)
            rows = np.repeat(flood, count)
            numbers = np.arange(begin, begin + count, dtype=np.uint64)
            times = np.uint64(at) + np.arange(count, dtype=np.uint64) * np.uint64(_EACH_NS)
            rows["s"], rows["ns"] = times // np.uint64(10**9), times % np.uint64(10**9)
            rows["source"] = 0x0B00_0000 + numbers * np.uint64(97) % np.uint64(0xD000_0000)
            rows["port"] = 1_024 + numbers % np.uint64(60_000)
            out.write(rows.tobytes())
            at += count * _EACH_NS
            total += count + _connections(out, at, ACK | PSH, back=False)
        total += _connections(out, at + 10_000_000, FIN | ACK, back=False)
        total += _connections(out, at + 20_000_000, FIN | ACK, back=True)
    return total


def _connections(out: object, at: int, flags: int, *, back: bool) -> int:
    for row in range(ESTABLISHED):
        client, server = f"198.51.100.{row + 1}", f"10.0.1.{row % 20 + 1}"
        ends, ports = (client, server), (40_000 + row, 443)
        if back:
            ends, ports = ends[::-1], ports[::-1]
        segment = tcp(source_port=ports[0], destination_port=ports[1], flags=flags)
        frame = ethernet(ipv4(segment, source=ends[0], destination=ends[1]))
        now = at + row
        head = struct.pack("<IIII", now // 1_000_000_000, now % 1_000_000_000, len(frame), len(frame))
        out.write(head + frame)  # type: ignore[attr-defined]
    return ESTABLISHED


def _rows(packet: object) -> np.ndarray:
    """Return one packet's record in a capture file, with names for what differs."""
    frame = ethernet(packet)  # type: ignore[arg-type]
    kind = np.dtype(
        {
            "names": ["s", "ns", "captured", "wire", "frame", "source", "port"],
            "formats": ["<u4", "<u4", "<u4", "<u4", f"V{len(frame)}", ">u4", ">u2"],
            "offsets": [0, 4, 8, 12, 16, 16 + 26, 16 + 34],
            "itemsize": 16 + len(frame),
        }
    )
    row = np.zeros(1, kind)
    row["frame"] = np.frombuffer(frame, f"V{len(frame)}")
    row["captured"] = row["wire"] = len(frame)
    return row


if __name__ == "__main__":
    main()
