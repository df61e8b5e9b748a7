"""Whatever was done to the records of a ledger is found, and the place named."""

import json
import shutil
from pathlib import Path

import pytest

from netmon.core.ledger import committed
from netmon.core.ledger.faults import Remark, Wrong
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.report import Report, Unusable, Verdict
from netmon.core.ledger.verify import verify
from tests.support import ledgers
from tests.support.ledgers import MadeLedger, make
from tests.support.verified import bad, judged, name


def test_a_good_ledger(tmp_path: Path) -> None:
    ledger = make(tmp_path, 100, 30, 20)
    report = verify(tmp_path)
    assert report == Report(
        origin=ledgers.ORIGIN,
        keys=(ledgers.vkey(),),
        records=100,
        own=5,
        sealed=100,
        sealed_at="2026-03-01T08:00:00Z",
        remarks=[Remark.OWN_KEY, Remark.NO_WITNESS],
    )
    assert report.verdict is Verdict.GOOD
    witnessed = verify(tmp_path, checkpoints={"kept": ledger.notes([60, 20])}, public_keys=[ledgers.vkey()])
    assert (witnessed.outside, witnessed.sealed_outside, witnessed.remarks) == (2, 60, [])


@pytest.mark.parametrize("seq", [0, 1, 29, 30, 45, 59, 60, 98, 99])
def test_a_changed_record(tmp_path: Path, seq: int) -> None:
    ledger = make(tmp_path)
    ledger.replace(seq, ledger.lines[seq].replace(b"core-1", b"core-2"))
    start = ledger.start(seq)
    assert bad(ledger) == (Wrong.CHANGED, seq, name(start), seq - start + 2)


@pytest.mark.parametrize("seq", [1, 29, 45, 98, 99])
def test_a_removed_record(tmp_path: Path, seq: int) -> None:
    ledger = make(tmp_path)
    ledger.replace(seq)
    wrong, found, *_ = bad(ledger)
    assert (wrong, found) == ({29: Wrong.GAP, 99: Wrong.MISSING}.get(seq, Wrong.MOVED), seq)


@pytest.mark.parametrize("seq", [1, 29, 30, 45, 99])
def test_an_inserted_record(tmp_path: Path, seq: int) -> None:
    ledger = make(tmp_path)
    ledger.replace(seq, ledgers.record(seq, message="invented"), ledger.lines[seq])
    start = ledger.start(seq)
    assert bad(ledger) == (Wrong.CHANGED, seq, name(start), seq - start + 2)


def test_a_record_inserted_at_the_end_of_a_segment(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    ledger.replace(29, ledger.lines[29], ledgers.record(30, message="invented"))
    assert bad(ledger)[:2] == (Wrong.CHANGED, 30)


def test_records_that_changed_places(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    ledger.replace(41, ledger.lines[52])
    ledger.replace(52, ledger.lines[41])
    assert bad(ledger) == (Wrong.MOVED, 41, name(30), 13)


def test_renumbered_records_after_a_removed_one(tmp_path: Path) -> None:
    ledger = make(tmp_path, 100, 200)
    lines = [json.loads(line) for line in ledger.lines]
    del lines[41]
    for seq, line in enumerate(lines):
        line["seq"] = seq
    header = ledger.segment(0)[0]
    ledger.rewrite(0, [header, *(json.dumps(line, separators=(",", ":")).encode() for line in lines)])
    assert bad(ledger) == (Wrong.CHANGED, 41, name(0), 43)


@pytest.mark.parametrize("start", [0, 30, 60, 90])
@pytest.mark.parametrize("with_hashes", [True, False])
def test_a_removed_segment(tmp_path: Path, start: int, *, with_hashes: bool) -> None:
    ledger = make(tmp_path)
    ledger.path(start).unlink()
    if with_hashes:
        ledger.path(start).with_suffix(".hashes").unlink()
    wrong, seq, *_ = bad(ledger)
    assert (wrong, seq) == (Wrong.MISSING if start == 90 else Wrong.GAP, start)


def test_all_segments_removed(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    shutil.rmtree(tmp_path / "segments")
    assert bad(ledger)[:2] == (Wrong.MISSING, 0)


@pytest.mark.parametrize("keep", [99, 91, 90])
def test_the_end_cut_off(tmp_path: Path, keep: int) -> None:
    ledger = make(tmp_path)
    ledger.rewrite(90, ledger.segment(90)[: keep - 90 + 1])
    assert bad(ledger) == (Wrong.MISSING, keep, "checkpoints.jsonl", 5)


def test_the_end_cut_off_within_a_line(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    path = ledger.path(99)
    path.write_bytes(path.read_bytes()[:-1])
    report = verify(tmp_path)
    assert report.first_bad is not None
    assert (report.first_bad.wrong, report.first_bad.seq) == (Wrong.MISSING, 99)
    assert Remark.TORN in report.remarks


def test_without_side_files_the_range_is_named(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    for path in (tmp_path / "segments").glob("*.hashes"):
        path.unlink()
    ledger.replace(45, ledger.lines[45].replace(b"core-1", b"core-2"))
    report = verify(tmp_path)
    fault = report.first_bad
    assert fault is not None
    assert (fault.wrong, fault.seq, fault.values["last"]) == (Wrong.RANGE, 40, 59)
    assert Remark.NO_SIDE_FILE in report.remarks


def test_a_side_file_made_again_for_a_changed_record(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    ledger.replace(45, ledger.lines[45].replace(b"core-1", b"core-2"))
    ledger.hashes()
    assert bad(ledger)[:2] == (Wrong.RANGE, 40)


def test_a_damaged_side_file_alone_is_no_fault(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    side = ledger.path(45).with_suffix(".hashes")
    side.write_bytes(bytes(64) + side.read_bytes()[64:])
    report = verify(tmp_path)
    # The first 32 bytes are the header's: a header that its hash does not fit is a fault, there is no seal over it.
    assert Remark.SIDE_FILE in report.remarks
    assert [(fault.wrong, fault.seq) for fault in report.faults] == [(Wrong.HEADER, 30)]


@pytest.mark.parametrize(
    "change",
    [
        (b'"first_seq":30', b'"first_seq":31'),
        (b"netmon/core-1", b"netmon/core-9"),
        (b"2026-03-01", b"2026-03-02"),
        (b'"frontier":["', b'"frontier":["00'),
        (b"{", b""),
    ],
)
def test_a_changed_header(tmp_path: Path, change: tuple[bytes, bytes]) -> None:
    ledger = make(tmp_path)
    lines = ledger.segment(30)
    lines[0] = lines[0].replace(*change, 1)
    ledger.rewrite(30, lines)
    assert bad(ledger) == (Wrong.HEADER, 30, name(30), 1)


def test_a_removed_header(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    ledger.rewrite(30, ledger.segment(30)[1:])
    assert bad(ledger)[1] == 30


def test_records_after_the_last_checkpoint(tmp_path: Path) -> None:
    ledger = make(tmp_path, sealed=80)
    report = verify(tmp_path)
    assert (report.records, report.sealed, report.verdict) == (100, 80, Verdict.GOOD)
    assert Remark.UNSEALED in report.remarks
    ledger.replace(85, ledger.lines[85].replace(b"core-1", b"core-2"))
    assert bad(ledger) == (Wrong.UNSEALED, 85, name(60), 27)
    ledger.replace(85)
    assert bad(ledger)[1] == 85


def unsealed(tmp_path: Path, *, noted: bool = True) -> MadeLedger:
    """A ledger whose last checkpoint is 20 records ago. It noted how far it is."""
    ledger = make(tmp_path, sealed=80)
    if noted:
        tree = Frontier(ledgers.frontier(ledger.leaves), 100)
        (tmp_path / "committed").write_bytes(committed.encode(ledgers.ORIGIN, tree))
    return ledger


def cut(ledger: MadeLedger, *, hashes: bool) -> None:
    ledger.rewrite(90, ledger.segment(90)[:-5])
    if hashes:
        ledger.hashes()


def test_the_unsealed_end_cut_off(tmp_path: Path) -> None:
    ledger = unsealed(tmp_path / "a", noted=False)
    cut(ledger, hashes=False)
    assert bad(ledger) == (Wrong.CUT_OFF, 95, "segments/00000000000000000090.hashes", 0)
    ledger = unsealed(tmp_path / "b")
    cut(ledger, hashes=True)
    assert bad(ledger) == (Wrong.CUT_OFF, 95, "committed", 0)


def test_an_unsealed_record_changed_without_its_hash(tmp_path: Path) -> None:
    ledger = unsealed(tmp_path)
    assert verify(tmp_path).verdict is Verdict.GOOD
    ledger.replace(85, ledger.lines[85].replace(b"core-1", b"core-2"))
    for path in (tmp_path / "segments").glob("*.hashes"):
        path.unlink()
    fault = verify(tmp_path).first_bad
    assert fault is not None
    assert (fault.wrong, fault.seq, fault.values["last"], fault.where) == (Wrong.UNSEALED_RANGE, 80, 99, "committed")


def test_records_that_came_after_what_was_noted(tmp_path: Path) -> None:
    ledger = unsealed(tmp_path)
    ledger.rewrite(90, [*ledger.segment(90), ledgers.record(100)])
    assert verify(tmp_path).verdict is Verdict.GOOD


@pytest.mark.parametrize("end", [b"X", b""])
@pytest.mark.parametrize("sealed", [100, 20])
def test_a_segment_whose_last_line_lacks_its_newline(tmp_path: Path, end: bytes, sealed: int) -> None:
    ledger = make(tmp_path, sealed=sealed)
    path = ledger.path(59)
    path.write_bytes(path.read_bytes()[:-1] + end)
    assert bad(ledger)[:2] == ({100: Wrong.CHANGED, 20: Wrong.FORM}[sealed], 59)
    wrong, seq, _ = judged(tmp_path) or ("", 0, None)
    assert (wrong, seq) == (bad(ledger)[0], 59)


def test_what_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="holds no ledger"):
        verify(tmp_path)
    make(tmp_path)
    (tmp_path / "ledger.pub").unlink()
    with pytest.raises(Unusable, match="public key"):
        verify(tmp_path)
    assert verify(tmp_path, public_keys=[ledgers.vkey()]).verdict is Verdict.GOOD
