"""The thread between the event loop and the disk: groups what was appended, and tries until the disk takes it."""

import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from netmon.api import ConfigError, Fault, NetmonError
from netmon.core.ledger.causes import cause
from netmon.core.ledger.group import Outcome, TooLong
from netmon.core.ledger.record import Entry
from netmon.core.ledger.writer import Writer

if TYPE_CHECKING:
    import asyncio

GROUP_RECORDS: Final = 8_192  # of one commit: about 40 ms of encoding and hashing, the time of a slow disk's sync
RETRY_S: Final = 1.0

log = structlog.get_logger(__name__)


class LedgerFull(NetmonError):
    """Too much waits for the disk already; this was not taken."""


class LedgerClosed(LedgerFull):
    """The ledger is closed, or was before this could be written."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is recorded in one piece, and who waits for it."""

    entries: tuple[Entry, ...]
    future: "asyncio.Future[int]"
    arrived: float  # monotonic seconds


@dataclass(frozen=True, slots=True)
class News:
    """What came of one attempt. Everything in it is the receiver's own."""

    tree: tuple[int, bytes]  # committed size and root
    fresh: list[tuple[int, list[bytes]]] = field(default_factory=list)  # committed lines, the ledger's own among them
    settled: list[tuple[Act, Outcome | LedgerClosed]] = field(default_factory=list)
    sources: dict[str, int] | None = None  # None: as before
    problem: str = ""  # why the disk did not take it
    error: Exception | None = None
    took_s: float = 0.0
    repaired_bytes: int = 0


class Committer:
    """Owns the queue and the thread. `tell` is called in that thread."""

    def __init__(self, writer: Writer, commit_wait_s: float, max_waiting: int, tell: Callable[[News], None]) -> None:
        self.waiting = 0  # records in the queue
        self._writer = writer
        self._commit_wait_s = commit_wait_s
        self._max_waiting = max_waiting
        self._tell = tell
        self._queue: deque[Act] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._began: float | None = None  # monotonic seconds: the attempt under way
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    def start(self) -> None:
        """Begin: the first attempt opens the ledger."""
        self._thread.start()

    def finish(self) -> None:
        """Try once more to write what waits, and end. Blocks until then; safe twice."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def put(self, act: Act) -> None:
        """Queue an act. LedgerFull when too much waits, LedgerClosed after `finish`."""
        count = len(act.entries)
        with self._wake:
            if self._stopping:
                raise LedgerClosed("the ledger is closed")
            before, after = self.waiting, self.waiting + count
            if after > self._max_waiting:
                raise LedgerFull(f"{before} records wait for the disk already")
            self._queue.append(act)
            self.waiting = after
            if before == 0 or before < GROUP_RECORDS <= after:
                self._wake.notify()

    def waited_s(self) -> float:
        """Return how long the oldest act has waited, or the attempt under way has taken. The disk is not asked."""
        with self._wake:
            since = [self._queue[0].arrived] if self._queue else []
            if self._began is not None:
                since.append(self._began)
        return time.monotonic() - min(since) if since else 0.0

    # ── in the thread ──

    def _run(self) -> None:
        first = True
        while (group := self._next_group()) is not None:
            error = self._attempt(group, first=first)
            first = False
            if isinstance(error, ConfigError) or (error and not self._may_retry()):
                break
        self._writer.close()
        self._give_back()

    def _next_group(self) -> list[Act] | None:
        """Wait for acts, and a little longer for more. Empty: open the ledger first. None: that was all."""
        if not self._writer.opened:
            return []
        with self._wake:
            while not self._queue:
                if self._stopping:
                    return None
                self._wake.wait()
            until = self._queue[0].arrived + self._commit_wait_s
            while self.waiting < GROUP_RECORDS and not self._stopping and (left := until - time.monotonic()) > 0:
                self._wake.wait(left)
            return self._some()

    def _some(self) -> list[Act]:
        group: list[Act] = []
        count = 0
        for act in self._queue:
            count += len(act.entries)
            if group and count > GROUP_RECORDS:
                break
            group.append(act)
        return group

    def _attempt(self, group: list[Act], *, first: bool) -> Exception | None:
        """Open the ledger, or commit a group. Return what kept it from that."""
        started = time.perf_counter()
        self._began = time.monotonic()
        try:
            outcomes = self._writer.commit([act.entries for act in group]) if group else self._open()
        except ConfigError as error:
            return self._failed(error)
        except OSError as error:
            return self._failed(not_ours(error) if first else error)
        except Exception as error:
            log.exception("the ledger failed")
            return self._failed(error)
        finally:
            self._began = None
        settled: list[tuple[Act, Outcome | LedgerClosed]] = list(zip(group, outcomes, strict=False))
        self._take_away(len(settled))  # those that did not fit stay
        self._say(settled=settled, took_s=time.perf_counter() - started)
        return None

    def _open(self) -> list[Outcome]:
        self._writer.open()
        return []

    def _take_away(self, acts: int) -> None:
        with self._wake:
            for _ in range(acts):
                self.waiting -= len(self._queue.popleft().entries)

    def _failed(self, error: Exception) -> Exception:
        log.error("the ledger cannot be written; it is tried again", error=str(error), waiting=self.waiting)
        self._say(problem=cause(error, str(self._writer.directory)), error=error)
        return error

    def _may_retry(self) -> bool:
        """Wait a second; a wish to stop ends the wait for one last attempt, and is final after that."""
        with self._wake:
            if self._stopping:
                return False
            self._wake.wait_for(lambda: self._stopping, RETRY_S)
            return True

    def _give_back(self) -> None:
        with self._wake:
            self._stopping = True
            left = list(self._queue)
        if left:
            log.error("the ledger was closed before all could be written", records=self.waiting)
            closed = LedgerClosed("the ledger was closed before this could be written")
            self._take_away(len(left))
            self._say(settled=[(act, closed) for act in left], problem="it was closed before all could be written")

    def _say(
        self,
        *,
        settled: list[tuple[Act, Outcome | LedgerClosed]] | None = None,
        problem: str = "",
        error: Exception | None = None,
        took_s: float = 0.0,
    ) -> None:
        writer = self._writer
        tree = (writer.tree.size, writer.tree.root())
        fresh, repaired = writer.take_fresh(), writer.take_repaired_bytes()
        self._tell(News(tree, fresh, settled or [], writer.take_sources(), problem, error, took_s, repaired))


def not_ours(error: OSError) -> Exception:
    """Return the error, as a ConfigError where only the operator can help: rights, or a file where a folder belongs."""
    if error.errno not in (errno.EACCES, errno.EPERM, errno.ENOTDIR):
        return error
    remedy = "give the ledger's directory, and all in it, to the user that runs netmon"
    return ConfigError(Fault(str(error.filename or "ledger"), 0, 0, f"cannot be opened: {error.strerror}", remedy))


def kind_of(outcome: ValueError | LedgerClosed) -> str:
    """Return why an act was given back, for a label."""
    if isinstance(outcome, LedgerClosed):
        return "closed"
    return "too_large" if isinstance(outcome, TooLong) else "unencodable"
