"""On disk: what an Alertmanager may believe to fire, so that it learns the end of it whatever happens to us.

One line when it is told of a label set for the first time, written before the request; one when that is over and done.
Written, not fsynced: a killed process loses nothing by that, and after a power cut Alertmanager ends what is not said
again by itself.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from exporters.alertmanager.wire import Posting

_NOTHING = msgspec.Raw()
_SPARE_LINES = 1_000  # lines about what is over that may stand in the file, besides as many as are not over


class _Alert(msgspec.Struct):
    labels: msgspec.Raw


class _Line(msgspec.Struct):
    alert: msgspec.Raw = _NOTHING
    starts_at: float = 0.0
    over: msgspec.Raw = _NOTHING


class Journal:
    """One file for each Alertmanager. Raises OSError where the disk does; nothing of it is needed to go on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0  # lines that could not be read
        self._lines = 0

    def load(self) -> list[Posting]:
        """Return what is not over. A line that cannot be read, as the last one after a power cut, is left out."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        found: dict[bytes, Posting] = {}
        self._lines = self.damaged = 0
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        for line in content.splitlines():
            self._lines += 1
            try:
                self._read(line, found)
            except ValueError:
                self.damaged += 1
        if content and not content.endswith(b"\n"):
            self._append([b""])
        return list(found.values())

    @staticmethod
    def _read(line: bytes, found: dict[bytes, Posting]) -> None:
        entry = msgspec.json.decode(line, type=_Line)
        if entry.over:
            found.pop(bytes(entry.over), None)
        elif entry.alert:
            body = bytes(entry.alert)
            key = bytes(msgspec.json.decode(body, type=_Alert).labels)
            found[key] = Posting(key, body.removesuffix(b"}"), entry.starts_at)

    def told(self, postings: Iterable[Posting]) -> None:
        """Note what it will know from now on."""
        self._append([_line(posting) for posting in postings])

    def over(self, keys: Iterable[bytes], known: Iterable[Posting]) -> None:
        """Note what it needs not know any more; `known` is what is left, for when the file is written anew."""
        self._append([b'{"over":%s}' % key for key in keys])
        left = list(known)
        if self._lines > 2 * len(left) + _SPARE_LINES:
            new = self.path.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_bytes(b"".join(_line(posting) + b"\n" for posting in left))
            new.replace(self.path)
            self._lines = len(left)

    def _append(self, lines: list[bytes]) -> None:
        if not lines:
            return
        if not self.path.exists():
            self.path.touch(mode=0o600)
        with self.path.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))
        self._lines += len(lines)


def _line(posting: Posting) -> bytes:
    return b'{"starts_at":%s,"alert":%s}}' % (repr(posting.starts_at).encode(), posting.body)
