"""What it costs to fill the history from a Prometheus: time, its CPU, and the octets of its answers.

Run `python -m bench.history_fill` (`--targets 50 --series 2 --days 56 --every 60`). Needs prometheus and promtool; the
samples are made into blocks first, which takes longer than all the rest.
"""

import argparse
import asyncio
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry

from netmon.api.columns import Batch, Series
from netmon.core.history.fill import Fill
from netmon.core.history.history import History
from netmon.core.history.periods import DAY_S
from netmon.core.history.promql import Ask
from netmon.core.history.settings import HistorySettings, PrometheusSettings
from tests.support.history import MIDNIGHT, Shelf
from tests.support.processes import cpu_s, free_port, memory_mb, running, wait_for_port
from tests.support.waiting import eventually_sync


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=50)
    parser.add_argument("--series", type=int, default=2, help="of each target")
    parser.add_argument("--days", type=int, default=56)
    parser.add_argument("--every", type=int, default=60, help="seconds between samples")
    options = parser.parse_args()
    series = [
        Series(f"sw{target:03}", "disk_used", (("mountpoint", f"/{i}"),))
        for target in range(options.targets)
        for i in range(options.series)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, series, options.days, options.every)
        measure(folder, series, options.days)


def make(folder: Path, series: list[Series], days: int, every_s: int) -> None:
    """Write blocks of a Prometheus, a day of a file at a time so that the file stays small."""
    chance = np.random.default_rng(3)
    for day in range(days, 0, -1):
        at = np.arange(MIDNIGHT - day * DAY_S, MIDNIGHT - (day - 1) * DAY_S, every_s)
        with (folder / "metrics").open("w") as file:
            file.write("# TYPE disk_used gauge\n")
            for one in series:
                head = f'disk_used{{instance="{one.target}",mountpoint="{one.labels[0][1]}",job="node"}}'
                values = chance.normal(50, 5, len(at))
                file.writelines(f"{head} {value:.3f} {moment:.0f}\n" for value, moment in zip(values, at, strict=True))
            file.write("# EOF\n")
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "metrics")]
        subprocess.run([*command, str(folder / "tsdb")], check=True, capture_output=True)


def measure(folder: Path, series: list[Series], days: int) -> None:
    port, config, log = free_port(), folder / "prometheus.yml", folder / "log"
    config.write_text("global: {}\n")
    command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=50y"]
    with running(command, log) as peer:
        wait_for_port(peer, port, log)
        eventually_sync(lambda: "ready to receive" in log.read_text(), 60)
        book = Shelf()
        book.there = list(series)
        kept = History(folder / "history", HistorySettings(), book, CollectorRegistry())
        kept.open()
        slots = np.arange(len(series), dtype=np.int32)
        ones = np.ones(len(series))
        kept.add(Batch(slots, ones * MIDNIGHT, ones, ones, np.zeros(len(series), np.bool_)))
        settings = PrometheusSettings(url=f"http://127.0.0.1:{port}", window_days=days)
        registry = CollectorRegistry()
        fill = Fill(folder / "history", kept, settings, lambda *_: Ask(), lambda _: None, registry)
        began, theirs, ours = time.perf_counter(), cpu_s(peer.pid), time.process_time()
        records = asyncio.run(fill.run(MIDNIGHT))
        took = time.perf_counter() - began
        asked = registry.get_sample_value("netmon_history_fill_questions_total", {"outcome": "answered"})
        print(f"{len(series)} series, {days} days: {records} records by {asked:.0f} questions in {took:.1f} s")
        print(
            f"CPU: Prometheus {cpu_s(peer.pid) - theirs:.1f} s ({(cpu_s(peer.pid) - theirs) / records * 1e3:.2f} ms a"
            f" record), netmon {time.process_time() - ours:.2f} s; Prometheus's memory {memory_mb(peer.pid):.0f} MB"
        )
        kept.close()


if __name__ == "__main__":
    main()
