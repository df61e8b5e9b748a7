"""A record is proved to others with one file."""

from pathlib import Path

import pytest

from netmon.core.ledger import proof
from netmon.core.ledger.keys import VerifierKey
from tests.support import ledgers

KEYS = [VerifierKey.parse(ledgers.vkey())]


@pytest.mark.parametrize("with_hashes", [True, False])
def test_every_record_is_proved(tmp_path: Path, *, with_hashes: bool) -> None:
    ledger = ledgers.make(tmp_path, 45, 10, 7)
    if not with_hashes:
        for path in (tmp_path / "segments").glob("*.hashes"):
            path.unlink()
    for seq in range(45):
        found, head = proof.check(proof.prove(tmp_path, seq).encode(), KEYS)
        assert (found.line, found.index, head.size) == (ledger.lines[seq], seq, 45)
    older, head = proof.check(proof.prove(tmp_path, 5, ledger.notes([7])).encode(), KEYS)
    assert (older.index, head.size) == (5, 7)


def test_the_file_is_as_the_specification_says(tmp_path: Path) -> None:
    ledger = ledgers.make(tmp_path, 8, 10, 8)
    lines = proof.prove(tmp_path, 3).encode().decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 3"
    assert len(lines[3:6]) == 3
    assert "\n".join(lines[7:]).encode() == ledger.notes([8])


def test_a_proof_that_was_changed_proves_nothing(tmp_path: Path) -> None:
    ledgers.make(tmp_path, 20, 10, 10)
    data = proof.prove(tmp_path, 7).encode()
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(proof.ProofError):
            proof.check(changed, KEYS)
    for end in range(len(data)):
        with pytest.raises(proof.ProofError):
            proof.check(data[:end], KEYS)


def test_what_cannot_be_proved(tmp_path: Path) -> None:
    ledger = ledgers.make(tmp_path, 20, 10, 10)
    for seq in (20, 10**12, -1):
        with pytest.raises(proof.ProofError, match=f"there is no record {seq}$"):
            proof.prove(tmp_path, seq)
    with pytest.raises(proof.ProofError, match="not under this checkpoint"):
        proof.prove(tmp_path, 15, ledger.notes([10]))
    with pytest.raises(proof.ProofError, match="not a checkpoint"):
        proof.prove(tmp_path, 1, b"x")
    ledger.replace(7, ledgers.stub(7, ledger.leaves[7], 19))
    with pytest.raises(proof.ProofError, match="was purged"):
        proof.prove(tmp_path, 7)
    ledger.replace(6, ledgers.record(6, message="invented"))
    with pytest.raises(proof.ProofError, match="does not fit this checkpoint"):
        proof.prove(tmp_path, 6)
    (tmp_path / "checkpoint").unlink()
    with pytest.raises(proof.ProofError, match="no checkpoint yet"):
        proof.prove(tmp_path, 1)
