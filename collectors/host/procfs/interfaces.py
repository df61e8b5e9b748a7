"""Network interfaces: the counters of /proc/net/dev and the attributes of /sys/class/net."""

import re
from collections.abc import Mapping, Sequence

from collectors.host.procfs.shape import (
    ABSENT,
    COUNTER,
    GAUGE,
    Files,
    Malformed,
    folders,
    integer,
    lines,
    parsing,
    per_row,
    scaled,
    table,
    text_of,
)
from netmon.api import Family, Missing, Reason, Table, Value

DEV = "proc/net/dev"
CLASS = "sys/class/net/"


def _dev(direction: str, what: str, text: str) -> Family:
    return Family(f"node_network_{direction}_{what}_total", COUNTER, text, "/proc/net/dev")


# The columns of /proc/net/dev in its order (kernel's net/core/net-procfs.c).
_DEV = (
    _dev("receive", "bytes", "Bytes received."),
    _dev("receive", "packets", "Packets received."),
    _dev("receive", "errs", "Packets received with an error."),
    _dev("receive", "drop", "Packets received and dropped, those that the device missed included."),
    _dev("receive", "fifo", "Receive FIFO overruns."),
    _dev("receive", "frame", "Receive length, overrun, CRC and frame errors."),
    _dev("receive", "compressed", "Compressed packets received."),
    _dev("receive", "multicast", "Multicast packets received."),
    _dev("transmit", "bytes", "Bytes sent."),
    _dev("transmit", "packets", "Packets sent."),
    _dev("transmit", "errs", "Packets that could not be sent for an error."),
    _dev("transmit", "drop", "Packets dropped before they were sent."),
    _dev("transmit", "fifo", "Transmit FIFO underruns."),
    _dev("transmit", "colls", "Collisions."),
    _dev("transmit", "carrier", "Carrier, abort, window and heartbeat errors."),
    _dev("transmit", "compressed", "Compressed packets sent."),
)
_NOHANDLER = Family(
    "node_network_receive_nohandler_total",
    COUNTER,
    "Packets received that no protocol wanted.",
    "/sys/class/net/statistics/rx_nohandler",
)
_NETDEV = (*_DEV, _NOHANDLER)


def dev_counters(files: Files, exclude: re.Pattern[str]) -> dict[str, list[int]]:
    """Return the 16 counters of each interface. An old kernel leaves no space after the colon."""
    found: dict[str, list[int]] = {}
    with parsing(DEV):
        for line in lines(files, DEV)[2:]:
            name, colon, rest = line.rpartition(b":")
            device = name.strip().decode("utf-8", "replace")
            if not colon:
                raise Malformed(DEV, "a line has no colon after the interface")
            if exclude.search(device):
                continue
            counters = [int(word) for word in rest.split()]
            if len(counters) < len(_DEV):
                raise Malformed(DEV, f"{device} has {len(counters)} columns where there should be {len(_DEV)}")
            found[device] = counters[: len(_DEV)]
    return found


def netdev_table(counters: Mapping[str, Sequence[int]], files: Files, at: float) -> Table:
    """Lay out what every interface received and sent."""
    unhandled = [integer(files, f"{CLASS}{device}/statistics/rx_nohandler") for device in counters]
    columns: list[Sequence[Value | Missing]] = [*per_row(list(counters.values()), len(_DEV)), unhandled]
    return table(at, _NETDEV, ("device",), [(device,) for device in counters], columns)


_ATTRIBUTES = (
    ("addr_assign_type", "address_assign_type", GAUGE, "How the address was assigned."),
    ("carrier", "carrier", GAUGE, "1 while the link has a carrier."),
    ("carrier_changes", "carrier_changes_total", COUNTER, "Times the carrier came or went."),
    ("carrier_up_count", "carrier_up_changes_total", COUNTER, "Times the carrier came."),
    ("carrier_down_count", "carrier_down_changes_total", COUNTER, "Times the carrier went."),
    ("dev_id", "device_id", GAUGE, "Tells apart devices that share an address."),
    ("dormant", "dormant", GAUGE, "1 while the interface waits for an external event."),
    ("flags", "flags", GAUGE, "IFF_ flags of netdevice(7)."),
    ("ifindex", "iface_id", GAUGE, "ifIndex of the interface."),
    ("iflink", "iface_link", GAUGE, "ifIndex of the interface below this one."),
    ("link_mode", "iface_link_mode", GAUGE, "Link mode: 0 default, 1 dormant."),
    ("mtu", "mtu_bytes", GAUGE, "Largest packet that the interface sends."),
    ("name_assign_type", "name_assign_type", GAUGE, "How the name was assigned."),
    ("netdev_group", "net_dev_group", GAUGE, "Group of the device."),
    ("speed", "speed_bytes", GAUGE, "Speed of the link in bytes a second; missing where the driver does not know."),
    ("tx_queue_len", "transmit_queue_length", GAUGE, "Packets that the transmit queue holds."),
    ("type", "protocol_type", GAUGE, "ARPHRD_ type of the interface."),
)
ATTRIBUTES = tuple(row[0] for row in _ATTRIBUTES)
NAMES = ("address", "broadcast", "duplex", "ifalias", "operstate")
_CLASS = tuple(Family(f"node_network_{name}", kind, text, f"/{CLASS}{file}") for file, name, kind, text in _ATTRIBUTES)
_INFO = (Family("node_network_info", GAUGE, "Addresses, alias and state; always 1.", f"/{CLASS}"),)
_UP = (Family("node_network_up", GAUGE, "1 while the operational state is up.", f"/{CLASS}operstate"),)


def speed_bytes(files: Files, device: str) -> Value | Missing:
    """Return a link's speed in bytes a second; /sys gives Mbit/s, and -1 or an error where nobody knows."""
    speed = integer(files, f"{CLASS}{device}/speed")
    return Missing(Reason.NOT_SUPPORTED, "the driver knows no speed") if speed == -1 else scaled(speed, times=125_000)


def parse_netclass(files: Files, at: float, exclude: re.Pattern[str]) -> tuple[Table, ...]:
    """Parse the attributes of every interface: kernel's ABI/testing/sysfs-class-net."""
    devices = [name for name in folders(files, CLASS) if not exclude.search(name) and f"{CLASS}{name}/ifindex" in files]
    rows = [(device,) for device in devices]
    readings = [[_attribute(files, device, file) for file in ATTRIBUTES] for device in devices]
    names = [(device, *(text_of(files, f"{CLASS}{device}/{name}") for name in NAMES)) for device in devices]
    ones = [1] * len(devices)
    up = [int(row[-1] == "up") for row in names]
    return (
        table(at, _CLASS, ("device",), rows, list(per_row(readings, len(_CLASS)))),
        table(at, _INFO, ("device", *NAMES), names, [ones]),
        table(at, _UP, ("device",), rows, [up]),
    )


def _attribute(files: Files, device: str, file: str) -> Value | Missing:
    if file == "speed":
        return speed_bytes(files, device)
    text = files.get(f"{CLASS}{device}/{file}")
    return ABSENT if text is None else integer(files, f"{CLASS}{device}/{file}", 0)


_BONDING = (
    Family("node_bonding_slaves", GAUGE, "Interfaces configured for this bond.", f"/{CLASS}bonding/slaves"),
    Family("node_bonding_active", GAUGE, "Interfaces of it whose link is up.", f"/{CLASS}bonding_slave/mii_status"),
)


def parse_bonding(files: Files, at: float) -> tuple[Table, ...]:
    """Parse how many interfaces each bond has and how many of them carry: kernel's networking/bonding.rst."""
    masters = text_of(files, f"{CLASS}bonding_masters").split()
    readings = []
    for master in masters:
        slaves = text_of(files, f"{CLASS}{master}/bonding/slaves").split()
        states = [text_of(files, f"{CLASS}{slave}/bonding_slave/mii_status") for slave in slaves]
        readings.append((len(slaves), states.count("up")))
    return (table(at, _BONDING, ("master",), [(master,) for master in masters], list(per_row(readings, 2))),)
