"""What `netmon sensor` and `netmon flow-collector` share: a role that runs by itself, from its options to its end."""

import asyncio
import gc
import os
import pwd
import stat
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeAlias

import click
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from netmon.api import ConfigError, Fault
from netmon.app import logs
from netmon.app.catalog import Role
from netmon.app.faultwords import in_words
from netmon.app.settings import Settings, load_directory, state_directory
from netmon.app.settings.document import Document
from netmon.app.settings.inventory import Inventory
from netmon.app.settings.model import NetmonSettings
from netmon.app.settings.problems import faults_of
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.text import speaking, t
from netmon.app.traffic.compiling import compile_apart
from netmon.app.traffic.needs import leave_cache, needs_traffic, say_compiling
from netmon.app.traffic.stopping import Stop
from netmon.app.whereabouts import spoken

ALONE_STATE: Final = Path("/var/lib/netmon-alone")
"""Where who was started by root without a configuration keeps things: root's home is closed to who it becomes."""


@dataclass(frozen=True, slots=True)
class Alone:
    """The options that both commands have."""

    directory: Path | None
    store: Path | None
    metrics_listen: tuple[str, ...]
    as_json: bool
    seconds: float | None
    user: str

    @property
    def becomes(self) -> str | None:
        """Return the user to become once everything is open; None where we stay who we are."""
        return self.user if self.user and os.geteuid() == 0 else None

    def speaking(self) -> AbstractContextManager[None]:
        """Speak the configuration's language inside a `with` block."""
        return speaking(None if self.directory is None else spoken(self.directory))


_OPTIONS: Final = (
    click.option(
        "--config",
        "directory",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help=t("traffic.option.config"),
    ),
    click.option("--store", type=click.Path(path_type=Path, file_okay=False), help=t("traffic.option.store")),
    click.option("--metrics-listen", multiple=True, metavar="HOST:PORT", help=t("traffic.option.metrics_listen")),
    click.option("--json", "as_json", is_flag=True, help=t("traffic.option.json")),
    click.option("--for", "seconds", type=click.FloatRange(min=0.1), help=t("traffic.option.for")),
    click.option("--user", default="nobody", show_default=True, help=t("traffic.option.user")),
)


def alone(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options; it gets them as one, named `how`."""

    @wraps(function)
    def command(**options: Any) -> None:
        how = Alone(**{name: options.pop(name) for name in Alone.__dataclass_fields__})
        function(how=how, **options)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Kind:
    """What one of the two commands runs."""

    role: Role
    listens_at: Callable[[TrafficSettings], object]  # what there is to listen at; empty or None: nothing
    missing: str  # the text that says how to name it
    leave: Callable[[str], object]  # becomes a user without the rights that are not needed


Given: TypeAlias = Callable[[TrafficSettings], Mapping[str, Any]]
"""What the command line says of the `traffic` section, beside what the configuration says of it."""


def run(kind: Kind, how: Alone, given: Given) -> None:
    """Open, become who we are to be, watch, and say what was seen; exit 2 where something of it cannot be used."""
    with how.speaking():
        _run(kind, how, given)


def _run(kind: Kind, how: Alone, given: Given) -> None:
    stop = Stop()
    try:
        needs_traffic()
        say_compiling()
        compile_apart()
        from netmon.app.traffic.assembly import build_part  # noqa: PLC0415 - numba takes a while
        from netmon.app.traffic.standalone import How, Told, nowhere, summary, watch  # noqa: PLC0415 - the same

        settings, state = configured(how, given)
        if not kind.listens_at(settings.netmon.traffic):
            raise click.UsageError(t(kind.missing))
        place = own_place(state, settings, how.becomes, kind.role)
        traffic = settings.netmon.traffic
        store = (traffic.store_directory or place / "flows") if traffic.keep_flows else None
        if how.becomes is not None and store is not None:
            only_flows(store)
        told, registry = Told(as_json=how.as_json), CollectorRegistry()
        asked = nowhere if how.metrics_listen else None  # what nobody can read is not measured
        part = build_part(settings, kind.role, place, told, asked, registry)
        part.open()
        if how.becomes is not None:
            hand_over((place, store), how.becomes)
            kind.leave(how.becomes)
            leave_cache()
        if store is not None:
            can_be_kept(store, how.becomes)
        say_closed(place)
    except ConfigError as error:
        click.echo(str(in_words(error)), err=True)
        sys.exit(2)
    gc.collect()
    gc.freeze()  # modules and compiled loops stay: looking through them again takes 0.3 s a time
    began = time.monotonic()
    asyncio.run(watch(part, told, How(how.metrics_listen, how.seconds), registry, stop))
    summary(part, began)


def configured(how: Alone, given: Given) -> tuple[Settings, Path]:
    """Return the settings, with what the command line gives in their `traffic` section, and the state directory.

    Flows are kept only where a directory is named: on the command line, or by a configuration.
    """
    nothing = Settings(Path(), NetmonSettings(), Inventory())
    settings = nothing if how.directory is None else load_directory(how.directory)
    logs.configure(settings.netmon.log.format, settings.netmon.log.level)  # to standard error: findings have the other
    keep = how.store is not None or (how.directory is not None and settings.netmon.traffic.keep_flows)
    before = settings.netmon.traffic
    merged = before.model_dump() | {**given(before), "keep_flows": keep}
    if how.store is not None:
        merged["store_directory"] = how.store.absolute()
    try:
        traffic = TrafficSettings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(*_faults(error, merged)) from None
    settings = Settings(settings.directory, settings.netmon.model_copy(update={"traffic": traffic}), settings.inventory)
    return settings, state_directory(settings)


def own_place(state: Path, settings: Settings, becomes: str | None, role: Role) -> Path:
    """Return where captures and what was learned are kept; whoever becomes another user can get there.

    The state directory of root itself lies in root's home, where nobody else comes.
    """
    if becomes is not None and settings.netmon.state_dir is None and "NETMON_STATE_DIR" not in os.environ:
        state = ALONE_STATE
    place = state / role.value
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if becomes is not None and os.geteuid() == 0 and {each.name for each in state.iterdir()} <= set(Role):
        state.chmod(state.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)  # to be passed, not to be listed
    return place


def only_flows(store: Path) -> None:
    """Raise ConfigError where a directory holds other things than flows: it is about to be given to another user."""
    names = {each.name for each in store.iterdir()} if store.is_dir() else set()
    if names and "lock" not in names:
        raise ConfigError(Fault(str(store), 0, 0, t("traffic.store_not_ours"), t("traffic.store_not_ours.remedy")))


def can_be_kept(store: Path, becomes: str | None) -> None:
    """Raise ConfigError where who we are by now cannot keep flows there: later they would be lost one by one."""
    from exporters.flowstore.disk import writable  # noqa: PLC0415 - with the rest of traffic

    problem = writable(store)
    if problem is not None:
        user = becomes or pwd.getpwuid(os.geteuid()).pw_name
        problem = t("traffic.store_closed", user=user, problem=problem)
        raise ConfigError(Fault(str(store), 0, 0, problem, t("traffic.store_closed.remedy", user=user)))


def say_closed(place: Path) -> None:
    """Warn where who we are by now cannot keep captures and what was learned: it watches without."""
    from exporters.flowstore.disk import writable  # noqa: PLC0415 - with the rest of traffic

    problem = writable(place)
    if problem is not None:
        user = pwd.getpwuid(os.geteuid()).pw_name
        click.echo(t("traffic.state_closed", place=place, user=user, problem=problem), err=True)


def hand_over(places: Iterable[Path | None], user: str) -> None:
    """Give directories, with all in them, to the user that we are about to become. ConfigError without that user."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ConfigError(
            Fault("privileges", 0, 0, t("sensor.no_user", user=user), t("sensor.no_user.remedy"))
        ) from None
    for place in places:
        if place is not None and place.is_dir():
            for each in (place, *place.rglob("*")):
                os.chown(each, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def _faults(error: ValidationError, section: Mapping[str, Any]) -> Iterator[Fault]:
    """Give the faults of a section that came from the command line, where no file has a line to name."""
    document = Document("command line", section, marks=defaultdict(dict))
    for fault in faults_of(error, document, TrafficSettings):
        yield replace(fault, line=0, column=0)
