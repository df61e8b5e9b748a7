"""Importing a library without what it would load besides if it found it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(module: str) -> Iterator[None]:
    """Let an optional module look as if it were not installed while something else is imported for the first time."""
    known = sys.modules.get(module)
    sys.modules[module] = None  # type: ignore[assignment]  # Python's own mark for a module that cannot be imported
    try:
        yield
    finally:
        del sys.modules[module]
        if known is not None:
            sys.modules[module] = known
