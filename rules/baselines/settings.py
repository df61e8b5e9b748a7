"""What can be set about baselines. One set of parameters serves every series."""

from pydantic import BaseModel, ConfigDict, Field


class BaselineSettings(BaseModel):
    """How unusual a series must be, and how much of it is said."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    threshold: float = Field(default=2.1, gt=0)  # score from which a sample is called an anomaly
    attention_per_minute: int = Field(default=10, ge=0, le=10_000)  # anomalies that are said, the highest scores first
    repeat_s: float = Field(default=300.0, gt=0)  # how often a declared anomaly that lasts is said again
    calm_s: float = Field(default=900.0, gt=0)  # how long it must have been ordinary again to be over
    declared_max: int = Field(default=10_000, ge=1)  # declared anomalies followed at a time: twice our largest network
