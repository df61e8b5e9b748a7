"""Where a daemon of some configuration may be found, and the language it speaks.

For commands that ask a daemon: they need neither the secrets nor the rest of the settings, and have no time to load
all that checks them. What cannot be read here is told by `netmon check`.
"""

import os
from pathlib import Path
from typing import Any, Final

import yaml

from netmon.app.text import LANGUAGES, Language

_SERVICE_STATE: Final = Path("/var/lib/netmon")  # StateDirectory= of systemd/netmon.service
_CONTROL_SOCKET: Final = "control.sock"
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def states(directory: Path) -> list[Path]:
    """Return where a daemon of this configuration may keep its state. Makes no directory."""
    return _states(directory, _settings(directory))


def control_sockets(directory: Path) -> list[Path]:
    """Return where the daemon of this configuration may listen for commands."""
    settings = _settings(directory)
    section = settings.get("api")
    named = section.get("control_socket") if isinstance(section, dict) else None
    if isinstance(named, str) and "${" not in named:
        return [directory / named]
    return [state / _CONTROL_SOCKET for state in _states(directory, settings)]


def spoken(directory: Path) -> Language | None:
    """Return the language that the configuration asks for."""
    named = _settings(directory).get("language")
    return next((each for each in LANGUAGES if each == named), None)


def section(directory: Path, name: str) -> object:
    """Return a section of the configuration as it stands there, not checked; empty where there is none."""
    return _settings(directory).get(name) or {}


def _states(directory: Path, settings: dict[str, Any]) -> list[Path]:
    named = settings.get("state_dir")
    if isinstance(named, str) and "${" not in named:
        return [directory / named]
    given = os.environ.get("NETMON_STATE_DIR") or os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    home = os.environ.get("XDG_STATE_HOME")
    own = (Path(home) if home else Path.home() / ".local" / "state") / "netmon"
    return [Path(given)] if given else [_SERVICE_STATE, own]


def _settings(directory: Path) -> dict[str, Any]:
    try:
        with (directory / "netmon.yaml").open("rb") as file:
            data = yaml.load(file, _LOADER)  # noqa: S506  # it is a safe loader
    except (OSError, yaml.YAMLError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
