"""kill -9 of core, poller and load at random moments under load, each restarted at once."""

import random
import time
from pathlib import Path

from bench.fault_scenarios.books import check, check_proof, read_books
from bench.fault_scenarios.house import CORE, LOAD, POLLER, house, wait
from bench.fault_scenarios.operators import Operators
from bench.fault_scenarios.report import Outcome


def kills(folder: Path, count: int, seed: int = 1) -> Outcome:
    """Kill so often, wait until all is quiet, and hold the ledger against what was acknowledged."""
    outcome, chance = Outcome("kills"), random.Random(seed)
    with house(folder) as here:
        for who in (CORE, POLLER, LOAD):
            here.start(who)
        wait(here.core_answers)
        wait(lambda: here.load_status().get("secured", 0) > 0)
        killed = dict.fromkeys((CORE, POLLER, LOAD), 0)
        with Operators(here) as operators:
            for _ in range(count):
                time.sleep(chance.uniform(0.05, 4))
                who = chance.choice((CORE, POLLER, LOAD))
                if not here.alive(who):
                    outcome.expect(False, f"the {who} ended by itself: see its log")
                here.kill(who)
                here.start(who)
                killed[who] += 1
                here.keep_checkpoint()
            normal_s = wait(here.core_answers)
            normal_s += wait(lambda: here.load_status().get("delivered_total", 0) > 0)
            time.sleep(2)  # a last share of actions with everything in place
        for who, times in killed.items():
            outcome.figure(f"kill -9 of the {who}", times)
        outcome.figure("s until normal after the last kill", normal_s)
        here.quiet()
        here.check_identities(outcome)
        here.check_last_word(outcome)
        wait(here.keep_checkpoint)
        books = read_books(here.ledger)
        here.check_alerts(outcome)
        check(outcome, books, here.acknowledged())
        missing = [note for note in operators.done if books.actions[note] != 1]
        outcome.figure("operators' actions answered with success", len(operators.done))
        outcome.figure("of them not in the ledger once", len(missing))
        outcome.expect(not missing, f"actions that were answered and are not in the ledger once: {missing[:5]}")
        outcome.expect(bool(operators.done), "no action was answered, so none was tested")
        outcome.expect(not operators.refused.get(500), f"the API failed: {operators.last_refusal}")
        outcome.figure("torn ends that were cut off", books.systems["repaired"])
        outcome.expect(books.systems["damaged"] == 0, "a start took the ledger for damaged")
        here.stop(CORE)
        here.keep_checkpoint()
        check_proof(outcome, here.ledger, here.outside)
    return outcome
