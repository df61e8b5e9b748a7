"""`netmon demo`: a simulated ring, polled by the real daemon."""

import sys
from pathlib import Path

import click
import uvloop

from netmon.app.text import t


@click.command("demo", help=t("cli.demo.help"), epilog=t("cli.demo.examples"))
@click.option("--for", "duration_s", type=click.FloatRange(min=1), metavar="SECONDS", help=t("cli.demo.for"))
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help=t("cli.demo.state"))
@click.option("--config", "directory", type=click.Path(path_type=Path, file_okay=False), help=t("cli.config"))
def command(duration_s: float | None, state: Path | None, directory: Path | None) -> None:
    """Exit 0 when every target was read and the ledger verifies, 1 when not, 2 when it could not start."""
    from netmon.demo.run import CONFIG, run  # noqa: PLC0415 - nobody but this command needs the simulation

    try:
        code = uvloop.run(run(duration_s, directory=directory or CONFIG, state=state))
    except KeyboardInterrupt:  # before the demonstration's own handlers stood
        code = 130
    sys.exit(code)
