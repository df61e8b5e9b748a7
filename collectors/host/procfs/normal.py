"""The same quantities under the names that every kind of target shares, so that one rule and one dashboard serve all.

Used and size of one thing carry identical labels; each family names the one that bounds it. Names and help texts are
those that SNMP devices have: on one page a metric can have one help text only.
"""

from collections.abc import Mapping, Sequence

from collectors.host.procfs.disks import Mount, Space, clean
from collectors.host.procfs.interfaces import CLASS, speed_bytes
from collectors.host.procfs.sensors import Limited
from collectors.host.procfs.shape import COUNTER, GAUGE, Files, per_row, scaled, table, text_of
from netmon.api import Family, Missing, Reason, Table, Value

HERE = "linux"
"""The label `mib` of these series: where a number comes from, so that SNMP's word on the same thing stays apart."""

_CPU = (
    Family("netmon_cpu_utilization_ratio", GAUGE, "Share of time that the processor was busy, 0 to 1.", "/proc/stat"),
)
_IDLE = (3, 4)  # idle and iowait, in the order of `cpu.MODES`
_COUNTED = 8  # the eight modes; guests are part of two of them
_FIRST = Missing(Reason.FIRST)
_HOT_PLUG_TICKS = 300
"""A CPU that was taken offline and came back may start again from less idle time. node_exporter takes three seconds
back for that; less is the kernel's rounding, where idle and iowait step back a little now and then."""


class CpuClock:
    """Remembers the last ticks of each CPU: to keep counters from stepping back, and to tell how busy it was."""

    def __init__(self) -> None:
        self._last: dict[str, list[int]] = {}

    def steady(self, ticks: Mapping[str, list[int]]) -> dict[str, list[int]]:
        """Return the ticks with those that stepped back a little held at what they were."""
        return {cpu: _held(self._last.get(cpu), now) for cpu, now in ticks.items()}

    def utilization(self, ticks: dict[str, list[int]], at: float) -> Table:
        """Return how busy each CPU was since the last call, which is the first reading's missing one."""
        ratios = [_busy(self._last.get(cpu), now) for cpu, now in ticks.items()]
        self._last = ticks
        return table(at, _CPU, ("cpu", "mib"), [(cpu, HERE) for cpu in ticks], [ratios])


def _held(before: list[int] | None, now: list[int]) -> list[int]:
    if before is None or len(before) != len(now) or before[_IDLE[0]] - now[_IDLE[0]] > _HOT_PLUG_TICKS:
        return now
    return [max(old, new) for old, new in zip(before, now, strict=True)]


def _busy(before: list[int] | None, now: list[int]) -> Value | Missing:
    if before is None or len(before) != len(now):
        return _FIRST
    spent = [new - old for old, new in zip(before[:_COUNTED], now[:_COUNTED], strict=True)]
    total = sum(spent)
    if total <= 0 or min(spent) < 0:
        return Missing(Reason.DISCONTINUITY, "the CPU was restarted, or no tick passed since the last reading")
    return 1 - sum(spent[place] for place in _IDLE) / total


def _bounded(kind: str, what: str, source: str) -> tuple[Family, Family]:
    size = f"netmon_{kind}_size_bytes"
    return (
        Family(f"netmon_{kind}_used_bytes", GAUGE, f"{what} in use, in bytes.", source, upper_limit=size),
        Family(size, GAUGE, f"Size of the {what.lower()}, in bytes.", source),
    )


_MEMORY = _bounded("memory", "Memory", "/proc/meminfo")
_STORAGE = _bounded("storage", "Storage", "statvfs")
_MEMORY_ROWS = (("ram", HERE), ("swap", HERE))


def memory(fields: Mapping[bytes, int], at: float) -> Table:
    """Return used and size of main memory and swap. Used is what could not be had without swapping."""
    used: list[Value | Missing] = [_difference(fields, b"MemTotal kB", _available(fields))]
    size = [fields[b"MemTotal kB"]]
    if fields.get(b"SwapTotal kB"):
        used.append(_difference(fields, b"SwapTotal kB", fields.get(b"SwapFree kB")))
        size.append(fields[b"SwapTotal kB"])
    return table(at, _MEMORY, ("pool", "mib"), _MEMORY_ROWS[: len(size)], [used, size])


def _available(fields: Mapping[bytes, int]) -> int | None:
    """Return MemAvailable, which kernels have from 3.14 on, or what came close to it before."""
    parts = [fields.get(name) for name in (b"MemFree kB", b"Buffers kB", b"Cached kB")]
    there = [part for part in parts if part is not None]
    return fields.get(b"MemAvailable kB", sum(there) if len(there) == len(parts) else None)


def _difference(fields: Mapping[bytes, int], total: bytes, free: int | None) -> Value | Missing:
    if free is None:
        return Missing(Reason.MALFORMED, "/proc/meminfo does not tell what is free")
    return fields[total] - free


def storage(found: Sequence[Mount], spaces: Mapping[str, Space | Missing], at: float) -> Table:
    """Return used and size of each filesystem as `df` and HOST-RESOURCES-MIB have them.

    What is kept for root counts in neither, so that used reaches size when an ordinary user can write no more.
    """
    rows, readings = [], []
    for mount in found:
        space = spaces.get(mount.mountpoint)
        if isinstance(space, Space) and space.size:
            rows.append((clean(mount.device), clean(mount.mountpoint), HERE))
            used = space.size - space.free
            readings.append((used, used + space.avail))
    return table(at, _STORAGE, ("storage", "mountpoint", "mib"), rows, list(per_row(readings, 2)))


_SPEED = "netmon_interface_speed_bits_per_second"
_CARRIED = "a 32-bit counter is carried on past its end"
_RECEIVED, _SENT = f"Bytes received; {_CARRIED}.", f"Bytes sent; {_CARRIED}."
_INTERFACE = (
    Family("netmon_interface_receive_bytes_total", COUNTER, _RECEIVED, "/proc/net/dev", upper_limit=_SPEED),
    Family("netmon_interface_transmit_bytes_total", COUNTER, _SENT, "/proc/net/dev", upper_limit=_SPEED),
    Family(_SPEED, GAUGE, "Nominal bandwidth in bits per second; 0 where the port has none.", f"/{CLASS}speed"),
    Family("netmon_interface_up", GAUGE, "1 while the operational status is up, else 0.", f"/{CLASS}operstate"),
)
_INTERFACE_LABELS = ("ifIndex", "ifName", "ifAlias", "ifDescr")


def interfaces(files: Files, counters: Mapping[str, Sequence[int]], at: float) -> Table:
    """Return what each interface carries and what it could, under IF-MIB's labels; the limit bounds the rates."""
    rows, readings = [], []
    for device, both in counters.items():
        folder = f"{CLASS}{device}/"
        rows.append((text_of(files, f"{folder}ifindex"), device, text_of(files, f"{folder}ifalias"), device))
        up = int(text_of(files, f"{folder}operstate") == "up")
        readings.append((both[0], both[8], scaled(speed_bytes(files, device), times=8), up))
    return table(at, _INTERFACE, _INTERFACE_LABELS, rows, list(per_row(readings, len(_INTERFACE))))


def _sensor(what: str, stem: str, unit: str) -> tuple[Family, Family, Family]:
    name, upper, lower = (f"netmon_{stem}_{part}{unit}" for part in ("", "upper_limit_", "lower_limit_"))
    return (
        Family(name, GAUGE, f"{what}.", "/sys/class/hwmon", upper_limit=upper, lower_limit=lower),
        Family(upper, GAUGE, f"{what}: the device's own upper alarm threshold.", "/sys/class/hwmon"),
        Family(lower, GAUGE, f"{what}: the device's own lower alarm threshold.", "/sys/class/hwmon"),
    )


_SENSORS = {
    "temp": _sensor("Temperature in degrees Celsius", "temperature", "celsius"),
    "in": _sensor("Voltage in volts", "voltage", "volts"),
    "curr": _sensor("Current in amperes", "current", "amperes"),
    "power": _sensor("Power in watts", "power", "watts"),
    "fan": _sensor("Rotations of a fan per minute", "fan_speed", "rpm"),
    "humidity": _sensor("Relative humidity, 0 to 1", "humidity", "ratio"),
}


_SENSOR_LABELS = ("sensor", "ifIndex", "ifName", "mib")
"""As for switches, whose optics belong to a port; a chip's sensor belongs to none."""


def sensors(found: Mapping[str, Mapping[str, Limited]], at: float) -> list[Table]:
    """Return what sensors say, kind by kind, with the limits that their chips have."""
    tables = []
    for kind, readings in found.items():
        rows = [(name, "", "", HERE) for name in readings]
        columns = [[getattr(one, what) for one in readings.values()] for what in ("value", "upper", "lower")]
        tables.append(table(at, _SENSORS[kind], _SENSOR_LABELS, rows, columns))
    return tables
