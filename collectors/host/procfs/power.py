"""Power: batteries and mains (/sys/class/power_supply) and the energy that processors used (/sys/class/powercap)."""

from collectors.host.procfs.shape import COUNTER, GAUGE, Files, family, folders, info, integer, scaled, table, text_of
from netmon.api import Family, Table

SUPPLY = "sys/class/power_supply/"
# File → name of node_exporter, and how many steps of the file make one of its unit (ABI/testing/sysfs-class-power).
_NUMBERS = {
    "online": ("online", 1),
    "present": ("present", 1),
    "capacity": ("capacity", 1),
    "cycle_count": ("cyclecount", 1),
    "current_now": ("current_ampere", 1_000_000),
    "current_max": ("current_max", 1_000_000),
    "charge_now": ("charge_ampere", 1_000_000),
    "charge_full": ("charge_full", 1_000_000),
    "charge_full_design": ("charge_full_design", 1_000_000),
    "energy_now": ("energy_watthour", 1_000_000),
    "energy_full": ("energy_full", 1_000_000),
    "energy_full_design": ("energy_full_design", 1_000_000),
    "power_now": ("power_watt", 1_000_000),
    "voltage_now": ("voltage_volt", 1_000_000),
    "voltage_max": ("voltage_max", 1_000_000),
    "voltage_max_design": ("voltage_max_design", 1_000_000),
    "voltage_min": ("voltage_min", 1_000_000),
    "voltage_min_design": ("voltage_min_design", 1_000_000),
    "voltage_ocv": ("voltage_ocv", 1_000_000),
    "temp": ("temp_celsius", 10),
    "temp_max": ("temp_max_celsius", 10),
    "temp_min": ("temp_min_celsius", 10),
    "time_to_empty_now": ("time_to_empty_seconds", 1),
    "time_to_full_now": ("time_to_full_seconds", 1),
}
_NAMES = (
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "scope",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
)
SUPPLY_FILES = (*_NUMBERS, *_NAMES)


def parse_power_supply(files: Files, at: float) -> tuple[Table, ...]:
    """Parse what each battery and mains adapter tells; each tells a different choice of these files."""
    supplies = folders(files, SUPPLY)
    tables = []
    for file, (name, per) in _NUMBERS.items():
        having = [supply for supply in supplies if f"{SUPPLY}{supply}/{file}" in files]
        if having:
            values = [integer(files, f"{SUPPLY}{supply}/{file}") for supply in having]
            of = family(f"node_power_supply_{name}", GAUGE, f"{file} of the power supply.", f"/{SUPPLY}{file}")
            column = [scaled(value, per=per) for value in values]
            tables.append(table(at, (of,), ("power_supply",), [(supply,) for supply in having], [column]))
    return (*tables, *(_info(files, at, supply) for supply in supplies))


def _info(files: Files, at: float, supply: str) -> Table:
    texts = {name: text_of(files, f"{SUPPLY}{supply}/{name}") for name in _NAMES}
    labels = {"power_supply": supply} | {name: text for name, text in texts.items() if text}
    return info(at, "node_power_supply_info", "Kind and state of the power supply; always 1.", f"/{SUPPLY}", labels)


POWERCAP = "sys/class/powercap/"


def parse_rapl(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the energy each domain used, in joules: kernel's power/powercap/powercap.rst. Only root may read it."""
    by_family: dict[Family, list[tuple[tuple[str, str], str]]] = {}
    seen: dict[str, int] = {}
    for zone in folders(files, POWERCAP):
        path = f"{POWERCAP}{zone}/energy_uj"
        if path in files:
            name, index = _domain(text_of(files, f"{POWERCAP}{zone}/name"), seen)
            of = family(f"node_rapl_{name}_joules_total", COUNTER, f"Energy that {name} used.", f"/{POWERCAP}energy_uj")
            by_family.setdefault(of, []).append(((index, f"/{POWERCAP}{zone}"), path))
    return tuple(
        table(
            at,
            (of,),
            ("index", "path"),
            [row for row, _ in found],
            [[scaled(integer(files, path), per=1_000_000) for _, path in found]],
        )
        for of, found in by_family.items()
    )


def _domain(name: str, seen: dict[str, int]) -> tuple[str, str]:
    """Split `package-0` into name and index; domains without a number (core, dram) are counted."""
    head, dash, tail = name.rpartition("-")
    if dash and tail.isdecimal():
        return _identifier(head), tail
    index = seen[name] = seen.get(name, -1) + 1
    return _identifier(name), str(index)


def _identifier(name: str) -> str:
    return "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in name)
