"""Processors: /proc/stat, /proc/schedstat, /proc/loadavg, /proc/softirqs' neighbours and their attributes in /sys."""

from collections.abc import Mapping

from collectors.host.procfs.shape import (
    COUNTER,
    GAUGE,
    Files,
    Malformed,
    family,
    folders,
    integer,
    lines,
    parsing,
    scalars,
    scaled,
    table,
)
from netmon.api import Family, Missing, Table, Value

STAT = "proc/stat"
USER_HZ = 100
"""Ticks of /proc/stat in a second: the kernel's ABI fixes USER_HZ at 100 on every architecture of servers."""

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""proc(5), /proc/stat, in its order. `guest` and `guest_nice` follow, and are already part of user and nice."""

_CPU = (Family("node_cpu_seconds_total", COUNTER, "Seconds the CPU spent in each mode.", "/proc/stat"),)
_GUEST = (
    Family("node_cpu_guest_seconds_total", COUNTER, "Seconds the CPU spent running guests, by priority.", "/proc/stat"),
)
_SYS_CPU = "sys/devices/system/cpu/"


def cpu_ticks(files: Files) -> dict[str, list[int]]:
    """Return the ticks of each CPU by its number, in the order of `MODES`, then guest and guest_nice where there."""
    found: dict[str, list[int]] = {}
    with parsing(STAT):
        for line in lines(files, STAT):
            if not line.startswith(b"cpu"):
                break  # the cpu lines come first; `intr` after them can be a hundred kilobytes
            name, *words = line.split()
            if name != b"cpu":
                found[name[3:].decode("ascii", "replace")] = [int(word) for word in words]
    if not found or any(len(ticks) < 4 for ticks in found.values()):
        raise Malformed(STAT, "has no line `cpu0 user nice system idle …`")
    return found


def cpu_tables(ticks: Mapping[str, list[int]], files: Files, at: float) -> tuple[Table, ...]:
    """Lay out what each CPU did (seconds) and how often it was throttled for heat."""
    rows = [(cpu, mode) for cpu, spent in ticks.items() for mode in MODES[: len(spent)]]
    seconds = [spent / USER_HZ for all_of_it in ticks.values() for spent in all_of_it[: len(MODES)]]
    tables = [table(at, _CPU, ("cpu", "mode"), rows, [seconds])]
    guests = {cpu: spent[8:10] for cpu, spent in ticks.items() if len(spent) >= 10}
    if guests:
        rows = [(cpu, mode) for cpu in guests for mode in ("user", "nice")]
        tables.append(
            table(at, _GUEST, ("cpu", "mode"), rows, [[tick / USER_HZ for pair in guests.values() for tick in pair]])
        )
    return (*tables, *_throttles(files, at))


_CORE_THROTTLES = (
    Family("node_cpu_core_throttles_total", COUNTER, "Times this core was throttled for heat.", f"/{_SYS_CPU}"),
)
_PACKAGE_THROTTLES = (
    Family("node_cpu_package_throttles_total", COUNTER, "Times this package was throttled for heat.", f"/{_SYS_CPU}"),
)


def _throttles(files: Files, at: float) -> list[Table]:
    """Count throttling once for each core and package: hyperthreads of one core show the same counter."""
    cores: dict[tuple[str, ...], Value | Missing] = {}
    packages: dict[tuple[str, ...], Value | Missing] = {}
    for cpu in folders(files, _SYS_CPU):
        package = integer(files, f"{_SYS_CPU}{cpu}/topology/physical_package_id")
        core = integer(files, f"{_SYS_CPU}{cpu}/topology/core_id")
        if isinstance(package, Missing) or isinstance(core, Missing):
            continue
        for into, labels, file in (
            (cores, (str(core), str(package)), "core_throttle_count"),
            (packages, (str(package),), "package_throttle_count"),
        ):
            path = f"{_SYS_CPU}{cpu}/thermal_throttle/{file}"
            if path in files:
                into.setdefault(labels, integer(files, path))
    tables = []
    if cores:
        tables.append(table(at, _CORE_THROTTLES, ("core", "package"), list(cores), [list(cores.values())]))
    if packages:
        tables.append(table(at, _PACKAGE_THROTTLES, ("package",), list(packages), [list(packages.values())]))
    return tables


_STAT = {
    b"intr": Family("node_intr_total", COUNTER, "Interrupts serviced since boot.", "/proc/stat"),
    b"ctxt": Family("node_context_switches_total", COUNTER, "Context switches since boot.", "/proc/stat"),
    b"btime": Family("node_boot_time_seconds", GAUGE, "When the system booted, in Unix seconds.", "/proc/stat"),
    b"processes": Family("node_forks_total", COUNTER, "Processes and threads created since boot.", "/proc/stat"),
    b"procs_running": Family("node_procs_running", GAUGE, "Processes that run or could run.", "/proc/stat"),
    b"procs_blocked": Family("node_procs_blocked", GAUGE, "Processes blocked on I/O.", "/proc/stat"),
}


def parse_stat(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the counters of /proc/stat that belong to the whole system."""
    found = {}
    with parsing(STAT):
        for line in lines(files, STAT):
            name, _, rest = line.partition(b" ")
            if name in _STAT:
                found[_STAT[name]] = int(rest.split(None, 1)[0])
    if not found:
        raise Malformed(STAT, "has none of intr, ctxt, btime, processes")
    return (scalars(at, tuple(found), list(found.values())),)


_LOAD = tuple(
    Family(f"node_load{span}", GAUGE, f"Load average of {span} minutes.", "/proc/loadavg") for span in (1, 5, 15)
)


def parse_loadavg(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the three load averages."""
    path = "proc/loadavg"
    with parsing(path):
        (line,) = lines(files, path)
        words = line.split()
        return (scalars(at, _LOAD, [float(words[0]), float(words[1]), float(words[2])]),)


_SCHEDSTAT = (
    Family("node_schedstat_running_seconds_total", COUNTER, "Seconds tasks ran on this CPU.", "/proc/schedstat"),
    Family("node_schedstat_waiting_seconds_total", COUNTER, "Seconds tasks waited for this CPU.", "/proc/schedstat"),
    Family("node_schedstat_timeslices_total", COUNTER, "Time slices run on this CPU.", "/proc/schedstat"),
)


def parse_schedstat(files: Files, at: float) -> tuple[Table, ...]:
    """Parse how long tasks ran and waited: kernel's scheduler/sched-stats.rst, versions 15 to 17, times in ns."""
    path = "proc/schedstat"
    rows, readings = [], []
    with parsing(path):
        for line in lines(files, path):
            if line.startswith(b"cpu"):
                words = line.split()
                rows.append((words[0][3:].decode("ascii", "replace"),))
                readings.append((int(words[7]) / 1e9, int(words[8]) / 1e9, int(words[9])))
    if not rows:
        raise Malformed(path, "has no line `cpu0 …`")
    return (table(at, _SCHEDSTAT, ("cpu",), rows, list(zip(*readings, strict=True))),)


_CPUFREQ = (
    ("cpuinfo_cur_freq", "node_cpu_frequency_hertz", "Frequency that the hardware reports."),
    ("cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "Lowest frequency of the hardware."),
    ("cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "Highest frequency of the hardware."),
    ("scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "Frequency that the governor chose."),
    ("scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "Lowest frequency that the governor may choose."),
    ("scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "Highest frequency that the governor may choose."),
)


def parse_cpufreq(files: Files, at: float) -> tuple[Table, ...]:
    """Parse frequencies (kHz in /sys, hertz here): kernel's admin-guide/pm/cpufreq.rst."""
    cpus = folders(files, _SYS_CPU)
    tables = []
    for file, name, text in _CPUFREQ:
        having = [cpu for cpu in cpus if f"{_SYS_CPU}{cpu}/cpufreq/{file}" in files]
        if having:
            column = [scaled(integer(files, f"{_SYS_CPU}{cpu}/cpufreq/{file}"), times=1000) for cpu in having]
            one = (family(name, GAUGE, text, f"/{_SYS_CPU}{file}"),)
            tables.append(table(at, one, ("cpu",), [(cpu[3:],) for cpu in having], [column]))
    return tuple(tables)
