"""Where a daemon of some configuration may be found, without its secrets: commands ask, who may not read them."""

import os
from pathlib import Path
from typing import Any, Final

from netmon.api import ConfigError
from netmon.app.settings.yamlfile import read_yaml

_SERVICE_STATE: Final = Path("/var/lib/netmon")  # StateDirectory= of systemd/netmon.service
_CONTROL_SOCKET: Final = "control.sock"


def states(directory: Path) -> list[Path]:
    """Return where a daemon of this configuration may keep its state. Needs no secret and makes no directory."""
    named = _settings(directory).get("state_dir")
    if isinstance(named, str) and "${" not in named:
        return [directory / named]
    given = os.environ.get("NETMON_STATE_DIR") or os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    home = os.environ.get("XDG_STATE_HOME")
    own = (Path(home) if home else Path.home() / ".local" / "state") / "netmon"
    return [Path(given)] if given else [_SERVICE_STATE, own]


def control_sockets(directory: Path) -> list[Path]:
    """Return where the daemon of this configuration may listen for commands."""
    section = _settings(directory).get("api")
    named = section.get("control_socket") if isinstance(section, dict) else None
    if isinstance(named, str) and "${" not in named:
        return [directory / named]
    return [state / _CONTROL_SOCKET for state in states(directory)]


def _settings(directory: Path) -> dict[str, Any]:
    try:
        data = read_yaml(directory / "netmon.yaml").data
    except ConfigError:
        return {}
    return data if isinstance(data, dict) else {}
