"""UCD-SNMP-MIB and UCD-DISKIO-MIB: what Net-SNMP tells of a Linux server beyond HOST-RESOURCES."""

from typing import Final

from collectors.snmp.ber import Tag
from collectors.snmp.values import encode_value
from netmon.demo.layout import Node
from netmon.demo.machine import Disk, Machine
from netmon.demo.mibs.objects import Now, Objects, Value, counter32, counter64, gauge, octets, text, whole
from netmon.demo.ring import Ring

UCD: Final = "1.3.6.1.4.1.2021"
_HZ: Final = 100  # raw processor counters are in hundredths of a second
_MODES: Final = {
    50: 0.62,
    51: 0.01,
    52: 0.24,
    54: 0.08,
    55: 0.24,
    56: 0.01,
    61: 0.04,
}  # ssCpuRaw… → its share of the busy time
_IDLE: Final = 53
_LOW: Final = 2**32 - 1  # of a number that two objects share
_OCTETS_A_TRANSFER: Final = 32_768
_INTEGER_MAX: Final = 2**31 - 1


def add_ucd(objects: Objects, ring: Ring, node: Node, machine: Machine) -> None:
    """Add memory, load, processor time, disks and their traffic."""
    _add_memory(objects, machine)
    _add_loads(objects, machine)
    _add_system_stats(objects, ring, node, machine)
    for index, disk in enumerate(machine.disks, start=1):
        _add_disk(objects, machine, index, disk)
        _add_disk_io(objects, machine, index, disk)


def _add_memory(objects: Objects, machine: Machine) -> None:
    def free(now: float) -> int:
        return machine.memory - machine.memory_used(now) - machine.memory_cached(now) - machine.memory_buffers()

    def free_swap(now: float) -> int:
        return machine.swap - machine.swap_used(now)

    # Kibibytes: column of the 32-bit object, column of its 64-bit twin.
    sizes: dict[tuple[int, int], Now[int]] = {
        (3, 18): machine.swap,
        (4, 19): free_swap,
        (5, 20): machine.memory,
        (6, 21): free,
        (11, 22): lambda now: free(now) + free_swap(now),
        (12, 23): 16_000 * 1024,
        (13, 24): machine.memory // 200,
        (14, 25): machine.memory_buffers(),
        (15, 26): machine.memory_cached,
    }
    objects.scalars(f"{UCD}.4", {1: whole(0), 2: text("swap"), 100: whole(0), 101: text("")})
    for (narrow, wide), size in sizes.items():
        objects.scalars(f"{UCD}.4", {narrow: whole(_kib(size)), wide: counter64(_kib(size))})
    objects.scalars(f"{UCD}.4", {27: counter64(_kib(lambda now: machine.memory - machine.memory_used(now)))})


def _kib(size: Now[int]) -> Now[int]:
    return (lambda now: size(now) // 1024) if callable(size) else size // 1024


def _add_loads(objects: Objects, machine: Machine) -> None:
    for index, minutes in enumerate((1, 5, 15), start=1):
        row = {1: whole(index), 2: text(f"Load-{minutes}"), **_load(machine, minutes), 4: text("12.00")}
        objects.row(f"{UCD}.10.1", index, {**row, 100: whole(0), 101: text("")})


def _load(machine: Machine, minutes: int) -> dict[int, Value]:
    def load(now: float) -> float:
        return machine.busy(now, 60 * minutes) * machine.cpus

    return {
        3: octets(lambda now: f"{load(now):.2f}".encode()),
        5: whole(lambda now: int(100 * load(now))),
        6: lambda now: encode_value(Tag.OPAQUE, load(now)),
    }


def _add_system_stats(objects: Objects, ring: Ring, node: Node, machine: Machine) -> None:
    def busy_ticks(now: float) -> float:
        return machine.busy_s(now) * machine.cpus * _HZ

    def idle_ticks(now: float) -> int:
        return int((now - ring.boot(node.name, now)) * machine.cpus * _HZ - busy_ticks(now))

    def part(share: float) -> Value:
        return counter32(lambda now: int(share * busy_ticks(now)))

    def percent(share: float) -> Value:
        return whole(lambda now: round(100 * share * machine.busy(now, 60)))

    objects.scalars(f"{UCD}.11", {1: whole(0), 2: text("systemStats"), 67: whole(machine.cpus)})
    objects.scalars(f"{UCD}.11", {column: part(share) for column, share in _MODES.items()})
    objects.scalars(f"{UCD}.11", dict.fromkeys((62, 63, 64, 65, 66), counter32(0)))  # no swapping, nothing stolen
    objects.scalars(
        f"{UCD}.11",
        {
            9: percent(_MODES[50]),
            10: percent(_MODES[52]),
            11: whole(lambda now: 100 - round(100 * machine.busy(now, 60))),
            _IDLE: counter32(idle_ticks),
            57: counter32(lambda now: _blocks(machine, 1, now)),
            58: counter32(lambda now: _blocks(machine, 0, now)),
            59: part(41.0),  # interrupts and context switches come with the work
            60: part(77.0),
        },
    )


def _blocks(machine: Machine, way: int, now: float) -> int:
    """Return the blocks of 512 octets that were read (way 0) or written (1)."""
    return sum(machine.disk_octets(disk, now)[way] for disk in machine.disks) // 512


def _add_disk(objects: Objects, machine: Machine, index: int, disk: Disk) -> None:
    def used(now: float) -> int:
        return machine.disk_used(disk, now) // 1024

    total = disk.size // 1024
    row: dict[int, Value] = {
        1: whole(index),
        2: text(disk.path),
        3: text(disk.device),
        4: whole(-1),
        5: whole(10),
        6: whole(min(total, _INTEGER_MAX)),
        7: whole(lambda now: min(total - used(now), _INTEGER_MAX)),
        8: whole(lambda now: min(used(now), _INTEGER_MAX)),
        9: whole(lambda now: round(100 * used(now) / total)),
        10: whole(3),
        11: gauge(total & _LOW),
        12: gauge(total >> 32),
        13: gauge(lambda now: (total - used(now)) & _LOW),
        14: gauge(lambda now: (total - used(now)) >> 32),
        15: gauge(lambda now: used(now) & _LOW),
        16: gauge(lambda now: used(now) >> 32),
        100: whole(0),
        101: text(""),
    }
    objects.row(f"{UCD}.9.1", index, row)


def _add_disk_io(objects: Objects, machine: Machine, index: int, disk: Disk) -> None:
    def moved(way: int, unit: int = 1) -> Now[int]:
        return lambda now: machine.disk_octets(disk, now)[way] // unit

    row: dict[int, Value] = {
        1: whole(index),
        2: text(disk.device.removeprefix("/dev/")),
        3: counter32(moved(0)),
        4: counter32(moved(1)),
        5: counter32(moved(0, _OCTETS_A_TRANSFER)),
        6: counter32(moved(1, _OCTETS_A_TRANSFER)),
        12: counter64(moved(0)),
        13: counter64(moved(1)),
    }
    objects.row(f"{UCD}.13.15.1.1", index, row)
