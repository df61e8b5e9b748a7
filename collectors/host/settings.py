"""What the operator can set for the machine that netmon runs on. Units are in the names."""

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from collectors.host.sources import SOURCES


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PartSettings(_Model):
    """What the operator changes of one part."""

    enabled: bool = True
    interval_s: float | None = Field(default=None, ge=1, le=86_400)


class HostSettings(_Model):
    """How this host is read. The patterns and their defaults are node_exporter's."""

    interval_s: float = Field(default=15, ge=1, le=86_400)
    slow_interval_s: float = Field(default=60, ge=1, le=86_400)  # of what costs more than all the rest together
    mount_timeout_s: float = Field(default=2, gt=0, le=60)  # one filesystem may take this long; then it is left alone
    filesystem_exclude_mount_points: re.Pattern[str] = re.compile(
        r"^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)"
    )
    filesystem_exclude_types: re.Pattern[str] = re.compile(
        r"^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs"
        r"|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$"
    )
    disk_exclude_devices: re.Pattern[str] = re.compile(r"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$")
    netdev_exclude_devices: re.Pattern[str] = re.compile(r"^lo$")
    netclass_exclude_devices: re.Pattern[str] = re.compile(r"^$")
    textfile_directory: Path | None = None  # *.prom files that cron jobs leave
    top_processes: int = Field(default=10, ge=0, le=1000)  # how many programs are shown one by one
    parts: dict[str, PartSettings] = Field(default_factory=dict)

    @field_validator("textfile_directory")
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_absolute():
            raise ValueError(f"{str(folder)!r} does not begin with a slash; write the whole path")
        return folder

    @field_validator("parts")
    @classmethod
    def _known(cls, parts: dict[str, PartSettings]) -> dict[str, PartSettings]:
        unknown = sorted(parts.keys() - SOURCES.keys())
        if unknown:
            raise ValueError(f"no part is called {', '.join(unknown)}; there are {', '.join(sorted(SOURCES))}")
        return parts
