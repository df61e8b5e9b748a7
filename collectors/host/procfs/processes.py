"""Processes and interrupts: /proc/<pid>/stat, /proc/interrupts."""

from collectors.host.procfs.shape import COUNTER, GAUGE, Files, Malformed, integer, lines, parsing, scalars, table
from netmon.api import Family, Table

_LIMITS = ("proc/sys/kernel/threads-max", "proc/sys/kernel/pid_max")
_TOTALS = (
    Family("node_processes_max_threads", GAUGE, "Threads that there can be.", f"/{_LIMITS[0]}"),
    Family("node_processes_max_processes", GAUGE, "Process numbers that there can be.", f"/{_LIMITS[1]}"),
    Family(
        "node_processes_threads",
        GAUGE,
        "Threads that there are.",
        "/proc/pid/stat",
        upper_limit="node_processes_max_threads",
    ),
    Family(
        "node_processes_pids",
        GAUGE,
        "Processes that there are.",
        "/proc/pid/stat",
        upper_limit="node_processes_max_processes",
    ),
)
_STATE = (Family("node_processes_state", GAUGE, "Processes by state, a letter of proc(5).", "/proc/pid/stat"),)


def parse_processes(files: Files, at: float) -> tuple[Table, ...]:
    """Count processes by state and all their threads. One that ended while we read is not there."""
    states: dict[str, int] = {}
    threads = pids = 0
    for path, text in files.items():
        if path.endswith("/stat"):
            with parsing(path):
                # The program's name, in parentheses, may hold anything; what follows the last one are the fields.
                words = text[text.rindex(b")") + 1 :].split()
                state = words[0].decode("ascii", "replace")
                threads += int(words[17])  # num_threads is field 20 of proc(5), state is field 3
            states[state] = states.get(state, 0) + 1
            pids += 1
    found = sorted(states.items())
    totals = [*(integer(files, path) for path in _LIMITS), threads, pids]
    return (
        table(at, _STATE, ("state",), [(state,) for state, _ in found], [[count for _, count in found]]),
        scalars(at, _TOTALS, totals),
    )


INTERRUPTS = "proc/interrupts"
_INTERRUPTS = (Family("node_interrupts_total", COUNTER, "Interrupts by CPU and kind.", f"/{INTERRUPTS}"),)


def parse_interrupts(files: Files, at: float) -> tuple[Table, ...]:
    """Parse interrupts by CPU. Lines that count for the whole system (ERR, MIS) have no column for each CPU."""
    rows: list[tuple[str, ...]] = []
    column: list[int] = []
    with parsing(INTERRUPTS):
        heading, *counted = lines(files, INTERRUPTS)
        cpus = [name.removeprefix(b"CPU").decode("ascii", "replace") for name in heading.split()]
        if not cpus:
            raise Malformed(INTERRUPTS, "has no heading `CPU0 CPU1 …`")
        for line in counted:
            name, *words = line.split()
            if len(words) < len(cpus):
                continue
            kind = name.removesuffix(b":").decode("ascii", "replace")
            rest = [word.decode("utf-8", "replace") for word in words[len(cpus) :]]
            split = 1 if kind.isdecimal() else len(rest)
            labels = (kind, " ".join(rest[:split]), " ".join(rest[split:]))
            rows += [(cpu, *labels) for cpu in cpus]
            column += [int(word) for word in words[: len(cpus)]]
    return (table(at, _INTERRUPTS, ("cpu", "type", "info", "devices"), rows, [column]),)
