from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_network

import numpy as np
from numpy.typing import NDArray

from netmon.api import Finding, Severity, Value
from netmon.api.networks import Networks, Place
from netmon.api.traffic import Second
from netmon.app.settings.inventory import Device, Inventory, PrefixEntry, Site
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import build_sensor, networks_of, placed, tunnel_mask
from netmon.app.traffic.judges import Judges
from netmon.app.traffic.outcomes import last_words


def finding(target: str) -> Finding:
    return Finding("syn_flood", target, 1.0, Severity.ERROR, "", "k", labels={"technique": "T1"})


def test_a_finding_about_an_address_names_the_office() -> None:
    networks = Networks([Place(ip_network("10.9.0.0/16"), "rsud")])
    assert placed(finding("10.9.3.4"), networks).labels == {"technique": "T1", "site": "rsud"}
    assert placed(finding("198.51.100.1"), networks).labels == {"technique": "T1"}
    assert placed(finding("srv-rsud"), networks).labels == {"technique": "T1"}


def test_the_inventory_tells_whose_addresses_are_whose() -> None:
    inventory = Inventory(
        sites=(Site(name="rsud", prefixes=(ip_network("10.9.0.0/16"),)), Site(name="hub")),
        devices=(
            Device(name="acc-rsud", address="10.9.0.1", site="rsud"),
            Device(name="core", address="core.example.go.id", site="hub"),
        ),
        prefixes=(PrefixEntry(prefix=ip_network("10.9.7.0/24"), site="hub", protected=True),),
    )
    networks = networks_of(inventory)
    assert [(place.site, place.protected) for place in networks.places] == [("rsud", False), ("hub", True)]
    assert networks.name_of(0, 0xFFFF_0A09_0001) == "acc-rsud"


def test_tunnels_are_named_in_settings() -> None:
    assert tunnel_mask(TrafficSettings()) == 0
    assert tunnel_mask(TrafficSettings(tunnels=("gre", "vxlan"))) == 0b110


def test_no_finding_of_a_wire_begins_or_ends_ahead_of_the_clock() -> None:
    """What is open at a stop is judged as if its window were over: its end is up to a window ahead."""
    built = build_sensor(TrafficSettings(), Networks())
    told: list[Finding] = []
    built.hooks.clock, built.hooks.send = (lambda: 100.5), told.extend
    words: dict[str, str | Value] = {"start": 100.0, "end": 101.0, "source": "a"}
    built.judges = Judges([Saying(replace(finding("10.9.3.4"), at=101.0, evidence=words))])
    built.see(Second(100.0, 101.0))
    built.hooks.clock = lambda: 102.0
    built.see(Second(100.0, 101.0))
    assert [(one.at, one.evidence["start"], one.evidence["end"]) for one in told] == [
        (100.5, 100.0, 100.5),
        (101.0, 100.0, 101.0),
    ]
    assert all(one.evidence["source"] == "a" for one in told)


class Saying:
    name = "saying"

    def __init__(self, said: Finding) -> None:
        self._said = said

    def observe(self, second: Second) -> Iterator[Finding]:
        del second
        yield self._said

    def finish(self, now: float) -> Iterator[Finding]:
        del now
        yield self._said

    def save(self) -> Mapping[str, NDArray[np.generic]]:
        return {}

    def restore(self, arrays: Mapping[str, NDArray[np.generic]]) -> None: ...


def test_last_words_are_not_of_the_future() -> None:
    words = {"start": 100.8, "end": 101.0}
    (last,) = last_words([Saying(replace(finding("10.9.3.4"), at=101.0, evidence=words))], 100.5)
    assert (last.at, last.evidence) == (100.5, {"start": 100.5, "end": 100.5})
