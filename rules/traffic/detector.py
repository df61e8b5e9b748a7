"""What the settings of all detectors have in common.

Neither here nor in any module of settings is numpy: every daemon reads all settings, also one that sees no traffic.
"""

from ipaddress import ip_address
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Model(BaseModel):
    """A settings model as all are: nothing unknown, nothing infinite, not to be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DetectorBase(Model):
    """The settings of one detector."""

    enabled: bool = True  # whether it judges at all


def _address(text: str) -> str:
    ip_address(text)  # its ValueError says what is wrong
    return text


AddressText: TypeAlias = Annotated[str, AfterValidator(_address)]
"""An IPv4 or IPv6 address, as it was written."""

Port: TypeAlias = Annotated[int, Field(ge=1, le=65_535)]
