"""What the kernel does with packets on their way: the receive softirq, connection tracking, the ARP table."""

from collectors.host.procfs.shape import (
    COUNTER,
    GAUGE,
    Files,
    Malformed,
    family,
    integer,
    lines,
    parsing,
    scalars,
    table,
)
from netmon.api import Family, Table


def _softnet(what: str, text: str) -> Family:
    return family(f"node_softnet_{what}", GAUGE if what == "backlog_len" else COUNTER, text, "/proc/net/softnet_stat")


# The column of /proc/net/softnet_stat (kernel's net/core/net-procfs.c, softnet_seq_show) and the first kernel with it.
_SOFTNET = (
    (0, _softnet("processed_total", "Packets that the receive softirq handled.")),
    (1, _softnet("dropped_total", "Packets dropped because the backlog was full.")),
    (2, _softnet("times_squeezed_total", "Times the receive softirq ran out of budget with work left.")),
    (9, _softnet("received_rps_total", "Times this CPU was woken to receive for another.")),  # 2.6.36
    (10, _softnet("flow_limit_count_total", "Times the flow limit of the backlog was reached.")),  # 3.11
    (11, _softnet("backlog_len", "Packets waiting in the backlog.")),  # 5.10
)
_SOFTNET_CPU = 12  # 5.10: the CPU's number, because offline CPUs have no line


def parse_softnet(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the receive softirq's counters, hexadecimal and one line for each CPU."""
    path = "proc/net/softnet_stat"
    rows, readings = [], []
    with parsing(path):
        for number, line in enumerate(lines(files, path)):
            words = [int(word, 16) for word in line.split()]
            if len(words) < 3:
                raise Malformed(path, f"a line has {len(words)} columns where there should be 9 or more")
            rows.append((str(words[_SOFTNET_CPU] if len(words) > _SOFTNET_CPU else number),))
            readings.append(words)
    width = min((len(words) for words in readings), default=0)
    there = [(column, of) for column, of in _SOFTNET if column < width]
    columns = [[words[column] for words in readings] for column, _ in there]
    return (table(at, tuple(of for _, of in there), ("cpu",), rows, columns),)


_CONNTRACK_STAT = "proc/net/stat/nf_conntrack"
_CONNTRACK = (
    ("proc/sys/net/netfilter/nf_conntrack_count", "entries", "Connections that are tracked now."),
    ("proc/sys/net/netfilter/nf_conntrack_max", "entries_limit", "Connections that can be tracked."),
)
_CONNTRACK_TEXTS = {
    "found": "Entries found by a lookup.",
    "invalid": "Packets that could not be tracked.",
    "ignore": "Packets that needed no tracking.",
    "insert": "Entries inserted.",
    "insert_failed": "Entries that could not be inserted.",
    "drop": "Packets dropped because tracking failed.",
    "early_drop": "Entries dropped to make room when the table was full.",
    "search_restart": "Lookups restarted because the table was resized.",
}


def parse_conntrack(files: Files, at: float) -> tuple[Table, ...]:
    """Parse how full the table of tracked connections is, and what it lost."""
    values = [integer(files, path) for path, _, _ in _CONNTRACK]
    families = tuple(family(f"node_nf_conntrack_{name}", GAUGE, text, f"/{path}") for path, name, text in _CONNTRACK)
    tables = [scalars(at, families, values)]
    if _CONNTRACK_STAT in files:
        tables.append(_conntrack_stat(files, at))
    return tuple(tables)


def _conntrack_stat(files: Files, at: float) -> Table:
    """Add up the CPUs' lines: hexadecimal columns under a line of names that differs between kernels."""
    with parsing(_CONNTRACK_STAT):
        names, *cpus = [line.split() for line in lines(files, _CONNTRACK_STAT)]
        columns = list(zip(*cpus, strict=True))
        sums = {
            name.decode("ascii", "replace"): sum(int(word, 16) for word in column)
            for name, column in zip(names, columns, strict=True)
        }
    there = [name for name in _CONNTRACK_TEXTS if name in sums]
    families = tuple(
        family(f"node_nf_conntrack_stat_{name}", GAUGE, _CONNTRACK_TEXTS[name], f"/{_CONNTRACK_STAT}") for name in there
    )
    return scalars(at, families, [sums[name] for name in there])


_ARP = (Family("node_arp_entries", GAUGE, "Entries of the ARP table by interface.", "/proc/net/arp"),)


def parse_arp(files: Files, at: float) -> tuple[Table, ...]:
    """Count the ARP table by interface, its sixth column."""
    path = "proc/net/arp"
    counts: dict[str, int] = {}
    with parsing(path):
        for line in lines(files, path)[1:]:
            device = line.split()[5].decode("utf-8", "replace")
            counts[device] = counts.get(device, 0) + 1
    return (table(at, _ARP, ("device",), [(device,) for device in counts], [list(counts.values())]),)
