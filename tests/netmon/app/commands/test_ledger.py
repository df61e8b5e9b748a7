"""`netmon ledger` as an auditor calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from netmon.app.texts.ledger import TEXTS
from netmon.core.ledger.faults import REMARKS, SENTENCES
from tests.support import ledgers
from tests.support.command import NETMON, environment, netmon
from tests.support.ledgers import MadeLedger


@pytest.fixture
def ledger(tmp_path: Path) -> MadeLedger:
    return ledgers.make(tmp_path / "state" / "ledger")


def test_a_good_ledger(tmp_path: Path, ledger: MadeLedger) -> None:
    (tmp_path / "kept").write_bytes(ledger.notes([60]))
    (tmp_path / "key").write_text(ledgers.vkey() + "\n")
    place = ("ledger", "verify", "--ledger", str(ledger.directory), "--checkpoint", str(tmp_path / "kept"))
    for key in (ledgers.vkey(), str(tmp_path / "key")):
        done = netmon(*place, "--key", key)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[0] == "Good: nothing was changed, removed, inserted or moved."
        assert "5 own, 1 from outside" in done.stdout
        assert "whoever has its private key" not in done.stdout


def test_the_ledger_of_the_configurations_daemon(tmp_path: Path, ledger: MadeLedger) -> None:
    done = netmon("ledger", "verify", "--config", str(tmp_path), NETMON_STATE_DIR=str(tmp_path / "state"))
    assert done.returncode == 0
    assert "The key was taken from the ledger itself" in done.stdout
    (tmp_path / "netmon.yaml").write_text("state_dir: state\nlanguage: id\n")
    done = netmon("ledger", "verify", "--config", str(tmp_path))
    assert done.stdout.startswith("Baik: tidak ada yang diubah")
    done = netmon("ledger", "key", "--config", str(tmp_path))
    assert (done.returncode, done.stdout) == (0, ledgers.vkey() + "\n")
    done = netmon("ledger", "checkpoint", "--config", str(tmp_path))
    assert (done.returncode, done.stdout.encode()) == (0, ledger.notes([100]))


def test_a_ledger_whose_end_is_not_sealed_yet(tmp_path: Path) -> None:
    ledger = ledgers.make(tmp_path / "ledger", sealed=80)
    done = netmon("ledger", "verify", "--ledger", str(ledger.directory))
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == (
        "Good up to record 79 (sealed 2026-03-01T08:00:00Z): nothing was changed, removed, inserted or moved. "
        "20 records after it are not sealed yet."
    )
    ledger.rewrite(90, ledger.segment(90)[:-5])
    done = netmon("ledger", "verify", "--ledger", str(ledger.directory))
    assert done.returncode == 1
    assert done.stdout.startswith("BAD: record 95 is missing, and what came after it: 100 records were written")


def test_purges_are_shown(tmp_path: Path) -> None:
    starts = [0, 30, 60, *range(62, 92, 2)]
    act = ledgers.make(tmp_path / "before", starts=starts).purge([31, 32], 95)
    ledger = ledgers.make(tmp_path / "after", starts=starts, lines={95: act})
    for seq in (31, 32):
        ledger.replace(seq, ledgers.stub(seq, ledger.leaves[seq], 95))
    done = netmon("ledger", "verify", "--ledger", str(ledger.directory))
    assert done.returncode == 0
    assert f"{ledgers.recorded(95)}: 2 of category event, segment 30, written before" in done.stdout
    said = json.loads(netmon("ledger", "verify", "--ledger", str(ledger.directory), "--json").stdout)
    assert [(each["by"], each["count"]) for each in said["purges"]] == [(95, 2)]


def test_a_bad_ledger(ledger: MadeLedger) -> None:
    ledger.replace(45, ledgers.record(45, message="another"))
    done = netmon("ledger", "verify", "--ledger", str(ledger.directory))
    assert done.returncode == 1
    assert done.stdout.splitlines()[:2] == [
        "BAD: record 45 was changed: its line is not the one that was sealed.",
        "  in segments/00000000000000000030.jsonl, line 17",
    ]
    done = netmon("ledger", "verify", "--ledger", str(ledger.directory), "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert (said["verdict"], said["first_bad"]["seq"], said["first_bad"]["wrong"]) == ("bad", 45, "changed")


def test_what_cannot_be_judged(tmp_path: Path, ledger: MadeLedger) -> None:
    (tmp_path / "empty").mkdir()
    assert netmon("ledger", "verify", "--ledger", str(tmp_path / "empty")).returncode == 2
    done = netmon("ledger", "verify", "--ledger", str(ledger.directory), "--key", "a+b+c")
    assert done.returncode == 2
    assert "a key is written as name+id+key" in done.stderr
    unsealed = ledgers.make(tmp_path / "unsealed", sealed=0)
    done = netmon("ledger", "verify", "--ledger", str(unsealed.directory))
    assert done.returncode == 2
    assert done.stdout.startswith("Nothing is proved")
    for name in ("key", "checkpoint"):
        assert netmon("ledger", name, "--ledger", str(tmp_path / "empty")).returncode == 2


def test_a_proof_is_written_and_checked(tmp_path: Path, ledger: MadeLedger) -> None:
    place = ("--ledger", str(ledger.directory))
    (tmp_path / "proof").write_text(netmon("ledger", "prove", "45", *place).stdout, encoding="utf-8")
    done = netmon("ledger", "check-proof", str(tmp_path / "proof"), "--key", ledgers.vkey())
    assert (done.returncode, done.stdout.encode()) == (0, ledger.lines[45] + b"\n")
    assert done.stderr == f"Record 45 stands in the ledger {ledgers.ORIGIN}, among its first 100 records.\n"
    text = (tmp_path / "proof").read_text(encoding="utf-8")
    (tmp_path / "proof").write_text(text.replace("index 45", "index 46"), encoding="utf-8")
    assert netmon("ledger", "check-proof", str(tmp_path / "proof"), "--key", ledgers.vkey()).returncode == 1
    (tmp_path / "kept").write_bytes(ledger.notes([20, 60]))
    older = netmon("ledger", "prove", "45", *place, "--checkpoint", str(tmp_path / "kept"))
    assert older.stdout.splitlines()[-4] == "60"
    done = netmon("ledger", "prove", "99999", *place)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "there is no record 99999\n")
    done = netmon("ledger", "prove", "60", *place, "--checkpoint", str(tmp_path / "kept"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "not under this checkpoint" in done.stderr
    (tmp_path / "kept").write_bytes(b"nothing")
    assert netmon("ledger", "prove", "45", *place, "--checkpoint", str(tmp_path / "kept")).returncode == 1


def test_the_verifier_that_it_writes_out_runs(tmp_path: Path, ledger: MadeLedger) -> None:
    with (tmp_path / "verify_ledger.py").open("wb") as file:
        subprocess.run([*NETMON, "ledger", "verifier"], env=environment(), stdout=file, check=True)
    command = [sys.executable, "-I", str(tmp_path / "verify_ledger.py"), str(ledger.directory)]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_fault_and_remark_has_its_words() -> None:
    assert {key.removeprefix("ledger.fault.") for key in TEXTS if key.startswith("ledger.fault.")} == set(SENTENCES)
    assert {key.removeprefix("ledger.remark.") for key in TEXTS if key.startswith("ledger.remark.")} == set(REMARKS)
    for wrong, sentence in SENTENCES.items():
        assert TEXTS[f"ledger.fault.{wrong}"].en == sentence
    for remark, sentence in REMARKS.items():
        assert TEXTS[f"ledger.remark.{remark}"].en == sentence
