"""What the operator can set for keeping flows. Units are in the names."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_PORT: Final = re.compile(r"(?:tcp|udp|sctp)/([1-9]\d{0,4})", re.ASCII)


def _port(text: str) -> str:
    found = _PORT.fullmatch(text)
    if found is None or int(found[1]) > 65_535:
        raise ValueError("this is no port of a service; write it as in tcp/8443")
    return text


ServicePort: TypeAlias = Annotated[str, AfterValidator(_port)]


class FlowStoreSettings(BaseModel):
    """How long flows are kept, and what writing them may take."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    keep_days: int = Field(default=30, ge=1, le=3_660)  # an hour older than this goes
    max_bytes: int = Field(default=20_000_000_000, ge=1 << 20)  # of all files; the oldest hours go first
    part_s: float = Field(default=60, ge=1, le=600)  # what a crash can cost: records wait so long in memory
    merge_after_s: float = Field(default=300, ge=1, le=86_400)  # rest of an hour's last part before small ones merge
    compression_level: int = Field(default=1, ge=1, le=19)  # zstd; more saves 1% of the disk
    # Records of one file are ordered and packed at once: for a million of them 40 MB of memory beside the records.
    file_records: int = Field(default=1_048_576, ge=32_768, le=16_777_216)
    # Records in memory, 80 bytes each as exporters usually tell them, at most 212: those of no file yet, also while the
    # disk takes none (at 100 million an hour for 150 seconds), and those of parts as far as there is room.
    buffer_records: int = Field(default=4_194_304, ge=131_072, le=67_108_864)
    late_hours: int = Field(default=24, ge=1, le=744)  # a record that ended longer ago is dropped: a clock is wrong
    # What `netmon flows` calls the site's own services, by port, before the names that everybody knows.
    services: dict[ServicePort, str] = Field(default_factory=dict)
    ahead_s: float = Field(default=300, ge=0, le=3_600)  # a record that ends so far in the future is dropped
