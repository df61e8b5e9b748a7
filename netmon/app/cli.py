"""The command line: one group, its commands imported only when called, so that `netmon --help` is quick."""

import atexit
import gc
import os
from importlib import import_module
from typing import Final

import click

from netmon import __version__
from netmon.app import clickwords
from netmon.app.stdout import whole_writes
from netmon.app.text import t

COMMANDS: Final = (
    "run",
    "poll",
    "check",
    "status",
    "alerts",
    "incidents",
    "attention",
    "predictions",
    "history",
    "backtest",
    "forecast",
    "ack",
    "silence",
    "maintenance",
    "events",
    "ledger",
    "generate",
    "reload",
    "sensor",
    "flow-collector",
    "flows",
    "replay",
    "decode",
    "demo",
)


clickwords.install()


class Commands(click.Group):
    """Finds `netmon X` in netmon/app/commands/X.py, as its `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which people need them."""
        del ctx
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        del ctx
        with formatter.section(t("cli.commands")):
            formatter.write_dl([(name, t(f"cli.{name}.short")) for name in COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"netmon.app.commands.{cmd_name.replace('-', '_')}").command
        return command


@click.command(cls=Commands, help=t("cli.help"), epilog=t("cli.examples"), context_settings={"max_content_width": 110})
@click.version_option(__version__, prog_name="netmon")
def main() -> None:
    """Hold the commands together; the text that people read is in the tables of netmon/app/texts."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's threads would wait for matrices that we do not have
    whole_writes()
    atexit.register(gc.freeze)  # or the end looks for what refers to itself, for a tenth of a second and for nothing
