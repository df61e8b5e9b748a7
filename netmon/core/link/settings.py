"""What the operator can set for the link between collector daemons and the core. Units are in the names."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_RECORD_BYTES = 1 << 16
"""No thing on the link is longer, whatever the settings say, so that it fits the batches of every receiver."""


class LinkSettings(BaseModel):
    """How a daemon keeps what the core has not acknowledged yet, and how it is handed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # 1 GiB holds about 3 million findings: a core that is away for a day, at 35 findings a second.
    spool_max_bytes: int = Field(default=1 << 30, ge=1 << 16)
    spool_segment_bytes: int = Field(default=8 << 20, ge=1 << 12)  # what is acknowledged is deleted by whole segments
    # What the core has not acknowledged after this time is forced to disk; half of what `Uplink` promises.
    spool_sync_s: float = Field(default=0.05, ge=0, le=1)
    # The newest unacknowledged things, kept to save reading the disk, and all there is while it cannot be written.
    # It must hold a flood: 200,000 findings.
    memory_max_bytes: int = Field(default=64 << 20, ge=1 << 16)
    max_record_bytes: int = Field(default=MAX_RECORD_BYTES, ge=1 << 10, le=MAX_RECORD_BYTES)  # of one thing

    batch_max_records: int = Field(default=1_000, ge=1, le=100_000)
    batch_max_bytes: int = Field(default=1 << 20, ge=2 * MAX_RECORD_BYTES, le=16 << 20)
    # A sender may be this many batches ahead of the acknowledgements: one is committed while the next ones travel.
    batches_in_flight: int = Field(default=4, ge=1, le=64)
    queue_max_things: int = Field(default=200_000, ge=1)  # where collector and core are one process: kept in memory

    heartbeat_s: float = Field(default=5, gt=0, le=300)
    dead_after_s: float = Field(default=20, gt=0, le=3_600)  # without a sign of life the connection is given up
    connect_timeout_s: float = Field(default=5, gt=0, le=300)
    reconnect_min_s: float = Field(default=0.1, gt=0, le=60)  # doubled after each failure, up to:
    reconnect_max_s: float = Field(default=2, gt=0, le=300)

    socket: Path | None = None  # where the core listens, or is looked for; None: link.sock in the state directory
    # What a poller calls itself; None: by its role and host. Several on one host need a name each.
    name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    max_senders: int = Field(default=32, ge=1, le=10_000)  # connected at once; each may have `batches_in_flight` here
    socket_group: str | None = Field(default=None, min_length=1)  # members may connect too; else our user and root only

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.spool_max_bytes < 2 * self.spool_segment_bytes:
            raise ValueError("spool_max_bytes must hold two segments of spool_segment_bytes at least")
        if self.dead_after_s < 2 * self.heartbeat_s:
            raise ValueError("dead_after_s must be two intervals of heartbeat_s at least")
        if self.reconnect_max_s < self.reconnect_min_s:
            raise ValueError("reconnect_max_s must not be below reconnect_min_s")
        return self
