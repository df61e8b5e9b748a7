"""The `netmon` command as users start it: a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

NETMON = (sys.executable, "-c", "import sys; from netmon.app.cli import main; sys.argv[0] = 'netmon'; main()")


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without netmon's own variables, with these instead; English unless said."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("NETMON_", "NOTIFY_", "WATCHDOG_"))
    }
    return kept | {"LANG": "C.UTF-8", "COLUMNS": "160", "NO_COLOR": "1"} | variables


def netmon(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with these variables in its environment."""
    command = [*NETMON, *map(str, arguments)]
    return subprocess.run(
        command, env=environment(**variables), capture_output=True, text=True, check=False, timeout=60
    )
