"""`netmon events` as a user calls it: beside a daemon that writes, without one, with and without an index."""

import csv
import io
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from netmon.api import Query, Severity
from netmon.app import ledgerbook
from netmon.core.ledger.filler import Filler
from netmon.core.ledger.index_settings import IndexSettings
from netmon.core.ledger.record import Kind
from tests.support.command import NETMON, environment, netmon
from tests.support.postgresql import postgresql
from tests.support.segments import Segments, note
from tests.support.waiting import eventually_sync


@pytest.fixture
def ledger(tmp_path: Path) -> Segments:
    made = Segments(tmp_path / "state" / "ledger")
    made.add(note(number) for number in range(10))
    made.begin()
    made.add([note(10, severity=Severity.ERROR, data={"fields": {"message": "=cmd|' /C calc'!A0"}})])
    made.add([note(11, kind=Kind.ACTION, data={"what": "acknowledge", "by": "budi"}, category="", target="")])
    return made


def fill(ledger: Segments, settings: IndexSettings | None = None) -> None:
    filler = Filler(ledger.directory, settings or IndexSettings())
    while filler.fill().read:
        pass
    filler.close()


def seqs(text: str) -> list[int]:
    return [json.loads(line)["seq"] for line in text.splitlines()]


def events(ledger: Segments, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return netmon("events", "--ledger", ledger.directory, *arguments, **({"TZ": "Asia/Jakarta"} | variables))


@pytest.mark.parametrize("indexed", [0, 5, 12], ids=["no index", "an index that lags", "an index"])
def test_the_answer_is_whole_however_far_the_index_is(ledger: Segments, indexed: int) -> None:
    filler = Filler(ledger.directory, IndexSettings())
    if indexed:
        filler.fill(indexed)
    filler.close()
    result = events(ledger, "--format", "jsonl")
    assert result.returncode == 0
    assert seqs(result.stdout) == list(range(12))
    assert ("whole ledger" in result.stderr) == (not indexed)
    assert seqs(events(ledger, "--format", "jsonl", "--limit", "3").stdout) == [9, 10, 11]
    assert json.loads(result.stdout.splitlines()[0]) == json.loads(ledger.lines[0])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--target", "sw-1", "--target", "sw-2*"), [1, 2]),
        (("--severity", "warning"), [10]),
        (("--kind", "action"), [11]),
        (("--category", "network", "--text", "NOTE 7"), [7]),
        (("--since", "2023-11-15T05:13:23", "--until", "2023-11-14T22:13:25Z"), [3, 4]),
        (("--source", "nobody"), []),
    ],
)
def test_what_is_asked_for_is_found(ledger: Segments, arguments: tuple[str, ...], expected: list[int]) -> None:
    fill(ledger)
    result = events(ledger, "--format", "jsonl", *arguments)
    assert seqs(result.stdout) == expected
    assert result.returncode == (0 if expected else 1)
    assert not result.stderr


def test_people_get_a_table_in_their_time_and_language(ledger: Segments) -> None:
    fill(ledger)
    result = events(ledger)
    header, *rows = [line for line in result.stdout.splitlines() if line.strip(" ─")]
    assert header.split() == ["time", "severity", "kind", "target", "what", "happened", "source", "record"]
    assert rows[0].split()[:3] == ["2023-11-15", "05:13:20", "WIB"]
    assert "acknowledge by budi" in rows[-1]
    assert "acknowledge oleh budi" in events(ledger, "--limit", "1", NETMON_LANG="id").stdout


def test_a_long_table_is_cut_and_says_so(ledger: Segments) -> None:
    ledger.add(note(number) for number in range(12, 120))
    fill(ledger)
    result = events(ledger)
    assert "newest 100" in result.stderr
    assert "Note 119" in result.stdout
    assert "Note 19" not in result.stdout
    assert len(seqs(events(ledger, "--format", "jsonl").stdout)) == 120


def test_csv_brings_no_formula_into_a_spreadsheet(ledger: Segments) -> None:
    result = events(ledger, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 12
    assert rows[10]["text"] == "'=cmd|' /C calc'!A0"
    assert rows[10]["time"] == "2023-11-14T22:13:30.000000Z"
    assert json.loads(rows[0]["data"]) == {"message": "Note 0"}


def test_control_characters_do_nothing_to_a_terminal(ledger: Segments) -> None:
    ledger.add([note(12, data={"fields": {"message": "\x1b]0;owned\x07\x1b[2J\nnext"}}, target="\x1b[31m")])
    assert "\x1b" not in events(ledger, "--limit", "1").stdout


def test_the_index_is_rebuilt_when_asked(ledger: Segments) -> None:
    (ledger.directory / "index.sqlite").write_bytes(b"no database at all" * 1000)
    assert seqs(events(ledger, "--format", "jsonl").stdout) == list(range(12))
    result = events(ledger, "--rebuild-index")
    assert (result.returncode, "12 records" in result.stderr) == (0, True)
    assert not events(ledger).stderr


def configure(folder: Path, index: dict[str, Any]) -> Path:
    directory = folder / "etc"
    directory.mkdir()
    main = directory / "netmon.yaml"
    main.write_text(json.dumps({"state_dir": str(folder / "state"), "index": index}))
    main.chmod(0o600)
    return directory


def test_the_configuration_says_where_the_ledger_and_its_index_are(ledger: Segments, tmp_path: Path) -> None:
    with postgresql() as server:
        directory = configure(tmp_path, {"url": server.url})
        assert netmon("events", "--config", directory, "--rebuild-index").returncode == 0
        assert not (ledger.directory / "index.sqlite").exists()
        result = netmon("events", "--config", directory, "--text", "note 7", "--format", "jsonl")
        assert (seqs(result.stdout), result.stderr) == ([7], "")
        assert server.run("SELECT count(*) FROM netmon_ledger_records") == "12"
    away = netmon("events", "--config", directory, "--text", "note 7", "--format", "jsonl")
    assert seqs(away.stdout) == [7]
    assert "whole ledger" in away.stderr
    refused = netmon("events", "--config", directory, "--rebuild-index")
    assert (refused.returncode, "Traceback" in refused.stderr) == (3, False)
    assert "cannot be filled" in refused.stderr


def test_where_there_is_no_ledger_it_says_so(tmp_path: Path) -> None:
    result = netmon("events", "--ledger", tmp_path)
    assert result.returncode == 3
    assert "no ledger" in result.stderr


@pytest.mark.parametrize("arguments", [("--since", "soon"), ("--limit", "-1"), ("--kind", "wonder")])
def test_what_makes_no_sense_is_refused(ledger: Segments, arguments: tuple[str, ...]) -> None:
    assert events(ledger, *arguments).returncode == 2


@contextmanager
def following(ledger: Segments, output: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [*NETMON, "events", "--ledger", str(ledger.directory), "--follow", *arguments]
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, env=environment())
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("indexed", [False, True])
def test_following_shows_what_comes_once_also_in_new_segments(ledger: Segments, tmp_path: Path, indexed: bool) -> None:
    if indexed:
        fill(ledger)
    output = tmp_path / "output"
    with following(ledger, output, "--format", "jsonl", "--text", "note", "--limit", "2") as process:
        eventually_sync(lambda: seqs(output.read_text()) == [8, 9], 20)
        ledger.add([note(12), note(13, data={"other": 1})])
        eventually_sync(lambda: seqs(output.read_text()) == [8, 9, 12])
        ledger.begin()
        ledger.add([note(14)])
        eventually_sync(lambda: seqs(output.read_text()) == [8, 9, 12, 14])
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_thousand_records_a_page_are_joined_without_a_seam(ledger: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgerbook, "PAGE_MAX", 4)
    fill(ledger)
    ledger.add(note(number) for number in range(12, 18))
    said: list[str] = []
    book = ledgerbook.Book(ledger.directory, IndexSettings(), said.append)
    assert [record["seq"] for record in book.all(Query())] == list(range(18))
    assert [record["seq"] for record in book.newest(Query(), 10)] == list(range(8, 18))
    book.close()
    assert not said


@pytest.mark.parametrize("form", ["jsonl", "csv", "table"])
def test_what_others_wrote_does_nothing_to_a_terminal(ledger: Segments, tmp_path: Path, form: str) -> None:
    ledger.add([note(12, data={"fields": {"message": "a\x1b]0;owned\x07\x9b2J\x7f"}})])
    ours, theirs = os.openpty()
    command = [*NETMON, "events", "--config", str(tmp_path), "--ledger", str(ledger.directory), "--format", form]
    with subprocess.Popen(command, stdout=theirs, env=environment(COLUMNS="200")) as process:
        os.close(theirs)
        shown = b""
        while data := _read(ours):
            shown += data
    os.close(ours)
    assert process.returncode == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode())  # our own colors
    assert "owned" in text
    assert {each for each in text if not each.isprintable()} <= {"\r", "\n"}


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux says that the other side is closed
        return b""
