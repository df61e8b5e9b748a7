"""What psutil knows better than a parser of ours: netmon's own process, and the programs that use most."""

import time
from collections.abc import Iterable

import psutil

from collectors.host.procfs.shape import COUNTER, GAUGE, scalars, table
from netmon.api import Family, Missing, Reason, Table, Value

_SOURCE = "/proc/self"
_PROCESS = (
    Family("process_cpu_seconds_total", COUNTER, "CPU time that netmon used.", _SOURCE),
    Family("process_open_fds", GAUGE, "Files that netmon has open.", _SOURCE, upper_limit="process_max_fds"),
    Family("process_max_fds", GAUGE, "Files that netmon may have open.", _SOURCE),
    Family("process_resident_memory_bytes", GAUGE, "Memory of netmon that is in RAM.", _SOURCE),
    Family("process_virtual_memory_bytes", GAUGE, "Address space of netmon.", _SOURCE),
    Family("process_virtual_memory_max_bytes", GAUGE, "Address space that netmon may have.", _SOURCE),
    Family("process_start_time_seconds", GAUGE, "When netmon started, in Unix seconds.", _SOURCE),
)
_TOP = (
    Family("netmon_program_processes", GAUGE, "Processes that run this program.", "/proc"),
    Family("netmon_program_resident_memory_bytes", GAUGE, "Memory of all processes of this program.", "/proc"),
    Family("netmon_program_cpu_ratio", GAUGE, "CPUs that this program kept busy since the last reading.", "/proc"),
)
_USERS = (Family("netmon_users", GAUGE, "Sessions of users that are logged in.", "utmp"),)

_NO_LIMIT = 2**64 - 1
"""RLIM_INFINITY as the kernel, and every Prometheus client, writes it; Python has it as -1."""


class Own:
    """Reads through psutil. Remembers the CPU time of each process, which psutil counts since it began."""

    def __init__(self, top: int) -> None:
        self._top = top
        self._process = psutil.Process()
        self._cpu: dict[tuple[int, float], float] = {}
        self._read_at: float | None = None

    def process(self, at: float) -> tuple[Table, ...]:
        """Return what netmon's own process uses, under the names that every Prometheus client has."""
        with self._process.oneshot():
            used, memory = self._process.cpu_times(), self._process.memory_info()
            files = self._process.num_fds()
            max_files, _ = self._process.rlimit(psutil.RLIMIT_NOFILE)
            max_memory, _ = self._process.rlimit(psutil.RLIMIT_AS)
            if max_memory == psutil.RLIM_INFINITY:
                max_memory = _NO_LIMIT
            began = self._process.create_time()
        values = [used.user + used.system, files, max_files, memory.rss, memory.vms, max_memory, began]
        return (scalars(at, _PROCESS, values),)

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
