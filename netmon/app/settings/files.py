"""Opening what an operator's path leads to without being held up by it."""

import os
from pathlib import Path
from typing import BinaryIO


def open_at_once(path: Path) -> BinaryIO:
    """Open for reading; a pipe without a writer does not keep us waiting. Raises OSError, or ValueError for a NUL."""
    return open(path, "rb", opener=_without_waiting)  # Path.open takes no opener


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK | os.O_CLOEXEC)
