"""The verifier that needs no netmon says what netmon's says, whatever was done to a ledger at whatever place."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from netmon.core.ledger import standalone
from netmon.core.ledger.faults import Wrong
from netmon.core.ledger.verify import verify
from tests.support import ledgers
from tests.support.ledgers import MadeLedger, make

SOURCE = Path(str(standalone.__file__))
Verifier: Any = standalone.Verifier
SIZE = 60
ROUNDS = 12


def test_it_is_short_and_needs_nothing_of_netmon() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    modules = re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)
    assert [name for name in modules if name not in sys.stdlib_module_names] == ["cryptography", "cryptography"]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it as an auditor would: no path, no environment, no working directory of netmon's."""
    command = [sys.executable, "-I", "verify_ledger.py", *arguments]
    (folder / "verify_ledger.py").write_bytes(SOURCE.read_bytes())
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False, timeout=60)


def test_it_runs_by_itself(tmp_path: Path) -> None:
    ledger = make(tmp_path / "ledger")
    (tmp_path / "kept").write_bytes(ledger.notes([40, 60]))
    (tmp_path / "letter").write_bytes(b"Dear auditor,\r\n\r\n" + ledger.notes([80]).replace(b"\n", b"\r\n"))
    kept = ("--key", ledgers.vkey(), "--checkpoint", "kept", "--checkpoint", "letter")
    good = run(tmp_path, "ledger", *kept)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == "100 records, 0 purged; sealed: 100 by the ledger, 80 by witnesses\n"
    ledger.replace(45, b'{"seq":45,"changed":true}')
    bad = run(tmp_path, "ledger", *kept)
    assert bad.returncode == 1
    assert bad.stdout.splitlines()[0] == "BAD: changed segments/00000000000000000030.jsonl record 45"
    assert run(tmp_path, "nowhere").returncode == 2
    make(tmp_path / "unsealed", sealed=0)
    assert run(tmp_path, "unsealed").returncode == 2


def judged(directory: Path, outside: dict[str, bytes]) -> tuple[Any, ...] | None:
    """The standalone verifier's first fault."""
    verifier: Any = Verifier(directory, [ledgers.vkey()])
    seals = []
    for name, data in outside.items():
        (directory / name).write_bytes(data)
        seals += [(*each[:2], name, True) for each in verifier.outside(str(directory / name))]
    verifier.run(sorted([*verifier.own(), *seals], key=lambda seal: int(seal[0])))
    about = [fault for fault in verifier.faults if fault[2] is not None]
    first = min(about, key=lambda fault: int(fault[2])) if about else next(iter(verifier.faults), None)
    return first and (first[0], first[2], first[3])


def verdict(directory: Path, outside: dict[str, bytes]) -> tuple[Any, ...] | None:
    fault = verify(directory, checkpoints=outside, public_keys=[ledgers.vkey()]).first_bad
    return None if fault is None else (fault.wrong.value, fault.seq, fault.values.get("last"))


Tamper = Callable[[MadeLedger, Random], int | None]
"""Does something to a ledger and returns the first record that is bad then, None when it is the evidence."""


def line_of(ledger: MadeLedger, seq: int) -> bytes:
    start = ledger.start(seq)
    return ledger.segment(start)[seq - start + 1]


def flip(ledger: MadeLedger, random: Random) -> int:
    seq = random.randrange(SIZE)
    line = bytearray(line_of(ledger, seq))
    line[random.randrange(len(line))] ^= random.randrange(1, 256)
    ledger.replace(seq, bytes(line))
    return seq


def flip_a_newline(ledger: MadeLedger, random: Random) -> int:
    seq = random.randrange(SIZE)
    path = ledger.path(seq)
    data = bytearray(path.read_bytes())
    ends = [at for at, byte in enumerate(data) if byte == 10]
    data[ends[seq - ledger.start(seq) + 1]] ^= random.randrange(1, 256)
    path.write_bytes(data)
    return seq


def delete(ledger: MadeLedger, random: Random) -> int:
    seq = random.randrange(SIZE)
    ledger.replace(seq)
    return seq


def swap(ledger: MadeLedger, random: Random) -> int:
    one, other = sorted(random.sample(range(SIZE), 2))
    ledger.replace(one, ledger.lines[other])
    ledger.replace(other, ledger.lines[one])
    return one


def insert(ledger: MadeLedger, random: Random) -> int:
    seq = random.randrange(SIZE)
    ledger.replace(seq, ledgers.record(seq, message="invented"), line_of(ledger, seq))
    return seq


def repeat(ledger: MadeLedger, random: Random) -> int:
    seq = random.randrange(SIZE)
    ledger.replace(seq, line_of(ledger, seq), line_of(ledger, seq))
    return seq + 1


def cut_off(ledger: MadeLedger, random: Random) -> int:
    seq = random.randrange(SIZE)
    start = ledger.start(seq)
    ledger.rewrite(start, ledger.segment(start)[: seq - start + 1])
    for later in [each for each in ledger.starts if each > start]:
        ledger.path(later).unlink()
    return seq


def cut_off_bytes(ledger: MadeLedger, random: Random) -> int:
    seq = random.randrange(SIZE)
    path, start = ledger.path(seq), ledger.start(seq)
    lines = path.read_bytes().splitlines(keepends=True)
    kept = random.randrange(len(lines[seq - start + 1]))
    path.write_bytes(b"".join(lines[: seq - start + 1]) + lines[seq - start + 1][:kept])
    return seq


def remove_segments(ledger: MadeLedger, random: Random) -> int:
    gone = random.sample(ledger.starts, random.randrange(1, len(ledger.starts) + 1))
    with_hashes = random.random() < 0.5
    for start in gone:
        ledger.path(start).unlink()
        if with_hashes:
            ledger.path(start).with_suffix(".hashes").unlink()
    return min(gone)


def forge_a_stub(ledger: MadeLedger, random: Random) -> int:
    seq = random.randrange(SIZE)
    ledger.replace(seq, ledgers.stub(seq, ledger.leaves[seq], random.randrange(SIZE + 10)))
    return seq


def flip_in_a_header(ledger: MadeLedger, random: Random) -> int:
    start = random.choice(ledger.starts)
    lines = ledger.segment(start)
    header = bytearray(lines[0])
    at = random.randrange(len(header))
    header[at] = (header[at] ^ random.randrange(1, 256)) % 256
    if header[at] == 10:
        header[at] = 0
    ledger.rewrite(start, [bytes(header), *lines[1:]])
    return start


def flip_in_checkpoints(ledger: MadeLedger, random: Random) -> None:
    path = ledger.directory / "checkpoints.jsonl"
    data = bytearray(path.read_bytes())
    begins = [match.end() for match in re.finditer(rb'"note": "', data)]
    at = random.choice(begins) + random.randrange(100)  # origin, size, root: the time is signed by nobody
    data[at] ^= random.randrange(1, 256)
    path.write_bytes(data)


def cut_off_checkpoints(ledger: MadeLedger, random: Random) -> None:
    path = ledger.directory / "checkpoints.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: random.randrange(len(lines))]))


def remove_a_checkpoint(ledger: MadeLedger, random: Random) -> None:
    path = ledger.directory / "checkpoints.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[random.randrange(len(lines))]
    path.write_bytes(b"".join(lines))


EXACT: list[Tamper] = [
    flip,
    flip_a_newline,
    delete,
    swap,
    insert,
    repeat,
    cut_off,
    cut_off_bytes,
    remove_segments,
    forge_a_stub,
    flip_in_a_header,
    flip_in_checkpoints,
    cut_off_checkpoints,
    remove_a_checkpoint,
]


def made(folder: Path, random: Random) -> Iterator[tuple[MadeLedger, dict[str, bytes]]]:
    """Give ledgers of many shapes: segments and checkpoints anywhere, with a purge, with and without a witness."""
    for number in range(ROUNDS):
        every, segment = random.randrange(1, 30), random.randrange(2, 70)
        purges = number % 2 == 0
        segment = 2 + number % 3 // 2 if purges else segment  # the ledger must live through a month before the act
        before = make(folder / f"{number}-before", SIZE, segment, every)
        act_at = random.randrange(50, SIZE) if purges else 0
        seqs = sorted(random.sample(range(1, segment), min(2, segment - 1))) if purges else []
        if act_at in before.starts:
            seqs = []
        lines = {act_at: before.purge(seqs, act_at)} if seqs else {}
        ledger = make(folder / str(number), SIZE, segment, every, lines=lines)
        for seq in seqs:
            ledger.replace(seq, ledgers.stub(seq, ledger.leaves[seq], act_at))
        sizes = sorted(random.sample(range(1, SIZE + 1), random.randrange(4)))
        yield ledger, {"kept": ledger.notes(sizes)} if sizes else {}


@pytest.mark.parametrize("tamper", EXACT, ids=lambda tamper: str(tamper.__name__))
def test_every_place_is_found_and_named(tmp_path: Path, tamper: Tamper) -> None:
    random = Random(tamper.__name__)
    for ledger, outside in made(tmp_path, random):
        assert verdict(ledger.directory, outside) is None
        assert judged(ledger.directory, outside) is None
        before = {path: path.read_bytes() for path in ledger.directory.rglob("*") if path.is_file()}
        place = tamper(ledger, random)
        if all(path.exists() and path.read_bytes() == data for path, data in before.items()):
            continue
        found = verdict(ledger.directory, outside)
        assert found is not None, "nothing was found"
        assert found[1] == place
        assert found[0] not in {Wrong.RANGE, Wrong.REWRITTEN}
        assert judged(ledger.directory, outside) == found


@pytest.mark.parametrize(
    "tamper", [flip, delete, swap, insert, cut_off, remove_segments], ids=lambda each: each.__name__
)
def test_without_side_files_the_place_is_within_the_range(tmp_path: Path, tamper: Tamper) -> None:
    random = Random(tamper.__name__)
    for ledger, outside in made(tmp_path, random):
        for path in (ledger.directory / "segments").glob("*.hashes"):
            path.unlink()
        place = tamper(ledger, random) if tamper is not remove_segments else _remove_without_hashes(ledger, random)
        assert place is not None
        fault = verify(ledger.directory, checkpoints=outside, public_keys=[ledgers.vkey()]).first_bad
        assert fault is not None, "nothing was found"
        assert fault.seq is not None
        since = fault.seq if fault.since is None else fault.since
        assert since <= place <= int(fault.values.get("last", fault.seq))
        assert judged(ledger.directory, outside) == verdict(ledger.directory, outside)


def _remove_without_hashes(ledger: MadeLedger, random: Random) -> int:
    start = random.choice(ledger.starts)
    ledger.path(start).unlink()
    return start


def test_a_ledger_that_was_signed_again(tmp_path: Path) -> None:
    random = Random(7)
    for ledger, _ in made(tmp_path, random):
        seq = random.randrange(SIZE)
        outside = {"kept": ledger.notes([*sorted(random.sample(range(1, SIZE), 3)), SIZE])}
        ledger.replace(seq, ledgers.record(seq, message="another"))
        ledger.leaves[seq] = ledgers.leaf(line_of(ledger, seq))
        ledger.hashes()
        ledger.seal(ledger.sizes)
        found = verdict(ledger.directory, outside)
        assert found is not None
        assert found == judged(ledger.directory, outside)
        assert found[0] in {Wrong.HEADER, Wrong.REWRITTEN, Wrong.RANGE}
