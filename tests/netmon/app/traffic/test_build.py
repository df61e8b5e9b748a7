from ipaddress import ip_network

from netmon.api import Finding, Severity
from netmon.api.networks import Networks, Place
from netmon.app.settings.inventory import Device, Inventory, PrefixEntry, Site
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import networks_of, placed, tunnel_mask


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
