"""What can be set about the tables of a window."""

from pydantic import BaseModel, ConfigDict, Field

from rules.traffic.detector import Port
from rules.traffic.tables.amplifiers import AMPLIFIERS


class TablesSettings(BaseModel):
    """How much is told apart in a window."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    rows: int = Field(default=131_072, ge=64, le=4_194_304)  # addresses by which received, and as many by who sent
    kept: int = Field(default=4_096, ge=0, le=65_536)  # busiest addresses that the next window has room for first
    amplifier_ports: tuple[Port, ...] = tuple(AMPLIFIERS)  # UDP ports whose answers count as reflected
