"""Logging: structlog for ours and for what libraries say, one line an event, secrets never.

`logfmt` and `json` for machines, `console` for people; `auto` is console on a terminal and logfmt elsewhere.
"""

import contextlib
import logging
import sys
import time
from collections.abc import Callable
from typing import Final, Literal, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["auto", "console", "logfmt", "json"]

REPEAT_WINDOW_S: Final = 60.0
_ABOUT: Final = ("target", "part", "fault", "reload", "finding", "action")
"""What tells two messages of one wording apart."""
REPEAT_KEYS_MAX: Final = 10_000  # what tells messages apart includes target names: at most this many are remembered


class Repeats:
    """Lets the same warning or error about the same thing through once a minute; the next one says how many were held.

    The same: level, event, and what it is about (`_ABOUT`). Everything is counted in `netmon_log_messages_total`.
    """

    def __init__(self, registry: CollectorRegistry | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[tuple[object, ...], tuple[float, int]] = {}
        self._counter = Counter(
            "netmon_log_messages", "Messages by level, also those held back as repeats", ["level"], registry=registry
        )

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Pass, count or drop one message (a structlog processor)."""
        self._counter.labels(method).inc()
        if method not in ("warning", "error", "critical"):
            return event
        key = (method, event.get("event"), *(event.get(name) for name in _ABOUT))
        now = self._clock()
        since, held = self._seen.get(key, (-REPEAT_WINDOW_S, 0))
        if now - since < REPEAT_WINDOW_S:
            self._seen[key] = (since, held + 1)
            raise structlog.DropEvent
        if len(self._seen) >= REPEAT_KEYS_MAX:
            self._seen.clear()  # forgetting only lets a message through early
        self._seen[key] = (now, 0)
        if held:
            event["repeated"] = held
        return event


def _renderer(form: LogFormat) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer(sort_keys=False)
    if form == "console":
        plain = structlog.dev.plain_traceback  # rich's shows local variables, and passwords among them
        return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
    return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes what the processors let through: structlog's DropEvent is no Exception and would reach the caller."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message, or nothing."""
        with contextlib.suppress(structlog.DropEvent):
            super().emit(record)


def configure(form: LogFormat = "auto", level: str = "info", repeats: Processor | None = None) -> None:
    """Send every message, ours and the libraries', to standard error in one form. Call again to change it.

    A daemon hands in its `Repeats`; a command that ends by itself wants every message and hands in none.
    """
    if form == "auto":
        form = "console" if sys.stderr.isatty() else "logfmt"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        *([repeats] if repeats else []),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if form != "console":
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(form)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("apscheduler").setLevel(
        max(logging.ERROR, root.level)
    )  # it tells of every run; skips are counted
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, root.level))  # it tells of its own start and end
    logging.getLogger("httpx").setLevel(logging.WARNING)  # below it, it tells whole URLs, and some are secrets
