"""What psutil knows better than a parser of ours: the programs that use most. netmon's own use is on its own page."""

import time
from collections.abc import Iterable

import psutil

from collectors.host.procfs.shape import GAUGE, scalars, table
from netmon.api import Family, Missing, Reason, Table, Value

_TOP = (
    Family("netmon_program_processes", GAUGE, "Processes that run this program.", "/proc"),
    Family("netmon_program_resident_memory_bytes", GAUGE, "Memory of all processes of this program.", "/proc"),
    Family("netmon_program_cpu_ratio", GAUGE, "CPUs that this program kept busy since the last reading.", "/proc"),
)
_USERS = (Family("netmon_users", GAUGE, "Sessions of users that are logged in.", "utmp"),)


class Programs:
    """Reads through psutil. Remembers the CPU time of each process, which psutil counts since it began."""

    def __init__(self, top: int) -> None:
        self._top = top
        self._cpu: dict[tuple[int, float], float] = {}
        self._read_at: float | None = None

    def top(self, at: float) -> tuple[Table, ...]:
        """Return the programs that use most CPU or memory, each with all its processes, and who is logged in."""
        now = time.monotonic()
        passed = None if self._read_at is None else now - self._read_at
        programs: dict[str, _Program] = {}
        seen: dict[tuple[int, float], float] = {}
        for process in psutil.process_iter(("pid", "name", "create_time", "cpu_times", "memory_info")):
            said = process.info
            if said["cpu_times"] is None or said["memory_info"] is None:
                continue  # it ended, or is not ours to see
            key = said["pid"], said["create_time"]
            seen[key] = said["cpu_times"].user + said["cpu_times"].system
            program = programs.setdefault(said["name"], _Program())
            program.processes += 1
            program.memory += said["memory_info"].rss
            program.cpu += seen[key] - self._cpu.get(key, 0.0 if passed is not None else seen[key])
        self._cpu, self._read_at = seen, now
        names = _most(programs, self._top)
        rows = [(name,) for name in names]
        columns: list[list[Value | Missing]] = [
            [programs[name].processes for name in names],
            [programs[name].memory for name in names],
            [programs[name].cpu / passed if passed else Missing(Reason.FIRST) for name in names],
        ]
        return table(at, _TOP, ("program",), rows, columns), scalars(at, _USERS, [len(psutil.users())])


class _Program:
    """All processes of one name: how many, bytes in RAM, CPU seconds since the last reading."""

    __slots__ = ("cpu", "memory", "processes")

    def __init__(self) -> None:
        self.processes = self.memory = 0
        self.cpu = 0.0


def _most(programs: dict[str, _Program], top: int) -> Iterable[str]:
    """Return the names of the `top` programs by CPU and the `top` by memory, in the order of the alphabet."""
    by_cpu = sorted(programs, key=lambda name: -programs[name].cpu)[:top]
    by_memory = sorted(programs, key=lambda name: -programs[name].memory)[:top]
    return sorted({*by_cpu, *by_memory})
