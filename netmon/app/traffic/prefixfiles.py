"""The operator's lists of prefixes (countries, providers): one a line, read at the start and when they change."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from netmon.api.traffic import TrafficRule
from rules.traffic.hidden.first_seen import FirstSeen
from rules.traffic.hidden.settings import FirstSeenSettings

Network: TypeAlias = IPv4Network | IPv6Network
Stamp: TypeAlias = tuple[int, int, int]

MAX_BYTES: Final = 64_000_000
"""Of one file: four million prefixes, more than the whole Internet announces."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class PrefixFiles:
    """Lists by name. A file that cannot be read leaves its list as it was; bad lines are told by number, once."""

    settings: FirstSeenSettings
    directory: Path = field(default_factory=Path)  # what relative paths are relative to
    _lists: dict[str, tuple[Network, ...]] = field(default_factory=dict)
    _stamps: dict[str, Stamp] = field(default_factory=dict)

    def configure(self, settings: FirstSeenSettings) -> None:
        """Take other settings; `look` reads what is new."""
        self.settings = settings

    def look(self) -> bool:
        """Read every file that is new or changed; tell whether there are other lists now."""
        changed = [self._look_at(name, self.directory / file) for name, file in self.settings.lists.items()]
        for name in self._lists.keys() - self.settings.lists.keys():
            del self._lists[name]
            self._stamps.pop(name, None)
            changed.append(True)
        return any(changed)

    def hand_to(self, rules: Iterable[TrafficRule]) -> None:
        """Give the lists to the rule that judges by them."""
        for rule in rules:
            if isinstance(rule, FirstSeen):
                rule.watch(dict(self._lists))

    def _look_at(self, name: str, path: Path) -> bool:
        try:
            about = path.stat()
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            if self._stamps.get(name) == stamp:
                return False
            self._stamps[name] = stamp
            with path.open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except OSError as error:
            log.warning("a list of prefixes cannot be read", list=name, file=str(path), problem=error.strerror)
            return False
        if len(raw) > MAX_BYTES:
            log.warning(
                "a list of prefixes is too large", list=name, file=str(path), bytes=about.st_size, most=MAX_BYTES
            )
            return False
        prefixes, bad = parse(raw.decode(errors="replace"))
        log.info("a list of prefixes was read", list=name, file=str(path), prefixes=len(prefixes), bad_lines=len(bad))
        if bad:
            log.warning("lines that are no prefix", list=name, file=str(path), first_lines=bad[:10])
        self._lists[name] = prefixes
        return True


def parse(text: str) -> tuple[tuple[Network, ...], list[int]]:
    """Return the prefixes of a file, and the numbers (from 1) of lines that are none. `#` begins a comment."""
    found: list[Network] = []
    bad: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            found.append(ip_network(word, strict=False))
        except ValueError:
            bad.append(number)
    return tuple(found), bad
