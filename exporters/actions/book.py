"""The file of announced routes: replaced as a whole when they change, and emptied at the start and at the end."""

import os
from collections.abc import Sequence
from typing import Final

from exporters.actions.announce import Route, announced, commands, render
from exporters.actions.settings import AnnouncementSettings

_MODE: Final = 0o644  # the BGP speaker is another user
_GONE: Final = 2_000
"""Withdrawals that a file of ExaBGP still holds, for a reader that missed the last files: 200 kB of them."""


class Book:
    """The routes that stand in the file. Its methods block, for a small file."""

    def __init__(self, settings: AnnouncementSettings) -> None:
        self.settings = settings
        self._routes: frozenset[Route] = frozenset()
        self._opened = False  # whether what an earlier run left is withdrawn
        self._written = False  # whether the file says what stands here
        self._gone: dict[str, None] = {}  # commands of ExaBGP that were announced once

    def configure(self, settings: AnnouncementSettings) -> None:
        """Announce in the same file by other settings, from the next change on; what stands in it is withdrawn."""
        self.settings = settings
        self._written = False

    def open(self) -> bool:
        """Withdraw what an earlier run left, and tell whether it left any; OSError where the file cannot be written."""
        try:
            text = self.settings.file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            text = ""
        except OSError:
            if self.settings.format == "exabgp":  # we have to know what is to be withdrawn
                raise
            text = ""
        left = text not in {"", render(self.settings, ())}
        if self.settings.format == "exabgp":
            commands_left = announced(text)
            self._gone = dict.fromkeys(commands_left[-_GONE:])
            left = bool(commands_left)
        self._write()
        self._opened = True
        return left

    def put(self, routes: Sequence[Route]) -> bool:
        """Have exactly these announced; tell whether that is a change. OSError where it cannot be written."""
        if not self._opened:
            self.open()
        wanted = frozenset(routes)
        if wanted == self._routes and self._written:
            return False
        for command in commands(self.settings, self._routes | wanted):
            self._gone.pop(command, None)  # the newest are kept the longest
            self._gone[command] = None
        while len(self._gone) > _GONE:
            del self._gone[next(iter(self._gone))]
        before, self._routes = self._routes, wanted
        try:
            self._write()
        except OSError:
            self._routes = before
            raise
        return True

    def _write(self) -> None:
        file = self.settings.file
        temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as text:
                text.write(render(self.settings, self._routes, tuple(self._gone)))
                text.flush()
                os.fchmod(text.fileno(), _MODE)  # whatever our umask is
                os.fsync(text.fileno())
            temporary.replace(file)
            self._written = True
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
