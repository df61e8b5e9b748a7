"""Whatever was done to a ledger is found, and the place named."""

import json
import shutil
from base64 import encodebytes
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from netmon.core.ledger import committed, standalone
from netmon.core.ledger.faults import Remark, Wrong
from netmon.core.ledger.merkle import Frontier
from netmon.core.ledger.report import Purge, Report, Unusable, Verdict
from netmon.core.ledger.verify import verify
from tests.support import ledgers
from tests.support.ledgers import MadeLedger, make


def bad(ledger: MadeLedger, **options: bytes) -> tuple[Wrong, int | None, str, int]:
    """Verify, and return what is wrong, with which record, and where."""
    fault = verify(ledger.directory, checkpoints=options).first_bad
    assert fault is not None, "nothing was found"
    assert str(fault)
    return fault.wrong, fault.seq, fault.where, fault.line


def judged(directory: Path) -> tuple[Any, ...] | None:
    """The standalone verifier's first fault about a record: what, which, and to which."""
    verifier: Any = standalone.Verifier(directory, [ledgers.vkey()])  # type: ignore[no-untyped-call]
    verifier.run([*verifier.own()])
    first = min(
        (fault for fault in verifier.faults if fault[2] is not None), key=lambda fault: int(fault[2]), default=None
    )
    return first and (first[0], *first[2:])


def name(start: int) -> str:
    return f"segments/{start:020d}.jsonl"


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


def test_a_ledger_signed_again_is_found_by_a_witness_alone(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    kept = ledger.notes([20, 60, 100])
    shutil.rmtree(tmp_path)
    make(tmp_path, lines={45: ledger.lines[45].replace(b"core-1", b"core-2")})
    assert verify(tmp_path).verdict is Verdict.GOOD
    fault = verify(tmp_path, checkpoints={"kept": kept}).first_bad
    assert fault is not None
    assert (fault.wrong, fault.seq, fault.values["last"], fault.where) == (Wrong.REWRITTEN, 20, 59, "kept")


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


def test_no_checkpoint_proves_nothing(tmp_path: Path) -> None:
    make(tmp_path, sealed=0)
    report = verify(tmp_path)
    assert report.verdict is Verdict.UNPROVED
    assert Remark.NO_CHECKPOINT in report.remarks


def checkpoint_lines(directory: Path) -> list[str]:
    return (directory / "checkpoints.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)


@pytest.mark.parametrize(
    ("keep", "wrong", "line"),
    [
        ([0, 1, 3, 4], Wrong.CHECKPOINTS_GONE, 3),
        ([1, 2, 3, 4], Wrong.CHECKPOINTS_GONE, 1),
        ([0, 1, 3, 2, 4], Wrong.CHECKPOINTS_GONE, 3),
        ([0, 1, 2, 3], Wrong.LATEST_GONE, 0),
        ([], Wrong.LATEST_GONE, 0),
    ],
)
def test_removed_checkpoints(tmp_path: Path, keep: list[int], wrong: Wrong, line: int) -> None:
    ledger = make(tmp_path)
    lines = checkpoint_lines(tmp_path)
    (tmp_path / "checkpoints.jsonl").write_text("".join(lines[each] for each in keep), encoding="utf-8")
    assert bad(ledger) == (wrong, None, "checkpoints.jsonl", line)


def test_a_changed_checkpoint(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    lines = checkpoint_lines(tmp_path)
    lines[2] = lines[2].replace("60", "61", 1)
    (tmp_path / "checkpoints.jsonl").write_text("".join(lines), encoding="utf-8")
    assert bad(ledger) == (Wrong.SIGNATURE, None, "checkpoints.jsonl", 3)
    lines[2] = lines[2].replace("{", "[")
    (tmp_path / "checkpoints.jsonl").write_text("".join(lines), encoding="utf-8")
    assert bad(ledger) == (Wrong.NOTE, None, "checkpoints.jsonl", 3)
    report = verify(tmp_path)
    assert report.sealed == 100


def test_a_checkpoint_line_that_a_crash_cut_off(tmp_path: Path) -> None:
    make(tmp_path)
    with (tmp_path / "checkpoints.jsonl").open("a") as file:
        file.write('{"time":"2026')
    report = verify(tmp_path)
    assert report.verdict is Verdict.GOOD
    assert Remark.TORN_CHECKPOINT in report.remarks


def test_another_key(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    other = Ed25519PrivateKey.generate()
    report = verify(tmp_path, public_keys=[ledgers.vkey(key=other)])
    assert {fault.wrong for fault in report.faults} == {Wrong.SIGNATURE}
    assert len(report.faults) == 6  # with the latest
    forged = ledgers.checkpoint(100, ledgers.root(ledger.leaves), key=other).encode()
    assert bad(ledger, kept=forged) == (Wrong.SIGNATURE, None, "kept", 1)


def test_another_ledgers_checkpoint(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    key = ledgers.vkey("netmon/core-2/00000000")
    other = ledgers.checkpoint(20, ledgers.root(ledger.leaves[:20]), "netmon/core-2/00000000").encode()
    report = verify(tmp_path, checkpoints={"kept": other}, public_keys=[key, ledgers.vkey()])
    assert [fault.wrong for fault in report.faults] == [Wrong.OTHER_LEDGER]


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    assert bad(make(tmp_path), kept=b"Dear auditor,") == (Wrong.NOTE, None, "kept", 0)


def test_every_way_in_which_a_witness_may_keep_checkpoints(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    note = ledger.notes([40])
    line = json.dumps({"time": "2026-03-01T08:00:00Z", "note": note.decode()}).encode()
    letter = (
        b"From: a@example.net\nSubject: checkpoint\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Transfer-Encoding: base64\n\n" + encodebytes(b"Hello,\n\n" + note)
    )
    for kept in (note, note + note, line + b"\n\n" + line, b"Hello\r\n\r\n" + note.replace(b"\n", b"\r\n"), letter):
        report = verify(tmp_path, checkpoints={"kept": kept})
        assert report.verdict is Verdict.GOOD
        assert report.sealed_outside == 40


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
