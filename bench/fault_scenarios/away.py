"""The core is away for a while: spools grow, then everything comes in order, once."""

import time
from pathlib import Path

from bench.fault_scenarios.books import check, check_proof, read_books
from bench.fault_scenarios.house import CORE, LOAD, POLLER, house, wait
from bench.fault_scenarios.report import Outcome


def core_away(folder: Path, away_s: float) -> Outcome:
    """Kill the core, start it again after `away_s` seconds, and time how long it takes to catch up."""
    outcome = Outcome("core away")
    with house(folder) as here:
        for who in (CORE, POLLER, LOAD):
            here.start(who)
        wait(lambda: here.load_status().get("delivered_total", 0) > 0)
        wait(here.core_answers)
        here.keep_checkpoint()
        here.kill(CORE)
        time.sleep(away_s)
        waiting = here.load_status()["spooled_records"]
        outcome.figure("s away", away_s)
        outcome.figure("waiting in the spool at the return", waiting)
        outcome.expect(waiting > 0.8 * 1_000 * away_s, f"only {waiting} were spooled")
        here.start(CORE)
        start_s = wait(here.core_answers)
        caught_up_s = start_s + wait(lambda: here.load_status().get("spooled_records", 1e9) < 500, 600)
        outcome.figure("s until the core answers", start_s)
        outcome.figure("s until it has caught up", caught_up_s)
        outcome.figure("events/s while catching up", waiting / max(0.001, caught_up_s - start_s))
        here.quiet()
        here.check_identities(outcome)
        here.check_last_word(outcome)
        books = read_books(here.ledger)
        here.check_alerts(outcome)
        check(outcome, books, here.acknowledged())
        here.stop(CORE)
        here.keep_checkpoint()
        check_proof(outcome, here.ledger, here.outside)
    return outcome
