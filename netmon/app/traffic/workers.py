"""One process of a sensor of several, as who joins their windows knows it: its place, its share, what it is told."""

import json
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pydantic import BaseModel

from netmon.app.traffic.lending import Borrower

RESTART_S: Final = (0.5, 60.0)  # after a process ended: the first wait, and the longest
FLOW_ROWS: Final = ("flows", "begun_rows", "ended_rows")  # what each has its share of
_LEAST: Final = 64  # rows of a table
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(slots=True)
class Worker:
    """One capturing process, or the place of one that ended."""

    number: int
    pipe: socket.socket | None = None
    memory: Borrower | None = None  # in which it tells of windows
    pid: int = 0
    running: bool = False  # it was told to go
    up: bool = False  # its interface is there
    heard_s: float = 0.0  # monotonic
    began_s: float = 0.0
    due_s: float = 0.0  # when the next one is started, where none is there
    wait_s: float = RESTART_S[0]
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def tell_read(pipe: socket.socket, at: int) -> None:
    """Tell a process that nobody here reads any more what it has there."""
    with suppress(OSError):  # it is gone
        pipe.send(json.dumps({"do": "read", "at": at}).encode() + b"\n", socket.MSG_DONTWAIT)


def share(settings: _Model, processes: int, *names: str) -> _Model:
    """Return the settings of one process among several that share what there is: flows go to each alike, by hash."""
    whole = {name: int(getattr(settings, name)) for name in names}
    return settings.model_copy(
        update={name: min(count, max(_LEAST, -(-count // processes))) for name, count in whole.items()}
    )
