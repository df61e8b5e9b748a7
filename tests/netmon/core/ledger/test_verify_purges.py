"""Records that were taken out: by an act that says so, or by somebody who forged one."""

import json
from pathlib import Path

import pytest

from netmon.core.ledger.faults import Wrong
from netmon.core.ledger.report import Purge, Verdict
from netmon.core.ledger.verify import verify
from tests.support import ledgers
from tests.support.ledgers import MadeLedger, make
from tests.support.verified import bad, judged, name

MANY = [0, 30, 60, *range(62, 92, 2)]
"""Segments so that the ledger lives through a month between the second and its end: see lived.py."""


def purged(tmp_path: Path, seqs: list[int], announced: list[int] | None = None) -> MadeLedger:
    """A ledger whose record 95 is the act that took some of its records out."""
    before = make(tmp_path / "before", starts=MANY)
    act = before.purge(seqs, 95, announced=announced)
    ledger = make(tmp_path / "after", lines={95: act}, starts=MANY)
    for seq in seqs:
        ledger.replace(seq, ledgers.stub(seq, ledger.leaves[seq], 95))
    return ledger


def test_a_purged_ledger(tmp_path: Path) -> None:
    report = verify(purged(tmp_path, [31, 32, 45]).directory)
    assert (report.verdict, report.stubs, report.acts, report.sealed) == (Verdict.GOOD, 3, 1, 100)


def test_an_act_that_was_announced_and_not_carried_out(tmp_path: Path) -> None:
    ledger = purged(tmp_path, [31, 32, 45])
    for seq in (31, 32, 45):
        ledger.replace(seq, ledger.lines[seq])
    assert verify(ledger.directory).verdict is Verdict.GOOD


@pytest.mark.parametrize("by", [94, 33, 5, 95, 100, 10**17])
def test_a_forged_stub_that_names_no_act(tmp_path: Path, by: int) -> None:
    ledger = make(tmp_path)
    ledger.replace(33, ledgers.stub(33, ledger.leaves[33], by))
    assert bad(ledger) == (Wrong.NO_ACT, 33, name(30), 5)


def test_a_forged_stub_in_the_name_of_another_act(tmp_path: Path) -> None:
    ledger = purged(tmp_path, [31, 32, 45])
    ledger.replace(40, ledgers.stub(40, ledger.leaves[40], 95))
    assert bad(ledger)[:2] == (Wrong.ACT, 31)
    assert bad(ledger)[2] == name(30)


def test_a_forged_stub_in_another_segment_than_its_act(tmp_path: Path) -> None:
    ledger = purged(tmp_path, [31, 32, 45])
    ledger.replace(70, ledgers.stub(70, ledger.leaves[70], 95))
    assert bad(ledger)[:2] == (Wrong.NO_ACT, 70)


def test_a_stub_that_is_missing_from_its_act(tmp_path: Path) -> None:
    assert bad(purged(tmp_path, [31, 32], announced=[31, 32, 45]))[:2] == (Wrong.ACT, 31)


def test_a_changed_stub(tmp_path: Path) -> None:
    ledger = purged(tmp_path, [31, 32, 45])
    ledger.replace(32, ledgers.stub(32, bytes(32), 95))
    assert bad(ledger)[:2] == (Wrong.CHANGED, 32)
    ledger.replace(32, ledgers.stub(32, ledger.leaves[32], 95).replace(b"}", b" }"))
    assert bad(ledger)[:2] == (Wrong.CHANGED, 32)


def forged(tmp_path: Path, seqs: list[int], by: int, before: str, at: str) -> MadeLedger:
    """A ledger to which somebody added an act that takes these records out: its form is right, and it was signed."""
    plain = make(tmp_path / "before", starts=MANY)
    act = json.loads(plain.purge(seqs, by))
    act["data"]["before"], act["recorded"] = before, at
    line = json.dumps(act, separators=(",", ":")).encode()
    ledger = make(tmp_path / "after", starts=MANY, lines={by: line})
    for seq in seqs:
        ledger.replace(seq, ledgers.stub(seq, ledger.leaves[seq], by))
    return ledger


day = ledgers.recorded


@pytest.mark.parametrize(
    ("seqs", "by", "before", "at"),
    [
        ([93], 99, day(50), day(99)),  # the act is in the segment that it purges
        ([91], 99, day(95), day(200)),
        ([31], 99, day(59), day(99)),  # what stands around was written later than that
        ([31], 99, day(20), day(99)),
        ([31], 99, day(72), day(99).replace("-10", "-09")),  # less than a month ago
        ([31], 99, "", day(99)),
        ([31], 99, day(60), "soon"),
        ([81], 99, day(82), day(2_000)),  # the clock was set ahead: nothing lived through that month
    ],
)
def test_an_act_that_what_stands_around_it_contradicts(
    tmp_path: Path, seqs: list[int], by: int, before: str, at: str
) -> None:
    ledger = forged(tmp_path, seqs, by, before, at)
    assert bad(ledger)[:2] == (Wrong.EARLY, seqs[0])
    assert judged(ledger.directory) == (Wrong.EARLY, seqs[0], None)


def test_purges_are_listed(tmp_path: Path) -> None:
    report = verify(purged(tmp_path, [31, 32, 45]).directory)
    assert report.purges == [Purge(95, day(95), "event", 30, day(60), 3)]
