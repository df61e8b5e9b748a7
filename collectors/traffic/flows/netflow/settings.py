"""What the operator can set for NetFlow and IPFIX. Units are in the names."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.networks import IPvAnyNetwork


class NetFlowSettings(BaseModel):
    """How flow exports are read. The limits hold for each exporter, so that none of them can starve another."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # One in so many, for exporters that sample and do not say so; the longest prefix that holds the exporter counts.
    sampling: dict[IPvAnyNetwork, Annotated[int, Field(ge=1, le=0xFFFF_FFFF)]] = Field(default_factory=dict)
    max_domains: int = Field(default=256, ge=1, le=65_536)  # of one exporter: a chassis has one for each line card
    domain_idle_s: float = Field(default=3_600, gt=0)  # silent for so long: gives its place to another, if need be
    max_templates: int = Field(default=4_096, ge=1, le=65_536)  # of one exporter: some 16 for each of its domains
    max_fields: int = Field(default=256, ge=1, le=1_024)  # of one template: the widest known have some 100
    max_changes_per_s: int = Field(default=1_000, ge=1)  # templates new or changed: all of a router's at its start
    max_options_per_s: int = Field(default=20_000, ge=1)  # options records new or changed: 0.1 s of CPU
    max_interfaces: int = Field(default=8_192, ge=0, le=65_536)  # names kept of one exporter
    max_samplers: int = Field(default=1_024, ge=0, le=65_536)  # of one exporter
    template_lifetime_s: float = Field(default=86_400, gt=0)  # neither used nor changed: gives its place to another
    waiting_octets: int = Field(default=262_144, ge=0, le=4_194_304)  # of one exporter: data before their template
    waiting_sets: int = Field(default=512, ge=0, le=8_192)  # the same, in sets
    waiting_s: float = Field(default=900, gt=0)  # exporters repeat templates every 10 to 30 minutes or sooner
    max_records: int = Field(default=1_048_576, ge=4_096, le=16_777_216)  # of one batch of datagrams: 176 MB
