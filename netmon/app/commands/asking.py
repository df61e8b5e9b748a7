"""What all commands share that ask the core: where it is, who asks, and how a refusal is told."""

import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, ParamSpec

import click

from netmon.app.asked import duration_s, escaped, moment, printable
from netmon.app.client import Client, Exit, Login, RefusedError
from netmon.app.commands.options import CONFIG
from netmon.app.systemwords import why
from netmon.app.text import speaking, t
from netmon.app.whereabouts import control_sockets, spoken

P = ParamSpec("P")

_MAX_PASSWORD_FILE: Final = 4_096  # bytes read of it

JSON: Final = click.option("--json", "as_json", is_flag=True, help=t("client.option.json"))

_OPTIONS: Final = (
    CONFIG,
    click.option("--url", envvar="NETMON_URL", metavar="URL", help=t("client.option.url")),
    click.option("--user", envvar="NETMON_USER", metavar="NAME", help=t("client.option.user")),
    click.option(
        "--password-file",
        envvar="NETMON_PASSWORD_FILE",
        type=click.Path(path_type=Path),
        help=t("client.option.password_file"),
    ),
    click.option(
        "--ca-file", envvar="NETMON_CA_FILE", type=click.Path(path_type=Path), help=t("client.option.ca_file")
    ),
)


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a `Client` as its first argument, the options that lead to it, and exits for what it refuses.

    A ValueError is the fault of what was asked, in words for people.
    """

    @functools.wraps(command)
    def asking(
        directory: Path,
        url: str | None,
        user: str | None,
        password_file: Path | None,
        ca_file: Path | None,
        **more: Any,
    ) -> None:
        with speaking(spoken(directory)):
            try:
                login = _login(url, user, password_file, ca_file) if url else None
                command(Client(control_sockets(directory), login), **more)
            except RefusedError as refused:
                click.echo(printable(str(refused)), err=True)
                sys.exit(refused.code)
            except ValueError as fault:
                click.echo(printable(str(fault)), err=True)
                sys.exit(Exit.USAGE)

    for option in reversed(_OPTIONS):
        asking = option(asking)
    return asking


def windowed(command: Callable[P, None]) -> Callable[P, None]:
    """Give a command the options that say when something is, and why."""
    options = (
        click.option("--from", "start", metavar="TIME", default="now", help=t("window.option.from")),
        click.option("--for", "lasting", metavar="DURATION", help=t("window.option.for")),
        click.option("--until", metavar="TIME", help=t("window.option.until")),
        click.option("--reason", required=True, help=t("window.option.reason")),
    )
    for option in reversed(options):
        command = option(command)
    return command


def window(start: str, lasting: str | None, until: str | None, reason: str) -> dict[str, object]:
    """Return the times that were asked for, as the interface takes them."""
    if (lasting is None) == (until is None):
        raise ValueError(t("asked.one_end"))
    now = time.time()
    begin = moment(start, now)
    starts = {} if start == "now" else {"starts_at": _rfc3339(begin)}  # the daemon's clock knows best when now is
    if until is None:
        return {**starts, "duration_s": duration_s(lasting or ""), "reason": reason}
    after = now if until.startswith("+") else max(now, begin)  # 06:00 is the one after the beginning
    return {**starts, "ends_at": _rfc3339(moment(until, after)), "reason": reason}


def lines(things: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line."""
    terminal = sys.stdout.isatty()
    for thing in things:
        text = json.dumps(thing, ensure_ascii=False)
        click.echo(escaped(text) if terminal else text)


def _rfc3339(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def _login(url: str, user: str | None, password_file: Path | None, ca_file: Path | None) -> Login:
    return Login(url, user or "", _password(user, password_file) if user else "", ca_file)


def _password(user: str, file: Path | None) -> str:
    """Return the password from a file, the environment or a terminal; never from the command line, where all see it."""
    if file is not None:
        try:
            with file.open("rb") as opened:
                return opened.read(_MAX_PASSWORD_FILE).decode().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise RefusedError(t("client.password_file", file=file, problem=why(error)), Exit.USAGE) from None
    if given := os.environ.get("NETMON_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        raise RefusedError(t("client.no_password", user=user), Exit.USAGE)
    return str(click.prompt(t("client.ask_password", user=user), hide_input=True, err=True))
