"""The words that every vendor's numbers are said in besides their own: names, units and labels, one row each.

A profile that speaks of a quantity in this list must use its name, its kind and exactly its labels, so that one rule
and one dashboard serve all devices; other kinds of target use the same words and help texts. `mib` says where a number
comes from, and keeps two profiles of one device apart. A sensor's `ifIndex` and `ifName` say which port it belongs to;
they are empty for one that belongs to none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from netmon.api import Kind

PREFIX = "netmon_"  # a metric of a profile that begins so must be one of these words

_SENSOR = ("sensor", "ifIndex", "ifName", "mib")
_INTERFACE = ("ifIndex", "ifName", "ifAlias", "ifDescr")


@dataclass(frozen=True, slots=True)
class Normal:
    """A quantity: what its samples carry, and which quantities of the same labels bound it.

    The limit of a counter bounds its rate; both names say their units.
    """

    labels: tuple[str, ...]
    help: str
    kind: Kind = Kind.GAUGE
    upper_limit: str = ""
    lower_limit: str = ""

    @property
    def of_sensor(self) -> bool:
        """Tell whether this is measured at a place that may belong to a port."""
        return self.labels == _SENSOR


def _sensor(what: str, stem: str, unit: str) -> dict[str, Normal]:
    """Return a sensor's reading and its two limits, which few devices tell."""
    name = f"netmon_{stem}_{unit}"
    upper, lower = f"netmon_{stem}_upper_limit_{unit}", f"netmon_{stem}_lower_limit_{unit}"
    return {
        name: Normal(_SENSOR, f"{what}.", upper_limit=upper, lower_limit=lower),
        upper: Normal(_SENSOR, f"{what}: the device's own upper alarm threshold."),
        lower: Normal(_SENSOR, f"{what}: the device's own lower alarm threshold."),
    }


NORMAL: dict[str, Normal] = {
    **_sensor("Temperature in degrees Celsius", "temperature", "celsius"),
    **_sensor("Voltage in volts", "voltage", "volts"),
    **_sensor("Current in amperes", "current", "amperes"),
    **_sensor("Power in watts", "power", "watts"),
    **_sensor("Frequency in hertz", "frequency", "hertz"),
    **_sensor("Rotations of a fan per minute", "fan_speed", "rpm"),
    **_sensor("Relative humidity, 0 to 1", "humidity", "ratio"),
    **_sensor("Optical power received, in dBm", "optical_rx_power", "dbm"),
    **_sensor("Optical power sent, in dBm", "optical_tx_power", "dbm"),
    **_sensor("Bias current of the laser, in amperes", "optical_bias", "amperes"),
    "netmon_cpu_utilization_ratio": Normal(("cpu", "mib"), "Share of time that the processor was busy, 0 to 1."),
    "netmon_memory_used_bytes": Normal(
        ("pool", "mib"), "Memory in use, in bytes.", upper_limit="netmon_memory_size_bytes"
    ),
    "netmon_memory_size_bytes": Normal(("pool", "mib"), "Size of the memory, in bytes."),
    "netmon_storage_used_bytes": Normal(
        ("storage", "mountpoint", "mib"), "Storage in use, in bytes.", upper_limit="netmon_storage_size_bytes"
    ),
    "netmon_storage_size_bytes": Normal(("storage", "mountpoint", "mib"), "Size of the storage, in bytes."),
    "netmon_ups_battery_charge_ratio": Normal(("mib",), "Charge left in the battery, 0 to 1."),
    "netmon_ups_runtime_remaining_seconds": Normal(("mib",), "Time that the battery lasts under the present load."),
    "netmon_ups_load_ratio": Normal(("line", "mib"), "Share of the capacity that the load takes; above 1 is overload."),
    "netmon_ups_on_battery": Normal(("mib",), "1 while the load is fed from the battery, else 0."),
    "netmon_interface_receive_bytes_total": Normal(
        _INTERFACE,
        "Bytes received; a 32-bit counter is carried on past its end.",
        Kind.COUNTER,
        upper_limit="netmon_interface_speed_bits_per_second",
    ),
    "netmon_interface_transmit_bytes_total": Normal(
        _INTERFACE,
        "Bytes sent; a 32-bit counter is carried on past its end.",
        Kind.COUNTER,
        upper_limit="netmon_interface_speed_bits_per_second",
    ),
    "netmon_interface_speed_bits_per_second": Normal(
        _INTERFACE, "Nominal bandwidth in bits per second; 0 where the port has none."
    ),
    "netmon_interface_up": Normal(_INTERFACE, "1 while the operational status is up, else 0."),
    "netmon_neighbor_info": Normal(
        (
            "local_port",
            "local_port_id",
            "remote_name",
            "remote_port",
            "remote_port_description",
            "remote_chassis",
            "mib",
        ),
        "1 for each neighbour that a discovery protocol sees.",
    ),
    "netmon_entity_info": Normal(
        ("entity", "class", "model", "serial", "hardware", "firmware", "software", "mib"),
        "1 for each part of the device that can be replaced.",
    ),
    "netmon_device_uptime_seconds": Normal(("mib",), "Time since the management agent started."),
    "netmon_device_info": Normal(
        ("sysName", "sysDescr", "sysLocation", "sysContact", "sysObjectID", "vendor", "mib"),
        "1; what the device says about itself.",
    ),
}


def normals_of(metrics: Iterable[str]) -> Iterator[Normal]:
    """Give the quantities that are among these metrics."""
    return (NORMAL[name] for name in metrics if name in NORMAL)
