"""Addresses to receive flows at, as operators write them: udp://ADDRESS:PORT."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal, TypeAlias, cast

Scheme: TypeAlias = Literal["udp", "tcp", "tls"]
_SCHEMES: Final = ("udp", "tcp", "tls")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address to listen at."""

    scheme: Scheme
    address: str  # IPv4 or IPv6; :: hears both
    port: int  # 0: the kernel chooses

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{host}:{self.port}"


def parse_endpoint(text: str) -> Endpoint:
    """Return what `udp://192.0.2.1:2055` or `tls://[::]:4740` means; ValueError with what would be right."""
    scheme, _, rest = text.partition("://")
    host, colon, port = rest.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        colon = ""
    try:
        address = str(ip_address(host))
    except ValueError:
        colon = ""
        address = ""
    if scheme not in _SCHEMES or not colon or not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise ValueError(
            f"{text!r} is no address to listen at: write udp://ADDRESS:PORT, tcp:// or tls://, as udp://[::]:2055"
        )
    return Endpoint(cast("Scheme", scheme), address, int(port))
