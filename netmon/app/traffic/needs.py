"""Whether the packages of netmon[traffic] are there: said once and plainly, rather than as a traceback."""

import os
from importlib.util import find_spec
from typing import Final

from netmon.api import ConfigError, Fault
from netmon.app.text import t

PACKAGES: Final = ("numba", "polars", "zstandard")


def needs_traffic() -> None:
    """Raise ConfigError where traffic cannot be seen for want of a package."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        problem = t("traffic.not_installed", problem=", ".join(missing))
        raise ConfigError(Fault("netmon", 0, 0, problem, t("traffic.not_installed.remedy")))
    os.environ.setdefault("POLARS_MAX_THREADS", "2")  # queries beside a capture are not to take every core
