"""Who takes whose address, and who only comes after."""

import pytest

from netmon.api import Severity
from netmon.api.networks import Networks
from rules.traffic.local.arp_spoofing import ArpSpoofing
from rules.traffic.local.duplicate_address import DuplicateAddress
from rules.traffic.local.settings import ArpSpoofingSettings, DuplicateAddressSettings
from tests.support.local_frames import (
    EVERYBODY,
    advertisement,
    arp_reply,
    arp_request,
    gratuitous,
    lease,
    router,
    said,
    solicitation,
)
from tests.support.local_talk import Timed, play

GATEWAY, HOST, OTHER, EVIL = "02:00:00:00:00:01", "02:00:00:00:00:10", "02:00:00:00:00:11", "02:00:00:00:00:66"
A_GATEWAY, A_HOST, A_OTHER, A_EVIL = "10.0.0.1", "10.0.0.10", "10.0.0.11", "10.0.0.66"


def spoofing(**settings: object) -> ArpSpoofing:
    return ArpSpoofing(ArpSpoofingSettings.model_validate(settings), Networks())


def duplicate() -> DuplicateAddress:
    return DuplicateAddress(DuplicateAddressSettings(), Networks())


def ordinary(start: float, stop: float) -> list[Timed]:
    """Hosts ask for the gateway each half minute, and it answers; it asks for them."""
    frames = []
    at = start
    while at < stop:
        for offset, (mac, address) in enumerate([(HOST, A_HOST), (OTHER, A_OTHER), (EVIL, A_EVIL)]):
            frames += [
                (at + offset, arp_request(mac, address, A_GATEWAY)),
                (at + offset + 0.01, arp_reply(GATEWAY, A_GATEWAY, mac, address)),
                (at + offset + 9, arp_request(GATEWAY, A_GATEWAY, address)),
                (at + offset + 9.01, arp_reply(mac, address, GATEWAY, A_GATEWAY)),
            ]
        at += 30
    return frames


@pytest.mark.parametrize(("every_s", "within_s"), [(1, 3), (2, 5), (10, 31), (30, 61)])
def test_how_soon_an_attack_shows_by_how_often_it_speaks(every_s: int, within_s: int) -> None:
    attack = [(40 + every_s * n, arp_reply(EVIL, A_GATEWAY, HOST, A_HOST)) for n in range(6)]
    first, *_ = play(spoofing(), [*ordinary(0, 300), *attack])
    assert first.at - 40 <= within_s


def test_replies_that_nobody_asked_for_take_the_gateway_over() -> None:
    attack = [(40 + 2 * n, arp_reply(EVIL, A_GATEWAY, HOST, A_HOST)) for n in range(30)]
    found = play(spoofing(gateways=[A_GATEWAY]), [*ordinary(0, 120), *attack], until=300)
    first, last = found[0], found[-1]
    assert first.severity is Severity.CRITICAL
    assert first.at <= 46  # the third reply is at 44
    assert first.evidence["attacker_mac"] == EVIL
    assert first.evidence["true_mac"] == GATEWAY
    assert first.evidence["source"] == A_EVIL
    assert first.target == first.evidence["target"] == A_GATEWAY
    assert first.evidence["technique"] == "T1557.002"
    assert last.cleared
    assert len({finding.key for finding in found}) == 1
    assert "gateway 10.0.0.1" in first.summaries["id"]


def test_an_attack_that_runs_before_anything_is_learned_shows_by_both_directions() -> None:
    attack = []
    for n in range(10):
        attack.append((1 + 2.0 * n, arp_reply(EVIL, A_GATEWAY, HOST, A_HOST)))
        attack.append((1.1 + 2.0 * n, arp_reply(EVIL, A_HOST, GATEWAY, A_GATEWAY)))
    found = play(spoofing(), attack)
    assert found
    assert found[0].at <= 7
    assert found[0].evidence["address_count"] == 2


def test_a_machine_of_two_addresses_whose_questions_are_not_mirrored_is_quiet() -> None:
    frames = [
        (5.0 * n, arp_reply(HOST, address, GATEWAY, A_GATEWAY)) for n in range(50) for address in (A_HOST, A_OTHER)
    ]
    assert play(spoofing(), frames) == []


def test_a_gateway_learned_from_a_lease_is_critical_and_a_host_is_not() -> None:
    attack = [(40 + 2 * n, arp_reply(EVIL, A_OTHER, HOST, A_HOST)) for n in range(10)]
    found = play(spoofing(), [*ordinary(0, 60), *attack])
    assert {finding.severity for finding in found} == {Severity.ERROR}
    attack = [(40 + 2 * n, arp_reply(EVIL, A_GATEWAY, HOST, A_HOST)) for n in range(10)]
    leased = [(0.5, lease("ack", "02:00:00:00:00:02", "10.0.0.2"))]
    found = play(spoofing(), [*leased, *ordinary(0, 60), *attack])
    assert {finding.severity for finding in found} == {Severity.CRITICAL}


def test_the_gateway_is_also_known_by_what_it_forwards() -> None:
    frames = ordinary(0, 60)
    frames += [(n + 0.5, said(GATEWAY, f"198.51.100.{n + 1}", A_HOST)) for n in range(30)]
    frames += [(40 + 2 * n, arp_reply(EVIL, A_GATEWAY, HOST, A_HOST)) for n in range(10)]
    assert {finding.severity for finding in play(spoofing(), frames)} == {Severity.CRITICAL}


def test_a_frame_that_comes_from_another_mac_than_it_claims_is_a_sign() -> None:
    frames = ordinary(0, 30)
    for n in range(4):
        frames.append((40 + 5.0 * n, arp_request("02:00:00:00:00:77", A_HOST, "10.0.0.200")))
        frames.append((42 + 5.0 * n, arp_request(HOST, A_HOST, "10.0.0.200")))
    assert not play(spoofing(), frames)
    forged = [
        (
            at,
            octets[:6] + bytes.fromhex(EVIL.replace(":", "")) + octets[12:]
            if octets[6:12].hex() == "020000000077"
            else octets,
        )
        for at, octets in frames
    ]
    assert play(spoofing(), forged)


def test_neighbour_advertisements_that_take_a_router_over() -> None:
    frames = [(0.0, router(GATEWAY, "fe80::1")), (1.0, solicitation(HOST, "fe80::10", "fe80::1"))]
    frames.append((1.1, advertisement(GATEWAY, "fe80::1")))
    for n in range(20):
        frames.append((10 + 2.0 * n, advertisement(EVIL, "fe80::1")))
        frames.append((11 + 2.0 * n, solicitation(GATEWAY, "fe80::1", "fe80::10")))
    found = play(spoofing(), frames)
    assert found
    assert found[0].severity is Severity.CRITICAL
    assert found[0].evidence["target"] == "fe80::1"


@pytest.mark.parametrize("told", ["leased", "silent"])
def test_an_address_that_goes_to_a_new_machine_is_nobodys_fault(told: str) -> None:
    frames = [(float(at), arp_request(HOST, A_HOST, A_GATEWAY)) for at in range(0, 60, 10)]
    if told == "leased":
        frames.append((99.0, lease("ack", "02:00:00:00:00:02", "10.0.0.2", OTHER, A_HOST)))
    frames += [(float(at), gratuitous(OTHER, A_HOST)) for at in (100, 101, 102)]
    frames += [(float(at), arp_request(OTHER, A_HOST, A_GATEWAY)) for at in range(103, 400, 10)]
    frames += [(float(at), said(OTHER, A_HOST)) for at in range(103, 400)]
    assert play(spoofing(gateways=[A_HOST]), frames, until=800) == []
    assert play(duplicate(), frames, until=800) == []


def test_a_fail_over_and_back_with_real_macs_is_quiet() -> None:
    """keepalived without virtual MAC addresses: five announcements, five more after 5 s, and back after minutes."""
    frames = [(float(at), said(HOST, "10.0.0.5")) for at in range(60)]
    frames += [(float(at), arp_request(HOST, "10.0.0.5", A_GATEWAY)) for at in range(0, 60, 10)]
    frames += [(60 + wait + n / 100, gratuitous(OTHER, "10.0.0.5")) for wait in (0.2, 5.2) for n in range(5)]
    frames += [(at + 0.1, said(OTHER, "10.0.0.5")) for at in range(61, 240)]
    frames += [(240 + wait + n / 100, gratuitous(HOST, "10.0.0.5")) for wait in (0.2, 5.2) for n in range(5)]
    frames += [(at + 0.1, said(HOST, "10.0.0.5")) for at in range(241, 300)]
    assert play(spoofing(gateways=["10.0.0.5"]), frames, until=700) == []
    assert play(duplicate(), frames, until=700) == []


def test_virtual_macs_move_freely() -> None:
    virtual = "00:00:5e:00:01:07"
    frames = []
    for n in range(20):
        frames.append((3.0 * n, arp_reply(virtual, A_GATEWAY, HOST, A_HOST, frame_mac=(GATEWAY, OTHER)[n % 2])))
        frames.append((3.0 * n + 1, gratuitous((GATEWAY, OTHER)[n % 2], A_GATEWAY)))
    assert play(spoofing(gateways=[A_GATEWAY]), frames) == []


def test_two_machines_with_one_address_are_a_mistake_and_no_attack() -> None:
    frames = []
    for n in range(10):
        frames.append((6.0 * n, arp_request(HOST, A_HOST, A_GATEWAY)))
        frames.append((6.0 * n + 3, arp_request(OTHER, A_HOST, A_GATEWAY)))
    assert play(spoofing(), frames) == []
    found = play(duplicate(), frames, until=500)
    assert found[0].severity is Severity.WARNING
    assert {found[0].evidence["first_mac"], found[0].evidence["second_mac"]} == {HOST, OTHER}
    assert found[-1].cleared
    assert len({finding.key for finding in found}) == 1


@pytest.mark.parametrize(("behind_s", "found"), [(0.000_02, False), (0.5, True)])
def test_a_bridge_that_translates_mac_addresses_is_no_second_machine(behind_s: float, found: bool) -> None:
    frames = []
    for n in range(20):
        at = 6.0 * n
        frames += [(at, arp_request(HOST, A_HOST, A_GATEWAY)), (at + behind_s, arp_request(OTHER, A_HOST, A_GATEWAY))]
        frames.append((at + 1, arp_reply(GATEWAY, A_GATEWAY, OTHER, A_HOST)))
    assert bool(play(duplicate(), frames, until=300)) is found
    assert play(spoofing(), frames, until=300) == []


def test_an_attack_is_not_also_told_as_a_duplicate() -> None:
    attack = [(40 + 2 * n, arp_reply(EVIL, A_GATEWAY, HOST, A_HOST)) for n in range(30)]
    assert play(duplicate(), [*ordinary(0, 120), *attack]) == []


def test_duplicate_address_detection_that_was_answered_is_told() -> None:
    frames = [(0.0, solicitation(OTHER, "::", "fe80::10")), (0.1, advertisement(HOST, "fe80::10"))]
    (found, *_) = play(duplicate(), frames)
    assert found.severity is Severity.INFO
    assert found.evidence["second_mac"] == OTHER
    frames = [(0.0, arp_request(OTHER, "0.0.0.0", A_HOST)), (0.1, arp_reply(HOST, A_HOST, OTHER, "0.0.0.0"))]
    assert len(play(duplicate(), frames)) == 1
    frames = [(0.0, arp_request(OTHER, "0.0.0.0", A_HOST)), (9.1, arp_reply(HOST, A_HOST, OTHER, "0.0.0.0"))]
    assert play(duplicate(), frames) == []


def test_a_flood_of_claims_stays_bounded() -> None:
    rule = spoofing(contests={"addresses": 64})
    frames = [
        (n / 100, arp_reply(f"02:00:00:00:{n >> 8:02x}:{n & 255:02x}", f"10.0.{n >> 8}.{n & 255}", EVERYBODY, A_HOST))
        for n in range(1, 600)
    ]
    assert play(rule, frames) == []
    assert len(rule._contests._held) == 64
    assert rule._contests.dropped == 599 - 64
