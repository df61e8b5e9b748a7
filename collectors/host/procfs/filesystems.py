"""What filesystems tell of themselves: XFS, btrfs and ZFS."""

import re

from collectors.host.procfs.shape import (
    COUNTER,
    GAUGE,
    UNTYPED,
    Files,
    family,
    folders,
    info,
    integer,
    lines,
    parsing,
    scalars,
    scaled,
    table,
    text_of,
)
from netmon.api import Family, Missing, Reason, Table, Value

_XFS_ROOT = "sys/fs/xfs/"
# Line of /sys/fs/xfs/*/stats/stats → node_exporter's names of its numbers, in order (kernel's fs/xfs/xfs_stats.h).
_BTREE = ("lookups", "compares", "records_inserted", "records_deleted")
_XFS = {
    b"extent_alloc": ("extent_allocation", ("extents_allocated", "blocks_allocated", "extents_freed", "blocks_freed")),
    b"abt": ("allocation_btree", _BTREE),
    b"blk_map": (
        "block_mapping",
        (
            "reads",
            "writes",
            "unmaps",
            "extent_list_insertions",
            "extent_list_deletions",
            "extent_list_lookups",
            "extent_list_compares",
        ),
    ),
    b"bmbt": ("block_map_btree", _BTREE),
    b"dir": ("directory_operation", ("lookup", "create", "remove", "getdents")),
    b"ig": (
        "inode_operation",
        ("attempts", "found", "recycled", "missed", "duplicates", "reclaims", "attribute_changes"),
    ),
    b"rw": ("", ("write_calls", "read_calls")),
    b"vnodes": ("vnode", ("active", "allocate", "get", "hold", "release", "reclaim", "remove")),
}


def parse_xfs(files: Files, at: float) -> tuple[Table, ...]:
    """Parse what each XFS filesystem did since it was mounted."""
    by_family: dict[Family, list[tuple[str, int]]] = {}
    for device in folders(files, _XFS_ROOT):
        path = f"{_XFS_ROOT}{device}/stats/stats"
        if path not in files:
            continue
        with parsing(path):
            for line in lines(files, path):
                words = line.split()
                prefix, names = _XFS.get(words[0], ("", ()))
                for name, word in zip(names, words[1:], strict=False):
                    full = f"node_xfs_{prefix}_{name}_total" if prefix else f"node_xfs_{name}_total"
                    of = family(full, COUNTER, f"{name} of the filesystem.", f"/{_XFS_ROOT}stats")
                    by_family.setdefault(of, []).append((device, int(word)))
    return tuple(
        table(at, (of,), ("device",), [(device,) for device, _ in found], [[value for _, value in found]])
        for of, found in by_family.items()
    )


_ARC = "proc/spl/kstat/zfs/arcstats"


def parse_zfs(files: Files, at: float) -> tuple[Table, ...]:
    """Parse ZFS's cache: after two lines of heading, `name type number`."""
    with parsing(_ARC):
        rows = [line.split() for line in lines(files, _ARC)[2:]]
        values = [int(row[2]) for row in rows]
    names = [re.sub(r"[^a-zA-Z0-9_]", "_", row[0].decode("ascii", "replace")) for row in rows]
    families = tuple(family(f"node_zfs_arc_{name}", UNTYPED, f"{name} of arcstats.", f"/{_ARC}") for name in names)
    return (scalars(at, families, values),)


_BTRFS = "sys/fs/btrfs/"
_GROUPS = ("data", "metadata", "system")
_LEVELS = ("single", "dup", "raid0", "raid1", "raid1c3", "raid1c4", "raid5", "raid6", "raid10")
BTRFS_FILES = (
    "label",
    *(f"allocation/{group}/bytes_reserved" for group in _GROUPS),
    *(
        f"allocation/{group}/{level}/{file}"
        for group in _GROUPS
        for level in _LEVELS
        for file in ("used_bytes", "total_bytes")
    ),
    "allocation/global_rsv_size",
)


def parse_btrfs(files: Files, at: float) -> tuple[Table, ...]:
    """Parse how each btrfs filesystem divided its space: kernel's ABI/testing/sysfs-fs-btrfs."""
    tables: list[Table] = []
    for uuid in (name for name in folders(files, _BTRFS) if f"{_BTRFS}{name}/allocation/global_rsv_size" in files):
        tables += _one_btrfs(files, at, uuid)
    return tuple(tables)


def _btrfs(name: str, text: str) -> Family:
    return family(f"node_btrfs_{name}", GAUGE, text, f"/{_BTRFS}")


def _one_btrfs(files: Files, at: float, uuid: str) -> list[Table]:
    at_uuid = f"{_BTRFS}{uuid}/"
    label = text_of(files, f"{at_uuid}label")
    tables = [
        info(at, "node_btrfs_info", "The filesystem; always 1.", f"/{_BTRFS}", {"uuid": uuid, "label": label}),
        table(
            at,
            (_btrfs("global_rsv_size_bytes", "Size of the global reserve."),),
            ("uuid",),
            [(uuid,)],
            [[integer(files, f"{at_uuid}allocation/global_rsv_size")]],
        ),
    ]
    groups = [group for group in _GROUPS if f"{at_uuid}allocation/{group}/bytes_reserved" in files]
    tables.append(
        table(
            at,
            (_btrfs("reserved_bytes", "Bytes reserved."),),
            ("uuid", "block_group_type"),
            [(uuid, group) for group in groups],
            [[integer(files, f"{at_uuid}allocation/{group}/bytes_reserved") for group in groups]],
        )
    )
    rows: list[tuple[str, ...]] = []
    columns: list[list[Value | Missing]] = [[], []]
    for group in groups:
        for level in _LEVELS:
            folder = f"{at_uuid}allocation/{group}/{level}/"
            if f"{folder}total_bytes" in files:
                rows.append((uuid, group, level))
                columns[0].append(integer(files, f"{folder}used_bytes"))
                columns[1].append(integer(files, f"{folder}total_bytes"))
    disks = len(folders(files, f"{at_uuid}devices/"))
    ratios = [_ratio(row[2], disks) for row in rows]
    tables.append(table(at, (_ALLOCATION,), ("uuid", "block_group_type", "mode"), rows, [ratios]))
    families = (
        Family("node_btrfs_used_bytes", GAUGE, "Bytes in use.", f"/{_BTRFS}", upper_limit="node_btrfs_size_bytes"),
        _btrfs("size_bytes", "Bytes allocated."),
    )
    tables.append(table(at, families, ("uuid", "block_group_type", "mode"), rows, columns))
    return [*tables, *_btrfs_devices(files, at, uuid)]


_ALLOCATION = _btrfs("allocation_ratio", "Bytes on disk for each byte stored.")
_COPIES = {"single": 1, "dup": 2, "raid0": 1, "raid1": 2, "raid1c3": 3, "raid1c4": 4, "raid10": 2}
_PARITY = {"raid5": 1, "raid6": 2}


def _ratio(level: str, disks: int) -> Value | Missing:
    if level in _COPIES:
        return _COPIES[level]
    data = disks - _PARITY[level]
    return disks / data if data > 0 else Missing(Reason.INVALID, f"{level} on {disks} disks")


def _btrfs_devices(files: Files, at: float, uuid: str) -> list[Table]:
    folder = f"{_BTRFS}{uuid}/devices/"
    devices = folders(files, folder)
    if not devices:
        return []
    sizes = [scaled(integer(files, f"{folder}{device}/size"), times=512) for device in devices]
    one = (_btrfs("device_size_bytes", "Size of a device of the filesystem."),)
    return [table(at, one, ("uuid", "device"), [(uuid, device) for device in devices], [sizes])]
