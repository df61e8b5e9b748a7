"""The system as a whole: its name and release, its limits, and what the firmware says of the machine."""

from collectors.host.procfs.shape import (
    COUNTER,
    GAUGE,
    Files,
    info,
    integer,
    lines,
    parsing,
    scalars,
    table,
    text_of,
)
from netmon.api import Family, Missing, Reason, Table, Value

_KERNEL = "proc/sys/kernel/"


def parse_uname(files: Files, at: float) -> tuple[Table, ...]:
    """Parse uname(2) from /proc/sys/kernel; the machine's type is in no file, so it comes as a fact."""
    labels = {
        "sysname": text_of(files, f"{_KERNEL}ostype"),
        "release": text_of(files, f"{_KERNEL}osrelease"),
        "version": text_of(files, f"{_KERNEL}version"),
        "machine": text_of(files, "@machine"),
        "nodename": text_of(files, f"{_KERNEL}hostname"),
        "domainname": text_of(files, f"{_KERNEL}domainname"),
    }
    return (info(at, "node_uname_info", "Names and release of the kernel; always 1.", f"/{_KERNEL}", labels),)


_OS_LABELS = (
    "id",
    "id_like",
    "name",
    "pretty_name",
    "variant",
    "variant_id",
    "version",
    "version_id",
    "version_codename",
    "build_id",
    "image_id",
    "image_version",
)


def parse_os(files: Files, at: float) -> tuple[Table, ...]:
    """Parse os-release(5), the one in /etc before the one in /usr/lib."""
    path = "etc/os-release" if "etc/os-release" in files else "usr/lib/os-release"
    pairs = (line.partition("=") for line in text_of(files, path).splitlines() if not line.startswith("#"))
    fields = {name.lower(): _unquoted(value) for name, equals, value in pairs if equals}
    labels = {name: fields.get(name, "") for name in _OS_LABELS}
    tables = [info(at, "node_os_info", "The distribution; always 1.", f"/{path}", labels)]
    version = _leading_number(labels["version_id"])
    if version is not None:
        of = (Family("node_os_version", GAUGE, "Major and minor version of the distribution.", f"/{path}"),)
        names = ("id", "id_like", "name")
        tables.append(table(at, of, names, [tuple(labels[name] for name in names)], [[version]]))
    return tuple(tables)


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1].replace("\\", "")
    return value


def _leading_number(version: str) -> float | None:
    """Return 22.04 of "22.04.3"; None where a version is a name, such as rolling releases have."""
    major, _, rest = version.partition(".")
    minor = rest.partition(".")[0]
    if not major.isdecimal() or not major.isascii() or len(major) > 15:
        return None
    return float(f"{major}.{minor}") if minor.isdecimal() and minor.isascii() and len(minor) < 15 else float(major)


_FILEFD = (
    Family("node_filefd_allocated", GAUGE, "Open files.", "/proc/sys/fs/file-nr", upper_limit="node_filefd_maximum"),
    Family("node_filefd_maximum", GAUGE, "Files that can be open.", "/proc/sys/fs/file-nr"),
)


def parse_filefd(files: Files, at: float) -> tuple[Table, ...]:
    """Parse open files and their limit: kernel's admin-guide/sysctl/fs.rst."""
    path = "proc/sys/fs/file-nr"
    with parsing(path):
        (line,) = lines(files, path)
        allocated, _, maximum = line.split()
        return (scalars(at, _FILEFD, [int(allocated), int(maximum)]),)


_RANDOM = "proc/sys/kernel/random/"
_ENTROPY = (
    Family("node_entropy_available_bits", GAUGE, "Entropy in the pool.", f"/{_RANDOM}entropy_avail"),
    Family("node_entropy_pool_size_bits", GAUGE, "Size of the pool.", f"/{_RANDOM}poolsize"),
)


def parse_entropy(files: Files, at: float) -> tuple[Table, ...]:
    """Parse the entropy pool: random(4)."""
    return (scalars(at, _ENTROPY, [integer(files, _RANDOM + name) for name in ("entropy_avail", "poolsize")]),)


_HUNG = (
    Family(
        "node_kernel_hung_task_detect_count",
        COUNTER,
        "Tasks found hung since boot.",
        f"/{_KERNEL}hung_task_detect_count",
    ),
)


def parse_kernel_hung(files: Files, at: float) -> tuple[Table, ...]:
    """Parse how many tasks hung: kernel's admin-guide/sysctl/kernel.rst, from 6.13 on."""
    return (scalars(at, _HUNG, [integer(files, f"{_KERNEL}hung_task_detect_count")]),)


_SELINUX = tuple(
    Family(f"node_selinux_{name}", GAUGE, text, "/sys/fs/selinux")
    for name, text in (
        ("enabled", "1 while SELinux is on."),
        ("config_mode", "Configured mode: 1 enforcing, 0 permissive, -1 disabled."),
        ("current_mode", "Mode now: 1 enforcing, 0 permissive."),
    )
)
_SELINUX_MODES = {"enforcing": 1, "permissive": 0, "disabled": -1}


def parse_selinux(files: Files, at: float) -> tuple[Table, ...]:
    """Parse whether SELinux is on; without its filesystem it is off."""
    if "sys/fs/selinux/enforce" not in files:
        return (scalars(at, _SELINUX[:1], [0]),)
    config = text_of(files, "etc/selinux/config").splitlines()
    modes = [line.partition("=")[2].strip() for line in config if line.startswith("SELINUX=")]
    unknown = Missing(Reason.MALFORMED, "/etc/selinux/config has no line SELINUX=enforcing, permissive or disabled")
    configured: Value | Missing = _SELINUX_MODES.get(modes[-1], unknown) if modes else unknown
    return (scalars(at, _SELINUX, [1, configured, integer(files, "sys/fs/selinux/enforce")]),)


_DMI = "sys/class/dmi/id/"
DMI_FILES = [
    "bios_date",
    "bios_release",
    "bios_vendor",
    "bios_version",
    "board_asset_tag",
    "board_name",
    "board_serial",
    "board_vendor",
    "board_version",
    "chassis_asset_tag",
    "chassis_serial",
    "chassis_vendor",
    "chassis_version",
    "product_family",
    "product_name",
    "product_serial",
    "product_sku",
    "product_uuid",
    "product_version",
    "sys_vendor",
]


def parse_dmi(files: Files, at: float) -> tuple[Table, ...]:
    """Parse what the firmware says of the machine; serial numbers are there for root only."""
    there = {name: text_of(files, _DMI + name) for name in DMI_FILES if _DMI + name in files}
    labels = {("system_vendor" if name == "sys_vendor" else name): value for name, value in there.items()}
    return (info(at, "node_dmi_info", "Vendor, product and firmware of the machine; always 1.", f"/{_DMI}", labels),)
