"""What the operator can set for receiving flows. Units are in the names."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from collectors.traffic.flows.endpoint import Endpoint, parse_endpoint
from collectors.traffic.flows.netflow.settings import NetFlowSettings


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _listenable(text: str) -> str:
    parse_endpoint(text)
    return text


def _prefix(value: Any) -> Any:
    """Return a prefix; ValueError says what would be right, once and not for each version of IP."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    try:
        found = ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise ValueError(f"{value!r} is no prefix; write one as 10.20.0.0/16 or 2001:db8::/32")
    if found.network_address != ip_network(value.partition("/")[0]).network_address:
        raise ValueError(f"{value!r} is an address in a prefix; write {found}")
    return found


Listen: TypeAlias = Annotated[str, AfterValidator(_listenable)]
Allowed: TypeAlias = Annotated[IPv4Network | IPv6Network, BeforeValidator(_prefix)]
_DEFAULT_LISTEN: Final = ("udp://[::]:2055", "udp://[::]:4739", "udp://[::]:6343")


class SFlowSettings(_Model):
    """How sFlow is decoded."""

    # Tunnels to look into for the addresses of the packet inside.
    tunnels: tuple[Literal["gre", "vxlan", "geneve", "ip_in_ip"], ...] = ()


class StreamSettings(_Model):
    """IPFIX over TCP and TLS (RFC 7011, 10.4)."""

    certificate: Path | None = None  # PEM, with its chain; tls:// needs it
    key: Path | None = None  # PEM; where it is not in the certificate's file
    client_ca: Path | None = None  # PEM: exporters must show a certificate signed by one of these
    client_names: tuple[
        str, ...
    ] = ()  # names that such a certificate may bear (DNS name, else common name); empty: any
    max_connections: int = Field(default=256, ge=1, le=4_096)  # of all exporters together; 130 kB each at most
    max_connections_per_address: int = Field(default=8, ge=1, le=4_096)
    idle_timeout_s: float = Field(
        default=1_800, ge=0.05, le=86_400
    )  # without a message: exporters may be quiet for long
    message_timeout_s: float = Field(default=30, ge=0.05, le=600)  # from a message's first octet to its last
    handshake_timeout_s: float = Field(default=10, ge=0.05, le=600)  # TLS, from the connection on

    @model_validator(mode="after")
    def _together(self) -> "StreamSettings":
        if self.certificate is None and (self.key is not None or self.client_ca is not None):
            raise ValueError("key and client_ca are of use with a certificate only: set certificate too")
        if self.client_names and self.client_ca is None:
            raise ValueError("client_names are of use with client_ca only: set client_ca too")
        return self


class FlowListenSettings(_Model):
    """Where flow records are received, and from whom."""

    # NetFlow and IPFIX (2055, 4739) and sFlow (6343): each address takes every kind. udp://, tcp:// or tls://.
    listen: tuple[Listen, ...] = Field(default=_DEFAULT_LISTEN, min_length=1, max_length=64)
    # Prefixes whose exporters are heard, besides the devices of the inventory. Others are dropped and counted.
    allow: tuple[Allowed, ...] = ()
    max_exporters: int = Field(default=4_096, ge=1, le=65_535)  # 112 octets each; a prefix may hold more than there are
    receive_buffer_bytes: int = Field(default=32 << 20, ge=65_536, le=1 << 30)  # of each UDP address, in the kernel
    datagram_bytes: int = Field(default=9_216, ge=1_500, le=65_536)  # longer ones are counted and not used
    batch_datagrams: int = Field(default=1_024, ge=1, le=4_096)  # read at once: 1,024 of them are 9.4 MB of buffer
    gather_s: float = Field(default=0.1, ge=0, le=0.1)  # wait so long at most for a batch that is worth its calls
    stream: StreamSettings = StreamSettings()
    netflow: NetFlowSettings = NetFlowSettings()  # and IPFIX
    sflow: SFlowSettings = SFlowSettings()

    @model_validator(mode="after")
    def _complete(self) -> "FlowListenSettings":
        if self.stream.certificate is None and any(end.scheme == "tls" for end in self.endpoints):
            raise ValueError("a tls:// address needs stream.certificate")
        return self

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the addresses of `listen`, parsed."""
        return tuple(parse_endpoint(text) for text in self.listen)
