"""What can be set about the detectors of the local network."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, Field

from rules.traffic.detector import AddressText, DetectorBase, Model

_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}", re.ASCII)


def _mac(text: str) -> str:
    if not _MAC.fullmatch(text):
        raise ValueError("this is no MAC address; write it as in 00:11:22:33:44:55")
    return text


MacText: TypeAlias = Annotated[str, AfterValidator(_mac)]
Vlan: TypeAlias = Annotated[int, Field(ge=0, le=4_094)]  # IEEE 802.1Q; 0: untagged traffic


class ContestSettings(Model):
    """When an address that two machines claim is a matter."""

    window_s: float = Field(default=60.0, gt=0)  # within which claims and turns are counted
    turns: int = Field(default=3, ge=2, le=8)  # how often holder and rival must take turns: a fail-over and back is 2
    unasked_replies: int = Field(default=3, ge=2, le=8)  # to one listener, within the window, that nobody asked for
    asked_s: float = Field(default=5.0, gt=0)  # a reply within this time of a request was asked for
    held_s: float = Field(default=300.0, gt=0)  # a holder that was silent for so long has left the address
    addresses: int = Field(default=16_384, ge=16)  # remembered: a /18 full of hosts, 10 MB


class ArpSpoofingSettings(DetectorBase):
    """Settings of the rule arp_spoofing."""

    gateways: tuple[AddressText, ...] = ()  # whose loss is critical, beside those learned from DHCP and routers
    shared_addresses: tuple[AddressText, ...] = ()  # several machines answer for them by design (balance-alb, NLB)
    quiet_s: float = Field(default=120.0, gt=0)  # the attack is over when nothing was claimed for so long
    contests: ContestSettings = ContestSettings()  # when a claim is disputed


class DuplicateAddressSettings(DetectorBase):
    """Settings of the rule duplicate_address."""

    shared_addresses: tuple[AddressText, ...] = ()  # addresses that several machines answer for by design
    answered_s: float = Field(default=3.0, gt=0)  # a probe answered within this time found the address in use
    settle_s: float = Field(default=20.0, ge=0)  # a dispute younger than this is not judged: signs of an attack come
    quiet_s: float = Field(default=300.0, gt=0)  # the matter is over when both were not heard for so long
    contests: ContestSettings = ContestSettings()  # when a claim is disputed


class MacFlappingSettings(DetectorBase):
    """Settings of the rule mac_flapping."""

    moves: int = Field(default=4, ge=2, le=32)  # between two places, back and forth: roaming is 1, and back is 2
    window_s: float = Field(default=60.0, gt=0)  # within which they are counted
    quiet_s: float = Field(default=120.0, gt=0)  # over when it stayed for so long


class NewDeviceSettings(DetectorBase):
    """Settings of the rule new_device."""

    protected_vlans: tuple[Vlan, ...] = ()  # where every device is to be known; 0: untagged traffic; none: rule is off
    learning_s: float = Field(default=86_400.0, ge=0)  # from the first sight of a VLAN; what is seen then is known
    many_per_window: int = Field(default=16, ge=1)  # more new ones at once are one matter: an address table flooded
    quiet_s: float = Field(default=60.0, gt=0)  # a finding lasts so long after the device was first seen


class RogueDhcpSettings(DetectorBase):
    """Settings of the rule rogue_dhcp."""

    servers: tuple[AddressText, ...] = ()  # addresses of the servers that may lease; with them nothing is learned
    learning_s: float = Field(default=600.0, ge=0)  # servers that agree with the first are learned in this time
    first_s: float = Field(default=86_400.0, ge=0)  # the first of a VLAN is: clients may renew after hours only
    quiet_s: float = Field(default=300.0, gt=0)  # over when the server said nothing for so long: clients ask rarely


class RogueRouterSettings(DetectorBase):
    """Settings of the rule rogue_router."""

    routers: tuple[AddressText, ...] = ()  # link-local addresses of the routers; with them nothing is learned
    learning_s: float = Field(default=600.0, ge=0)  # routers that agree with the first are learned in this time
    first_s: float = Field(default=86_400.0, ge=0)  # the first of a VLAN is: some speak each 30 minutes (RFC 4861)
    flood_per_s: float = Field(default=50.0, gt=0)  # advertisements on one VLAN; a router sends one in 3 s at most
    quiet_s: float = Field(default=600.0, gt=0)  # over when silent for so long: routers advertise each 200 to 600 s


class SpanningTreeSettings(DetectorBase):
    """Settings of the rule spanning_tree."""

    roots: tuple[MacText, ...] = ()  # bridges that may be root, as 00:11:22:33:44:55; none: learned
    silent_s: float = Field(default=25.0, gt=0)  # a root that was silent for so long is gone: maximum age 20 s, and 5
    changes: int = Field(default=6, ge=2)  # topology changes that begin within the window: a storm
    changes_window_s: float = Field(default=300.0, gt=0)
    change_gap_s: float = Field(default=10.0, gt=0)  # flags nearer than this are of one change
    flood_per_s: float = Field(default=100.0, gt=0)  # BPDUs of one sender on one VLAN; by the standard one in 2 s
    quiet_s: float = Field(default=300.0, gt=0)  # over when the tree was as it is now for so long
