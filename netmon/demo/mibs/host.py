"""HOST-RESOURCES-MIB (RFC 2790): processors, memory and disks, with the indexes that Net-SNMP gives them."""

from collections.abc import Callable
from typing import Final

from netmon.demo.layout import Kind, Node
from netmon.demo.machine import Machine
from netmon.demo.mibs.objects import Now, Objects, gauge, identifier, octets, text, ticks, whole
from netmon.demo.ring import Ring

HOST: Final = "1.3.6.1.2.1.25"
_STORAGE_TYPE: Final = f"{HOST}.2.1"
_RAM: Final = f"{_STORAGE_TYPE}.2"
_VIRTUAL_MEMORY: Final = f"{_STORAGE_TYPE}.3"
_FIXED_DISK: Final = f"{_STORAGE_TYPE}.4"
_OTHER: Final = f"{_STORAGE_TYPE}.1"
_PROCESSOR: Final = f"{HOST}.3.1.3"  # hrDeviceTypes
_FIRST_PROCESSOR: Final = 196_608
_FIRST_DISK: Final = 31
_RUNNING: Final = 2
_LOAD_WINDOW_S: Final = 60  # hrProcessorLoad is the mean over the last minute
_FLASH_BYTES: Final = 2 << 30


def add_host(objects: Objects, ring: Ring, node: Node, machine: Machine) -> None:
    """Add what a server has; a switch has no hrSystem group but processors and memory."""
    if node.kind is Kind.SERVER:
        _add_system(objects, ring, node, machine)
    objects.scalars(f"{HOST}.2", {2: whole(machine.memory // 1024)})
    for cpu in range(machine.cpus):
        _add_processor(objects, machine, cpu)
    _add_memory(objects, machine)
    if node.kind is not Kind.SERVER:
        _add_storage(objects, 30, (_FIXED_DISK, "flash:"), (4_096, _FLASH_BYTES), int(_FLASH_BYTES * 0.41))
    for at, disk in enumerate(machine.disks):
        used = _used(machine, at)
        _add_storage(objects, _FIRST_DISK + at, (_FIXED_DISK, disk.path), (4_096, disk.size), used)
        _add_file_system(objects, at + 1, disk.path, _FIRST_DISK + at)


def _add_system(objects: Objects, ring: Ring, node: Node, machine: Machine) -> None:
    objects.scalars(
        f"{HOST}.1",
        {
            1: ticks(lambda now: now - ring.boot(node.name, now)),
            5: gauge(lambda now: 1 + int(3 * machine.busy(now, 900))),
            6: gauge(machine.processes),
            7: whole(0),
        },
    )


def _add_processor(objects: Objects, machine: Machine, cpu: int) -> None:
    index = _FIRST_PROCESSOR + cpu
    name = text("GenuineIntel: Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz")
    row = {1: whole(index), 2: identifier(_PROCESSOR), 3: name, 4: identifier("0.0"), 5: whole(_RUNNING)}
    objects.row(f"{HOST}.3.2.1", index, row)
    load = whole(lambda now: round(100 * machine.cpu_busy(cpu, now, _LOAD_WINDOW_S)))
    objects.row(f"{HOST}.3.3.1", index, {1: identifier("0.0"), 2: load})


def _add_memory(objects: Objects, machine: Machine) -> None:
    def physical(now: float) -> int:  # Net-SNMP counts caches and buffers as used here
        return machine.memory_used(now) + machine.memory_cached(now) + machine.memory_buffers()

    ram, whole_ram = (_RAM, "Physical memory"), (1_024, machine.memory)
    _add_storage(objects, 1, ram, whole_ram, physical)
    both = (1_024, machine.memory + machine.swap)
    _add_storage(objects, 3, (_VIRTUAL_MEMORY, "Virtual memory"), both, lambda n: physical(n) + machine.swap_used(n))
    _add_storage(objects, 6, (_OTHER, "Memory buffers"), whole_ram, machine.memory_buffers())
    _add_storage(objects, 7, (_OTHER, "Cached memory"), whole_ram, machine.memory_cached)
    if machine.swap:
        _add_storage(objects, 10, (_VIRTUAL_MEMORY, "Swap space"), (1_024, machine.swap), machine.swap_used)


def _add_storage(
    objects: Objects, index: int, what: tuple[str, str], unit_and_size: tuple[int, int], used: Now[int]
) -> None:
    """Add a row of hrStorageTable: type and description, unit and size in bytes, bytes used."""
    (kind, descr), (unit, size) = what, unit_and_size
    taken: Now[int] = (lambda now: used(now) // unit) if callable(used) else used // unit
    row = {1: whole(index), 2: identifier(kind), 3: text(descr), 4: whole(unit), 5: whole(size // unit)}
    objects.row(f"{HOST}.2.3.1", index, {**row, 6: whole(taken)})


def _add_file_system(objects: Objects, index: int, path: str, storage: int) -> None:
    ext2 = identifier(f"{HOST}.3.9.23")  # hrFSLinuxExt2, which Net-SNMP says for ext4 too
    never = octets(bytes.fromhex("0000010100000000"))  # DateAndTime of a backup that is not known
    row = {1: whole(index), 2: text(path), 3: text(""), 4: ext2, 5: whole(1), 6: whole(2), 7: whole(storage)}
    objects.row(f"{HOST}.3.8.1", index, {**row, 8: never, 9: never})


def _used(machine: Machine, at: int) -> Callable[[float], int]:
    disk = machine.disks[at]
    return lambda now: machine.disk_used(disk, now)
