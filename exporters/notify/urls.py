"""Loads apprise, and tells whether it understands a URL. What it would log is kept: it holds URLs, and so passwords."""

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from exporters.notify.overheard import Overheard


def load(overheard: Overheard) -> Any:
    """Return the module apprise with its plug-ins loaded, and its log led to `overheard`; ImportError without it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # what its plug-ins import is not ours to mend
        import apprise  # noqa: PLC0415  # heavy, and a daemon without people has no use for it

        apprise.Apprise.instantiate("json://localhost")  # loads the plug-ins
    overheard.take_over()
    return apprise


def understanding() -> Callable[[str], bool]:
    """Return what tells whether apprise makes a service of a URL; nothing is sent. ImportError without apprise.

    The first URL loads apprise.
    """
    if find_spec("apprise") is None:
        raise ImportError("apprise is not installed")
    loaded: list[Any] = []

    def understands(url: str) -> bool:
        if not loaded:
            loaded.append(load(Overheard()))
        apprise = loaded[0]
        return isinstance(apprise.Apprise.instantiate(url), apprise.NotifyBase)

    return understands
