"""Which files and facts each part needs: data only, so that a reader on this host or over SSH can fetch them."""

from dataclasses import dataclass

from collectors.host.procfs.interfaces import ATTRIBUTES, NAMES
from collectors.host.procfs.system import DMI_FILES


@dataclass(frozen=True, slots=True)
class Source:
    """What one part reads.

    `paths` are below the root, without a leading slash. `*`, `?` and `[…]` match within one component; a name ending
    in `@` asks where a symbolic link leads; a name beginning with `@` is a fact (see `facts.py`). The part is not
    supported on a host that has none of `required` (which are read too); those that end in a slash are folders.
    """

    required: tuple[str, ...]
    paths: tuple[str, ...] = ()
    slow: bool = False  # read at the slow interval: it costs more than all the others together
    enabled: bool = True
    max_bytes: int = 1 << 20  # of each file. /proc/stat of 500 CPUs is 0.2 MB; more than this is no /proc file we know


def _each(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names.split())


_SOCKETS_MAX_BYTES = 32 << 20  # 150 bytes for each of 200,000 sockets
_CPU = "sys/devices/system/cpu/cpu[0-9]*"
_HWMON = "beep_enable curr* energy* fan* humidity* in[0-9]* intrusion* power[0-9]* pwm* temp* update_interval vrm"

SOURCES = {
    "cpu": Source(
        ("proc/stat",),
        _each(f"{_CPU}/thermal_throttle", "core_throttle_count package_throttle_count")
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
        ("proc/net/dev",), _each("sys/class/net/*", "statistics/rx_nohandler speed ifindex ifalias operstate")
    ),
    "netclass": Source(("sys/class/net/*/ifindex",), _each("sys/class/net/*", " ".join((*ATTRIBUTES, *NAMES)))),
    "bonding": Source(
        ("sys/class/net/bonding_masters",), _each("sys/class/net/*", "bonding/slaves bonding_slave/mii_status")
    ),
    "arp": Source(("proc/net/arp",)),
    "softnet": Source(("proc/net/softnet_stat",)),
    "netstat": Source(_each("proc/net", "netstat snmp snmp6")),
    "sockstat": Source(_each("proc/net", "sockstat sockstat6"), ("@pagesize",)),
    "udp_queues": Source(_each("proc/net", "udp udp6"), max_bytes=_SOCKETS_MAX_BYTES),
    "tcpstat": Source(_each("proc/net", "tcp tcp6"), slow=True, max_bytes=_SOCKETS_MAX_BYTES),
    "conntrack": Source(
        _each("proc/sys/net/netfilter", "nf_conntrack_count nf_conntrack_max"), ("proc/net/stat/nf_conntrack",)
    ),
    "diskstats": Source(("proc/diskstats",), ("run/udev/data/b*",)),
    "uname": Source(
        ("proc/sys/kernel/ostype",), (*_each("proc/sys/kernel", "osrelease version hostname domainname"), "@machine")
    ),
    "os": Source(("etc/os-release", "usr/lib/os-release")),
    "time": Source(
        ("@time",),
        _each("sys/devices/system/clocksource/clocksource*", "available_clocksource current_clocksource"),
    ),
    "timex": Source(("@timex",)),
    "filefd": Source(("proc/sys/fs/file-nr",)),
    "entropy": Source(_each("proc/sys/kernel/random", "entropy_avail poolsize")),
    "kernel_hung": Source(("proc/sys/kernel/hung_task_detect_count",)),
    "selinux": Source((), ("sys/fs/selinux/enforce", "etc/selinux/config")),
    "dmi": Source(_each("sys/class/dmi/id", " ".join(DMI_FILES))),
    "filesystem": Source(_each("proc", "1/mounts self/mounts")),
}
"""Every part that comes from files, under the names of node_exporter's collectors, in the order in which they are read:
what can hang (a dead file server, a slow sensor bus) comes last."""
