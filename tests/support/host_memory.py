"""The files of a host from a dictionary instead of a disk: what a reader over SSH will hand to the same parts."""

import fnmatch
from collections.abc import Iterable, Mapping
from functools import lru_cache

from collectors.host.jobs import Jobs
from collectors.host.parts import Parts, Poll, Tables
from collectors.host.procfs.disks import Space
from collectors.host.procfs.textfile import Written
from collectors.host.settings import HostSettings
from netmon.api import Missing, Table, Value

FACTS = {
    "@time": b"1700000100.25 CET 3600\n",
    "@machine": b"aarch64\n",
    "@pagesize": b"65536\n",
    "@timex": b"""state 5
offset -1500
freq 65536
maxerror 16000000
esterror 2000000
status 8256
constant 7
precision 1
tolerance 32768000
tick 10000
ppsfreq 0
jitter 2000
shift 3
stabil 131072
jitcnt 1
calcnt 2
errcnt 3
stbcnt 4
tai 37
""",
}


class MemoryFiles:
    """Implements collectors.host.parts.Reads over a dictionary: path below the root → contents."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = {**FACTS, **files}
        self.denied: frozenset[str] = frozenset()

    def read(self, patterns: Iterable[str], max_bytes: int) -> dict[str, bytes]:
        names = tuple(self._files)
        found = (path for pattern in patterns for path in _matching(pattern, names))
        return {path: self._files[path][: max_bytes + 1] for path in found}

    def folder(self, folder: str, suffix: str, max_bytes: int) -> dict[str, Written | Missing]:
        prefix = f"{folder.strip('/')}/"
        names = [path for path in self._files if path.startswith(prefix) and path.endswith(suffix)]
        return {path: Written(self._files[path][:max_bytes], 1_700_000_000.5) for path in names}

    def space(self, mountpoint: str) -> Space | Missing:
        return Space(size=1000, free=400, avail=300, files=10, files_free=5 if mountpoint == "/" else 1)


@lru_cache(maxsize=4096)
def _matching(pattern: str, names: tuple[str, ...]) -> tuple[str, ...]:
    levels = pattern.count("/")
    return tuple(n for n in names if n.count("/") == levels and fnmatch.fnmatchcase(n, pattern))


def read_part(name: str, files: Mapping[str, bytes], settings: HostSettings | None = None) -> Tables:
    """Read one part of these files, for the first time."""
    parts = Parts(settings or HostSettings(), Jobs("test"))
    return parts.by_name[name](Poll(MemoryFiles(files), 1_700_000_100.25, 5, here=False))


Series = dict[tuple[str, tuple[tuple[str, str], ...]], Value | Missing]


def series(tables: Iterable[Table]) -> Series:
    """Return the cells of tables by name and sorted labels; a series told twice is a fault."""
    found: Series = {}
    for table in tables:
        for sample in table.samples():
            key = sample.metric, tuple(sorted(sample.labels))
            assert key not in found, f"{key} is told twice"
            found[key] = sample.value
    return found


__all__ = ["FACTS", "MemoryFiles", "Series", "read_part", "series"]
