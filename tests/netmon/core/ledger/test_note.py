"""Signed notes and keys, against Go's own implementation and the specification's examples."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.core.ledger import keys, merkle, note
from netmon.core.ledger.record import leaf_hash

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "data" / "signed-note" / "vectors.json").read_text(encoding="utf-8")
)
NOTE = VECTORS["note"].encode()


def test_the_same_key_makes_the_same_note_as_in_go() -> None:
    key = keys.SigningKey.parse(VECTORS["private"])
    tree = merkle.Frontier()
    tree.extend(leaf_hash(line.encode()) for line in VECTORS["lines"])
    head = note.TreeHead("netmon/core-1/0a1b2c3d", tree.size, tree.root())
    assert key.encode() == VECTORS["private"]
    assert key.verifier.encode() == VECTORS["public"]
    assert key.sign(head.encode()) == NOTE
    assert note.parse(NOTE).encode() == NOTE
    assert note.parse_head(note.parse(NOTE).text) == head


def test_the_same_inclusion_proofs_as_in_go() -> None:
    leaves = [leaf_hash(line.encode()) for line in VECTORS["lines"]]
    for index, proof in VECTORS["proofs"].items():
        ours = merkle.inclusion_proof(leaves, int(index))
        assert [b64encode(each).decode() for each in ours] == proof


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("as it is", NOTE),
        ("no newline at the end", NOTE[:-1]),
        ("text changed", b"N" + NOTE[1:]),
        ("carriage return", b"a\r\n\n" + NOTE),
        ("two texts", b"more\n\n" + NOTE),
    ],
)
def test_takes_and_refuses_what_go_does(name: str, data: bytes) -> None:
    try:
        keys.signed(data, [keys.VerifierKey.parse(VECTORS["public"])])
        taken = True
    except note.NoteError:
        taken = False
    assert taken == VECTORS["opened"][name]


def test_the_specifications_example_is_read() -> None:
    data = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
        "zyWE+xeMcTOAYQ8=\n"
    ).encode()
    found = note.parse(data)
    assert found.signatures[0].key_id.hex() == "033de0ae"
    assert note.parse_head(found.text).size == 20852163
    assert list(note.find(b"Dear auditor,\r\n\r\n" + data.replace(b"\n", b"\r\n") + b"\r\nYours\r\n")) == [data]


SIGNATURE = "— a " + b64encode(bytes(68)).decode() + "\n"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "a note is a text, an empty line, and lines with signatures"),
        (b"text\n\n", "a note is a text"),
        (b"text\n\n\n", "a note is a text"),
        (f"text\n{SIGNATURE}".encode(), "a note is a text"),
        (f"text\n\n{SIGNATURE}"[:-1].encode(), "a note is a text"),
        (f"text\n\n{SIGNATURE}".replace("— ", "- ").encode(), "a line with a signature"),
        (f"text\n\n{SIGNATURE}".replace(" a ", " a+b ").encode(), "a line with a signature"),
        (f"text\n\n{SIGNATURE}".replace(" a ", "  ").encode(), "a line with a signature"),
        (f"text\n\n{SIGNATURE}".replace("=\n", "\n").encode(), "not base64"),
        ("text\n\n— a AAAA\n".encode(), "an id of 4 bytes|a key's id"),
        ("text\n\n— a AAAAAAB=\n".encode(), "not base64 as it is written"),
        (f"te\txt\n\n{SIGNATURE}".encode(), "no control characters"),
        (f"te\rxt\n\n{SIGNATURE}".encode(), "no control characters"),
        (b"\xff\n\n" + SIGNATURE.encode(), "UTF-8"),
        (f"text\n\n{SIGNATURE * 101}".encode(), "at most 100 signatures"),
        (b"x" * (note.MAX_BYTES + 1), "at most 1048576 bytes"),
    ],
)
def test_what_is_no_note(data: bytes, problem: str) -> None:
    with pytest.raises(note.NoteError, match=problem):
        note.parse(data)


ROOT = b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"o\n1\n{ROOT}", "three lines"),
        (f"\n1\n{ROOT}\n", "three lines"),
        (f"o\n\n{ROOT}\n", "three lines"),
        (f"o\n01\n{ROOT}\n", "number of records"),
        (f"o\n-1\n{ROOT}\n", "number of records"),
        (f"o\n9223372036854775808\n{ROOT}\n", "number of records"),
        (f"o\n٣\n{ROOT}\n", "number of records"),
        ("o\n1\nAAAA\n", "32 bytes"),
        (f"o\n1\n{ROOT}\n\nmore\n", "three lines"),
    ],
)
def test_what_is_no_checkpoint(text: str, problem: str) -> None:
    with pytest.raises(note.NoteError, match=problem):
        note.parse_head(text)


def test_lines_after_the_third_are_left_alone() -> None:
    assert note.parse_head(f"o\n1\n{ROOT}\nextension\n") == note.TreeHead("o", 1, bytes(32))


def test_signatures_of_others_count_for_nothing() -> None:
    mine, other = keys.SigningKey.generate("a"), keys.SigningKey.generate("a")
    ours, theirs = note.parse(mine.sign("text\n")), note.parse(other.sign("text\n"))
    both = note.Note("text\n", (*theirs.signatures, *ours.signatures))
    assert mine.verifier.opens(both)
    assert not mine.verifier.opens(theirs)
    forged = note.Signature(ours.signatures[0].name, ours.signatures[0].key_id, bytes(64))
    assert not mine.verifier.opens(note.Note("text\n", (*ours.signatures, forged)))  # one that is wrong spoils it


@given(st.data())
def test_every_flipped_byte_is_noticed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE) - 1))
    bits = data.draw(st.integers(1, 255))
    flipped = NOTE[:at] + bytes([NOTE[at] ^ bits]) + NOTE[at + 1 :]
    with pytest.raises(note.NoteError):
        keys.signed(flipped, [keys.VerifierKey.parse(VECTORS["public"])])


@pytest.mark.parametrize("change", ["x", "+0", "a b+4ce17ffc+AQ=="])
def test_what_is_no_key(change: str) -> None:
    with pytest.raises(keys.KeyProblem):
        keys.VerifierKey.parse(change)
    with pytest.raises(keys.KeyProblem):
        keys.SigningKey.parse("PRIVATE+KEY+" + change)
    with pytest.raises(keys.KeyProblem, match="not a private key"):
        keys.SigningKey.parse(VECTORS["public"])


def test_a_mistyped_key_is_noticed() -> None:
    wrong = VECTORS["public"].replace("core-1", "core-2")
    with pytest.raises(keys.KeyProblem, match="mistyped"):
        keys.VerifierKey.parse(wrong)


def test_a_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = keys.SigningKey.generate("a"), keys.SigningKey.generate("a")
    keys.save(first, tmp_path)
    keys.save(first, tmp_path)
    keys.save(second, tmp_path)
    assert keys.load(tmp_path / "ledger.key").encode() == second.encode()
    assert keys.read_public(tmp_path / "ledger.pub") == (first.verifier, second.verifier)
    assert (tmp_path / "ledger.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.key", "ledger.pub"]
    (tmp_path / "ledger.key").chmod(0o640)
    with pytest.raises(keys.KeyProblem, match="only its owner"):
        keys.load(tmp_path / "ledger.key")


def test_a_private_key_does_not_show_itself() -> None:
    key = keys.SigningKey.generate("a")
    assert key.encode().rpartition("+")[2][:20] not in repr(key)
    assert key._seed.hex() not in repr(key)
