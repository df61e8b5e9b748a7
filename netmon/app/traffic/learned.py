"""What the detectors of one stream learned, over a restart: a file for each stream, replaced as a whole or not at all.

What is to be written is copied in the stream's thread, between two batches, and written in another: a disk that takes
its time must not make a ring overflow.
"""

import re
import threading
import time
import zipfile
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from numpy.typing import NDArray

from netmon.api.traffic import TrafficRule
from netmon.app import statefile

SAVE_EVERY_S: Final = 300.0
"""What a crash costs: five minutes of learning."""
LARGEST_BYTES: Final = 1 << 30
"""More is neither written nor read: by default detectors keep some 20 MB, and what is read is in memory twice."""

log = structlog.get_logger(__name__)


class Memory:
    """The file of one stream. `restore` and `take` are of its thread, `write` of any."""

    def __init__(self, folder: Path, name: str) -> None:
        """Use a file in this folder that is called after the stream. Touches nothing."""
        self.path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}.npz"
        self.saved_at: float | None = None  # Unix seconds
        self.failures = 0  # readings and writings that did not succeed
        self._due: float | None = None  # on the monotonic clock; None: not before it was restored
        self._waiting: deque[dict[str, NDArray[Any]]] = deque(maxlen=1)  # of two that wait, the later one is it
        self._writing = threading.Lock()

    def restore(self, rules: Sequence[TrafficRule]) -> None:
        """Give the rules what they had learned. A file that cannot be read is set aside; they begin anew then."""
        self._due = time.monotonic() + SAVE_EVERY_S
        try:
            _check_size(self.path)
            arrays = statefile.read(self.path)
        except statefile.UnusableError as error:
            self.failures += 1
            self._set_aside(str(error))
            return
        if arrays is not None:
            self.saved_at = self.path.stat().st_mtime
            self.failures += hand_out(arrays, rules)

    def take(self, rules: Sequence[TrafficRule], *, now: bool = False) -> None:
        """Copy what the rules learned, when that is due or asked for; `write` puts it to disk."""
        if self._due is None or not (now or time.monotonic() >= self._due):
            return
        self._due = time.monotonic() + SAVE_EVERY_S
        kept = collect(rules)
        size = sum(array.nbytes for array in kept.values())
        if size > LARGEST_BYTES:
            self.failures += 1
            log.error("detectors learned more than is kept", file=str(self.path), bytes=size)
        elif kept:
            self._waiting.append(kept)

    def write(self) -> None:
        """Write what waits; an error of the disk is told, and what was written before stays."""
        with self._writing:
            try:
                kept = self._waiting.pop()
            except IndexError:
                return
            try:
                statefile.write(self.path, kept)
            except (OSError, ValueError, MemoryError) as error:  # ValueError: a detector gave what is no plain array
                self.failures += 1
                text = "what the detectors learned could not be written"
                log.error(text, file=str(self.path), error=str(error))  # noqa: TRY400 - no traceback helps here
            else:
                self.saved_at = time.time()

    def _set_aside(self, why: str) -> None:
        aside = self.path.with_name(self.path.name + ".unusable")
        try:
            self.path.replace(aside)  # the one before is of no more use than this one
        except OSError:
            aside = self.path
        log.error("what the detectors had learned cannot be used; they begin anew", file=str(aside), error=why)


def collect(rules: Sequence[TrafficRule]) -> dict[str, NDArray[Any]]:
    """Return what the rules learned, under `<rule>/<array>`; a rule that fails to say is told of and left out."""
    kept: dict[str, NDArray[Any]] = {}
    for rule in rules:
        try:
            own = rule.save()
        except Exception:  # a bug in one detector costs its own memory alone
            log.exception("a detector could not say what it learned", rule=rule.name)
        else:
            kept |= {f"{rule.name}/{name}": array for name, array in own.items()}
    return kept


def hand_out(arrays: Mapping[str, NDArray[Any]], rules: Sequence[TrafficRule]) -> int:
    """Give each rule its own of what `collect` gave; return how many could not take it, and begin anew."""
    failures = 0
    for rule in rules:
        prefix = f"{rule.name}/"
        own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        if not own:
            continue
        try:
            rule.restore(own)
        except ValueError as error:
            failures += 1
            text = "what a detector had learned cannot be used; it begins anew"
            log.error(text, rule=rule.name, error=str(error))  # noqa: TRY400 - no traceback helps here
        except Exception:
            failures += 1
            log.exception("a detector failed over what it had learned", rule=rule.name)
    return failures


def _check_size(path: Path) -> None:
    """Raise UnusableError where the members of the file, unpacked, would not fit."""
    try:
        with zipfile.ZipFile(path) as file:
            size = sum(member.file_size for member in file.infolist())
    except FileNotFoundError:
        return
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise statefile.UnusableError(str(error) or type(error).__name__) from error
    if size > LARGEST_BYTES:
        raise statefile.UnusableError(f"it has {size} octets, which is more than {LARGEST_BYTES}")
