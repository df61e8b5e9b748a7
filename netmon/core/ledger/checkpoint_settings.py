"""What the operator can set about checkpoints. Units are in the names."""

from pydantic import BaseModel, ConfigDict, Field


class CheckpointSettings(BaseModel):
    """When the ledger is sealed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # What was written since the last checkpoint can be changed unseen by who has this host. One is about 350 bytes.
    interval_s: float = Field(default=60, ge=1, le=86_400)
