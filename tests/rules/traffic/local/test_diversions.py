"""Traffic that goes through another machine after a claim that nobody asked for; and when that is nobody's fault."""

import pytest
from scapy.layers.inet import IP, UDP

from netmon.api import Finding, Severity
from netmon.api.networks import Networks
from rules.traffic.local.arp_spoofing import ArpSpoofing
from rules.traffic.local.settings import ArpSpoofingSettings
from tests.support.local_frames import arp_reply, arp_request, gratuitous, link
from tests.support.local_talk import Timed, play

ROUTER, HOST, EVIL = "02:00:00:00:00:01", "02:00:00:00:00:10", "02:00:00:00:00:66"
A_ROUTER, A_HOST, A_EVIL = "10.0.0.1", "10.0.0.10", "10.0.0.66"
SITES = ("198.51.100.7", "203.0.113.9")
CLAIM = [(20.0, arp_reply(EVIL, A_ROUTER, HOST, A_HOST))]
OWN = [(5.0, arp_request(EVIL, A_EVIL, A_HOST))]


def talk(through: str, start: float, stop: float, sites: tuple[str, ...] = SITES) -> list[Timed]:
    """The host and sites outside, by way of a machine."""
    there = [bytes(link(HOST, through) / IP(src=A_HOST, dst=site) / UDP(sport=4_000, dport=443)) for site in sites]
    back = [bytes(link(through, HOST) / IP(src=site, dst=A_HOST) / UDP(sport=443, dport=4_000)) for site in sites]
    return [(at + 0.3, frame) for at in range(int(start), int(stop)) for frame in (*there, *back)]


def said(frames: list[Timed], until: float = 60.0, **settings: object) -> list[Finding]:
    return play(ArpSpoofing(ArpSpoofingSettings.model_validate(settings), Networks()), frames, until)


def test_one_claim_after_which_traffic_takes_another_way_is_spoofing() -> None:
    found = said([*talk(ROUTER, 0, 20), *OWN, *CLAIM, *talk(EVIL, 22, 50)], until=400)
    first = found[0]
    assert first.at <= 24
    assert first.severity is Severity.CRITICAL
    assert (first.target, first.evidence["attacker_mac"], first.evidence["true_mac"]) == (A_ROUTER, EVIL, ROUTER)
    assert found[-1].cleared
    assert found[-1].evidence["end"] == 50  # it lasted as long as the traffic went through it
    assert len({finding.key for finding in found}) == 1


def test_the_machines_own_address_may_show_later() -> None:
    later = [(30.0, arp_request(EVIL, A_EVIL, A_HOST))]
    found = said([*talk(ROUTER, 0, 20), *CLAIM, *talk(EVIL, 22, 28), *later])
    assert [finding.at for finding in found[:1]] == [31]


def test_only_the_hosts_half_may_be_diverted() -> None:
    """The router is not deceived, and answers the host itself."""
    there = [frame for frame in talk(EVIL, 22, 50) if frame[1][:6].hex() == EVIL.replace(":", "")]
    back = [frame for frame in talk(ROUTER, 22, 50) if frame[1][:6].hex() == HOST.replace(":", "")]
    assert said([*talk(ROUTER, 0, 20), *OWN, *CLAIM, *there, *back])


CLAIM_TO_ALL = [(20.0, gratuitous(EVIL, A_ROUTER))]
ASKED = [(19.99, arp_request(HOST, A_HOST, A_ROUTER))]


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([*talk(ROUTER, 0, 50), *OWN, *CLAIM], id="nothing moved"),
        pytest.param([*talk(ROUTER, 0, 20), *OWN, *talk(EVIL, 22, 50)], id="nothing was claimed"),
        pytest.param([*talk(ROUTER, 0, 20), *OWN, *ASKED, *CLAIM, *talk(EVIL, 22, 50)], id="it was asked for"),
        pytest.param(
            [*talk(ROUTER, 0, 20), *OWN, *CLAIM_TO_ALL, *CLAIM, *talk(EVIL, 22, 50)], id="a router takes over"
        ),
        pytest.param([*talk(ROUTER, 0, 20), *CLAIM, *talk(EVIL, 22, 50)], id="a router has this address alone"),
        pytest.param([*talk(ROUTER, 0, 50), *talk(EVIL, 0, 50), *OWN, *CLAIM], id="two routers share the load"),
        pytest.param([*talk(ROUTER, 0, 20), *OWN, *CLAIM, *talk(EVIL, 22, 50, ("192.0.2.7",))], id="something else"),
    ],
)
def test_what_is_no_diversion(frames: list[Timed]) -> None:
    assert said(frames) == []


def test_an_address_that_several_share_by_design_is_left_out() -> None:
    frames = [*talk(ROUTER, 0, 20), *OWN, *CLAIM, *talk(EVIL, 22, 50)]
    assert said(frames, shared_addresses=[A_ROUTER]) == []
