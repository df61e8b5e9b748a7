"""The power is cut: the segment ends in the middle of a record, or of an act, that was never acknowledged."""

import json
import random
from pathlib import Path

from bench.fault_scenarios.books import check, check_proof, read_books
from bench.fault_scenarios.house import CORE, LOAD, House, house, wait
from bench.fault_scenarios.report import Outcome
from netmon.api import Event, Severity
from netmon.core.codec import to_data
from netmon.core.ledger.record import Entry, Kind, encode
from netmon.core.ledger.segments import segments


def power_cuts(folder: Path, cuts: int = 20, seed: int = 1) -> Outcome:
    """Kill the core, leave a torn end as a power cut does, start it again; so often."""
    outcome, chance = Outcome("power cuts"), random.Random(seed)
    with house(folder, devices=0) as here:
        here.start(CORE)
        here.start(LOAD)
        wait(lambda: here.load_status().get("delivered_total", 0) > 0)
        wait(here.core_answers)
        here.keep_checkpoint()
        for _ in range(cuts):
            at = here.load_status()["delivered_total"]
            wait(lambda at=at: here.load_status()["delivered_total"] > at + 50)  # type: ignore[misc]  # bound early
            here.kill(CORE)
            tear(here, chance)
            here.start(CORE)
            wait(here.core_answers)
            here.keep_checkpoint()
        here.quiet()
        here.check_identities(outcome)
        here.check_last_word(outcome)
        books = read_books(here.ledger)
        here.check_alerts(outcome)
        check(outcome, books, here.acknowledged())
        outcome.figure("cuts", cuts)
        outcome.figure("repairs recorded", books.systems["repaired"])
        outcome.expect(books.systems["repaired"] == cuts, "not every repair is in the ledger")
        outcome.expect(books.systems["damaged"] == 0, "a torn end was taken for damage")
        outcome.expect("torn.0" not in books.ids, "a record that was never whole is in the ledger")
        here.stop(CORE)
        here.keep_checkpoint()
        check_proof(outcome, here.ledger, here.outside)
    return outcome


def tear(here: House, chance: random.Random) -> None:
    """Append what a write leaves that the power interrupted: part of a record, or of an act of several."""
    path = segments(here.ledger)[-1].path
    whole = path.read_bytes()
    last = whole[: whole.rindex(b"\n")].rpartition(b"\n")[2]
    seq = json.loads(last)["seq"] + 1
    begun = chance.randrange(3)  # whole records of the act that never got its last one
    lines = [_line(seq + number, more=True) for number in range(begun + 1)]
    with path.open("ab") as file:
        cut = b"\n".join(lines)[: -chance.randrange(1, len(lines[-1]))]
        file.write(cut)


def _line(seq: int, *, more: bool) -> bytes:
    event = Event(1e9, "load", "sw-1", "network", Severity.INFO, {"event.id": "torn.0"})
    return encode(Entry(Kind.EVENT, event.at, "load", to_data(event), "network", more=more), seq, 1e9)
