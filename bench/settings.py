"""How long a large configuration takes to load: `bench/settings.py [DEVICES]`, all in one inventory file.

Prints wall time and CPU of `load_directory`, and the part that reading YAML with positions takes of it.
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from netmon.app.settings import load_directory
from netmon.app.settings.yamlfile import read_yaml

SITES = 250


def write(directory: Path, devices: int) -> Path:
    """Write a configuration with this many devices, each with labels and an uplink."""
    (directory / "inventory").mkdir()
    (directory / "netmon.yaml").write_text("credentials: {default: {version: v2c, community: '${NETMON_BENCH}'}}\n")
    sites = [f"  - name: site-{i}\n    title: Office {i}\n    prefixes: [10.0.{i}.0/24]\n" for i in range(SITES)]
    rows = [_device(i) for i in range(devices)]
    inventory = directory / "inventory" / "all.yaml"
    inventory.write_text("sites:\n" + "".join(sites) + "devices:\n" + "".join(rows))
    return inventory


def _device(i: int) -> str:
    return (
        f"  - name: switch-{i}\n    address: 10.{100 + (i >> 16)}.{i >> 8 & 255}.{i & 255}\n"
        f"    site: site-{i % SITES}\n"
        f"    role: access\n    title: Access switch {i}\n    interval_s: 60\n"
        f"    labels:\n      rack: R{i % 7}\n      floor: '{i % 4}'\n"
        f"    uplinks:\n      - {{device: switch-{i - 1 if i else 1}, port: Gi0/24}}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("devices", type=int, nargs="?", default=5_000)
    devices = parser.parse_args().devices
    with tempfile.TemporaryDirectory() as name:
        inventory = write(Path(name), devices)
        start, cpu = time.perf_counter(), time.process_time()
        read_yaml(inventory)
        print(f"YAML with positions: {time.perf_counter() - start:.2f} s, CPU {time.process_time() - cpu:.2f} s")
        start, cpu = time.perf_counter(), time.process_time()
        settings = load_directory(Path(name), {"NETMON_BENCH": "public", **os.environ})
        print(f"load_directory:      {time.perf_counter() - start:.2f} s, CPU {time.process_time() - cpu:.2f} s")
        print(f"{len(settings.targets())} targets, {inventory.stat().st_size / 1e6:.1f} MB of YAML, ", end="")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
