"""What can be set about the detectors: one section each, under the detector's name."""

from pydantic import BaseModel, ConfigDict, Field

from rules.traffic.local.arp_spoofing import ArpSpoofingSettings


class DetectorSettings(BaseModel):
    """`traffic.detectors`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    arp_spoofing: ArpSpoofingSettings = Field(default_factory=ArpSpoofingSettings)
