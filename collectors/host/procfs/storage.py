"""Storage below and inside filesystems: software RAID, NVMe, XFS, btrfs and ZFS; memory that corrects its errors."""

import re
from dataclasses import dataclass

from collectors.host.procfs.shape import (
    COUNTER,
    GAUGE,
    UNTYPED,
    Files,
    Malformed,
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

MDSTAT = "proc/mdstat"
_BLOCKS = re.compile(rb"^\s*(\d+) blocks")
_DISKS = re.compile(rb"\[(\d+)/(\d+)\] \[([U_]+)\]")
_SYNC = re.compile(rb"(recovery|resync|check|reshape)\s*=\s*(?:[\d.]+%\s*\((\d+)/\d+\)|PENDING|DELAYED)")
_SYNC_STATES = {b"recovery": "recovering", b"reshape": "recovering", b"resync": "resync", b"check": "check"}
_MD_STATES = ("active", "inactive", "recovering", "resync", "check")
_MD_STATE = (Family("node_md_state", GAUGE, "1 for the state that the array is in.", f"/{MDSTAT}"),)
_MD_DISKS = (Family("node_md_disks", GAUGE, "Disks of the array by state.", f"/{MDSTAT}"),)
_MD_ARRAY = (
    Family("node_md_disks_required", GAUGE, "Disks that the array should have.", f"/{MDSTAT}"),
    Family("node_md_blocks", GAUGE, "Blocks of the array.", f"/{MDSTAT}"),
    Family("node_md_blocks_synced", GAUGE, "Blocks that are in sync.", f"/{MDSTAT}", upper_limit="node_md_blocks"),
)


@dataclass(slots=True)
class _Array:
    """An array of /proc/mdstat: md(4)."""

    name: str
    state: str
    required: int
    active: int
    spare: int
    failed: int
    down: int = 0
    blocks: int = 0
    synced: int = 0


def parse_mdadm(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the software RAID arrays and how many of their disks work."""
    found: list[_Array] = []
    with parsing(MDSTAT):
        for line in lines(files, MDSTAT):
            if line[:1].strip():
                array = _array(line)
                if array:
                    found.append(array)
            elif found and line.strip():
                _detail(found[-1], line)
    names = [(array.name,) for array in found]
    per_state = [(array.name, state) for array in found for state in _MD_STATES]
    counts = [
        (array.name, state, getattr(array, state)) for array in found for state in ("active", "failed", "spare", "down")
    ]
    return (
        table(at, _MD_STATE, ("device", "state"), per_state, [[int(a.state == s) for a in found for s in _MD_STATES]]),
        table(at, _MD_DISKS, ("device", "state"), [row[:2] for row in counts], [[row[2] for row in counts]]),
        table(
            at,
            _MD_ARRAY,
            ("device",),
            names,
            [[a.required for a in found], [a.blocks for a in found], [a.synced for a in found]],
        ),
    )


def _array(line: bytes) -> _Array | None:
    """Read `md0 : active raid1 sda1[0] sdb1[1](F)`; None for the lines that tell of no array."""
    name, colon, rest = line.partition(b":")
    words = rest.split()
    if not colon or not words or words[0] not in (b"active", b"inactive"):
        return None
    members = [word for word in words if b"[" in word]
    state = words[0].decode()
    working = len(members) if state == "active" else 0  # raid0 and linear tell no [n/m]: every member is needed
    spare = sum(b"(S)" in member for member in members)
    failed = sum(b"(F)" in member for member in members)
    return _Array(name.strip().decode("utf-8", "replace"), state, working, working, spare, failed)


def _detail(array: _Array, line: bytes) -> None:
    """Read the indented lines: blocks, `[needed/working] [UU_]`, and how far a synchronisation is."""
    if blocks := _BLOCKS.match(line):
        array.blocks = array.synced = int(blocks[1])
        if disks := _DISKS.search(line):
            array.required, array.active, array.down = int(disks[1]), int(disks[2]), disks[3].count(b"_")
    elif sync := _SYNC.search(line):
        array.state = _SYNC_STATES[sync[1]]
        array.synced = int(sync[2] or 0)


_MC = "sys/devices/system/edac/mc/"
_EDAC = tuple(
    Family(f"node_edac_{what}_errors_total", COUNTER, f"Memory errors that were {what}.", f"/{_MC}{file}")
    for what, file in (("correctable", "ce_count"), ("uncorrectable", "ue_count"))
)
_EDAC_ROW = tuple(
    Family(
        f"node_edac_csrow_{what}_errors_total", COUNTER, f"Memory errors of the row that were {what}.", f"/{_MC}{file}"
    )
    for what, file in (("correctable", "ce_count"), ("uncorrectable", "ue_count"))
)


def parse_edac(files: Files, at: float) -> tuple[Table, ...]:
    """Parse memory errors by controller and row: kernel's driver-api/edac.rst. Errors of no row are `unknown`."""
    controllers = folders(files, _MC)
    per_controller, per_row, rows = [], [], []
    for mc in controllers:
        per_controller.append([integer(files, f"{_MC}{mc}/{file}_count") for file in ("ce", "ue")])
        rows.append((mc.removeprefix("mc"), "unknown"))
        per_row.append([integer(files, f"{_MC}{mc}/{file}_noinfo_count") for file in ("ce", "ue")])
        for row in (name for name in folders(files, f"{_MC}{mc}/") if name.startswith("csrow")):
            rows.append((mc.removeprefix("mc"), row.removeprefix("csrow")))
            per_row.append([integer(files, f"{_MC}{mc}/{row}/{file}_count") for file in ("ce", "ue")])
    return (
        table(
            at,
            _EDAC,
            ("controller",),
            [(mc.removeprefix("mc"),) for mc in controllers],
            list(zip(*per_controller, strict=True)),
        ),
        table(at, _EDAC_ROW, ("controller", "csrow"), rows, list(zip(*per_row, strict=True))),
    )


_NVME = "sys/class/nvme/"


def parse_nvme(files: Files, at: float) -> tuple[Table, ...]:
    """Parse model, serial number, firmware and state of each NVMe controller."""
    labels = (("firmware_revision", "firmware_rev"), ("model", "model"), ("serial", "serial"), ("state", "state"))
    return tuple(
        info(
            at,
            "node_nvme_info",
            "The NVMe controller; always 1.",
            f"/{_NVME}",
            {"device": device} | {label: text_of(files, f"{_NVME}{device}/{file}") for label, file in labels},
        )
        for device in folders(files, _NVME)
    )


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
    if len(set(families)) != len(families):
        raise Malformed(_ARC, "tells one name twice")
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
