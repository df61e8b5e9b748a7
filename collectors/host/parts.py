"""What one part is: a function from the poll's snapshot to tables. Here files, parsers and settings meet."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Protocol, TypeAlias

from collectors.host import sources
from collectors.host.jobs import Jobs
from collectors.host.procfs import (
    clock,
    cpu,
    disks,
    filesystems,
    interfaces,
    memory,
    netstat,
    normal,
    packets,
    power,
    processes,
    sensors,
    sockets,
    storage,
    system,
    textfile,
    units,
)
from collectors.host.procfs.shape import ABSENT, Files
from collectors.host.programs import Programs
from collectors.host.reader import TooLarge
from collectors.host.settings import HostSettings
from netmon.api import Missing, PeerError, PeerRefused, Reason, Table

PART_SHARE = 0.6
"""One part may take this share of a poll's time before it is left behind, so that those after it get theirs."""
MOUNTS_SHARE = 0.5
"""All mounts together may take this share of a poll's time: less than `PART_SHARE`, or the part is left behind."""
MOUNT_SHARE = 0.5
"""One mount may take this share of the mounts' time at most."""

Tables: TypeAlias = tuple[Table, ...]
Parser: TypeAlias = Callable[[Files, float], Tables]


class NotSupported(PeerError):
    """This host does not have what the part reads."""

    reason = Reason.NOT_SUPPORTED


class Truncated(PeerError):
    """A file is longer than we are willing to read."""

    reason = Reason.TRUNCATED


class Reads(Protocol):
    """Where files come from: `reader.Snapshot` on this host; over SSH, what one command brought."""

    @property
    def denied(self) -> Collection[str]:
        """Paths that we may not read."""

    def read(self, patterns: Iterable[str], max_bytes: int) -> dict[str, bytes]:
        """Return the contents of every file that the patterns name; see `Source.paths`. Raises TooLarge."""

    def folder(self, folder: str, suffix: str, max_bytes: int) -> dict[str, textfile.Written | Missing]:
        """Return the files of a folder whose names end so; why one could not be read, if so."""

    def space(self, mountpoint: str) -> disks.Space | Missing:
        """Return how full a filesystem is."""


@dataclass(frozen=True, slots=True)
class Poll:
    """One reading of the host: its files, when it began (Unix seconds), and how long it may take (seconds).

    `here` is False when the files are a copy below another root.
    """

    snapshot: Reads
    at: float
    deadline_s: float
    here: bool = True


def read_files(name: str, poll: Poll) -> dict[str, bytes]:
    """Read what a part needs. Raises PeerError when none of what it requires is there, or a file is too long."""
    source = sources.SOURCES[name]
    try:
        files = poll.snapshot.read(source.required, source.max_bytes)
        files = files or poll.snapshot.read(source.instead, source.max_bytes)
        if source.required and not files:
            raise _why_not(source, poll.snapshot)
        files.update(poll.snapshot.read(source.paths, source.max_bytes))
    except TooLarge as error:
        raise Truncated(str(error)) from error
    return files


def _why_not(source: sources.Source, snapshot: Reads) -> PeerError:
    wanted = (*source.required, *source.instead)
    denied = sorted(path for path in snapshot.denied if any(fnmatchcase(path, pattern) for pattern in wanted))
    if denied:
        return PeerRefused(f"no permission to read /{denied[0]}")
    first = source.required[0]
    return NotSupported("systemd does not run here" if first == "@systemd" else f"there is no /{first}")


class Parts:
    """The parts of one target under their names. Holds what must be remembered between polls."""

    def __init__(self, settings: HostSettings, mounts: Jobs[disks.Space | Missing]) -> None:
        self._settings = settings
        self._mounts = mounts
        self.names: set[str] = set()  # of families that other parts brought: no text file may speak for them
        self._clock = normal.CpuClock()
        self._programs = Programs(settings.top_processes)
        parsers = self._parsers()
        self.by_name: Mapping[str, Callable[[Poll], Tables]] = {
            name: partial(self._parse, name, parsers[name]) for name in sources.SOURCES if name in parsers
        } | {
            "filesystem": self._filesystem,
            "textfile": self._textfile,
            "top": self._top,
        }

    def _parse(self, name: str, parser: Parser, poll: Poll) -> Tables:
        return parser(read_files(name, poll), poll.at)

    def _parsers(self) -> dict[str, Parser]:
        chosen = self._settings
        return {
            "cpu": self._cpu,
            "stat": cpu.parse_stat,
            "loadavg": cpu.parse_loadavg,
            "meminfo": _meminfo,
            "vmstat": memory.parse_vmstat,
            "pressure": memory.parse_pressure,
            "schedstat": cpu.parse_schedstat,
            "cpufreq": cpu.parse_cpufreq,
            "netdev": self._netdev,
            "netclass": partial(interfaces.parse_netclass, exclude=chosen.netclass_exclude_devices),
            "bonding": interfaces.parse_bonding,
            "arp": packets.parse_arp,
            "softnet": packets.parse_softnet,
            "netstat": netstat.parse_netstat,
            "sockstat": sockets.parse_sockstat,
            "udp_queues": sockets.parse_udp_queues,
            "tcpstat": sockets.parse_tcpstat,
            "conntrack": packets.parse_conntrack,
            "diskstats": partial(disks.parse_diskstats, exclude=chosen.disk_exclude_devices),
            "uname": system.parse_uname,
            "os": system.parse_os,
            "time": clock.parse_time,
            "timex": clock.parse_timex,
            "filefd": system.parse_filefd,
            "entropy": system.parse_entropy,
            "kernel_hung": system.parse_kernel_hung,
            "selinux": system.parse_selinux,
            "dmi": system.parse_dmi,
            "mdadm": storage.parse_mdadm,
            "edac": storage.parse_edac,
            "nvme": storage.parse_nvme,
            "xfs": filesystems.parse_xfs,
            "btrfs": filesystems.parse_btrfs,
            "zfs": filesystems.parse_zfs,
            "rapl": power.parse_rapl,
            "powersupplyclass": power.parse_power_supply,
            "thermal_zone": _thermal_zone,
            "hwmon": _hwmon,
            "processes": processes.parse_processes,
            "interrupts": processes.parse_interrupts,
            "systemd": units.parse_systemd,
        }

    def _cpu(self, files: Files, at: float) -> Tables:
        ticks = self._clock.steady(cpu.cpu_ticks(files))
        return (*cpu.cpu_tables(ticks, files, at), self._clock.utilization(ticks, at))

    def _netdev(self, files: Files, at: float) -> Tables:
        counters = interfaces.dev_counters(files, self._settings.netdev_exclude_devices)
        return (interfaces.netdev_table(counters, files, at), normal.interfaces(files, counters, at))

    def _top(self, poll: Poll) -> Tables:
        if not poll.here:
            raise NotSupported("the processes of another root cannot be told through psutil")
        return self._programs.top(poll.at)

    def _textfile(self, poll: Poll) -> Tables:
        """Read the files that other programs leave for us."""
        folder = self._settings.textfile_directory
        found = poll.snapshot.folder(str(folder), ".prom", sources.TEXTFILE_MAX_BYTES) if folder else {}
        return textfile.parse_textfiles(found, self.names, poll.at)

    def _filesystem(self, poll: Poll) -> Tables:
        """Ask every mount how full it is, in another thread: a dead file server must cost only its own figures."""
        chosen = self._settings
        files = read_files("filesystem", poll)
        found = disks.mounts(files, chosen.filesystem_exclude_mount_points, chosen.filesystem_exclude_types)
        calls = {mount.mountpoint: partial(poll.snapshot.space, mount.mountpoint) for mount in found}
        deadline_s = poll.deadline_s * MOUNTS_SHARE
        spaces = self._mounts.run(calls, deadline_s, min(chosen.mount_timeout_s, deadline_s * MOUNT_SHARE))
        return (*disks.parse_filesystem(poll.at, found, spaces), normal.storage(found, spaces, poll.at))


def _meminfo(files: Files, at: float) -> Tables:
    fields = memory.meminfo(files)
    return (memory.meminfo_table(fields, at), normal.memory(fields, at))


def _hwmon(files: Files, at: float) -> Tables:
    return (*sensors.parse_hwmon(files, at), *normal.sensors(sensors.limited(files), at))


def _thermal_zone(files: Files, at: float) -> Tables:
    found = {
        f"thermal_zone{number} {kind}": sensors.Limited(value, ABSENT, ABSENT)
        for (number, kind), value in sensors.zones(files).items()
    }
    return (*sensors.parse_thermal_zone(files, at), *normal.sensors({"temp": found} if found else {}, at))
