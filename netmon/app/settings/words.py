"""The small types that settings are made of: names, addresses, prefixes, label names. Each says what would be right."""

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")  # stands in URLs (/targets/<name>/metrics) and labels
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")  # Prometheus data model
# RFC 1123 section 2.1, and '_' because names of real hosts have it.
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?)*")
_LOOKS_LIKE_IPV4: Final = re.compile(r"[0-9.]+")

RESERVED_LABELS: Final = frozenset({"instance", "job", "site", "le", "quantile"})
"""Labels that netmon or the exposition format sets itself."""


def _wrong(kind: str, **context: object) -> PydanticCustomError:
    """Return an error that `problems` shows as the text `fault.<kind>`."""
    return PydanticCustomError(f"netmon.{kind}", kind, context)


def split_address(address: str) -> tuple[str, int | None]:
    """Return host and port of `10.1.0.1`, `10.1.0.1:1161`, `2001:db8::1`, `[2001:db8::1]:1161`, `sw1.example:1161`.

    Raises ValueError where it is none of these.
    """
    if address.startswith("["):
        host, bracket, rest = address[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(address)
        return str(ipaddress.IPv6Address(host)), _port(rest[1:]) if rest else None
    if address.count(":") > 1:
        return str(ipaddress.IPv6Address(address)), None
    host, colon, port = address.partition(":")
    if _LOOKS_LIKE_IPV4.fullmatch(host):
        host = str(ipaddress.IPv4Address(host))
    elif not _HOST.fullmatch(host):
        raise ValueError(address)
    return host.lower(), _port(port) if colon else None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65_535):
        raise ValueError(text)
    return int(text)


def _address(text: str) -> str:
    try:
        host, port = split_address(text)
    except ValueError:
        raise _wrong("address") from None
    if port is None:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise _wrong("name")
    return text


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise _wrong("label_name")
    if text in RESERVED_LABELS or text.startswith("__"):
        raise _wrong("label_reserved")
    return text


def _prefix(value: Any) -> Any:
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return value
    if not isinstance(value, str) or "/" not in value:
        raise _wrong("prefix")
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        pass
    try:
        right = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise _wrong("prefix") from None
    raise _wrong("prefix_host_bits", right=str(right))


def _url(text: str) -> str:
    scheme, found, rest = text.partition("://")
    if scheme not in {"http", "https"} or not found or not rest or any(c.isspace() for c in text):
        raise _wrong("url")
    return text


_as_text: Callable[[object], str] = str

Name: TypeAlias = Annotated[str, AfterValidator(_name)]
Address: TypeAlias = Annotated[str, AfterValidator(_address)]
LabelName: TypeAlias = Annotated[str, AfterValidator(_label)]
Url: TypeAlias = Annotated[str, AfterValidator(_url)]
Prefix: TypeAlias = Annotated[
    ipaddress.IPv4Network | ipaddress.IPv6Network, BeforeValidator(_prefix), PlainSerializer(_as_text, return_type=str)
]
