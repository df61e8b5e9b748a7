"""What traffic needs before its modules are imported: the packages of netmon[traffic], a place for compiled loops."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

import collectors
import netmon.api
import rules
from netmon.api import ConfigError, Fault
from netmon.app.text import t

PACKAGES: Final = ("numba", "polars", "zstandard")
STAMP: Final = "all-compiled"
"""The file beside compiled loops that says that they are all there."""
_CACHE: Final = "NUMBA_CACHE_DIR"
_OURS: Final = {"collectors", "exporters", "netmon", "rules"}


def needs_traffic() -> None:
    """Raise ConfigError where traffic cannot be seen for want of a package; set what numba and polars are to know."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        problem = t("traffic.not_installed", problem=", ".join(missing))
        raise ConfigError(Fault("netmon", 0, 0, problem, t("traffic.not_installed.remedy")))
    os.environ.setdefault("POLARS_MAX_THREADS", "2")  # queries beside a capture are not to take every core
    use_cache()


def say_compiling() -> None:
    """Tell who waits at a terminal why: not all was compiled here before. To be called after `needs_traffic`."""
    if sys.stderr.isatty() and not Path(os.environ[_CACHE], STAMP).exists():
        click.echo(t("traffic.compiling"), err=True)


def use_cache() -> None:
    """Have compiled loops kept where we may write, apart for each state of their sources.

    numba looks only at the file of the function it keeps: a loop that calls into a changed file would go on with what
    was compiled before, after an upgrade for example.
    """
    if _CACHE not in os.environ:
        os.environ[_CACHE] = str(cache_base(os.environ) / f"compiled-{_sources()}")


def leave_cache() -> None:
    """Look for compiled loops no more: who became another user may not read where they are.

    A loop that was loaded stays; another would be compiled when it is first called, in seconds rather than not at all.
    """
    from numba.core.caching import NullCache  # noqa: PLC0415 - numba takes a while
    from numba.core.registry import CPUDispatcher  # noqa: PLC0415 - the same

    ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in _OURS]
    for value in [value for module in ours for value in vars(module).values()]:
        if isinstance(value, CPUDispatcher):
            value._cache = NullCache()  # type: ignore[attr-defined]  # noqa: SLF001 - there is no other way to say so


def cache_base(environment: Mapping[str, str]) -> Path:
    """Return where caches go: what systemd gives, else the user's own, else a temporary directory."""
    if given := environment.get("CACHE_DIRECTORY", "").partition(":")[0]:
        return Path(given)
    home = environment.get("XDG_CACHE_HOME") or (environment.get("HOME", "") and f"{environment['HOME']}/.cache")
    base = Path(home or tempfile.gettempdir()) / (f"netmon-{os.getuid()}" if not home else "netmon")
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="netmon-"))  # nothing of ours is writable: compiled anew each time
    return base


def _sources() -> str:
    """Return a number of all the files that compiled loops may be made of."""
    digest = hashlib.sha256()
    folders = [Path(folder, "traffic") for package in (collectors, rules) for folder in package.__path__]
    for folder in (*folders, *map(Path, netmon.api.__path__)):
        for file in sorted(folder.rglob("*_kernel.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
