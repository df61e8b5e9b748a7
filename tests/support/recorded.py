"""Recorded series, and the commands that judge them, run in this process."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner, Result

from netmon.app.cli import main

T0 = 1_795_305_600.0  # 2026-11-22 00:00:00 UTC


def said(*arguments: str | Path, given: str | bytes = "", language: str = "en") -> Result:
    command = [*map(str, arguments)]
    return CliRunner().invoke(main, command, input=given, env={"NETMON_LANG": language, "COLUMNS": "200"})


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rows(values: Sequence[float | str], step_s: float = 3_600) -> str:
    lines = [f"{stamp(T0 + place * step_s)},{value}" for place, value in enumerate(values)]
    return "\n".join(["timestamp,value", *lines, ""])
