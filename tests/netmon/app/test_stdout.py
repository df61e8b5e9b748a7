import io
import sys

import click
import pytest
from rich.console import Console

from netmon.app.stdout import whole_writes


class Grudging(io.RawIOBase):
    """A descriptor that takes at most seven bytes at a time, and says so."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]  # what a test needs of it
        self.taken += bytes(data[:7])
        return min(len(data), 7)


def test_everything_reaches_a_descriptor_that_takes_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Grudging()
    unbuffered = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)  # type: ignore[type-var]  # as with -u
    monkeypatch.setattr(sys, "stdout", unbuffered)
    whole_writes()
    page = b"ifHCInOctets{} 1\n" * 50
    click.echo(page, nl=False)
    click.echo("a line")
    Console(width=40).print("a table")
    sys.stdout.flush()
    assert raw.taken == page + b"a line\na table\n"


def test_a_buffered_output_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", usual)
    whole_writes()
    assert sys.stdout is usual
