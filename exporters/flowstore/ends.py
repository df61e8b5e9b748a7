"""What one end of a flow must be for a filter: an address, in a prefix, at a site, with a MAC address. Pure."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final, TypeAlias

import polars as pl

from exporters.flowstore.filter import FilterError, Token
from netmon.api.traffic import MAPPED

Value: TypeAlias = Callable[[Token], Callable[[str], pl.Expr]]
"""Reads a token; gives what one end (`source`, `destination`) must be."""

_MAC: Final = re.compile(r"[0-9a-f]{1,2}(?:[:-][0-9a-f]{1,2}){5}", re.ASCII)
_HALF: Final = (1 << 64) - 1


def _address(token: Token) -> Callable[[str], pl.Expr]:
    if "/" in token.text:
        return _net(token)
    try:
        address = ip_address(token.text)
    except ValueError:
        raise FilterError("value" if token.text else "end", token.at, token.text, ["10.1.2.3", "2001:db8::1"]) from None
    number = int(address) | MAPPED if isinstance(address, IPv4Address) else int(address)
    hi, lo = _half(number >> 64), _half(number & _HALF)
    return lambda end: (pl.col(f"{end}_hi") == hi) & (pl.col(f"{end}_lo") == lo)


def _half(number: int) -> pl.Expr:
    return pl.lit(number, pl.UInt64)


def _net(token: Token) -> Callable[[str], pl.Expr]:
    try:
        network = ip_network(token.text, strict=False)
    except ValueError:
        right = ["10.1.2.0/24", "2001:db8::/32"]
        raise FilterError("value" if token.text else "end", token.at, token.text, right) from None
    first = int(network.network_address) | (MAPPED if network.version == 4 else 0)
    last = first + network.num_addresses - 1

    def inside(end: str) -> pl.Expr:
        hi, lo = pl.col(f"{end}_hi"), pl.col(f"{end}_lo")
        if first >> 64 == last >> 64:
            found = (hi == _half(first >> 64)) & lo.is_between(_half(first & _HALF), _half(last & _HALF))
        else:  # a prefix of 64 bits or fewer: the low half is free
            found = hi.is_between(_half(first >> 64), _half(last >> 64))
        if network.version == 6 and first <= MAPPED <= last:  # ::/0 holds no IPv4
            found &= ~((hi == 0) & lo.is_between(_half(MAPPED), _half(MAPPED + 0xFFFF_FFFF)))
        return found

    return inside


def _site(token: Token) -> Callable[[str], pl.Expr]:
    if not token.text and not token.quoted:
        raise FilterError("end", token.at, "", ['"kantor kecamatan"'])
    return lambda end: pl.col(f"{end}_site") == token.text


def _mac(token: Token) -> Callable[[str], pl.Expr]:
    if not _MAC.fullmatch(token.word):
        raise FilterError("value" if token.text else "end", token.at, token.text, ["00:1b:2c:3d:4e:5f"])
    number = int("".join(pair.zfill(2) for pair in re.split("[:-]", token.word)), 16)
    return lambda end: pl.col(f"{end}_mac") == number


VALUES: Final[dict[str, Value]] = {
    "ip": _address, "host": _address, "addr": _address, "net": _net, "site": _site,
    "mac": _mac,
}  # fmt: skip
