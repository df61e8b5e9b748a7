"""How the findings of the local network are put: addresses, VLANs and MACs as people write them."""

from collections.abc import Iterable
from typing import Final

from netmon.api.traffic import address_text

VIRTUAL_MACS: Final = (
    (0x0000_5E00_0100, 0xFFFF_FFFF_FF00),  # VRRP for IPv4, CARP: RFC 9568, 7.3
    (0x0000_5E00_0200, 0xFFFF_FFFF_FF00),  # VRRP for IPv6
    (0x0000_0C07_AC00, 0xFFFF_FFFF_FF00),  # HSRP
    (0x0000_0C9F_F000, 0xFFFF_FFFF_F000),  # HSRP version 2
    (0x0005_73A0_0000, 0xFFFF_FFFF_F000),  # HSRP for IPv6
    (0x0007_B400_0000, 0xFFFF_FF00_0000),  # GLBP
)
"""Values and masks of MAC addresses that belong to an address and not to a machine."""

_SHOWN: Final = 8  # addresses spelled out in evidence


def is_virtual(mac: int) -> bool:
    """Tell whether a MAC address is one that routers hand to each other."""
    return any(mac & mask == value for value, mask in VIRTUAL_MACS)


def network(vlan: int) -> str:
    """Return what a VLAN is called where a finding is about it as a whole."""
    return f"VLAN {vlan}" if vlan else "local network"


def on_vlan(vlan: object) -> str:
    """Return ` on VLAN 20`; nothing for untagged traffic."""
    return f" on VLAN {vlan}" if vlan else ""


def di_vlan(vlan: object) -> str:
    """Return the same in Indonesian."""
    return f" di VLAN {vlan}" if vlan else ""


def dari_siapa(source: object) -> str:
    """Return a finding's source in Indonesian: an address as it is, how many addresses in words."""
    count, addresses, rest = str(source).partition(" addresses")
    if not addresses or rest:
        return str(source)
    number, mac, _ = count.partition(" MAC")
    return f"{number.replace(',', '.')} alamat{' MAC' if mac else ''}"


def listed(addresses: Iterable[tuple[int, int]]) -> str:
    """Return addresses with commas, the first of them where they are many."""
    texts = [address_text(*address) for address in addresses]
    shown = ", ".join(texts[:_SHOWN])
    return f"{shown} and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else shown
