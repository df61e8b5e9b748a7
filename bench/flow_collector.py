"""Whole flow collectors side by side: netmon with its files and detectors, and nfcapd, on the same datagrams.

Run `python -m bench.flow_collector` (`--records 8000000`, `--rates 250000,1000000`, `--versions 9,10`). The flows are
those of `bench.flow_store`, an hour's mixture by Zipf's and Pareto's laws, both directions of each, 24 records of 50 to
58 octets a datagram, sent at an even rate to one collector after the other. CPU is user and system time from
/proc/PID/stat, from the first datagram until the process has written its files and ended. Lost: what was sent and is
not in the files. `--bare` adds a netmon whose detectors are all off: what nfcapd does, which judges nothing; and one
that has a page of metrics besides.
"""

import argparse
import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.flow_store import Maker
from exporters.flowstore.names import File, file_of, live
from exporters.flowstore.settings import FlowStoreSettings
from netmon.api.traffic import MAPPED
from netmon.app.catalog import TRAFFIC_RULES
from tests.support.exporters import flowset, ipfix, template, v9, wait_bound
from tests.support.processes import cpu_s, free_port, memory_mb

RECORDS: Final = 24  # of a datagram of 1,4xx octets, as routers send them
SOCKET_BYTES: Final = 64 << 20
_V9: Final = np.dtype(
    [
        ("source_lo", ">u4"),
        ("destination_lo", ">u4"),
        ("source_port", ">u2"),
        ("destination_port", ">u2"),
        ("protocol", "u1"),
        ("tcp_flags", "u1"),
        ("in_interface", ">u4"),
        ("out_interface", ">u4"),
        ("bytes", ">u8"),
        ("packets", ">u8"),
        ("first", ">u4"),
        ("last", ">u4"),
    ]
)
_IPFIX: Final = np.dtype([*((name, _V9[name]) for name in (_V9.names or ())[:-2]), ("first", ">u8"), ("last", ">u8")])
_ELEMENTS: Final = (8, 12, 7, 11, 4, 6, 10, 14, 1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=8_000_000)
    parser.add_argument("--rates", default="250000,1000000", help="records a second")
    parser.add_argument("--versions", default="9,10")
    parser.add_argument("--bare", action="store_true", help="also with all detectors off")
    options = parser.parse_args()
    print(subprocess.run(["nfcapd", "-V"], check=False, capture_output=True, text=True).stdout.strip())
    print(f"polars {pl.__version__}, numpy {np.__version__}, Python {sys.version.split()[0]}")
    head = ("collector", "records/s", "records", "ns/record", "lost", "peak MB", "octets/record", "load", "  files")
    print(f"{head[0]:<28}" + "".join(f"{each:>14}" for each in head[1:-1]) + head[-1])
    for version in map(int, options.versions.split(",")):
        data = datagrams(options.records, version)
        for rate in map(int, options.rates.split(",")):
            for name, start in collectors(bare=options.bare):
                show(f"{name}, {'IPFIX' if version == 10 else 'v9'}", run(start, data, rate, options.records), rate)


def datagrams(records: int, version: int) -> list[bytes]:
    """Return a template and so many flows that end now, in datagrams, as one exporter sends them."""
    maker, now = Maker(), int(time.time())
    kind = _IPFIX if version == 10 else _V9
    width = 8 if version == 10 else 4
    times = (152, 153) if version == 10 else (22, 21)
    fields = [(element, kind[place].itemsize) for place, element in enumerate(_ELEMENTS)]
    fields += [(element, width) for element in times]
    found = [(ipfix if version == 10 else v9)(flowset(2 if version == 10 else 0, template(256, *fields)), sequence=0)]
    sequence = 0
    for _ in range(max(1, records // 1_000_000)):
        rows = wire(conversations(maker, min(records, 1_000_000)), kind, now)
        for at in range(0, len(rows), RECORDS):
            body = flowset(256, rows[at : at + RECORDS].tobytes())
            found.append((ipfix if version == 10 else v9)(body, sequence=sequence, seconds=now))
            sequence += len(rows[at : at + RECORDS]) if version == 10 else 1
    return found


def conversations(maker: Maker, count: int) -> NDArray[np.void]:
    """Return flows as a router tells them: both directions of each beside each other, names from a few resolvers."""
    rows = np.repeat(maker.minute(0, count // 2, spoofed=False), 2)
    there, back = rows[::2], rows[1::2]
    outward = there["source_port"] > 1_023
    for one, other in (("source", "destination"), ("destination", "source")):
        for field in ("lo", "port"):
            there[f"{one}_{field}"] = np.where(outward, there[f"{one}_{field}"], back[f"{other}_{field}"])
    there["tcp_flags"] = np.where(there["protocol"] == 6, 27, 0)
    names = there["protocol"] == 17
    there["destination_lo"][names] = MAPPED | 0x0A00_0005 + there["destination_lo"][names] % np.uint64(3)
    for field in ("bytes", "packets", "tcp_flags", "protocol", "in_interface", "out_interface"):
        back[field] = there[field]
    for one, other in (("source", "destination"), ("destination", "source")):
        back[f"{one}_lo"], back[f"{one}_port"] = there[f"{other}_lo"], there[f"{other}_port"]
    return rows


def wire(rows: NDArray[np.void], kind: np.dtype[np.void], now: int) -> NDArray[np.void]:
    """Return records as they are on the wire; a v9 exporter has been up for 1,000 s (as `tests.support` says)."""
    made = np.zeros(len(rows), kind)
    for name in (kind.names or ())[:-2]:
        made[name] = rows[name] & np.uint64(0xFFFF_FFFF) if name.endswith("_lo") else rows[name]
    lasted_ms = ((rows["end_ns"] - rows["start_ns"]) // np.uint64(1_000_000)).astype(np.int64)
    ended_ms = (rows["end_ns"] % np.uint64(60_000_000_000) // np.uint64(1_000_000)).astype(np.int64) - 60_000
    base = now * 1_000 if kind == _IPFIX else 1_000_000
    made["last"] = base + ended_ms
    made["first"] = base + ended_ms - np.minimum(lasted_ms, 900_000)
    return made


@dataclass(slots=True)
class Peer:
    """A collector that runs, and what it kept after its end."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def kept(self) -> int:
        """Return how many records are in its files."""
        parquet: dict[Path, list[File]] = {}
        for path in self.folder.rglob("*.parquet"):
            parquet.setdefault(path.parent, []).extend(filter(None, [file_of(path.name)]))
        if parquet:
            return sum(file.records for hour in parquet.values() for file in live(hour))
        command = ["nfdump", "-R", str(self.folder), "-I"]
        report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return int(next(line for line in report.splitlines() if line.startswith("Flows:")).split()[1])

    def form(self) -> str:
        """Return what its files are, as the programs that wrote them tell."""
        parquet = next(self.folder.rglob("*.parquet"), None)
        if parquet is not None:
            return f"Parquet, zstd {FlowStoreSettings().compression_level} where it saves enough"
        file = next(self.folder.rglob("nfcapd.*"))
        report = subprocess.run(["nfdump", "-v", str(file)], check=False, capture_output=True, text=True).stdout
        version = next((line for line in report.splitlines() if line.startswith("Version")), "")
        return f"nfdump {version.partition(':')[2].strip()}"

    def size(self) -> int:
        """Return the octets of its files."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run came to."""

    sent: int
    kept: int
    cpu_s: float
    memory_mb: float
    size: int
    load: float
    took_s: float
    form: str


def run(start: object, data: Sequence[bytes], rate: int, records: int) -> Cost:
    """Send everything to one collector and end it."""
    with start() as peer:  # type: ignore[operator]
        before = cpu_s(peer.process.pid)
        took_s = send(data, peer.port, rate / RECORDS)
        time.sleep(1.0)
        memory = memory_mb(peer.process.pid, "VmHWM")
        peer.process.send_signal(signal.SIGTERM)
        used = last_cpu_s(peer.process) - before
        peer.process.wait(60)
        load = float(Path("/proc/loadavg").read_text(encoding="ascii").split()[0])
        return Cost(records, peer.kept(), used, memory, peer.size(), load, took_s, peer.form())


def last_cpu_s(process: subprocess.Popen[bytes]) -> float:
    """Return the CPU time of a process that ends, as /proc tells it while nobody has waited for it."""
    while True:
        state = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        if state == "Z":
            return cpu_s(process.pid)
        time.sleep(0.01)


def send(data: Sequence[bytes], port: int, rate: float) -> float:
    """Send datagrams evenly, in bursts of 2 ms; return how long it took, in seconds."""
    burst = max(1, int(rate / 500))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        begun = time.monotonic()
        for start in range(0, len(data), burst):
            for each in data[start : start + burst]:
                sock.send(each)
            ahead = begun + start / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
        return time.monotonic() - begun


def show(name: str, cost: Cost, rate: int) -> None:
    real = cost.sent / cost.took_s
    row = (min(rate, real), cost.kept, cost.cpu_s / max(cost.kept, 1) * 1e9, cost.sent - cost.kept, cost.memory_mb)
    print(f"{name:<28}" + "".join(f"{each:14,.0f}" for each in row) + f"{cost.size / max(cost.kept, 1):14.1f}", end="")
    print(f"{cost.load:14.1f}  {cost.form}", flush=True)


def collectors(*, bare: bool) -> Iterator[tuple[str, object]]:
    """Give the collectors that are compared."""
    yield "netmon", lambda: netmon(detectors=True)
    if bare:
        yield "netmon, no detectors", lambda: netmon(detectors=False)
        yield "the same, with metrics", lambda: netmon(detectors=False, metrics=True)
    if shutil.which("nfcapd") is not None:
        yield "nfcapd", nfcapd


@contextlib.contextmanager
def netmon(*, detectors: bool, metrics: bool = False) -> Iterator[Peer]:
    """Run `netmon flow-collector` with an inventory of 200 offices, everything else as it comes."""
    port = free_port(socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configure(folder / "config", port, detectors=detectors)
        command = [str(Path(sys.executable).with_name("netmon")), "flow-collector"]
        command += ["--config", str(folder / "config"), "--store", str(folder / "flows")]
        command += ["--user", ""]  # who else root became could not enter this folder
        command += ["--metrics-listen", f"127.0.0.1:{free_port(socket.SOCK_STREAM)}"] if metrics else []
        yield from _running(command, port, folder / "flows", folder / "log")


def configure(folder: Path, port: int, *, detectors: bool) -> None:
    """Write a configuration directory for a collector at this port."""
    configure_offices(folder)
    off = "".join(f"    {rule.name}: {{enabled: false}}\n" for rule in TRAFFIC_RULES)
    flows = f"listen: [udp://127.0.0.1:{port}], allow: [127.0.0.0/8], receive_buffer_bytes: {SOCKET_BYTES}"
    text = f"traffic:\n  flows: {{{flows}}}\n"
    (folder / "netmon.yaml").write_text(text + ("" if detectors else f"  detectors:\n{off}"))


def configure_offices(folder: Path) -> None:
    """Write an inventory of 200 offices in 10.0.0.0/16, and nothing else."""
    (folder / "inventory").mkdir(parents=True)
    sites = "".join(
        f"  - {{name: office-{row:03}, title: Office {row}, prefixes: [10.0.{row}.0/24]}}\n" for row in range(200)
    )
    (folder / "inventory" / "sites.yaml").write_text(f"sites:\n{sites}")


@contextlib.contextmanager
def nfcapd() -> Iterator[Peer]:
    """Run nfcapd as it comes: files not compressed, nothing judged."""
    port = free_port(socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "flows").mkdir()
        command = ["nfcapd", "-w", str(folder / "flows"), "-p", str(port), "-b", "127.0.0.1", "-t", "3600"]
        yield from _running([*command, "-B", str(SOCKET_BYTES)], port, folder / "flows", folder / "log")


def _running(command: Sequence[str], port: int, folder: Path, log: Path) -> Iterator[Peer]:
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            wait_bound(process, port, log, 300)  # the first time its loops are compiled
            time.sleep(1.0)
            yield Peer(process, port, folder)
        finally:
            if process.poll() is None:
                process.kill()


if __name__ == "__main__":
    main()
