"""Which series an id on disk stands for: one line for each, with a checksum. Lines in, names out; no I/O.

A line is the CRC 32 of the rest in 8 hexadecimal digits, the id, and the key of the series as JSON has texts, with a
blank between each two. Ids count from 1 and are never given to another series.
"""

import json
import re
import zlib
from collections import deque
from collections.abc import Collection, Iterator
from typing import Final

_LINE: Final = re.compile(rb"([0-9a-f]{8}) (([1-9][0-9]{0,9}) (\".*\"))")
LAST_ID: Final = 0xFFFF_FFFF


class Names:
    """Series by their ids, and ids by their series. At most `maximum`; more get no id."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._ids: dict[str, int] = {}
        self._last = 0
        self._new: deque[bytes] = deque()  # one thread gives ids, another may write their lines

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def last(self) -> int:
        """Return the highest id given so far."""
        return self._last

    @property
    def crowded(self) -> bool:
        """Tell whether room for new names runs out, so that those without records should go."""
        return len(self._ids) >= self._maximum * 3 // 4

    def load(self, octets: bytes) -> int:
        """Take the lines of a file; return how many were not what had been written. An unfinished last one is one."""
        bad = 0
        for line in octets.splitlines(keepends=True):
            entry = parse(line)
            if entry is None or entry[1] in self._ids:
                bad += 1
                continue
            self._ids[entry[1]] = entry[0]
            self._last = max(self._last, entry[0])
        return bad

    def used(self, last_id: int) -> None:
        """Give no id up to this one again: records have it, whether its name is known or not."""
        self._last = max(self._last, last_id)

    def find(self, key: str) -> int:
        """Return the id of a series; 0 where it has none."""
        return self._ids.get(key, 0)

    def give(self, key: str) -> int:
        """Return the id of a series, a new one if need be; 0 where there is no room."""
        found = self._ids.get(key, 0)
        if found or len(self._ids) >= self._maximum or self._last >= LAST_ID:
            return found
        self._last += 1
        self._ids[key] = self._last
        self._new.append(render(self._last, key))
        return self._last

    def new(self) -> list[bytes]:
        """Return the lines that have not been asked for yet."""
        return [self._new.popleft() for _ in range(len(self._new))]

    def keep(self, ids: Collection[int]) -> None:
        """Forget all names but those of these ids."""
        self._ids = {key: one for key, one in self._ids.items() if one in ids}

    def items(self) -> Iterator[tuple[str, int]]:
        """Give each series with its id."""
        yield from self._ids.items()

    def lines(self) -> Iterator[bytes]:
        """Give the lines of all names."""
        return (render(one, key) for key, one in self._ids.items())


def render(one: int, key: str) -> bytes:
    """Return the line of a name."""
    rest = f"{one} {json.dumps(key)}".encode("ascii")
    return b"%08x %b\n" % (zlib.crc32(rest), rest)


def parse(line: bytes) -> tuple[int, str] | None:
    """Return the id and the key that a line holds; None where it is not what was written."""
    match = _LINE.fullmatch(line.removesuffix(b"\n")) if line.endswith(b"\n") else None
    if match is None or int(match[1], 16) != zlib.crc32(match[2]) or int(match[3]) > LAST_ID:
        return None
    try:
        key = json.loads(match[4])
    except ValueError:
        return None
    return int(match[3]), key
