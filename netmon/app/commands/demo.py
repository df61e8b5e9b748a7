"""`netmon demo`: the simulated ring. It is imported only when it is asked for."""

import sys
from pathlib import Path

import click

from netmon.api import ConfigError
from netmon.app.text import t


@click.command("demo", help=t("cli.demo.help"), epilog=t("cli.demo.examples"))
@click.option("--for", "duration_s", type=click.FloatRange(min=1), metavar="SECONDS", help=t("cli.demo.for"))
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help=t("cli.demo.state"))
def command(duration_s: float | None, state: Path | None) -> None:
    """Run until Ctrl-C or for a time; exit 0 when every target was read, 1 when not, 2 when it could not start."""
    import uvloop  # noqa: PLC0415  # with the demonstration, so that --help stays quick

    from netmon.demo.run import run  # noqa: PLC0415  # nobody but this command imports the demonstration

    try:
        sys.exit(uvloop.run(run(duration_s, state)))
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
