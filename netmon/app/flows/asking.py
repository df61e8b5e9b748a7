"""What people asked of kept flows: which store, which time, which flows. Refusals are click's, with exit code 2."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import polars as pl

from exporters.flowstore.files import Scan, Span, look
from exporters.flowstore.filter import Chosen, FilterError
from exporters.flowstore.terms import expression
from exporters.flowstore.words import PROTOCOLS, Port, Words
from netmon.app.asked import printable
from netmon.app.client import Exit
from netmon.app.past import past
from netmon.app.systemwords import why
from netmon.app.text import speaking, t
from netmon.app.whereabouts import section, spoken, states

FOLDER: Final = "flows"
"""The store's directory in a state directory."""

_Answer = TypeVar("_Answer")
_SHOWN: Final = 12  # words named in a refusal


@dataclass(frozen=True, slots=True)
class Asked:
    """The flows that a question is about."""

    directory: Path
    span: Span
    where: Chosen | None
    words: Words
    chosen: str  # the filter as it was written
    config: Path  # the configuration's directory

    def answer(self, question: Callable[[Scan], _Answer], span: Span | None = None) -> _Answer:
        """Ask, of another time where one is given; a store that cannot be read ends the command."""
        try:
            return look(self.directory, span or self.span, question)
        except (OSError, pl.exceptions.PolarsError) as error:
            path = getattr(error, "filename", None) or self.directory
            click.echo(t("flows.unreadable", path=path, problem=printable(why(error))), err=True)
            raise SystemExit(Exit.USAGE) from None


@contextmanager
def asked(config: Path, store: Path | None, *, since: str, until: str, chosen: str) -> Iterator[Asked]:
    """Give what was asked, in the configuration's language."""
    with speaking(spoken(config)):
        now = time.time()
        try:
            span = Span(moment(since, now), moment(until, now))
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        if span.since >= span.until:
            raise click.UsageError(t("flows.no_time", since=since, until=until))
        words = Words(services(config))
        try:
            where = expression(chosen, words)
        except FilterError as error:
            raise click.UsageError(refusal(chosen, error)) from None
        yield Asked(store or _folder(config), span, where, words, chosen, config)


def moment(text: str, now: float) -> float:
    """Return a time as `past` reads it; also `-1h` and `1h ago`."""
    return past(text.strip().removeprefix("-").removesuffix("ago"), now)


def refusal(text: str, error: FilterError) -> str:
    """Return what is wrong with a filter: the filter, a caret below the place, what would be right."""
    begin = max(0, error.at - 41)
    shown = printable(text)[begin : error.at + 40]
    right = ", ".join(error.right[:_SHOWN]) + (", …" if len(error.right) > _SHOWN else "")
    problem = t(f"flows.filter.{error.problem}", found=printable(error.found)[:60], right=right)
    return f"{t('flows.filter.at', column=error.at, problem=problem)}\n  {shown}\n  {' ' * (error.at - 1 - begin)}^"


def services(config: Path) -> dict[Port, str]:
    """Return the operator's names of services, `tcp/8443: e-kinerja`; what is wrong there is told by `netmon check`."""
    store = _traffic(config).get("store")
    named = store.get("services") if isinstance(store, dict) else None
    found: dict[Port, str] = {}
    for key, name in named.items() if isinstance(named, dict) else ():
        protocol, _, port = str(key).partition("/")
        if protocol in PROTOCOLS and port.isascii() and port.isdecimal() and isinstance(name, str):
            found[PROTOCOLS[protocol], int(port)] = name
    return found


def _traffic(config: Path) -> dict[str, Any]:
    found = section(config, "traffic")
    return found if isinstance(found, dict) else {}


def _folder(config: Path) -> Path:
    named = _traffic(config).get("store_directory")
    if isinstance(named, str) and "${" not in named:
        return config / named
    places = [state / FOLDER for state in states(config)]
    return next((place for place in places if place.is_dir()), places[0])
