"""`netmon run`: the daemon, in the foreground, as systemd and people start it."""

import sys
from pathlib import Path
from typing import Final

import click
import uvloop

from netmon.api import ConfigError
from netmon.app.catalog import Role
from netmon.app.commands.options import CONFIG
from netmon.app.text import t
from netmon.app.without import without

with without("rich"):  # structlog would load it, 3 MB, for tracebacks that show passwords in local variables
    from netmon.app.daemon import Daemon


SWITCH_S: Final = 0.0005
"""How soon a thread of the core that computes (ledger, seal, index) lets the event loop go on. Python's own 5 ms, at
each of the handful of system calls that an answer takes, are felt by who asks."""


@click.command("run", help=t("cli.run.help"), epilog=t("cli.run.examples"))
@CONFIG
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.ALL.value,
    show_default=True,
    help=t("cli.run.role"),
)
def command(directory: Path, role: str) -> None:
    """Run until SIGTERM or SIGINT; exit 0 after a clean stop, 2 when the configuration cannot be used."""
    if Role(role).keeps:
        sys.setswitchinterval(SWITCH_S)
    try:
        uvloop.run(Daemon(directory, Role(role)).run())
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except KeyboardInterrupt:  # before the daemon's own handlers stood
        sys.exit(130)
