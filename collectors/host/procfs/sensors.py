"""Sensor chips: /sys/class/hwmon (kernel's hwmon/sysfs-interface.rst) and /sys/class/thermal."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from collectors.host.procfs.shape import COUNTER, GAUGE, Files, Rows, family, folders, integer, scaled, table, text_of
from netmon.api import Family, Missing, Table, Value

HWMON = "sys/class/hwmon/"
SENSOR_FILES = (
    "beep_enable",
    "curr[0-9]*",
    "energy[0-9]*",
    "fan[0-9]*",
    "humidity[0-9]*",
    "in[0-9]*",
    "intrusion[0-9]*",
    "power[0-9]*",
    "pwm[0-9]*",
    "temp[0-9]*",
    "update_interval",
    "vrm",
)
_FILE = re.compile(r"^(curr|energy|fan|humidity|in|intrusion|power|pwm|temp)(\d+)(?:_(.+))?$")
_FORBIDDEN = re.compile(r"[^a-z0-9:_]")
_PLAIN = frozenset(("fault", "alarm"))  # a state, which has no unit
_IN_RPM = frozenset(("input", "min", "max", "target"))
# Unit's suffix and how many steps of the file make one of it.
_UNITS = {
    "in": ("_volts", 1000),
    "temp": ("_celsius", 1000),
    "curr": ("_amps", 1000),
    "energy": ("_joule_total", 1_000_000),
    "power": ("_watt", 1_000_000),
    "humidity": ("", 1_000_000),
}
# Files that belong to the chip as a whole: what node_exporter calls them, and how many steps make one.
_CHIP_WIDE = {
    "beep_enable": ("node_hwmon_beep_enabled", 1),
    "update_interval": ("node_hwmon_update_interval_seconds", 1000),
    "vrm": ("node_hwmon_voltage_regulator_version", 1),
}


@dataclass(slots=True)
class Chip:
    """One chip: `name` is unique on this host, `driver` is what its driver calls it; files by sensor and property."""

    name: str
    driver: str
    sensors: dict[str, dict[str, str]] = field(default_factory=dict)  # "temp1" → "input" → path
    wide: dict[str, str] = field(default_factory=dict)  # "update_interval" → path


def chips(files: Files) -> list[Chip]:
    """Return the chips and where each reading of theirs is."""
    found: list[Chip] = []
    for number in folders(files, HWMON):
        driver = text_of(files, f"{HWMON}{number}/name")
        name = _chip_name(files, number, driver)
        if any(name == other.name for other in found):  # two drivers of one device
            name = f"{name}_{number}"
        chip = Chip(name, cleaned(driver))
        for path in (path for path in files if path.startswith(f"{HWMON}{number}/")):
            file = path.rpartition("/")[2]
            match = _FILE.match(file)
            if match:
                chip.sensors.setdefault(match[1] + match[2], {}).setdefault(match[3] or "", path)
            elif file in _CHIP_WIDE:
                chip.wide.setdefault(file, path)
        if chip.sensors or chip.wide:
            found.append(chip)
    return found


def cleaned(name: str) -> str:
    """Return a name with everything that is no lower-case letter, digit, colon or underscore replaced."""
    return _FORBIDDEN.sub("_", name.lower()).strip("_")


def _chip_name(files: Files, number: str, driver: str) -> str:
    """Name a chip after its bus and device (`platform_coretemp_0`): the number changes with each boot."""
    device = text_of(files, f"{HWMON}{number}/device@")
    if device:
        bus, name = (cleaned(part) for part in f"/{device}".rsplit("/", 2)[-2:])
        return f"{bus}_{name}" if bus and name else name or number
    return cleaned(driver) or number


def parse_hwmon(files: Files, at: float) -> tuple[Table, ...]:
    """Parse every reading of every chip under the name and unit that node_exporter gives it."""
    found = chips(files)
    if not found:
        return ()
    named = [(chip.name, chip.driver) for chip in found if chip.driver]
    labelled = [
        (chip.name, sensor, text_of(files, properties["label"]))
        for chip in found
        for sensor, properties in chip.sensors.items()
        if "label" in properties
    ]
    tables = [
        _ones(at, _NAMES, ("chip", "chip_name"), named),
        _ones(at, _LABELS, ("chip", "sensor", "label"), labelled),
    ]
    by_family: dict[Family, list[tuple[tuple[str, str], Value | Missing]]] = {}
    for chip in found:
        for of, sensor, value in _readings(files, chip):
            by_family.setdefault(of, []).append(((chip.name, sensor), value))
    for of, readings in by_family.items():
        rows, column = zip(*readings, strict=True)
        tables.append(table(at, (of,), ("chip", "sensor"), rows, [column]))
    return tuple(tables)


_NAMES = Family("node_hwmon_chip_names", GAUGE, "What the driver calls the chip; always 1.", f"/{HWMON}name")
_LABELS = Family("node_hwmon_sensor_label", GAUGE, "What the sensor measures; always 1.", f"/{HWMON}label")


def _ones(at: float, of: Family, labels: tuple[str, ...], rows: Rows) -> Table:
    return table(at, (of,), labels, rows, [[1] * len(rows)])


def _readings(files: Files, chip: Chip) -> Iterator[tuple[Family, str, Value | Missing]]:
    for file, path in chip.wide.items():
        name, per = _CHIP_WIDE[file]
        sensor = f"{file}0"  # node_exporter numbers them too
        yield (
            family(name, GAUGE, f"{file} of the chip.", f"/{HWMON}{file}"),
            sensor,
            scaled(integer(files, path), per=per),
        )
    for sensor, properties in chip.sensors.items():
        kind = sensor.rstrip("0123456789")
        for element, path in properties.items():
            if element != "label":
                of, per = _family(kind, element, has_bare="" in properties)
                value = integer(files, path)
                yield of, sensor, scaled(value, per=per)


def _family(kind: str, element: str, *, has_bare: bool) -> tuple[Family, int]:
    """Return the family of one property of a sensor, and how many steps of its file make one."""
    name = f"node_hwmon_{kind}"
    if element and (element != "input" or has_bare):
        name += f"_{cleaned(element)}"
    unit, per = _UNITS.get(kind, ("", 1))
    if element == "beep":
        name, per = f"{name}_enabled", 1
    elif element in _PLAIN or (kind == "temp" and element == "type"):
        per = 1
    elif kind == "power" and element == "accuracy":
        per = 1_000_000
    elif kind == "power" and element.startswith("average_interval"):
        name, per = f"{name}_seconds", 1000
    elif kind == "fan" and element in _IN_RPM:
        name += "_rpm"
    else:
        name += unit
    counts = kind == "energy" and name.endswith("_total")
    text = f"{element or 'value'} of {kind} sensors."
    return family(name, COUNTER if counts else GAUGE, text, f"/{HWMON}{kind}_{element}"), per


@dataclass(frozen=True, slots=True)
class Limited:
    """A reading with the chip's own limits, in the unit that its kind of sensor shares (volts, degrees Celsius, …)."""

    value: Value | Missing
    upper: Value | Missing
    lower: Value | Missing


_SHARED_PER = {"temp": 1000, "in": 1000, "curr": 1000, "power": 1_000_000, "fan": 1, "humidity": 100_000}
"""hwmon gives milli-degrees, millivolts, milliamperes, microwatts, revolutions a minute, thousandths of a percent."""


def limited(files: Files) -> dict[str, dict[str, Limited]]:
    """Return kind → sensor's name → reading. The upper limit is the critical one where a chip has one."""
    found: dict[str, dict[str, Limited]] = {}
    for chip in chips(files):
        for sensor, properties in chip.sensors.items():
            kind = sensor.rstrip("0123456789")
            path = properties.get("input") or properties.get("average")
            if kind not in _SHARED_PER or path is None:
                continue
            upper = properties.get("crit") or properties.get("max") or f"{path}?"
            lower = properties.get("lcrit") or properties.get("min") or f"{path}?"
            values = (scaled(integer(files, each), per=_SHARED_PER[kind]) for each in (path, upper, lower))
            names = found.setdefault(kind, {})
            plain = f"{chip.name} {sensor}"
            label = f"{chip.name} {text_of(files, properties.get('label', ''))}".rstrip()
            names[plain if label in (chip.name, *names) else label] = Limited(*values)
    return found


THERMAL = "sys/class/thermal/"
_ZONE = (Family("node_thermal_zone_temp", GAUGE, "Temperature of the zone in degrees Celsius.", f"/{THERMAL}temp"),)
_COOLING = (
    Family("node_cooling_device_cur_state", GAUGE, "Step that the cooling device is at.", f"/{THERMAL}cur_state"),
    Family("node_cooling_device_max_state", GAUGE, "Highest step of the cooling device.", f"/{THERMAL}max_state"),
)


def zones(files: Files) -> dict[tuple[str, str], Value | Missing]:
    """Return thermal zones: (number, type) → degrees Celsius. Kernel's driver-api/thermal/sysfs-api.rst."""
    return {
        (name.removeprefix("thermal_zone"), text_of(files, f"{THERMAL}{name}/type")): scaled(
            integer(files, f"{THERMAL}{name}/temp"), per=1000
        )
        for name in folders(files, THERMAL)
        if name.startswith("thermal_zone") and f"{THERMAL}{name}/temp" in files
    }


def parse_thermal_zone(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the temperature of each zone and how hard each cooling device works."""
    found = zones(files)
    cooling = [name for name in folders(files, THERMAL) if name.startswith("cooling_device")]
    names = [(name.removeprefix("cooling_device"), text_of(files, f"{THERMAL}{name}/type")) for name in cooling]
    states = [[integer(files, f"{THERMAL}{name}/{file}") for name in cooling] for file in ("cur_state", "max_state")]
    return (
        table(at, _ZONE, ("zone", "type"), list(found), [list(found.values())]),
        table(at, _COOLING, ("name", "type"), names, states),
    )
