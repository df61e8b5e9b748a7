"""What can be set about capacities. No numpy here: every daemon reads all settings."""

from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from pydantic import Field, field_validator, model_validator

from rules.traffic.detector import AddressText, DetectorBase, Model


class ServiceAt(Model):
    """One application of one server."""

    address: AddressText
    port: int = Field(ge=1, le=65_535)
    protocol: Literal["tcp", "udp"] = "tcp"


class LinkAt(Model):
    """An interface of a device that exports flows."""

    device: str = Field(min_length=1)  # its name in the inventory, or its address
    port: str = Field(min_length=1)  # its ifName where the device tells names, or its ifIndex


class Capacity(Model):
    """What a link, a prefix or a service can carry, each direction by itself."""

    name: str = Field(min_length=1, max_length=100)  # as findings and metrics call it
    prefix: IPv4Network | IPv6Network | None = None
    service: ServiceAt | None = None
    link: LinkAt | None = None
    bits_per_second: float | None = Field(default=None, gt=0)
    packets_per_second: float | None = Field(default=None, gt=0)
    connections_per_second: float | None = Field(default=None, gt=0)  # that are begun with it

    @model_validator(mode="after")
    def _whole(self) -> "Capacity":
        if sum(each is not None for each in (self.prefix, self.service, self.link)) != 1:
            raise ValueError("a capacity is of one thing; write prefix, service or link")
        if not any((self.bits_per_second, self.packets_per_second, self.connections_per_second)):
            raise ValueError(
                "a capacity needs a number; write bits_per_second, packets_per_second or connections_per_second"
            )
        return self


class OverloadSettings(DetectorBase):
    """Settings of the rule overload."""

    capacities: tuple[Capacity, ...] = Field(default=(), max_length=200)
    share: float = Field(default=0.9, gt=0, le=1)  # of the capacity, from which it is told
    back_share: float = Field(default=0.9, gt=0, le=1)  # of that, below which it is over
    for_s: float = Field(default=5.0, ge=0)  # how long it must last; one window where that is longer
    full_share: float = Field(default=0.98, gt=0)  # of the capacity: an error, and with an attack critical
    quiet_s: float = Field(default=30.0, gt=0)  # below for so long: it is over
    repeat_s: float = Field(default=60.0, gt=0)  # how often one that lasts is said again
    known_after_s: float = Field(default=600.0, ge=0)  # watched for so long, it is known who usually comes
    generation_s: float = Field(default=86_400.0, gt=0)  # who did not come for one to two of these is new again

    @field_validator("capacities")
    @classmethod
    def _named_apart(cls, capacities: tuple[Capacity, ...]) -> tuple[Capacity, ...]:
        if len({one.name for one in capacities}) < len(capacities):
            raise ValueError("two capacities have one name; give each its own")
        return capacities
