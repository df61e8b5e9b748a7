"""Routes against attacks, as BGP speakers read them: blackholes (RFC 7999), flow specifications (RFC 8955, 8956). Pure.

A file of ExaBGP holds commands of its text API: what is to be withdrawn first, then what is announced. One that follows
the file (`tail -n +1 -F`) hears all of it again when the file is replaced; announcing a route twice changes nothing.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from exporters.actions.settings import AnnouncementSettings
from netmon.api import Finding

_PROTOCOLS: Final = {"tcp": 6, "udp": 17}
_FLAGS: Final = {"syn": 0x02, "rst": 0x04, "ack": 0x10}
_RATE_ZERO: Final = "(generic, 0x80060000, 0x0)"  # traffic-rate-bytes of 0: drop (RFC 8955, 7.1)


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """What packets of an attack have in common besides their destination. Empty: nothing."""

    protocol: str = ""  # tcp, udp, icmp
    flags: str = ""  # TCP: this flag set and, where it is syn, ack not
    source_port: int = 0
    fragments: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A destination that is cut off, wholly or of what matches."""

    destination: str
    match: Match | None = None  # None: a blackhole

    @property
    def version(self) -> int:
        """Return 4 or 6."""
        return 6 if ":" in self.destination else 4


_BY_RULE: Final = {
    "syn_flood": Match("tcp", "syn"),
    "ack_flood": Match("tcp", "ack"),
    "rst_flood": Match("tcp", "rst"),
    "udp_flood": Match("udp"),
    "icmp_flood": Match("icmp"),
    "fragment_flood": Match(fragments=True),
}


def route(kind: str, finding: Finding, victim: IPv4Network | IPv6Network) -> Route:
    """Return what is to be announced against what a finding tells of.

    A flow specification without anything to match but the destination is what it is: all to the victim is dropped.
    """
    if kind == "blackhole":
        return Route(str(victim))
    match = _BY_RULE.get(finding.rule, Match())
    if finding.rule == "amplification":
        port = finding.evidence.get("amplifier_port")
        match = Match("udp", source_port=port if isinstance(port, int) and 0 < port < 65_536 else 0)
    return Route(str(victim), match)


def render(settings: AnnouncementSettings, routes: Iterable[Route], withdrawn: Sequence[str] = ()) -> str:
    """Return the file's text. `withdrawn`: commands of ExaBGP that were announced lately and are not any more."""
    ordered = sorted(set(routes), key=lambda one: (one.destination, one.match is not None, one.match or Match()))
    if settings.format == "json":
        return json.dumps([_plain(settings, one) for one in ordered], indent=1) + "\n"
    if settings.format == "bird":
        return _bird(settings, ordered)
    lines = commands(settings, ordered)
    gone = [one.replace("announce", "withdraw", 1) for one in withdrawn if one not in set(lines)]
    return "".join(f"{line}\n" for line in (*gone, *lines))


def commands(settings: AnnouncementSettings, routes: Iterable[Route]) -> list[str]:
    """Return the commands that announce these to ExaBGP."""
    return [_exabgp(settings, one) for one in routes]


def announced(text: str) -> list[str]:
    """Return the commands of an earlier file of ExaBGP's that announce something."""
    return [line for line in text.splitlines() if line.startswith("announce ")]


def _exabgp(settings: AnnouncementSettings, route: Route) -> str:
    if route.match is None:
        communities = " ".join(settings.communities)
        return f"announce route {route.destination} next-hop {_next_hop(settings, route)} community [{communities}]"
    match = route.match
    said = [f"destination {route.destination}{'/0' if route.version == 6 else ''};"]  # IPv6: with an offset
    if match.protocol:
        protocol = "58" if match.protocol == "icmp" and route.version == 6 else match.protocol  # it has no word for it
        said.append(f"{'next-header' if route.version == 6 else 'protocol'} ={protocol};")
    if match.source_port:
        said.append(f"source-port ={match.source_port};")
    if match.flags:
        said.append(f"tcp-flags [ {_flag_words(match.flags)} ];")
    if match.fragments:
        said.append("fragment [ first-fragment is-fragment ];" if route.version == 4 else "fragment [ is-fragment ];")
    return f"announce flow route {{ match {{ {' '.join(said)} }} then {{ discard; }} }}"


def _flag_words(flag: str) -> str:
    return "syn&!ack" if flag == "syn" else flag


def _bird(settings: AnnouncementSettings, routes: Sequence[Route]) -> str:
    """Return protocols of BIRD 2, one for each kind of route that there is."""
    text = ["# Made by netmon: include it in bird.conf, and have bird read it again when it changed."]
    for version in (4, 6):
        for flow in (False, True):
            lines = [
                _bird_route(settings, one) for one in routes if (one.version, one.match is not None) == (version, flow)
            ]
            if lines:
                channel = f"{'flow' if flow else 'ipv'}{version}"
                text += [f"protocol static netmon_{channel} {{", f"  {channel};", *lines, "}"]
    return "\n".join(text) + "\n"


def _bird_route(settings: AnnouncementSettings, route: Route) -> str:
    if route.match is None:
        pairs = (one.split(":") for one in settings.communities)
        added = " ".join(f"bgp_community.add(({high}, {low}));" for high, low in pairs)
        return f"  route {route.destination} blackhole {{ {added} }};"
    match = route.match
    said = [f"dst {route.destination};"]
    if match.protocol:
        icmp = 58 if route.version == 6 else 1
        said.append(f"{'next header' if route.version == 6 else 'proto'} = {_PROTOCOLS.get(match.protocol, icmp)};")
    if match.source_port:
        said.append(f"sport = {match.source_port};")
    if match.flags:
        flag = _FLAGS[match.flags]
        said.append(f"tcp flags {flag:#04x}/{flag | (_FLAGS['ack'] if match.flags == 'syn' else 0):#04x};")
    if match.fragments:
        said.append("fragment is_fragment || first_fragment;")
    return f"  route flow{route.version} {{ {' '.join(said)} }} {{ bgp_ext_community.add({_RATE_ZERO}); }};"


def _plain(settings: AnnouncementSettings, route: Route) -> dict[str, object]:
    plain: dict[str, object] = {"destination": route.destination, "then": "discard"}
    if route.match is None:
        return plain | {"next_hop": _next_hop(settings, route), "communities": list(settings.communities)}
    match = route.match
    named = {
        "protocol": match.protocol,
        "tcp_flags": match.flags and _flag_words(match.flags),
        "source_port": match.source_port,
        "fragments": match.fragments,
    }
    return plain | {"match": {name: value for name, value in named.items() if value}}


def _next_hop(settings: AnnouncementSettings, route: Route) -> str:
    return str(settings.next_hop_ipv6 if route.version == 6 else settings.next_hop)
