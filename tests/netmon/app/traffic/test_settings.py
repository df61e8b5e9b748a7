"""The section `traffic`: what is refused and in which words, and that the example's own section is a valid one."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from netmon.app.settings.traffic import TrafficSettings

EXAMPLE = Path(__file__).parents[4] / "config" / "example" / "netmon.yaml"


def test_nothing_is_captured_or_received_unless_it_is_named() -> None:
    settings = TrafficSettings()
    assert (settings.sensors, settings.flows) == ((), None)


def test_the_commented_section_of_the_example_is_valid() -> None:
    section = EXAMPLE.read_text(encoding="utf-8").partition("\n#traffic:\n")[2].partition("\n\n")[0]
    settings = TrafficSettings.model_validate(yaml.safe_load(re.sub(r"^#", "", section, flags=re.MULTILINE)))
    assert [sensor.interface for sensor in settings.sensors] == ["eth1"]
    assert settings.flows is not None
    assert [end.port for end in settings.flows.endpoints] == [2055, 6343]
    assert settings.detectors.arp_spoofing.gateways == ("10.20.1.1",)
    assert not settings.detectors.exfiltration.enabled
    assert settings.detectors.beacon.enabled


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"sensors": [{}]}, "sensors.0.interface", "Field required"),
    ({"sensors": [{"interface": "a" * 16}]}, "sensors.0.interface", "at most 15 characters"),
    ({"sensors": [{"interface": "eth1", "kept_blocks": 65}]}, "sensors.0", "kept_blocks is 0, or from 2"),
    ({"flows": {"listen": ["2055"]}}, "flows.listen.0", "udp://"),
    ({"flows": {"listen": ["tls://[::]:4740"]}}, "flows", "needs stream.certificate"),
    ({"tunnels": ["l2tp"]}, "tunnels.0", "'gre'"),
    ({"detectors": {"syn_flood": {}}}, "detectors.syn_flood", "not permitted"),
    ({"detectors": {"floods": {"syn_flood": {"floor_per_s": 0}}}}, "detectors.floods.syn_flood.floor_per_s", "than 0"),
    (
        {"detectors": {"arp_spoofing": {"gateways": ["10.0.0.256"]}}},
        "detectors.arp_spoofing.gateways.0",
        "IPv4 or IPv6",
    ),
    ({"detectors": {"rogue_dhcp": {"servers": ["dhcp-1"]}}}, "detectors.rogue_dhcp.servers.0", "IPv4 or IPv6"),
    ({"detectors": {"spanning_tree": {"roots": ["0011.2233.4455"]}}}, "detectors.spanning_tree.roots.0", "MAC address"),
    ({"meter": {"ports": [80, 65_536]}}, "meter.ports.1", "less than or equal to 65535"),
    ({"tables": {"amplifier_ports": [0]}}, "tables.amplifier_ports.0", "greater than or equal to 1"),
    ({"detectors": {"beacon": {"ignored_ports": [-3]}}}, "detectors.beacon.ignored_ports.0", "greater than or"),
    (
        {"detectors": {"first_seen": {"ignored_ports": [70_000]}}},
        "detectors.first_seen.ignored_ports.0",
        "less than or",
    ),
    ({"detectors": {"dns_tunnel": {"carrier_names": 1_025}}}, "detectors.dns_tunnel.carrier_names", "1024"),
    ({"store": {"services": {"8443": "e-office"}}}, "store.services.8443.[key]", "tcp/8443"),
    ({"window_s": float("inf")}, "window_s", "finite"),
]


@pytest.mark.parametrize(("given", "place", "words"), REFUSED, ids=[place for _, place, _ in REFUSED])
def test_what_cannot_be_is_refused_at_its_place(given: dict[str, Any], place: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TrafficSettings.model_validate(given)
    fault = refused.value.errors()[0]
    assert ".".join(map(str, fault["loc"])) == place
    assert words in fault["msg"]


def test_addresses_of_both_versions_are_taken_as_they_were_written() -> None:
    given = {"detectors": {"rogue_router": {"routers": ["fe80::1", "FE80::2"]}}}
    assert TrafficSettings.model_validate(given).detectors.rogue_router.routers == ("fe80::1", "FE80::2")
