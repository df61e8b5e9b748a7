"""What stands in the ledger when a scenario is over, held against what was acknowledged."""

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bench.fault_scenarios.report import Outcome
from netmon.core.alerts.changes import from_record
from netmon.core.ledger import standalone
from netmon.core.ledger.ledger import read
from netmon.core.ledger.record import Kind, Record, decode
from netmon.core.ledger.report import Verdict
from netmon.core.ledger.verify import verify


@dataclass
class Books:
    """The ledger, read once."""

    ids: Counter[str] = field(default_factory=Counter)  # event.id → how often it stands there
    keys: Counter[str] = field(default_factory=Counter)  # sender:number → how often
    numbers: dict[str, list[int]] = field(default_factory=dict)  # sender → numbers, as they stand
    order: list[str] = field(default_factory=list)  # event.id, as they stand
    actions: Counter[str] = field(default_factory=Counter)  # what operators wrote → how often
    alerts: dict[str, dict[str, object]] = field(default_factory=dict)  # id → the last that the ledger says of it
    systems: Counter[str] = field(default_factory=Counter)  # `what` of records of the daemon and the ledger
    whats: Counter[str] = field(default_factory=Counter)  # `kind what` of changes
    records: int = 0
    gaps: int = 0


def read_books(ledger: Path) -> Books:
    """Read a ledger from its first record to its last."""
    books, expected = Books(), 0
    for seq, line in read(ledger):
        books.gaps += seq != expected
        expected = seq + 1
        books.records += 1
        record = decode(line)
        if isinstance(record, Record):
            _note(books, record)
    return books


def _note(books: Books, record: Record) -> None:
    if record.key:
        sender, _, number = record.key.rpartition(":")
        books.keys[record.key] += 1
        books.numbers.setdefault(sender, []).append(int(number))
    match record.kind:
        case Kind.EVENT:
            name = str(record.data.get("fields", {}).get("event.id", ""))
            books.ids[name] += 1
            books.order.append(name)
        case Kind.ACTION:
            books.actions[str(record.data.get("note") or record.data.get("reason") or "")] += 1
        case Kind.ALERT:
            change = from_record(record)
            books.whats[f"alert {record.data['what']}"] += 1
            if change is not None:
                books.alerts[change.thing.id] = dict(record.data["alert"])
        case Kind.SYSTEM | Kind.LEDGER:
            books.systems[str(record.data.get("what"))] += 1
        case _:
            books.whats[f"{record.kind.value} {record.data.get('what')}"] += 1


def check(outcome: Outcome, books: Books, acknowledged: set[str]) -> None:
    """Hold the ledger against what was acknowledged: nothing lost, nothing doubled, order kept, no gap."""
    lost = sum(name not in books.ids for name in acknowledged)
    doubled = sum(count - 1 for count in books.ids.values()) + sum(count - 1 for count in books.keys.values())
    disorder = sum(a >= b for numbers in books.numbers.values() for a, b in pairwise(numbers))
    disorder += sum(_place(a) >= _place(b) for a, b in pairwise(books.order) if _run(a) == _run(b))
    outcome.figure("acknowledged", len(acknowledged))
    outcome.figure("stored", len(books.ids))
    outcome.figure("lost", lost)
    outcome.figure("doubled", doubled)
    outcome.figure("out of order", disorder)
    outcome.figure("ledger records", books.records)
    outcome.expect(lost == 0, f"{lost} acknowledged events are not in the ledger")
    outcome.expect(doubled == 0, f"{doubled} records stand in the ledger twice")
    outcome.expect(disorder == 0, f"{disorder} records are not in the order in which they were sent")
    outcome.expect(books.gaps == 0, f"{books.gaps} gaps in the ledger's numbers")
    outcome.expect(bool(acknowledged), "nothing was acknowledged, so nothing was tested")


def _run(name: str) -> str:
    return name.partition(".")[0]


def _place(name: str) -> int:
    return int(name.partition(".")[2] or 0)


def check_proof(outcome: Outcome, ledger: Path, outside: list[str]) -> None:
    """Have both verifiers prove that nothing was changed, with the checkpoints that were kept elsewhere."""
    kept = ledger.parent.parent / "witnessed.jsonl"
    kept.write_text("".join(outside), encoding="utf-8")
    report = verify(ledger, checkpoints={kept.name: kept.read_bytes()})
    outcome.figure("outside checkpoints that hold", report.outside)
    outcome.figure("verdict", report.verdict.value)
    faults = "; ".join(map(str, report.faults[:3]))
    outcome.expect(report.verdict is Verdict.GOOD, f"netmon's verifier: {report.verdict.value}: {faults}")
    outcome.expect(report.outside > 0, "no outside checkpoint was kept, so truncation was not tested")
    command = [sys.executable, standalone.__file__, str(ledger), "--checkpoint", str(kept)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    outcome.expect(done.returncode == 0, f"the auditor's verifier: {done.stdout} {done.stderr}")
