"""What one compiled look at a window's flows says, against the same said flow by flow in plain Python."""

import gc
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.networks import Networks, Place
from netmon.api.traffic import RECORD, FlowState, Fragment, Second, address_text, halves
from rules.traffic.hidden import sides_kernel as kernel
from rules.traffic.hidden.sides import _LOOKS, Sides, grouped, keyed, network_of, networks_of
from tests.support.flow_rows import rows_of

OURS = Networks(
    [
        Place(ip_network("10.0.0.0/8"), "office"),
        Place(ip_network("10.20.0.0/16"), "servers", protected=True),
        Place(ip_network("203.0.113.0/25"), title="provider"),
        Place(ip_network("2001:db8:1::/48"), "office"),
        Place(ip_network("224.0.0.0/4"), "mistaken"),
    ]
)
NOWHERE = Networks()
NOBODY = [
    ip_network(text)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8")
]
PRIVATE = [ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")]
EDGES = [str(end + step) for network in NOBODY + PRIVATE for end, step in ((network[0], 0), (network[-1], 0))]
ADDRESSES = [
    *EDGES, "10.19.255.255", "10.20.0.0", "203.0.113.5", "203.0.113.200", "8.8.8.8", "172.32.0.0", "100.128.0.0",
    "2001:db8:1::5", "2001:db8:2::5", "::2", "fe00::1", "11.0.0.0",
]  # fmt: skip
flow = st.fixed_dictionaries(
    {
        "source": st.sampled_from(ADDRESSES),
        "destination": st.sampled_from(ADDRESSES),
        "protocol": st.sampled_from([1, 6, 17, 47, 58]),
        "icmp_type": st.sampled_from([0, 3, 8, 128, 129]),
        "fragment": st.sampled_from([Fragment.NONE, Fragment.FIRST, Fragment.LATER]),
        "tcp_flags": st.sampled_from([0, 2, 16, 18, 27]),
        "reply_tcp_flags": st.sampled_from([0, 2, 16, 18]),
        "state": st.sampled_from(list(FlowState)),
        "handshake_us": st.integers(0, 1),
        "source_port": st.sampled_from([0, 53, 443, 50_000]),
        "destination_port": st.sampled_from([0, 53, 443, 50_000]),
        "packets": st.integers(0, 2),
        "reply_packets": st.integers(0, 2),
        "bytes": st.integers(0, 2**40),
        "reply_bytes": st.integers(0, 2**40),
    }
)


def among(address: str, networks: list[Any]) -> bool:
    parsed = ip_address(address)
    return any(parsed.version == network.version and parsed in network for network in networks)


def end_marks(address: str, networks: Networks) -> int:
    if among(address, NOBODY):
        return 0
    hi, lo = (np.array([half], np.uint64) for half in halves(address))
    own = bool(networks.own(hi, lo)[0])
    outside = not own if networks.places else not among(address, PRIVATE)
    return own * kernel.SOURCE_OWN | outside * kernel.SOURCE_OUTSIDE


def marks_of(told: dict[str, Any], networks: Networks, *, live: bool) -> int:
    hi, lo = (np.array([half], np.uint64) for half in halves(told["destination"]))
    tcp, udp = told["protocol"] == 6, told["protocol"] == 17
    sent, replied, begun = told["packets"] > 0, told["reply_packets"] > 0, bool(told["tcp_flags"] & 2)
    lower = told["destination_port"] < told["source_port"]
    if tcp and live:
        established = (FlowState.ESTABLISHED, FlowState.CLOSED, FlowState.RESET)
        serves = told["state"] in established and told["handshake_us"] > 0
    elif tcp:
        serves = begun and told["reply_tcp_flags"] & 18 == 18 and lower
    else:
        serves = udp and sent and replied and lower
    echo = (told["protocol"], told["icmp_type"]) in {(1, 0), (1, 8), (58, 128), (58, 129)}
    answered = replied or told["state"] == FlowState.UNKNOWN
    return int(
        end_marks(told["source"], networks)
        | end_marks(told["destination"], networks) << 2
        | bool(networks.protected(hi, lo)[0]) * kernel.DESTINATION_PROTECTED
        | sent * kernel.SENT
        | replied * kernel.REPLIED
        | (echo and told["fragment"] != Fragment.LATER) * kernel.ECHO
        | (sent and answered and (udp or (tcp and begun))) * kernel.CONTACT
        | bool(serves) * kernel.SERVICE
    )


@given(st.lists(flow, max_size=30), st.sampled_from([OURS, NOWHERE]), st.booleans())
def test_it_says_what_each_flow_says(flows: list[dict[str, Any]], networks: Networks, live: bool) -> None:
    second = Second(0, 1, live, ended=rows_of(flows))
    look = Sides(networks).look(second)
    assert look.marks.tolist() == [marks_of(told, networks, live=live) for told in flows]
    assert look.services.tolist() == [told["protocol"] << 16 | told["destination_port"] for told in flows]
    ends = [(told["source"], told["destination"]) for told in flows]
    assert len(set(look.pairs.tolist())) == len(set(ends))
    assert len(set(look.hosts.tolist())) == len({destination for _, destination in ends})


@given(st.lists(flow, max_size=30), st.integers(1, 2**41))
def test_no_pair_that_sent_much_is_overlooked(flows: list[dict[str, Any]], least: int) -> None:
    look = Sides(OURS).look(Second(0, 1, ended=rows_of(flows)))
    for served, mark, name in (
        (False, kernel.SOURCE_OWN | kernel.DESTINATION_OUTSIDE, "bytes"),
        (True, kernel.DESTINATION_OWN | kernel.SOURCE_OUTSIDE, "reply_bytes"),
    ):
        sums: dict[tuple[str, str], int] = {}
        for told in flows:
            pair = told["source"], told["destination"]
            sums[pair] = sums.get(pair, 0) + told[name]
        chosen = look.may_send(look.rows(mark), least, served=served).tolist()
        much = [
            place
            for place in look.rows(mark).tolist()
            if sums[flows[place]["source"], flows[place]["destination"]] >= least
        ]
        assert set(chosen) >= set(much)


def test_it_is_looked_once_for_all_and_forgotten_with_its_window() -> None:
    second = Second(0, 1, ended=np.zeros(3, RECORD))
    look = Sides(OURS).look(second)
    assert Sides(OURS, [ip_network("192.0.2.0/24")]).look(second) is look
    assert Sides(NOWHERE).look(second) is not look
    key = id(second)
    assert key in _LOOKS
    del second
    gc.collect()
    assert key not in _LOOKS


@given(st.lists(st.integers(0, 5) | st.integers(0, 2**64 - 1), max_size=50))
def test_equal_numbers_stand_together_in_their_order(numbers: list[int]) -> None:
    keys = np.array(numbers, np.uint64) * np.uint64(0x9E37_79B9_7F4A_7C15)  # spread, as hashes are
    order, edges = grouped(keys)
    assert sorted(order.tolist()) == list(range(len(numbers)))
    runs = [order[start:end].tolist() for start, end in pairwise(edges.tolist())]
    assert all(run == sorted(run) and len({numbers[row] for row in run}) == 1 for run in runs)
    assert len(runs) == len(set(numbers))


def test_services_of_one_pair_have_numbers_of_their_own() -> None:
    services = np.arange(1 << 17, dtype=np.uint32)
    assert len(np.unique(keyed(np.full(len(services), 77, np.uint64), services))) == len(services)


@pytest.mark.parametrize("address", ADDRESSES)
def test_networks_are_the_same_one_by_one_and_together(address: str) -> None:
    hi, lo = networks_of(*(np.array([half], np.uint64) for half in halves(address)))
    assert address_text(int(hi[0]), int(lo[0])) == address_text(*network_of(halves(address)))


@pytest.mark.parametrize("networks", [OURS, NOWHERE])
def test_one_address_is_outside_as_in_a_flow(networks: Networks) -> None:
    sides = Sides(networks, [ip_network("8.8.8.0/24")])
    for address in ADDRESSES:
        outside = bool(end_marks(address, networks) & kernel.SOURCE_OUTSIDE) and address != "8.8.8.8"
        assert sides.is_outside(halves(address)) == outside
