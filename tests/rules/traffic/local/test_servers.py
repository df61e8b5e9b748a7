"""Servers and routers that are not known, and known ones that change."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from netmon.api import Severity
from netmon.api.networks import Networks
from rules.traffic.local.rogue_dhcp import RogueDhcp
from rules.traffic.local.rogue_router import RogueRouter
from rules.traffic.local.settings import RogueDhcpSettings, RogueRouterSettings
from tests.support.local_frames import arp_request, lease, lease6, router
from tests.support.local_talk import Timed, play

SERVER, SECOND, EVIL = "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:66"


def dhcp(**settings: object) -> RogueDhcp:
    return RogueDhcp(RogueDhcpSettings.model_validate(settings), Networks())


def routers(**settings: object) -> RogueRouter:
    return RogueRouter(RogueRouterSettings.model_validate(settings), Networks())


def renewals(until: int, every: int = 30) -> list[Timed]:
    return [(float(at), lease("ack", SERVER, "10.0.0.2")) for at in range(0, until, every)]


def test_a_second_server_with_another_gateway_is_told_at_once() -> None:
    attack = [(50.0, lease("offer", EVIL, "10.0.0.66", gateway="10.0.0.66", resolver="10.0.0.66"))]
    attack += [(50.2, lease("ack", EVIL, "10.0.0.66", gateway="10.0.0.66", resolver="10.0.0.66"))]
    found = play(dhcp(), [*renewals(90), *attack], until=500)
    assert [finding.severity for finding in found[:2]] == [Severity.ERROR, Severity.CRITICAL]
    assert found[0].at <= 51
    assert found[0].evidence["source"] == "10.0.0.66"
    assert found[0].evidence["server_mac"] == EVIL
    assert found[0].evidence["gateway"] == "10.0.0.66"
    assert found[0].target == "10.0.0.2"
    assert found[-1].cleared
    assert found[-1].evidence["total_leases"] == 1


def test_redundant_servers_and_a_central_one_are_quiet() -> None:
    pair = [(float(at), lease("ack", SECOND, "10.0.0.3", resolver="10.0.0.3")) for at in range(5, 2000, 40)]
    assert play(dhcp(), [*renewals(2000), *pair]) == []


def test_after_learning_any_new_server_is_told_also_one_that_only_refuses() -> None:
    late = [(700.0, lease("ack", EVIL, "10.0.0.66"))]
    assert [finding.severity for finding in play(dhcp(), [*renewals(720), *late])] == [Severity.CRITICAL]
    late = [(700.0, lease("nak", EVIL, "10.0.0.66"))]
    assert [finding.severity for finding in play(dhcp(), [*renewals(720), *late])] == [Severity.WARNING]


def test_the_first_server_of_a_vlan_may_speak_late() -> None:
    speaks = [(1.0, arp_request(SERVER, "10.0.0.2", "10.0.0.9"))]
    late = [(7_200.0, lease("ack", SERVER, "10.0.0.2"))]
    assert play(dhcp(), [*speaks, *late]) == []
    assert [finding.severity for finding in play(dhcp(first_s=3_600), [*speaks, *late])] == [Severity.CRITICAL]
    other = [(7_300.0, lease("ack", EVIL, "10.0.0.66"))]
    assert [finding.evidence["source"] for finding in play(dhcp(), [*speaks, *late, *other])] == ["10.0.0.66"]


def test_a_vlan_without_a_server_is_known_to_have_none_over_a_restart() -> None:
    before = dhcp(first_s=3_600)
    play(before, [(float(at), arp_request(SERVER, "10.0.0.2", "10.0.0.9")) for at in range(0, 3_000, 100)])
    after = dhcp(first_s=3_600)
    after.restore(before.save())
    late = [(3_700.0, lease("ack", EVIL, "10.0.0.66"))]
    assert [finding.severity for finding in play(after, late)] == [Severity.CRITICAL]
    fresh = dhcp(first_s=3_600)
    assert play(fresh, late) == []


@pytest.mark.parametrize("began", [np.array([np.nan]), np.array([np.inf]), np.array([]), np.array(["soon"])])
def test_a_beginning_that_is_no_number_is_refused(began: NDArray[np.generic]) -> None:
    with pytest.raises(ValueError, match="a beginning that is no number"):
        dhcp().restore({"began": began})


def test_the_settings_servers_are_the_only_ones() -> None:
    found = play(dhcp(servers=["10.0.0.3"]), renewals(10))
    assert found[0].evidence["source"] == "10.0.0.2"
    assert play(dhcp(servers=["10.0.0.2"]), renewals(3000)) == []


def test_a_known_server_by_another_machine_with_another_gateway_is_forged() -> None:
    found = play(dhcp(), [*renewals(60), (50.0, lease("ack", EVIL, "10.0.0.2", gateway="10.0.0.66"))])
    assert found[0].evidence["how"] == "forged"
    assert found[0].severity is Severity.CRITICAL


def test_a_known_server_that_gives_another_resolver_is_news_once() -> None:
    changed = [(float(at), lease("ack", SERVER, "10.0.0.2", resolver="10.0.0.9")) for at in range(700, 1500, 30)]
    found = play(dhcp(), [*renewals(690), *changed], until=1501)
    assert {finding.severity for finding in found} == {Severity.INFO}
    assert found[-1].cleared
    assert found[-1].evidence["total_leases"] == 1


def test_each_vlan_has_its_servers() -> None:
    frames = [
        (float(vlan), lease("ack", SERVER, f"10.{vlan}.0.2", gateway=f"10.{vlan}.0.1", vlan=vlan))
        for vlan in range(1, 9)
    ]
    assert play(dhcp(), frames) == []
    stray = (10.0, lease("offer", EVIL, "192.168.0.1", gateway="192.168.0.1", vlan=3))
    (found, *_) = play(dhcp(), [*frames, stray])
    assert found.labels["vlan"] == "3"
    assert "VLAN 3" in found.summary


def test_dhcpv6_servers() -> None:
    good = [(float(at), lease6(SERVER, "fe80::2", "2001:db8::99", "2001:db8::53")) for at in range(0, 60, 20)]
    evil = [(30.0, lease6(EVIL, "fe80::66", "2001:db8:6::1", "fe80::66"))]
    (found, *_) = play(dhcp(), [*good, *evil])
    assert found.evidence["protocol"] == "DHCPv6"
    assert found.evidence["resolver"] == "fe80::66"
    assert play(dhcp(), good) == []


def test_what_was_learned_outlives_a_restart() -> None:
    first = dhcp()
    assert play(first, renewals(60)) == []
    second = dhcp()
    second.restore(first.save())
    assert play(second, renewals(60)) == []
    assert play(second, [(100.0, lease("offer", EVIL, "10.0.0.66"))])
    with pytest.raises(ValueError, match="another layout"):
        second.restore({"servers": np.zeros(1, "u8")})


def advertised(until: int, every: int = 20) -> list[Timed]:
    return [(float(at), router(SERVER, "fe80::1")) for at in range(0, until, every)]


def test_a_second_router_with_another_prefix_is_told_at_once() -> None:
    found = play(routers(), [*advertised(60), (30.0, router(EVIL, "fe80::66", "2001:db8:66::"))], until=900)
    assert found[0].severity is Severity.CRITICAL
    assert found[0].evidence["prefix"] == "2001:db8:66::/64"
    assert found[0].evidence["technique"] == "T1557"
    assert found[0].at <= 31
    assert found[-1].cleared


def test_the_first_router_of_a_vlan_may_speak_late() -> None:
    speaks = [(1.0, arp_request(SERVER, "10.0.0.2", "10.0.0.9"))]
    late = [(1_800.0, router(SERVER, "fe80::1"))]
    assert play(routers(), [*speaks, *late]) == []
    assert play(routers(), [*speaks, *late, (1_900.0, router(EVIL, "fe80::66"))])
    assert play(routers(first_s=900), [*speaks, *late])


def test_redundant_routers_of_one_prefix_are_quiet_and_after_learning_no_new_one_is() -> None:
    frames = [(10.0, router(SECOND, "fe80::2")), *advertised(900)]
    assert play(routers(), frames) == []
    assert play(routers(), [*frames, (800.0, router(EVIL, "fe80::66"))])


def test_a_router_that_says_goodbye_is_quiet_unless_another_says_it() -> None:
    assert play(routers(), [*advertised(60), (70.0, router(SERVER, "fe80::1", lifetime=0))]) == []
    (found, *_) = play(routers(), [*advertised(60), (70.0, router(EVIL, "fe80::1", lifetime=0))])
    assert found.evidence["how"] == "silenced"
    assert found.severity is Severity.CRITICAL


def test_a_flood_of_advertisements_is_one_matter() -> None:
    flood = [
        (41 + n / 200, router(f"02:66:00:00:{n >> 8:02x}:{n & 255:02x}", f"fe80::{n + 256:x}", f"2001:db8:{n:x}::"))
        for n in range(400)
    ]
    found = play(routers(), [*advertised(90), *flood])
    assert len({finding.key for finding in found}) == 1
    assert found[0].evidence["how"] == "flood"
    assert found[0].evidence["routers"] == 200
    assert found[0].evidence["source"] == "200 addresses"


def test_routers_learned_outlive_a_restart() -> None:
    first = routers()
    assert play(first, advertised(60)) == []
    second = routers()
    second.restore(first.save())
    assert play(second, advertised(60)) == []
    assert play(second, [(70.0, router(EVIL, "fe80::66"))])
    with pytest.raises(ValueError, match="another layout"):
        second.restore({"routers": np.zeros(1, "u8")})


def test_findings_of_one_matter_follow_each_other() -> None:
    attack = [(float(at), lease("ack", EVIL, "10.0.0.66", gateway="10.0.0.66")) for at in range(50, 300, 10)]
    found = play(dhcp(), [*renewals(300), *attack], until=900)
    assert all(one.at <= other.at for one, other in pairwise(found))
    assert [finding.cleared for finding in found].count(True) == 1
