"""Hardware that fails: software RAID (/proc/mdstat), NVMe controllers, and memory that counts its errors (EDAC)."""

import re
from dataclasses import dataclass

from collectors.host.procfs.shape import (
    COUNTER,
    GAUGE,
    Files,
    folders,
    info,
    integer,
    lines,
    parsing,
    table,
    text_of,
)
from netmon.api import Family, Table

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
