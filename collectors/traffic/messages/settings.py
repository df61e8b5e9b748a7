"""How many messages of each kind are kept for one window. What comes beyond is counted, not kept."""

from pydantic import BaseModel, ConfigDict, Field


class MessageSettings(BaseModel):
    """Caps on what one window holds. They bound memory: a DNS message takes 314 octets, the others 40 to 90."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    # An office's resolver answers some thousands a second; 20,000 are 6 MB, twice: one is judged while another fills.
    # Where more come, who asks least is kept whole.
    dns_messages: int = Field(default=20_000, ge=1, le=1_000_000)
    # 2,000 a window: 30 times what a /22 full of hosts claims; a flood of claims shows in its first 2,000.
    neighbour_messages: int = Field(default=2_000, ge=1, le=1_000_000)
    lease_messages: int = Field(default=2_000, ge=1, le=1_000_000)  # the same for DHCP
    router_messages: int = Field(default=2_000, ge=1, le=1_000_000)  # the same for router advertisements
    bridge_messages: int = Field(default=2_000, ge=1, le=1_000_000)  # the same: 1,000 VLANs say 500 BPDUs a second
    mac_addresses: int = Field(default=8_192, ge=1, le=65_535)  # the address table of an access switch holds 8,192
