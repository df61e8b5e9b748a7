"""Memory: /proc/meminfo, /proc/vmstat and the pressure files."""

import re
from collections.abc import Mapping
from functools import lru_cache

from collectors.host.procfs.shape import COUNTER, GAUGE, UNTYPED, Files, Malformed, family, lines, parsing, scalars
from netmon.api import Family, Table

MEMINFO = "proc/meminfo"
VMSTAT = "proc/vmstat"
VMSTAT_FIELDS = re.compile(rb"^(oom_kill|pgpg|pswp|pg.*fault).*")
"""node_exporter's default choice of the 200 fields."""


def meminfo(files: Files) -> dict[bytes, int]:
    """Return /proc/meminfo (proc(5)) by name: bytes where the kernel says kB, counts where it says nothing."""
    found = {}
    with parsing(MEMINFO):
        for line in lines(files, MEMINFO):
            name, _, rest = line.partition(b":")
            words = rest.split()
            found[name if len(words) == 1 else name + b" kB"] = int(words[0]) * (1024 if len(words) > 1 else 1)
    if b"MemTotal kB" not in found:
        raise Malformed(MEMINFO, "has no line `MemTotal: … kB`")
    return found


def meminfo_table(found: Mapping[bytes, int], at: float) -> Table:
    """Lay out every field of /proc/meminfo under its own name."""
    return scalars(at, _meminfo_families(tuple(found)), list(found.values()))


@lru_cache(maxsize=8)
def _meminfo_families(names: tuple[bytes, ...]) -> tuple[Family, ...]:
    return tuple(_meminfo_family(name.decode("utf-8", "replace")) for name in names)


def _meminfo_family(field: str) -> Family:
    plain, _, unit = field.partition(" ")
    name = re.sub(r"[^a-zA-Z0-9_]", "_", plain.replace("(", "_").replace(")", ""))
    return family(f"node_memory_{name}{'_bytes' if unit else ''}", GAUGE, f"{plain} of /proc/meminfo.", "/proc/meminfo")


def parse_vmstat(files: Files, at: float) -> tuple[Table, ...]:
    """Parse paging, swapping, faults and OOM kills since boot."""
    names, values = [], []
    with parsing(VMSTAT):
        for line in lines(files, VMSTAT):
            name, _, value = line.partition(b" ")
            if VMSTAT_FIELDS.match(name):
                names.append(name)
                values.append(int(value))
    return (scalars(at, _vmstat_families(tuple(names)), values),)


@lru_cache(maxsize=8)
def _vmstat_families(names: tuple[bytes, ...]) -> tuple[Family, ...]:
    texts = [name.decode("ascii", "replace") for name in names]
    return tuple(
        family(
            f"node_vmstat_{re.sub(r'[^a-zA-Z0-9_]', '_', text)}", UNTYPED, f"{text} of /proc/vmstat.", "/proc/vmstat"
        )
        for text in texts
    )


def _pressure(resource: str, what: str, text: str) -> Family:
    source = f"/proc/pressure/{resource}"
    return Family(f"node_pressure_{resource}_{what}_seconds_total", COUNTER, text, source)


_PRESSURE = {
    ("cpu", b"some"): _pressure("cpu", "waiting", "Seconds in which some task waited for CPU."),
    ("io", b"some"): _pressure("io", "waiting", "Seconds in which some task waited for I/O."),
    ("io", b"full"): _pressure("io", "stalled", "Seconds in which all tasks waited for I/O."),
    ("memory", b"some"): _pressure("memory", "waiting", "Seconds in which some task waited for memory."),
    ("memory", b"full"): _pressure("memory", "stalled", "Seconds in which all tasks waited for memory."),
    ("irq", b"full"): _pressure("irq", "stalled", "Seconds in which interrupts stalled all tasks."),
}


def parse_pressure(files: Files, at: float) -> tuple[Table, ...]:
    """Parse pressure stall information (kernel's accounting/psi.rst); `total` is in microseconds."""
    found = {}
    for resource in ("cpu", "io", "memory", "irq"):
        path = f"proc/pressure/{resource}"
        if path in files:
            with parsing(path):
                for line in lines(files, path):
                    words = line.split()
                    if (resource, words[0]) in _PRESSURE:
                        found[_PRESSURE[resource, words[0]]] = _total(words) / 1e6
    return (scalars(at, tuple(found), list(found.values())),)


def _total(words: list[bytes]) -> int:
    key, _, value = words[-1].partition(b"=")
    if key != b"total":
        raise ValueError("a line does not end in total=microseconds")
    return int(value)
