"""Keeps what apprise logs: for the thread that sends, and from everybody else. It holds URLs, and so passwords."""

import logging
import threading
from typing import Final

_MAX_LINES: Final = 200  # of one delivery
_MAX_CHARS: Final = 2_000  # of one line


class Overheard(logging.Handler):
    """Collects the lines of the thread that listens, and passes none on."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._here = threading.local()

    def listen(self) -> list[str]:
        """Begin anew in this thread, and return the list that fills."""
        lines: list[str] = []
        self._here.lines = lines
        return lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line if this thread listens."""
        lines: list[str] | None = getattr(self._here, "lines", None)
        if lines is not None and len(lines) < _MAX_LINES:
            lines.append(record.getMessage()[:_MAX_CHARS])

    def take_over(self) -> None:
        """Become the only one who hears apprise; its HTTP library writes paths, and so tokens, when it debugs."""
        logger = logging.getLogger("apprise")
        logger.handlers[:] = [self]
        logger.propagate = False
        logger.setLevel(logging.DEBUG)  # the reason of a failure is said there and nowhere else
        for name in ("urllib3", "requests"):
            logging.getLogger(name).setLevel(logging.WARNING)
