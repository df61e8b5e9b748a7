"""Tunnels in ICMP echo as known tools make them, and pings of every kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon.api import Severity
from netmon.api.networks import Networks
from netmon.api.traffic import RECORD, FlowState, Fragment, Second
from rules.traffic.hidden.icmp_tunnel import IcmpTunnel
from rules.traffic.hidden.settings import IcmpTunnelSettings
from tests.rules.traffic.hidden.flows import ICMP, NOWHERE, OURS, START, begun, flows, found
from tests.rules.traffic.hidden.ordinary import office

CLIENT, SERVER = "10.20.2.44", "198.51.100.66"


def talk(requests: np.ndarray, replies: np.ndarray, at: float = 0.0, took: float = 60.0) -> np.ndarray:
    """One flow of messages of these sizes, in octets of their frames."""
    return flows(
        at, CLIENT, SERVER, protocol=ICMP, took=took, packets=len(requests), sent=int(requests.sum()),
        replies=len(replies), back=int(replies.sum()), state=FlowState.ANSWERED,
    )  # fmt: skip


def ptunnel(rng: np.random.Generator) -> np.ndarray:
    """A page fetched through a proxy: a kernel's own echoes beside the proxy's answers of full size."""
    requests = rng.choice([70, 98, 120, 470], 300)
    return talk(requests, np.concatenate([requests, rng.choice([70, 1_094, 1_066], 400)]))


def hans(rng: np.random.Generator) -> np.ndarray:
    """An interface through echoes: IP packets of any size in requests and in answers."""
    return talk(rng.integers(90, 1_400, 2_000), rng.integers(90, 1_400, 1_990))


def icmpsh(rng: np.random.Generator) -> np.ndarray:
    """A shell: five empty questions a second, a command now and then, and its output in pieces of 64 octets."""
    requests = np.where(np.arange(300) % 8 == 0, 106, 60)
    return talk(requests, np.where(np.arange(300) % 90 == 0, 60 + rng.integers(1, 12), 60))


def upload(rng: np.random.Generator) -> np.ndarray:
    """A file sent in requests of varied size, which the other end's kernel answers as it does."""
    sizes = rng.integers(900, 1_400, 3_000)
    return talk(sizes, sizes)


def silent_upload(rng: np.random.Generator) -> np.ndarray:
    """The same to a host that does not answer."""
    return talk(rng.integers(900, 1_400, 100), np.zeros(0, int))


def new_identifiers(rng: np.random.Generator) -> list[np.ndarray]:
    """A tool that takes another identifier for each message: a flow for each."""
    return [talk(rng.integers(60, 900, 1), rng.integers(60, 900, 1), place * 0.5, 0.1) for place in range(100)]


def rule(networks: Networks = OURS, **given_settings: object) -> IcmpTunnel:
    return IcmpTunnel(IcmpTunnelSettings.model_validate(given_settings), networks)


@pytest.mark.parametrize("networks", [OURS, NOWHERE], ids=["known", "unknown"])
@pytest.mark.parametrize("kind", [ptunnel, hans, icmpsh, upload, silent_upload])
def test_a_tunnel_is_found_when_its_flow_is_reported(kind: object, networks: Networks) -> None:
    told = found(rule(networks), kind(np.random.default_rng(1)), rest_s=200)  # type: ignore[operator] # one of five
    assert [(one.rule, one.evidence["source"], one.evidence["target"]) for one in begun(told)] == [
        ("icmp_tunnel", CLIENT, SERVER)
    ]
    assert told[0].at - START <= 61
    assert told[0].evidence["start"] == START
    assert told[-1].cleared
    assert told[0].evidence["technique"] == "T1095"
    assert SERVER in told[0].summary
    assert SERVER in told[0].summaries["id"]


def test_identifiers_that_change_hide_nothing() -> None:
    assert len(begun(found(rule(), *new_identifiers(np.random.default_rng(1))))) == 1


def test_a_tunnel_that_goes_on_is_one_finding_with_all_its_octets() -> None:
    rng = np.random.default_rng(2)
    parts = [ptunnel(rng) for _ in range(20)]
    for minute, part in enumerate(parts):
        part["start_ns"] += np.uint64(minute * 60 * 10**9)
        part["end_ns"] += np.uint64(minute * 60 * 10**9)
    told = found(rule(), *parts, rest_s=200)
    assert len(begun(told)) == 1
    assert [one.cleared for one in told].count(True) == 1
    messages = sum(int(part["packets"][0] + part["reply_packets"][0]) for part in parts)
    assert told[-1].evidence["total_messages"] == messages
    assert told[-1].severity is Severity.ERROR


@pytest.mark.parametrize("networks", [OURS, NOWHERE], ids=["known", "unknown"])
def test_an_hour_of_an_office_with_every_ping_is_quiet(networks: Networks) -> None:
    assert found(rule(networks), *office(3)) == []


def test_fragments_of_large_pings_are_quiet() -> None:
    """Of `ping -f -s 8000`: five later fragments of full size and a short one for each message, both ways."""
    rows = flows(
        0, CLIENT, SERVER, protocol=ICMP, icmp_type=0, took=60, packets=6_000, sent=5_000 * 1_514 + 1_000 * 636,
        replies=5_900, back=4_917 * 1_514 + 983 * 636,
    )  # fmt: skip
    assert found(rule(), rows) != []  # by its numbers it could be one
    rows["fragment"] = Fragment.LATER
    assert found(rule(), rows) == []


def test_answers_to_a_broadcast_and_doubled_ones_are_quiet() -> None:
    answers = flows(0, CLIENT, SERVER, protocol=ICMP, took=60, packets=0, sent=0, replies=600, back=600 * 98)
    doubled = flows(
        0, CLIENT, "198.51.100.7", protocol=ICMP, took=60, packets=600, sent=58_800, replies=1_200, back=117_600
    )
    assert found(rule(), answers, doubled) == []


def test_hosts_to_ignore_and_strangers_are_quiet() -> None:
    rows = hans(np.random.default_rng(1))
    assert found(rule(ignored=[f"{SERVER}/32"]), rows) == []
    rows["source_lo"] += np.uint64(1 << 20)
    assert found(rule(), rows) == []


def test_memory_is_bounded_and_the_largest_are_judged() -> None:
    rng = np.random.default_rng(1)
    many = flows(
        0, CLIENT, np.arange(5_000) + 0xFFFF_2D00_0000, protocol=ICMP, took=0.5, packets=1, sent=98, replies=1, back=98
    )
    judged = rule(pairs=16, rows_per_s=500)
    told = found(judged, many, hans(rng)[:1], talk(rng.integers(90, 900, 600), rng.integers(90, 900, 600), took=0.6))
    assert len(judged._pairs) <= 16
    assert judged.skipped == 4_501
    assert judged.dropped > 0
    assert len(begun(told)) == 1


def test_a_tunnel_that_was_crowded_out_in_its_own_window_is_told_all_the_same() -> None:
    rows = np.concatenate([hans(np.random.default_rng(place)) for place in range(20)])
    rows["source_lo"] += np.arange(20, dtype=np.uint64)
    judged = rule(pairs=16)
    assert len(list(judged.observe(Second(START, START + 1, ended=rows)))) == 20
    assert judged.dropped == 4


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=168 * 2, max_size=168 * 30))
def test_any_flows_are_survived(octets: bytes) -> None:
    rows = np.frombuffer(octets[: len(octets) // 168 * 168], RECORD).copy()
    rows["protocol"], rows["icmp_type"], rows["fragment"] = 1, rows["icmp_type"] & 8, 0
    judged = rule(NOWHERE, pairs=16)
    for place in range(3):
        list(judged.observe(Second(START + place, START + place + 1, ended=rows)))
    assert len(judged._pairs) <= 16


@given(size=st.integers(60, 1_514), count=st.integers(1, 5_000), lost=st.floats(0, 1))
def test_no_ping_of_one_size_is_ever_a_tunnel(size: int, count: int, lost: float) -> None:
    replies = int(count * (1 - lost))
    rows = flows(
        0, CLIENT, SERVER, protocol=ICMP, packets=count, sent=count * size, replies=replies, back=replies * size
    )
    assert found(rule(), rows) == []
