"""What `netmon sensor` and `netmon flow-collector` share: their options, and the settings that come of them."""

import os
import pwd
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from pydantic import ValidationError

from netmon.api import ConfigError, Fault
from netmon.app import logs
from netmon.app.catalog import Role
from netmon.app.settings import Settings, load_directory, state_directory
from netmon.app.settings.inventory import Inventory
from netmon.app.settings.model import NetmonSettings
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.text import t

ALONE_STATE: Final = Path("/var/lib/netmon-alone")
"""Where who was started by root without a configuration keeps things: root's home is closed to who it becomes."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def alone(function: _Function) -> _Function:
    """Give a command the options of a role that runs by itself."""
    options = (
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
    )
    for option in reversed(options):
        function = option(function)
    return function


def configured(directory: Path | None, store: Path | None, given: Mapping[str, Any]) -> tuple[Settings, Path]:
    """Return the settings, with what the command line gives in their `traffic` section, and where captures go.

    Flows are kept only where a directory is named: on the command line, or by a configuration.
    """
    settings = Settings(Path(), NetmonSettings(), Inventory()) if directory is None else load_directory(directory)
    logs.configure(settings.netmon.log.format, settings.netmon.log.level)  # to standard error: findings have the other
    keep = store is not None or (directory is not None and settings.netmon.traffic.keep_flows)
    merged = settings.netmon.traffic.model_dump() | {**given, "keep_flows": keep}
    if store is not None:
        merged["store_directory"] = store.absolute()
    try:
        traffic = TrafficSettings.model_validate(merged)
    except ValidationError as error:
        raise ConfigError(*(_fault(each["loc"], each["msg"]) for each in error.errors())) from None
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
    return place


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


def _fault(place: tuple[int | str, ...], problem: str) -> Fault:
    named = ".".join(str(step) for step in place if not isinstance(step, int))
    return Fault("netmon", 0, 0, f"{named}: {problem}", t("traffic.see_help"))
