"""`netmon reload`: ask the running daemon to read its configuration again, and say how that went."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

import click

from netmon.app.commands.options import CONFIG
from netmon.app.pidfile import NAMES, Reloaded, daemon_pid
from netmon.app.text import t
from netmon.app.whereabouts import states

WAIT_S: Final = 30.0


@click.command("reload", help=t("cli.reload.help"), epilog=t("cli.reload.examples"))
@CONFIG
def command(directory: Path) -> None:
    """Exit 0 when the new configuration is in use, 2 when it was refused, 3 when no daemon runs or answers."""
    running = [
        (state, name, pid)
        for state in states(directory)
        for name in NAMES
        if (pid := daemon_pid(state, name)) is not None
    ]
    if not running:
        places = ", ".join(map(str, states(directory)))
        click.echo(t("cli.reload.none", state=places, directory=directory), err=True)
        sys.exit(3)
    sys.exit(max(_reload(*daemon) for daemon in running))


def _reload(state: Path, name: str, pid: int) -> int:
    before = Reloaded.read(state, name)
    try:
        os.kill(pid, signal.SIGHUP)
    except PermissionError:
        click.echo(t("cli.reload.not_allowed", pid=pid), err=True)
        return 3
    outcome = _wait(state, name, pid, before.number if before and before.pid == pid else 0)
    if outcome is None:
        click.echo(t("cli.reload.silent", pid=pid, seconds=f"{WAIT_S:g}"), err=True)
        return 3
    for fault in outcome.faults:
        click.echo(fault, err=True)
    click.echo(t("cli.reload.done") if outcome.ok else t("cli.reload.refused"), err=not outcome.ok)
    return 0 if outcome.ok else 2


def _wait(state: Path, name: str, pid: int, before: int) -> Reloaded | None:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        outcome = Reloaded.read(state, name)
        if outcome is not None and outcome.pid == pid and outcome.number > before:
            return outcome
        time.sleep(0.05)
    return None
