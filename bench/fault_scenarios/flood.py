"""50,000 events in one second."""

import signal
import time
from pathlib import Path

from bench.fault_scenarios.books import check, check_proof, read_books
from bench.fault_scenarios.house import CORE, LOAD, House, Prober, house, wait
from bench.fault_scenarios.report import Outcome


def flood(folder: Path, events: int = 50_000) -> Outcome:
    """Send so many in one call, and time until the core has them on disk."""
    outcome = Outcome("flood")
    with house(folder, devices=0) as here:
        here.load_options = ("--rate", "20", "--burst", str(events))
        here.start(CORE)
        here.start(LOAD)
        wait(here.core_answers)
        wait(lambda: here.load_status().get("delivered_total", 0) > 20)
        before = here.total(CORE, "netmon_intake_stored_total")
        late = late_by(here)
        with Prober(here) as prober:
            began = time.monotonic()
            here.signal(LOAD, signal.SIGUSR1)
            wait(lambda: here.load_status().get("sent", 0) >= events, 30)
            outcome.figure("s until all were handed to the link", time.monotonic() - began)
            wait(lambda: here.load_status().get("secured", 0) >= events, 60)
            outcome.figure("s until flush returned for all", time.monotonic() - began)
            wait(lambda: here.load_status().get("delivered_total", 0) >= events, 60)
            took_s = time.monotonic() - began
        outcome.figure("s until all were committed and acknowledged", took_s)
        outcome.figure("events/s", events / took_s)
        outcome.figure("stored meanwhile", here.total(CORE, "netmon_intake_stored_total") - before)
        outcome.figure("longest block of the core's event loop, below s", longest_block(here, late))
        report_latency(outcome, prober, "health page")
        here.quiet()
        here.check_identities(outcome)
        check(outcome, read_books(here.ledger), here.acknowledged())
        here.keep_checkpoint()
        here.stop(CORE)
        check_proof(outcome, here.ledger, here.outside)
    return outcome


def late_by(here: House) -> dict[float, float]:
    """Return the histogram of how late the core's event loop was: upper bound in s → how often, cumulated."""
    found = here.samples(CORE)
    return {float(labels["le"]): v for n, labels, v in found if n == "netmon_event_loop_lag_seconds_bucket"}


def longest_block(here: House, before: dict[float, float]) -> float:
    """Return the upper bound of the bucket that holds the longest delay since `before`."""
    since = {le: count - before.get(le, 0) for le, count in late_by(here).items()}
    most = max(since.values())
    return min(le for le, count in since.items() if count == most)


def report_latency(outcome: Outcome, prober: Prober, what: str) -> None:
    """Report how long answers took."""
    took = sorted(prober.took_s)
    if took:
        outcome.figure(f"{what}: asked", len(took))
        outcome.figure(f"{what}: p50 ms", took[len(took) // 2] * 1e3)
        outcome.figure(f"{what}: p99 ms", took[int(len(took) * 0.99)] * 1e3)
        outcome.figure(f"{what}: longest ms", took[-1] * 1e3)
