"""What can be set about reading captures."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

LARGEST: Final = 262_144
"""Octets of the longest packet that is read: libpcap's own limit, above any frame that a link carries."""

BATCH: Final = 4_096
"""Records decoded at once: 1 MB of them and their frames' places, which stays in a core's cache."""


class CaptureSettings(BaseModel):
    """How capture files are read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    buffer_bytes: int = Field(default=1 << 20, ge=1 << 19, le=1 << 28)  # of a file in memory at once
