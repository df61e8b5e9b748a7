"""Disks and what lies on them: /proc/diskstats with udev's names, and the mounted filesystems."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.host.procfs.shape import COUNTER, GAUGE, Files, Malformed, lines, parsing, per_row, table
from netmon.api import Family, Missing, Reason, Table, Value

DISKSTATS = "proc/diskstats"
SECTOR = 512
"""Bytes: /proc/diskstats counts in these whatever the disk's own sectors are (kernel's admin-guide/iostats.rst)."""


def _disk(name: str, text: str, kind: object = COUNTER) -> Family:
    return Family(f"node_disk_{name}", GAUGE if kind is GAUGE else COUNTER, text, "/proc/diskstats")


# The columns after major, minor and name, and what they are multiplied with and divided by to be in the family's unit.
_COLUMNS = (
    (_disk("reads_completed_total", "Reads completed."), 1, 1),
    (_disk("reads_merged_total", "Reads merged with another."), 1, 1),
    (_disk("read_bytes_total", "Bytes read."), SECTOR, 1),
    (_disk("read_time_seconds_total", "Seconds that all reads took together."), 1, 1000),
    (_disk("writes_completed_total", "Writes completed."), 1, 1),
    (_disk("writes_merged_total", "Writes merged with another."), 1, 1),
    (_disk("written_bytes_total", "Bytes written."), SECTOR, 1),
    (_disk("write_time_seconds_total", "Seconds that all writes took together."), 1, 1000),
    (_disk("io_now", "Requests in progress.", GAUGE), 1, 1),
    (_disk("io_time_seconds_total", "Seconds in which the disk was busy."), 1, 1000),
    (_disk("io_time_weighted_seconds_total", "Seconds that all requests took together, waiting included."), 1, 1000),
    (_disk("discards_completed_total", "Discards completed."), 1, 1),
    (_disk("discards_merged_total", "Discards merged with another."), 1, 1),
    (_disk("discarded_sectors_total", "Sectors discarded."), 1, 1),
    (_disk("discard_time_seconds_total", "Seconds that all discards took together."), 1, 1000),
    (_disk("flush_requests_total", "Flushes completed."), 1, 1),
    (_disk("flush_requests_time_seconds_total", "Seconds that all flushes took together."), 1, 1000),
)
# Each generation of kernels added columns: 11 up to 4.17, discards (4.18, and RHEL 8's kernel), flushes (5.5).
_GENERATIONS = ((0, 11), (11, 15), (15, 17))

_INFO_LABELS = ("device", "major", "minor", "path", "wwn", "model", "serial", "revision")
_INFO = (Family("node_disk_info", GAUGE, "What udev knows of the disk; always 1.", "/run/udev/data"),)
_DM_LABELS = ("device", "name", "uuid", "vg_name", "lv_name", "lv_layer")
_DM = (Family("node_disk_device_mapper_info", GAUGE, "What udev knows of a mapping; always 1.", "/run/udev/data"),)
_FS_LABELS = ("device", "type", "usage", "uuid", "version")
_FS = (Family("node_disk_filesystem_info", GAUGE, "The filesystem that udev found; always 1.", "/run/udev/data"),)


@dataclass(frozen=True, slots=True)
class Disk:
    """A line of /proc/diskstats."""

    device: str
    major: str
    minor: str
    counters: list[int]


def disks(files: Files, exclude: re.Pattern[str]) -> list[Disk]:
    """Return the disks that `exclude` does not match. Lines of 4 counters (partitions before 2.6.25) are left out."""
    found = []
    with parsing(DISKSTATS):
        for line in lines(files, DISKSTATS):
            major, minor, name, *words = line.split()
            device = name.decode("utf-8", "replace")
            if exclude.search(device) or len(words) == 4:
                continue
            if len(words) < 11:
                raise Malformed(DISKSTATS, f"{device} has {len(words)} counters where there should be 11 or more")
            found.append(Disk(device, str(int(major)), str(int(minor)), [int(word) for word in words]))
    return found


def parse_diskstats(files: Files, at: float, exclude: re.Pattern[str]) -> tuple[Table, ...]:
    """Parse what every disk read, wrote and waited."""
    found = disks(files, exclude)
    tables = []
    for first, end in _GENERATIONS:
        having = [disk for disk in found if len(disk.counters) >= end]
        if having or not first:
            of = _COLUMNS[first:end]
            columns = [
                _column([disk.counters[place] for disk in having], times, per)
                for place, (_, times, per) in enumerate(of, start=first)
            ]
            tables.append(
                table(at, tuple(one for one, _, _ in of), ("device",), [(disk.device,) for disk in having], columns)
            )
    return (*tables, *_udev(files, at, found))


def _column(counters: list[int], times: int, per: int) -> list[Value | Missing]:
    return [counter / per for counter in counters] if per != 1 else [counter * times for counter in counters]


def _udev(files: Files, at: float, found: list[Disk]) -> list[Table]:
    known = [(disk, udev_properties(files, disk)) for disk in found]
    infos = [_disk_info(disk, has) for disk, has in known]
    tables = [table(at, _INFO, _INFO_LABELS, infos, [[1] * len(infos)])]
    mapped = [(disk.device, *_get(has, _DM_KEYS)) for disk, has in known if "DM_NAME" in has]
    if mapped:
        tables.append(table(at, _DM, _DM_LABELS, mapped, [[1] * len(mapped)]))
    formatted = [(disk.device, *_get(has, _FS_KEYS)) for disk, has in known if "ID_FS_TYPE" in has]
    if formatted:
        tables.append(table(at, _FS, _FS_LABELS, formatted, [[1] * len(formatted)]))
    return tables


_DM_KEYS = ("DM_NAME", "DM_UUID", "DM_VG_NAME", "DM_LV_NAME", "DM_LV_LAYER")
_FS_KEYS = ("ID_FS_TYPE", "ID_FS_USAGE", "ID_FS_UUID", "ID_FS_VERSION")


def _get(has: Mapping[str, str], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(has.get(key, "") for key in keys)


def _disk_info(disk: Disk, has: Mapping[str, str]) -> tuple[str, ...]:
    serial = has.get("SCSI_IDENT_SERIAL") or has.get("ID_SERIAL_SHORT", "")
    path, wwn, model, revision = _get(has, ("ID_PATH", "ID_WWN", "ID_MODEL", "ID_REVISION"))
    return (disk.device, disk.major, disk.minor, path, wwn, model, serial, revision)


def udev_properties(files: Files, disk: Disk) -> dict[str, str]:
    """Return udev's properties of a block device: the lines `E:NAME=value` of its record in /run/udev/data."""
    record = files.get(f"run/udev/data/b{disk.major}:{disk.minor}", b"").decode("utf-8", "replace")
    pairs = (line[2:].partition("=") for line in record.splitlines() if line.startswith("E:"))
    return {name: value for name, equals, value in pairs if equals}


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of /proc/mounts, its octal escapes undone."""

    device: str
    mountpoint: str
    fstype: str
    readonly: bool


_ESCAPE = re.compile(r"\\([0-3][0-7]{2})")


def _plain(word: bytes) -> str:
    """Undo fstab(5)'s escapes: space, tab, newline and backslash as three octal digits."""
    text = word.decode("utf-8", "surrogateescape")
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text) if "\\" in text else text


def mounts(files: Files, exclude_points: re.Pattern[str], exclude_types: re.Pattern[str]) -> list[Mount]:
    """Return the mounts that neither pattern excludes, each set of labels once (the first, as `df` does)."""
    path = mounts_path(files)
    found: dict[tuple[str, str, str], Mount] = {}
    with parsing(path):
        for line in lines(files, path):
            device, point, fstype, options = line.split(b" ")[:4]
            mount = Mount(_plain(device), _plain(point), _plain(fstype), b"ro" in options.split(b","))
            if not exclude_points.search(mount.mountpoint) and not exclude_types.search(mount.fstype):
                found.setdefault((mount.device, mount.mountpoint, mount.fstype), mount)
    return list(found.values())


def mounts_path(files: Files) -> str:
    """Return which file tells the mounts: those of process 1, which sees what a service in a sandbox does not."""
    return "proc/1/mounts" if "proc/1/mounts" in files else "proc/self/mounts"


@dataclass(frozen=True, slots=True)
class Space:
    """What statvfs(3) says of a filesystem: bytes and inodes."""

    size: int
    free: int
    avail: int
    files: int
    files_free: int


_FILESYSTEM = tuple(
    Family(f"node_filesystem_{name}", GAUGE, text, "statvfs", upper_limit=limit)
    for name, text, limit in (
        ("size_bytes", "Size of the filesystem.", ""),
        ("free_bytes", "Bytes free, those kept for root included.", "node_filesystem_size_bytes"),
        ("avail_bytes", "Bytes that an ordinary user can have.", "node_filesystem_size_bytes"),
        ("files", "Inodes of the filesystem.", ""),
        ("files_free", "Inodes free.", "node_filesystem_files"),
        ("readonly", "1 when it is mounted read-only.", ""),
        ("device_error", "1 when its figures could not be read.", ""),
    )
)


def parse_filesystem(at: float, found: list[Mount], spaces: Mapping[str, Space | Missing]) -> tuple[Table, ...]:
    """Lay out what statvfs said of every mount; the shell around asked it, because that can hang for hours."""
    rows = [(clean(mount.device), clean(mount.mountpoint), clean(mount.fstype)) for mount in found]
    readings = [_readings(mount, spaces.get(mount.mountpoint, _UNASKED)) for mount in found]
    columns = list(per_row(readings, len(_FILESYSTEM)))
    return (table(at, _FILESYSTEM, ("device", "mountpoint", "fstype"), rows, columns),)


_UNASKED = Missing(Reason.DEADLINE, "the poll's time ended before this filesystem was asked")


def _readings(mount: Mount, space: Space | Missing) -> list[Value | Missing]:
    flags: list[Value | Missing] = [int(mount.readonly), int(isinstance(space, Missing))]
    if isinstance(space, Missing):
        return [space] * 5 + [Missing(space.reason, space.detail), flags[1]]
    return [space.size, space.free, space.avail, space.files, space.files_free, *flags]


def clean(text: str) -> str:
    """Return a name from the filesystem as valid Unicode, for a label."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
