"""The one directory where netmon keeps what it must remember."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from netmon.api import ConfigError
from netmon.app.settings.document import fault_at
from netmon.app.settings.model import Settings
from netmon.app.systemwords import why


def state_directory(settings: Settings, environment: Mapping[str, str] | None = None) -> Path:
    """Return the state directory, made for us alone (0700) where it is not there yet.

    It is `state_dir`, else NETMON_STATE_DIR, else systemd's STATE_DIRECTORY, else netmon under XDG_STATE_HOME or
    ~/.local/state. Raises ConfigError where it cannot be made or written.
    """
    path = _chosen(settings, os.environ if environment is None else environment)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(fault_at(str(path), 0, 0, "state_not_made", reason=why(error))) from None
    try:
        with tempfile.TemporaryFile(dir=path):  # rights, a read-only filesystem and a full one, all in one question
            return path
    except OSError as error:
        raise ConfigError(fault_at(str(path), 0, 0, "state_not_writable", reason=why(error))) from None


def _chosen(settings: Settings, environment: Mapping[str, str]) -> Path:
    if settings.netmon.state_dir is not None:
        return settings.netmon.state_dir
    if given := environment.get("NETMON_STATE_DIR"):
        return Path(given)
    if given := environment.get("STATE_DIRECTORY", "").partition(":")[0]:  # systemd.exec(5): a colon-separated list
        return Path(given)
    if given := environment.get("XDG_STATE_HOME"):
        return Path(given) / "netmon"
    return Path(environment.get("HOME") or Path.home()) / ".local" / "state" / "netmon"
