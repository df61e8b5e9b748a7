"""What the operator can set for serving metrics. Units are in the names."""

from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

DEFAULT_LISTEN = "127.0.0.1:19100"
"""Loopback, because the page tells much about a network and has no password by default. 19100 is free in IANA's
register, lies below Linux's ephemeral ports (32768 and up) and outside 9100 to 9999, which Prometheus's list of
exporters has given away to the last number."""


def split_address(address: str) -> tuple[str, int]:
    """Split `host:port`, `[v6]:port` or `:port` (every address of this host); ValueError says what would be right."""
    host, colon, port = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{address!r}: an IPv6 address stands in brackets, as in [::1]:19100")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{address!r} is not an address to listen on; write host:port, as in {DEFAULT_LISTEN}")
    return host, int(port)


def _listen(address: str) -> str:
    split_address(address)
    return address


def _url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is not a base URL; write it as in https://netmon.example.net/monitoring")
    return url.rstrip("/")


ListenAddress: TypeAlias = Annotated[str, AfterValidator(_listen)]
BaseUrl: TypeAlias = Annotated[str, AfterValidator(_url)]


class WebSettings(BaseModel):
    """Where and how metrics are served."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: tuple[ListenAddress, ...] = Field(default=(DEFAULT_LISTEN,), min_length=1)
    web_config_file: Path | None = None  # TLS and passwords, in the form that Prometheus exporters share
    external_url: BaseUrl | None = None  # where others reach us when that is not where they ask for /sd (a proxy)

    # A reading that no newer one replaced is dropped at this age, or at 2.5 intervals of its part if that is later.
    # Five minutes is how far Prometheus itself looks back.
    stale_after_s: float = Field(default=300, ge=1, le=86_400)
    # How long /metrics still shows the last readings of a target that does not answer. 0: not at all, as on its own
    # page, because a counter that is repeated looks like a link without traffic.
    hold_unreachable_s: float = Field(default=0, ge=0, le=86_400)

    gzip: bool = True  # off saves CPU where Prometheus runs on the same host
    cache_bytes: int = Field(default=32 << 20, ge=0)  # rendered text kept for what did not change: 200,000 series
    max_connections: int = Field(default=1_000, ge=1)  # kept open at once; more are answered 503
    max_pages: int = Field(default=16, ge=1)  # of /metrics written at once; more are answered 503
    page_timeout_s: float = Field(default=60, gt=0, le=3_600)  # a client that takes longer to read a page is cut off
    max_request_bytes: int = Field(default=16_384, ge=1_024)  # of request line and headers; there is no body to read
