"""`netmon reload`: ask the running daemon to read its configuration again, and say how that went."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

import click

from netmon.api import ConfigError
from netmon.app.commands.options import CONFIG
from netmon.app.pidfile import Reloaded, daemon_pid
from netmon.app.settings import load_directory, state_directory
from netmon.app.text import t

WAIT_S: Final = 30.0


@click.command("reload", help=t("cli.reload.help"))
@CONFIG
def command(directory: Path) -> None:
    """Exit 0 when the new configuration is in use, 2 when it was refused, 3 when no daemon runs or answers."""
    try:
        state = state_directory(load_directory(directory))
    except ConfigError as error:
        click.echo(str(error), err=True)
        click.echo(t("cli.reload.refused"), err=True)
        sys.exit(2)
    pid = daemon_pid(state)
    if pid is None:
        click.echo(t("cli.reload.none", state=state, directory=directory), err=True)
        sys.exit(3)
    before = Reloaded.read(state)
    os.kill(pid, signal.SIGHUP)
    outcome = _wait(state, pid, before.number if before and before.pid == pid else 0)
    if outcome is None:
        click.echo(t("cli.reload.silent", pid=pid, seconds=f"{WAIT_S:g}"), err=True)
        sys.exit(3)
    for fault in outcome.faults:
        click.echo(fault, err=True)
    click.echo(t("cli.reload.done") if outcome.ok else t("cli.reload.refused"), err=not outcome.ok)
    sys.exit(0 if outcome.ok else 2)


def _wait(state: Path, pid: int, before: int) -> Reloaded | None:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        outcome = Reloaded.read(state)
        if outcome is not None and outcome.pid == pid and outcome.number > before:
            return outcome
        time.sleep(0.05)
    return None
