"""What can be set about baselines. One set of parameters serves every series.

Time is counted in steps of `step_s`, the interval of most series that the parameters were tried on: a series that is
polled more often learns less from each value, one that is polled less often counts by its values.
"""

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DetectorSettings(_Model):
    """How a series is learnt and its errors are weighed. Rates are shares of the difference taken over in a step."""

    step_s: float = Field(default=300.0, gt=0)  # what counts as one step of time
    warm_steps: float = Field(default=144.0, ge=1)  # before the first score
    warm_days: float = Field(default=1.0, ge=0)  # the same, so that the series was seen once around the clock
    grown_steps: float = Field(default=1_000.0, ge=1)  # until a score counts in full: a short past surprises easily
    fast: float = Field(default=0.05, gt=0, le=1)  # of the level of the last two hours
    slow: float = Field(default=0.01, gt=0, le=1)  # of the level of the last eight hours
    daily: float = Field(default=0.2, gt=0, le=1)  # of the value that is usual at a time of day
    shift: float = Field(default=0.2, gt=0, le=1)  # of the distance from what is usual then
    forget: float = Field(default=0.0005, ge=0, lt=1)  # of the largest error known: half in five days
    floor: float = Field(default=0.03, gt=0)  # share of the range below which an error is none
    resolution: float = Field(default=0.001, gt=0)  # share of the level below which a difference is none
    beyond: float = Field(default=0.04, gt=0)  # share of the range by which a new extreme is a full surprise
    range_weight: float = Field(default=3.0, gt=0)  # of a new extreme; each other part counts once
    most: float = Field(default=2.0, gt=0)  # multiples of the largest known that an error counts; their square is added
    half: float = Field(default=2.8, gt=0)  # sum of the parts that is scored 0.5: nearly a full new extreme alone
    rest_steps: float = Field(default=200.0, gt=0)  # until a sum half as high is news after an anomaly


class BaselineSettings(_Model):
    """How unusual a series must be, and how much of it is said."""

    threshold: float = Field(default=0.5, gt=0, lt=1)  # score from which a value is called an anomaly
    attention_per_minute: int = Field(default=10, ge=0, le=10_000)  # anomalies that are said, the highest scores first
    repeat_s: float = Field(default=300.0, gt=0)  # how often a declared anomaly that lasts is said again
    calm_s: float = Field(default=900.0, gt=0)  # how long it must have been ordinary again to be over
    declared_max: int = Field(default=10_000, ge=1)  # declared anomalies followed at a time: twice our largest network
    detector: DetectorSettings = Field(default_factory=DetectorSettings)
