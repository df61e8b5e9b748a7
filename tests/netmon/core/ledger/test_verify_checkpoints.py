"""Checkpoints that are gone, changed, forged or of another ledger, and those that witnesses keep."""

import json
import shutil
from base64 import encodebytes
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from netmon.core.ledger.faults import Remark, Wrong
from netmon.core.ledger.report import Verdict
from netmon.core.ledger.verify import verify
from tests.support import ledgers
from tests.support.ledgers import make
from tests.support.verified import bad


def test_a_ledger_signed_again_is_found_by_a_witness_alone(tmp_path: Path) -> None:
    ledger = make(tmp_path)
    kept = ledger.notes([20, 60, 100])
    shutil.rmtree(tmp_path)
    make(tmp_path, lines={45: ledger.lines[45].replace(b"core-1", b"core-2")})
    assert verify(tmp_path).verdict is Verdict.GOOD
    fault = verify(tmp_path, checkpoints={"kept": kept}).first_bad
    assert fault is not None
    assert (fault.wrong, fault.seq, fault.values["last"], fault.where) == (Wrong.REWRITTEN, 20, 59, "kept")


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
