"""What can be set about the metrics of traffic. No numpy here: every daemon reads all settings."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_PORTS = (22, 25, 53, 80, 123, 143, 161, 389, 443, 445, 587, 853, 993, 1433, 1521, 3306, 3389, 5060, 5432, 8080, 8443)

Port = Annotated[int, Field(ge=1, le=65_535)]


class MeterSettings(BaseModel):
    """How many series traffic may have on the page."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    ports: tuple[Port, ...] = Field(default=_PORTS, max_length=1_000)  # told always; the others together as "other"
    top_ports: int = Field(default=20, ge=0, le=1_000)  # the busiest of the others, told besides
    top_addresses: int = Field(default=20, ge=0, le=1_000)  # the busiest that sent, and as many that received
    followed: int = Field(default=1_024, ge=16, le=65_536)  # addresses of which one may become one of the busiest
    half_life_s: float = Field(default=300.0, gt=0)  # what was carried so long ago counts half in the ranking
    leave_s: float = Field(default=600.0, gt=0)  # who is not among the busiest for so long leaves the page
    interfaces: int = Field(default=4_096, ge=1, le=65_536)  # of exporters, whose load is told; others are counted
