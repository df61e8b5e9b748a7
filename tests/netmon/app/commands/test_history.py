"""`netmon history` beside the files of a daemon."""

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netmon.api.columns import Series
from netmon.app.cli import main
from tests.support.history import MIDNIGHT, Shelf, batch, history, run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the configuration of a daemon whose history has a period of three series, and runs."""
    (tmp_path / "netmon.yaml").write_text("state_dir: state\n")
    book = Shelf()
    book.there = [
        Series("sw-1", "used_bytes", (("mountpoint", "/a=b"),)),
        Series("sw-1", "light_dbm", (("port", "=cmd()\x1b[2J"),)),
        Series("sw-2", "used_bytes"),
    ]
    kept, _ = history(tmp_path / "state", book)
    run(kept, MIDNIGHT, MIDNIGHT + 700, 100, [1.5, -2.0, 7.0])
    kept.add(batch(MIDNIGHT + 700, [1.0, 1.0, 1.0]))
    return tmp_path


def said(config: Path, *arguments: str, language: str = "en") -> Result:
    command = ["history", "--config", str(config), "--since", "2026-01-01", *arguments]
    return CliRunner().invoke(main, command, env={"NETMON_LANG": language, "COLUMNS": "200"})


def test_a_table(config: Path) -> None:
    shown = said(config, "sw-1", "--period", "5m", "--metric", "used")
    assert shown.exit_code == 0, shown.output
    rows = [line.split() for line in shown.output.splitlines()]
    assert rows[0] == ["used_bytes", "/a=b"]
    assert rows[1] == ["FROM", "MIN", "MEAN", "MAX", "P95", "VALUES"]
    assert rows[3][2:] == ["1.5", "B", "1.5", "B", "1.5", "B", "1.5", "B", "3"]
    assert rows[4:] == [[]]
    both = said(config, "sw-1", "--period", "5m").output
    assert "-2.0 dBm" in both
    assert len([line for line in both.splitlines() if line.startswith("FROM")]) == 2
    assert "RERATA" in said(config, "sw-1", "--period", "5m", language="id").output


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_narrow_terminal_shows_whole_cells(config: Path, width: int) -> None:
    command = ["history", "--config", str(config), "--since", "2026-01-01", "sw-1", "--period", "5m"]
    shown = CliRunner().invoke(main, command, env={"NETMON_LANG": "en", "COLUMNS": str(width)}).output
    assert max(map(len, shown.splitlines())) <= width
    (row,) = [line for line in shown.splitlines() if "-2.0 dBm" in line]
    assert row.startswith("20")
    assert "MAX" in shown
    assert ("MIN" in shown) == (width >= 60)


def test_csv_does_nothing_to_a_spreadsheet_and_a_table_nothing_to_a_terminal(config: Path) -> None:
    shown = said(config, "sw-1", "--period", "5m", "--format", "csv", "--metric", "light")
    (row,) = csv.DictReader(io.StringIO(shown.output))
    assert (row["timestamp"], row["metric"], row["p95"], row["count"]) == (f"{MIDNIGHT:.0f}", "light_dbm", "-2.0", "3")
    assert "\x1b" not in said(config, "sw-1", "--period", "5m").output


def test_it_changes_nothing_beside_a_daemon_that_writes(config: Path) -> None:
    (path,) = (config / "state/history/hours").iterdir()
    data = path.read_bytes() + b"NMH1 half of a block"
    path.write_bytes(data)
    shown = said(config, "sw-2", "--period", "5m", "--format", "csv")
    assert len(shown.output.splitlines()) == 2
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("nobody",), 5, "Nothing is kept of nobody for that time"),
        (("sw-1",), 5, "Nothing is kept of sw-1"),  # no day is over
        (("sw-1", "--since", "soon"), 2, "soon"),
    ],
)
def test_what_cannot_be_shown(config: Path, arguments: tuple[str, ...], code: int, text: str) -> None:
    shown = said(config, *arguments)
    assert (shown.exit_code, text in shown.output) == (code, True)


def test_no_history(tmp_path: Path) -> None:
    (tmp_path / "netmon.yaml").write_text("state_dir: state\n")
    shown = said(tmp_path, "sw-1")
    assert shown.exit_code == 3
    assert "No history can be read at" in shown.output
