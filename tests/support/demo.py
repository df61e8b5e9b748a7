"""The demonstration's configuration and world, for tests: as it is, or moved to free ports."""

import os
import re
import shutil
from functools import cache
from pathlib import Path
from socket import SOCK_DGRAM
from unittest.mock import patch

from netmon.app.settings import Settings, load_directory
from netmon.demo.packets.stage import CONFIG_FILE
from netmon.demo.ring import Ring
from netmon.demo.run import CONFIG, SECRETS
from tests.support.processes import free_port


def load(directory: Path) -> Settings:
    """Load the demonstration's configuration with its usual passwords."""
    with patch.dict(os.environ, SECRETS):
        return load_directory(directory)


@cache
def settings() -> Settings:
    """Return the configuration as it is in the project."""
    return load(CONFIG)


@cache
def ring() -> Ring:
    """Return the ring of that configuration; it has no state, so tests share it."""
    return Ring(settings().inventory)


def moved(directory: Path, interval_s: float = 1, *, traffic: bool = False) -> Path:
    """Copy the configuration with every port replaced by a free one and a quicker poll; `traffic`: with its sensor."""
    shutil.copytree(CONFIG, directory)
    port = free_port(SOCK_DGRAM, "127.77.1.1")
    for path in directory.glob("inventory/*.yaml"):
        path.write_text(path.read_text("utf-8").replace(":1161", f":{port}"), "utf-8")
    main = directory / "netmon.yaml"
    text = main.read_text("utf-8").replace("interval_s: 5", f"interval_s: {interval_s:g}")
    if traffic:
        text = text.replace(":2055", f":{free_port(SOCK_DGRAM, '127.77.1.1')}")
    else:
        text = re.sub(r"^traffic:\n(  .*\n)+", "", text, flags=re.MULTILINE)
        (directory / CONFIG_FILE).unlink()
    main.write_text(f"web:\n  listen: ['127.0.0.1:{free_port()}']\n{text}", "utf-8")
    return directory
