"""Compiles the loops of traffic in a process that ends: `python -m netmon.app.traffic.compiling`.

A compiler leaves some 300 MB in the process that used it, which the C library does not give back: parts of it are still
needed, between them lies what is not. What was compiled elsewhere and stored takes 50 MB to load.
"""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from netmon.app.traffic.needs import STAMP, needs_traffic

_MOST_S: Final = 900.0  # it takes 45 s on a core of 2020; who waits so long compiles for itself


def compile_apart() -> None:
    """Have everything compiled by another process, where that was not done before. To be called after `needs_traffic`.

    To be called before modules with loops are imported: some are compiled then. What fails there is done here, when it
    is needed.
    """
    if stamp().exists():
        return
    with suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command(), check=False, env=environment(), stdin=subprocess.DEVNULL, stdout=2, timeout=_MOST_S
        )
        if done.returncode == 0:
            stamp().touch()


def stamp() -> Path:
    """Return the file that says that all is compiled: beside what is, which is apart for each state of the sources."""
    return Path(os.environ["NUMBA_CACHE_DIR"], STAMP)


def command() -> list[str]:
    """Return the command that compiles everything and ends."""
    return [sys.executable, "-P", "-m", "netmon.app.traffic.compiling"]


def environment() -> dict[str, str]:
    """Return what that command is to find of ours: modules where we found them."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def compile_all() -> None:
    """Compile everything here."""
    needs_traffic()
    from collectors.traffic.capture import blocks  # noqa: PLC0415 - these are what takes long
    from collectors.traffic.flows.collector import FlowSource  # noqa: PLC0415
    from collectors.traffic.flows.settings import FlowListenSettings  # noqa: PLC0415
    from netmon.app.settings.traffic import TrafficSettings  # noqa: PLC0415
    from netmon.app.traffic import assembly  # noqa: F401, PLC0415
    from netmon.app.traffic.warming import warm_up  # noqa: PLC0415

    warm_up(TrafficSettings())
    blocks.warm_up()
    FlowSource(FlowListenSettings(listen=["udp://127.0.0.1:0"])).warm_up()


if __name__ == "__main__":
    compile_all()
