"""What the detectors of traffic call their findings, for settings that choose among them. Imports no detector."""

from collections.abc import Iterator, Mapping
from typing import Final

from netmon.app.catalog import TRAFFIC_RULES
from rules.traffic.floods import names as floods

_NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "floods": floods.NAMES,
    "scans": ("port_scan", "network_sweep", "stealth_scan", "udp_scan", "protocol_scan", "slow_scan"),
    "dns_failures": ("random_subdomains", "nxdomain_flood", "generated_domains"),
    "guessing": ("brute_force", "password_spraying"),
}
"""Those of detectors that find several things; the findings of the others carry the detector's name."""


def by_name() -> dict[str, str]:
    """Return the detector of each finding, by the name that it carries as its rule."""
    return dict(_pairs())


def _pairs() -> Iterator[tuple[str, str]]:
    for listing in TRAFFIC_RULES:
        for name in _NAMED.get(listing.name, (listing.name,)):
            yield name, listing.name
