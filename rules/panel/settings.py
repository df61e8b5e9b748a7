"""What can be set about which series are watched over time."""

import re
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

METRICS: Final = (
    # What every vendor's devices are said in, besides limits, sizes, speeds and what has two values only: whether a
    # port is up is for limits to judge.
    "netmon_(temperature_celsius|voltage_volts|current_amperes|power_watts|frequency_hertz|fan_speed_rpm)",
    "netmon_(humidity_ratio|optical_[rt]x_power_dbm|optical_bias_amperes)",
    "netmon_(cpu_utilization_ratio|memory_used_bytes|storage_used_bytes)",
    "netmon_ups_(battery_charge_ratio|runtime_remaining_seconds|load_ratio)",
    "netmon_interface_(receive|transmit)_bytes_total",
    "if(In|Out)(Errors|Discards)",
    # Of hosts, what shows that something is short there or behaves otherwise than before.
    "node_(load5|procs_blocked|forks_total|context_switches_total|filefd_allocated|nf_conntrack_entries)",
    "node_disk_(io_time_seconds|read_bytes|written_bytes)_total",
    "node_network_(receive|transmit)_(errs|drop)_total",
    "node_pressure_(cpu|io|memory)_waiting_seconds_total",
    "node_(sockstat_TCP_alloc|timex_offset_seconds)",
)


class WatchSettings(BaseModel):
    """Which series are followed beside those that packs declare, and for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    metrics: tuple[str, ...] = METRICS  # regular expressions; one must match the whole name of a gauge or counter
    # 5,000 devices of 50 series each. With the baselines' memory of it a series takes 1.7 kB: 420 MB, and one with a
    # bound some more for its forecasts.
    series_max: int = Field(default=250_000, ge=1, le=10_000_000)
    forget_after_s: float = Field(default=86_400.0, gt=0)  # a series that has brought nothing for so long is dropped

    @field_validator("metrics")
    @classmethod
    def _patterns(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in metrics:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        return metrics
