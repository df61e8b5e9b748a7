"""Who watches does not compile: another process does, once, and what it could not do is left to who needs it."""

import sys
from pathlib import Path

import pytest

from netmon.app.traffic import compiling
from netmon.app.traffic.compiling import compile_apart
from netmon.app.traffic.needs import STAMP, say_compiling


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file to which each run adds a line. What is run is short."""
    file = tmp_path / "runs"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    (tmp_path / "compiled").mkdir()
    monkeypatch.setattr(compiling, "command", lambda: [sys.executable, "-c", _program(file, 0)])
    return file


def _program(file: Path, code: int) -> str:
    return f"open({str(file)!r}, 'a').write('ran\\n'); raise SystemExit({code})"


def test_it_is_done_once_by_another_process(runs: Path, tmp_path: Path) -> None:
    for _ in range(2):
        compile_apart()
    assert runs.read_text() == "ran\n"
    assert (tmp_path / "compiled" / STAMP).exists()


def test_what_failed_is_tried_again_at_the_next_start(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "command", lambda: [sys.executable, "-c", _program(runs, 3)])
    for _ in range(2):
        compile_apart()
    assert runs.read_text() == "ran\nran\n"
    assert not (tmp_path / "compiled" / STAMP).exists()


def test_nobody_waits_for_what_cannot_be_started(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "command", lambda: [str(tmp_path / "nothing")])
    compile_apart()
    assert not (tmp_path / "compiled" / STAMP).exists()
    assert not runs.exists()


def test_its_modules_are_found_where_ours_were() -> None:
    assert set(filter(None, sys.path)) <= set(compiling.environment()["PYTHONPATH"].split(":"))


def test_who_waits_at_a_terminal_is_told_until_all_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    say_compiling()
    assert "Compiling" in capsys.readouterr().err  # of what was interrupted the directory is there
    (tmp_path / STAMP).touch()
    say_compiling()
    assert capsys.readouterr().err == ""
