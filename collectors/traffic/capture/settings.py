"""What can be set about reading captures."""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LARGEST: Final = 262_144
"""Octets of the longest packet that is read: libpcap's own limit, above any frame that a link carries."""

BATCH: Final = 4_096
"""Records of a file decoded at once: 1 MB of them and their frames' places."""

RING_BATCH: Final = 2_048
"""Records of a ring decoded at once: 400 kB, which stays in a core's cache beside what the tables touch. Half of it
costs more calls, twice of it more memory: each some 5% of the whole way."""


class CaptureSettings(BaseModel):
    """How capture files are read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    buffer_bytes: int = Field(default=1 << 20, ge=1 << 19, le=1 << 28)  # of a file in memory at once


class RingSettings(BaseModel):
    """How an interface is listened to."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    block_bytes: int = Field(default=1 << 19, ge=1 << 16, le=1 << 24, multiple_of=1 << 16)  # handed over at once
    blocks: int = Field(default=128, ge=8, le=4096)  # 64 MB: a second of a full 1 Gbit/s link
    kept_blocks: int = Field(default=32, ge=0)  # newest ones kept as evidence: 16 MB; 0: none
    block_timeout_ms: int = Field(default=100, ge=1, le=10_000)  # after so long a block comes also when it is not full
    snaplen_bytes: int = Field(default=65_535, ge=64, le=LARGEST)  # captured of each frame
    bulk_bytes: int = Field(
        default=256, ge=160, le=LARGEST
    )  # of TCP and UDP but DNS, DHCP and tunnels: their headers fit
    promiscuous: bool = True  # also frames that are addressed to others, as on a mirror port
    outgoing: bool = True  # also frames that this host sends; on loopback each packet counts once in any case
    filter: str = Field(default="", max_length=8_192)  # a tcpdump expression; empty: everything
    fanout_group: int | None = Field(default=None, ge=0, le=65_535)  # processes of one group share the interface

    @model_validator(mode="after")
    def _keeps_some_for_the_kernel(self) -> Self:
        if self.kept_blocks == 1 or self.kept_blocks > self.blocks // 2:
            raise ValueError("kept_blocks is 0, or from 2 up to half of blocks: the kernel fills the others")
        return self
