"""Checkpoints appended to a file on another host, by a real sshd."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from exporters.witness.settings import SftpWitness
from exporters.witness.sftp import Sftp
from netmon.api import Rejected, Retryable
from netmon.core.ledger.report import Verdict
from netmon.core.ledger.verify import verify
from tests.support import ledgers
from tests.support.processes import free_port
from tests.support.sshd import Sshd, make_key, sshd


def settings(server: Sshd, path: Path, **others: Any) -> SftpWitness:
    given = {
        "kind": "sftp",
        "name": "office",
        "host": "127.0.0.1",
        "port": server.port,
        "user": server.user,
        "path": str(path),
        "key_file": server.key_file,
        "host_key": server.host_key,
        **others,
    }
    return SftpWitness.model_validate(given)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_what_it_keeps_proves_the_ledger(tmp_path: Path, kind: str) -> None:
    ledger = ledgers.make(tmp_path / "ledger")
    kept = tmp_path / "kept.jsonl"
    with sshd(tmp_path / "sshd", kind) as server:
        witness = Sftp(settings(server, kept))
        await witness.publish(ledger.notes([40]), 1_772_352_000.5)
        await witness.publish(ledger.notes([100]), 1_772_352_300.0)
    lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    assert [line["time"] for line in lines] == ["2026-03-01T08:00:00Z", "2026-03-01T08:05:00Z"]
    report = verify(ledger.directory, checkpoints={"kept": kept.read_bytes()})
    assert (report.verdict, report.outside, report.sealed_outside) == (Verdict.GOOD, 2, 100)


async def test_the_hosts_key_is_verified(tmp_path: Path) -> None:
    other = " ".join(make_key(tmp_path / "other").with_suffix(".pub").read_text().split()[:2])
    kept, known = tmp_path / "kept", tmp_path / "known_hosts"
    with sshd(tmp_path / "sshd") as server:
        with pytest.raises(Rejected, match="another key than the one we know"):
            await Sftp(settings(server, kept, host_key=other)).publish(b"note", 0)
        with pytest.raises(Rejected, match="host_key is not a key"):
            await Sftp(settings(server, kept, host_key="ssh-ed25519 x")).publish(b"note", 0)
        known.write_text("elsewhere " + server.host_key + "\n")
        by_file = settings(server, kept, host_key="", known_hosts_file=known)
        with pytest.raises(Rejected, match="not among those we know"):
            await Sftp(by_file).publish(b"note", 0)
        assert not kept.exists()
        known.write_text(server.known_hosts)
        await Sftp(by_file).publish(b"note", 0)
        known.unlink()
        with pytest.raises(Rejected, match="cannot be read"):
            await Sftp(by_file).publish(b"note", 0)
    assert kept.read_bytes().count(b"\n") == 1


async def test_our_key(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with sshd(tmp_path / "sshd") as server:
        stranger = make_key(tmp_path / "stranger")
        with pytest.raises(Rejected, match="does not accept our key"):
            await Sftp(settings(server, kept, key_file=stranger)).publish(b"note", 0)
        server.key_file.chmod(0o644)
        with pytest.raises(Rejected, match="by its owner alone"):
            await Sftp(settings(server, kept)).publish(b"note", 0)
        secret = make_key(tmp_path / "secret", phrase="open sesame")
        (tmp_path / "sshd" / "authorized").write_text(secret.with_suffix(".pub").read_text())
        for phrase in (None, SecretStr("wrong")):
            with pytest.raises(Rejected, match="cannot be used"):
                await Sftp(settings(server, kept, key_file=secret, key_passphrase=phrase)).publish(b"note", 0)
        await Sftp(settings(server, kept, key_file=secret, key_passphrase="open sesame")).publish(b"note", 0)
    assert kept.exists()


async def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with sshd(tmp_path / "sshd") as server:
        with pytest.raises(Rejected, match="cannot be written"):
            await Sftp(settings(server, tmp_path / "nowhere" / "kept")).publish(b"note", 0)
        if os.getuid() != 0:
            kept = tmp_path / "kept"
            kept.touch(mode=0o400)
            with pytest.raises(Rejected, match="cannot be written"):
                await Sftp(settings(server, kept)).publish(b"note", 0)


async def test_a_host_that_is_away_or_silent(tmp_path: Path) -> None:
    nobody = Sshd(free_port(), "nobody", "", tmp_path / "own", tmp_path / "log")
    make_key(tmp_path / "own")
    key = " ".join((tmp_path / "own.pub").read_text().split()[:2])
    with pytest.raises(Retryable):
        await Sftp(settings(nobody, tmp_path / "kept", host_key=key)).publish(b"note", 0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        silent = Sshd(mute.getsockname()[1], "nobody", "", tmp_path / "own", tmp_path / "log")
        with pytest.raises(Retryable):
            await Sftp(settings(silent, tmp_path / "kept", host_key=key, timeout_s=0.3)).publish(b"note", 0)


async def test_half_a_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with sshd(tmp_path / "sshd") as server:
        witness = Sftp(settings(server, kept))
        kept.write_bytes(b'{"time":"half')
        witness._torn = True
        await witness.publish(b"note", 0)
        await witness.publish(b"note", 0)
    assert [len(line) > 30 for line in kept.read_bytes().split(b"\n")] == [False, True, True, False]


def test_one_way_of_knowing_the_host_is_needed(tmp_path: Path) -> None:
    server = Sshd(1, "nobody", "", tmp_path / "own", tmp_path / "log")
    for others in ({"host_key": ""}, {"host_key": "x", "known_hosts_file": tmp_path}):
        with pytest.raises(ValidationError, match="one of them: a host that anybody can be is no witness"):
            settings(server, tmp_path, **others)
