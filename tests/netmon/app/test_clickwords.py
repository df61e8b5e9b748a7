"""What the command line library says by itself, in the user's language."""

import click
import pytest
from click.testing import CliRunner

from netmon.app.cli import main


@pytest.mark.parametrize(
    ("arguments", "english", "indonesian"),
    [
        (["ack"], "Error: Missing argument 'ID...'", "Galat: Argumen kurang 'ID...'"),
        (["ack", "--nothing"], "No such option '--nothing'", "Tidak ada opsi '--nothing'"),
        (["nothing"], "No such command 'nothing'", "Tidak ada perintah 'nothing'"),
        (["silence", "add", "--for", "2h"], "Missing option '--match'", "Opsi kurang '--match'"),
        (["alerts", "--state", "x"], "'x' is not one of 'pending'", "'x' tidak termasuk 'pending'"),
        (["alerts", "--limit", "0"], "0 is not in the range", "0 di luar rentang"),
        (["alerts", "--limit", "x"], "'x' is not a valid integer range.", "'x' bukan bilangan yang"),
        (["alerts", "--limit"], "requires an argument", "memerlukan nilai"),
        (["alerts", "--limit", "x"], "Try 'netmon alerts --help' for help.", "Coba 'netmon alerts --help' untuk"),
        (["ack", "--help"], "Usage: netmon ack", "Pemakaian: netmon ack"),
    ],
)
def test_its_own_sentences(arguments: list[str], english: str, indonesian: str) -> None:
    for language, said in (("en", english), ("id", indonesian)):
        result = CliRunner().invoke(main, arguments, prog_name="netmon", env={"NETMON_LANG": language})
        assert said in result.output
        assert result.exit_code == (0 if "--help" in arguments else 2)


def test_the_help_options_own_help() -> None:
    shown = CliRunner().invoke(click.Command("fresh"), ["--help"], env={"NETMON_LANG": "id"})  # it keeps its text
    assert "Tampilkan pesan ini lalu keluar." in shown.output
