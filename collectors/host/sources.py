"""Which files and facts each part needs: data only, so that a reader on this host or over SSH can fetch them."""

from dataclasses import dataclass

from collectors.host.procfs.filesystems import BTRFS_FILES
from collectors.host.procfs.interfaces import ATTRIBUTES, NAMES
from collectors.host.procfs.power import SUPPLY_FILES
from collectors.host.procfs.sensors import SENSOR_FILES
from collectors.host.procfs.system import DMI_FILES


@dataclass(frozen=True, slots=True)
class Source:
    """What one part reads.

    `paths` are below the root, without a leading slash. `*`, `?` and `[…]` match within one component; a name ending
    in `@` asks where a symbolic link leads; a name beginning with `@` is a fact (see `facts.py`). The part is not
    supported on a host that has none of `required` (which are read too), nor of what may stand in for them.
    """

    required: tuple[str, ...]
    instead: tuple[str, ...] = ()  # read when none of `required` is there
    paths: tuple[str, ...] = ()
    slow: bool = False  # read at the slow interval: it costs more than all the others together
    enabled: bool = True
    max_bytes: int = 1 << 20  # of each file. /proc/stat of 500 CPUs is 0.2 MB; more than this is no /proc file we know


def _each(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names.split())


TEXTFILE_MAX_BYTES = 4 << 20  # some 50,000 series
_SOCKETS_MAX_BYTES = 32 << 20  # 150 bytes for each of 200,000 sockets
_CPU = "sys/devices/system/cpu/cpu[0-9]*"
_HWMON = "sys/class/hwmon/hwmon*"
_MC = "sys/devices/system/edac/mc/mc[0-9]*"

SOURCES = {
    "cpu": Source(
        ("proc/stat",),
        paths=_each(f"{_CPU}/thermal_throttle", "core_throttle_count package_throttle_count")
        + _each(f"{_CPU}/topology", "core_id physical_package_id"),
    ),
    "stat": Source(("proc/stat",)),
    "loadavg": Source(("proc/loadavg",)),
    "meminfo": Source(("proc/meminfo",)),
    "vmstat": Source(("proc/vmstat",)),
    "pressure": Source(_each("proc/pressure", "cpu io memory irq")),
    "schedstat": Source(("proc/schedstat",)),
    "cpufreq": Source(
        _each(
            f"{_CPU}/cpufreq",
            "cpuinfo_cur_freq cpuinfo_min_freq cpuinfo_max_freq scaling_cur_freq scaling_min_freq scaling_max_freq",
        ),
    ),
    "netdev": Source(
        ("proc/net/dev",), paths=_each("sys/class/net/*", "statistics/rx_nohandler speed ifindex ifalias operstate")
    ),
    "netclass": Source(("sys/class/net/*/ifindex",), paths=_each("sys/class/net/*", " ".join((*ATTRIBUTES, *NAMES)))),
    "bonding": Source(
        ("sys/class/net/bonding_masters",), paths=_each("sys/class/net/*", "bonding/slaves bonding_slave/mii_status")
    ),
    "arp": Source(("proc/net/arp",)),
    "softnet": Source(("proc/net/softnet_stat",)),
    "netstat": Source(_each("proc/net", "netstat snmp snmp6")),
    "sockstat": Source(_each("proc/net", "sockstat sockstat6"), paths=("@pagesize",)),
    "udp_queues": Source(_each("proc/net", "udp udp6"), max_bytes=_SOCKETS_MAX_BYTES),
    "tcpstat": Source(("@tcp_diag",), _each("proc/net", "tcp tcp6"), slow=True, max_bytes=_SOCKETS_MAX_BYTES),
    "conntrack": Source(
        _each("proc/sys/net/netfilter", "nf_conntrack_count nf_conntrack_max"), paths=("proc/net/stat/nf_conntrack",)
    ),
    "diskstats": Source(("proc/diskstats",), paths=("run/udev/data/b*",)),
    "uname": Source(
        ("proc/sys/kernel/ostype",),
        paths=(*_each("proc/sys/kernel", "osrelease version hostname domainname"), "@machine"),
    ),
    "os": Source(("etc/os-release",), ("usr/lib/os-release",)),
    "time": Source(
        ("@time",),
        paths=_each("sys/devices/system/clocksource/clocksource*", "available_clocksource current_clocksource"),
    ),
    "timex": Source(("@timex",)),
    "filefd": Source(("proc/sys/fs/file-nr",)),
    "entropy": Source(_each("proc/sys/kernel/random", "entropy_avail poolsize")),
    "kernel_hung": Source(("proc/sys/kernel/hung_task_detect_count",)),
    "selinux": Source((), paths=("sys/fs/selinux/enforce", "etc/selinux/config")),
    "dmi": Source(_each("sys/class/dmi/id", " ".join(DMI_FILES))),
    "mdadm": Source(("proc/mdstat",)),
    "edac": Source(
        _each(_MC, "ce_count ue_count ce_noinfo_count ue_noinfo_count"),
        paths=_each(f"{_MC}/csrow[0-9]*", "ce_count ue_count"),
    ),
    "rapl": Source(("sys/class/powercap/*/energy_uj",), paths=("sys/class/powercap/*/name",)),
    "xfs": Source(("sys/fs/xfs/*/stats/stats",)),
    "btrfs": Source(
        ("sys/fs/btrfs/*/allocation/global_rsv_size",),
        paths=(*_each("sys/fs/btrfs/*", " ".join(BTRFS_FILES)), "sys/fs/btrfs/*/devices/*/size"),
    ),
    "zfs": Source(("proc/spl/kstat/zfs/arcstats",)),
    "powersupplyclass": Source(_each("sys/class/power_supply/*", " ".join(SUPPLY_FILES))),
    "thermal_zone": Source(
        ("sys/class/thermal/thermal_zone*/type", "sys/class/thermal/cooling_device*/type"),
        paths=(
            "sys/class/thermal/thermal_zone*/temp",
            *_each("sys/class/thermal/cooling_device*", "cur_state max_state"),
        ),
    ),
    "nvme": Source(("sys/class/nvme/nvme*/model",), paths=_each("sys/class/nvme/nvme*", "firmware_rev serial state")),
    "processes": Source(
        ("proc/[0-9]*/stat",), paths=("proc/sys/kernel/threads-max", "proc/sys/kernel/pid_max"), slow=True
    ),
    "interrupts": Source(("proc/interrupts",), enabled=False),  # a series for each interrupt of each CPU
    "systemd": Source(("@systemd",), slow=True),
    "top": Source((), slow=True),  # the programs that use most, from psutil
    "hwmon": Source(
        (f"{_HWMON}/name",),
        paths=(
            f"{_HWMON}/device@",
            *_each(_HWMON, " ".join(SENSOR_FILES)),
            *_each(f"{_HWMON}/device", " ".join(SENSOR_FILES)),
        ),
    ),
    "textfile": Source(()),  # the folder is a setting
    "filesystem": Source(("proc/1/mounts",), ("proc/self/mounts",)),
}
"""Every part, under the name of node_exporter's collector where it has one, in the order in which they are read: what
can hang (a slow sensor bus, a dead file server) comes last."""
