"""Faults, one after the other, against the real daemons. Exit 1 when a promise was not kept."""

import argparse
import contextlib
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.fault_scenarios.away import core_away
from bench.fault_scenarios.clock import clock_steps
from bench.fault_scenarios.disks import core_disk_full, spool_disk_full
from bench.fault_scenarios.flood import flood
from bench.fault_scenarios.kills import kills
from bench.fault_scenarios.manager_away import manager_away
from bench.fault_scenarios.many import many_alerts
from bench.fault_scenarios.report import Outcome
from bench.fault_scenarios.torn import power_cuts

ALONE = ("unshare", "--user", "--map-root-user", "--mount")  # where an ordinary user may mount a small disk


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how often something is killed")
    parser.add_argument("--away", type=float, default=600, help="for how many seconds somebody is away")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", metavar="SCENARIO", help="only these")
    parser.add_argument("--json", action="store_true", help="figures for machines, as the last line")
    parser.add_argument("--directory", type=Path, help="where to work (default: the system's for temporary files)")
    parser.add_argument("--keep", action="store_true", help="keep the working directory")
    options = parser.parse_args()
    if os.geteuid() != 0 and "NETMON_FAULTS_ALONE" not in os.environ:
        os.environ["NETMON_FAULTS_ALONE"] = "1"
        os.execvp(ALONE[0], [*ALONE, sys.executable, "-m", "bench.fault_scenarios", *sys.argv[1:]])  # noqa: S606
    scenarios: dict[str, Callable[[Path], Outcome]] = {
        "kills": lambda folder: kills(folder, options.kills, options.seed),
        "core-away": lambda folder: core_away(folder, options.away),
        "flood": flood,
        "disk-full": core_disk_full,
        "spool-full": spool_disk_full,
        "manager-away": lambda folder: manager_away(folder, options.away),
        "clock": clock_steps,
        "power-cut": power_cuts,
        "many-alerts": many_alerts,
    }
    unknown = set(options.only or ()) - set(scenarios)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(scenarios)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that runs is ended, by its own id
    with _work(options) as work:
        outcomes = [_run(name, scenarios[name], work / name) for name in options.only or scenarios]
    broken = [f"{each.scenario}: {promise}" for each in outcomes for promise in each.broken]
    print("\n".join(["", "every promise was kept" if not broken else "NOT KEPT:", *broken]))
    if options.json:
        machine = {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        print(json.dumps({"date": now, "machine": machine, "scenarios": [each.as_data() for each in outcomes]}))
    return 1 if broken else 0


@contextlib.contextmanager
def _work(options: argparse.Namespace) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=options.directory, prefix="netmon-faults-"))
    try:
        yield folder
    finally:
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _run(name: str, scenario: Callable[[Path], Outcome], folder: Path) -> Outcome:
    print(f"== {name}", flush=True)
    folder.mkdir()
    try:
        return scenario(folder)
    except Exception as error:  # noqa: BLE001 - the others still have their turn
        traceback.print_exc()
        return Outcome(name, broken=[f"the scenario did not come to its end: {type(error).__name__}: {error}"])


if __name__ == "__main__":
    sys.exit(main())
