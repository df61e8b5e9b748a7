"""What a capture file costs: a gigabyte through the decoder alone, and through the whole of `netmon replay`.

Run `python -m bench.capture_file` (`--megabytes 1024`, `--folder DIR`). The capture is that of bench.packet_decode,
which holds the decoder against tshark, dpkt and scapy besides. CPU is user and system time of the process: of the
decoder without the imports, of `netmon replay` all of it, less what it takes for a file of one packet.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.packet_decode import OURS, Cost, measured, traffic, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        frames = traffic(40_000)
        count = int(options.megabytes * 1_000_000 / (sum(map(len, frames)) / len(frames) + 16))
        path, one = write(folder, frames, count), write(folder, frames, 1)
        path.read_bytes()  # into the page cache
        netmon = str(Path(sys.executable).with_name("netmon"))
        subprocess.run([netmon, "replay", str(one)], check=True, capture_output=True)  # compiled
        print(f"{count:,} packets, load {Path('/proc/loadavg').read_text(encoding='ascii').split()[0]}")
        show("file to records", count, min(runs([sys.executable, "-c", OURS, "0", str(path)]), key=_cpu_s), 0.0)
        idle = min(runs([netmon, "replay", str(one)]), key=_cpu_s).cpu_s
        show("netmon replay", count, min(runs([netmon, "replay", str(path)]), key=_cpu_s), idle)


def runs(command: list[str]) -> list[Cost]:
    """Run three times."""
    return [measured(command) for _ in range(3)]


def _cpu_s(cost: Cost) -> float:
    return cost.cpu_s


def show(name: str, count: int, cost: Cost, idle_s: float) -> None:
    each = (cost.cpu_s - idle_s) / count * 1e9
    print(f"{name:<20}{each:8.0f} ns of CPU a packet{cost.wall_s:8.2f} s{cost.memory_mb:8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
