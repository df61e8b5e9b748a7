"""How long a ledger takes to verify: `bench/verify.py --records N`, netmon's verifier and the standalone one.

Makes a ledger of records of about 400 bytes in segments of 64 MiB, with a checkpoint for each 1,000 records, and prints
wall time, CPU and peak memory of each, in a process of its own; then the time of one inclusion proof.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from netmon.core.ledger import header, note, standalone
from netmon.core.ledger.hashes import hash_lines, path_of, split
from netmon.core.ledger.keys import SigningKey, save
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.proof import prove
from netmon.core.ledger.record import timestamp
from netmon.core.ledger.seals import Line, encode_line

ORIGIN = "netmon/bench/00000000"
EVERY = 1_000
NETMON = "import sys; from pathlib import Path; from netmon.core.ledger.verify import verify\n"
NETMON += "report = verify(Path(sys.argv[1])); print(report.verdict, report.records, report.own)"


def make(directory: Path, records: int, segment_records: int) -> None:
    (directory / "segments").mkdir(parents=True)
    key, tree = SigningKey.generate(ORIGIN), Frontier()
    save(key, directory)
    with (directory / "checkpoints.jsonl").open("wb") as checkpoints:
        number = 0
        for first in range(0, records, segment_records):
            head = header.encode(header.Header(ORIGIN, first, timestamp(1.8e9), tree.hashes))
            with (
                (directory / "segments" / header.file_name(first)).open("wb") as segment,
                path_of(directory, first).open("wb") as side,
            ):
                segment.write(head + b"\n")
                side.write(hash_lines([head]))
                for start in range(first, min(records, first + segment_records), EVERY):
                    lines = [record(seq) for seq in range(start, min(start + EVERY, records))]
                    hashes = hash_lines(lines)
                    segment.write(b"\n".join(lines) + b"\n")
                    side.write(hashes)
                    tree.extend(split(hashes))
                    signed = key.sign(note.TreeHead(ORIGIN, tree.size, tree.root()).encode())
                    checkpoints.write(encode_line(Line(timestamp(1.8e9), signed.decode(), number)) + b"\n")
                    number += 1
    (directory / "checkpoint").write_bytes(signed)


def record(seq: int) -> bytes:
    data = {
        "finding": {"rule": "link_down", "target": f"switch-{seq % 997}", "summary": f"port ge-0/0/{seq % 48} is down"}
    }
    data["finding"]["evidence"] = "x" * 120
    at = timestamp(1.8e9 + seq / 1000)
    line = {"seq": seq, "time": at, "recorded": at, "kind": "finding", "category": "finding", "source": "core-1"}
    return json.dumps({**line, "data": data, "key": f"core-1:{seq}"}, separators=(",", ":")).encode()


def measure(name: str, command: list[str]) -> None:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    said = process.stdout.read().strip() if process.stdout else ""
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    print(f"{name:<12} {wall:6.2f} s, CPU {cpu:6.2f} s, peak {peak:4.0f} MB, exit {process.returncode}: {said}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    records = parser.parse_args().records
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "ledger"
        make(directory, records, (64 << 20) // (len(record(records)) + 1) // EVERY * EVERY)
        size = sum(path.stat().st_size for path in (directory / "segments").glob("*.jsonl"))
        print(f"{records} records, {size / 1e6:.0f} MB, {len(record(records))} bytes a record")
        measure("netmon", [sys.executable, "-c", NETMON, str(directory)])
        measure("standalone", [sys.executable, "-I", str(standalone.__file__), str(directory)])
        start = time.perf_counter()
        prove(directory, records // 3)
        print(f"one inclusion proof: {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
