"""Which rules tell what about the network: the table from names of limits to signs of causes."""

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

Names: TypeAlias = Annotated[tuple[str, ...], Field(max_length=100)]


class CauseSettings(BaseModel):
    """Names of limits and other rules whose alerts are signs of a cause. A rule is one kind of sign at most.

    Alerts of all other rules, and of these where the inventory does not know what they speak of, are grouped by place.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    # The target does not answer: our own word for it, and those that rules in Prometheus mostly use.
    unreachable: Names = ("device_unreachable", "InstanceDown", "TargetDown")
    port_down: Names = ("interface_down",)  # a port of the target is down
    light_low: Names = ("optical_power_low",)  # a port of the target receives too little light, but works
    power_lost: Names = ("ups_on_battery", "ups_battery_emptying")  # the target's site has no mains
    application_down: Names = ("application_down",)  # the target, an application, does not work
    port_labels: Names = ("ifName", "ifDescr")  # labels that name a port; the first that the inventory knows counts

    @model_validator(mode="after")
    def _one_kind(self) -> "CauseSettings":
        kinds = (self.unreachable, self.port_down, self.light_low, self.power_lost, self.application_down)
        names = [name for kind in kinds for name in set(kind)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} cannot be more than one kind of sign")
        return self
