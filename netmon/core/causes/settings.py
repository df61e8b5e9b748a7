"""Which rules tell what about the network: the table from names of limits to signs of causes."""

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

Names: TypeAlias = Annotated[tuple[str, ...], Field(max_length=100)]


class CauseSettings(BaseModel):
    """Names of limits and other rules whose alerts are signs of a cause. A rule is one kind of sign at most.

    Alerts of all other rules, and of these where the inventory does not know what they speak of, are grouped by place.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    unreachable: Names = ("device_unreachable",)  # the target does not answer netmon
    port_down: Names = ("interface_down",)  # a port of the target is down
    light_low: Names = ("optical_power_low",)  # a port of the target receives too little light, but works
    light_falling: Names = ("optical_power_falling",)  # it receives enough, but will not for long
    power_lost: Names = ("ups_on_battery",)  # the target's site has no mains
    application_down: Names = ("application_down",)  # the target, an application, does not work
    # What says no more than one of ours does, and later: it goes where ours about the same target is. By itself it is a
    # sign only of what netmon does not poll. First, the words for "does not answer" of most rules in Prometheus.
    also_unreachable: Names = ("InstanceDown", "TargetDown")
    also_power_lost: Names = ("ups_battery_emptying", "ups_battery_low")
    trailing_s: float = Field(default=600, ge=0, le=86_400)  # it may last for so long when ours is over
    # What a cause explained stays in its incident for so long when the cause is over: it may only not be polled yet.
    grace_s: float = Field(default=60, ge=0, le=86_400)
    not_polling: Names = ("netmon_collector_stopped",)  # while one fires, others' words are signs like ours
    port_labels: Names = ("ifName", "ifDescr")  # labels that name a port; the first that the inventory knows counts

    @model_validator(mode="after")
    def _one_kind(self) -> "CauseSettings":
        kinds = (
            self.unreachable,
            self.port_down,
            self.light_low,
            self.light_falling,
            self.power_lost,
            self.application_down,
            self.also_unreachable,
            self.also_power_lost,
            self.not_polling,
        )
        names = [name for kind in kinds for name in set(kind)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} cannot be more than one kind of sign")
        return self
