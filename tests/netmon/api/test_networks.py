from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netmon.api.networks import Network, Networks, Place, PrefixMap
from netmon.api.traffic import MAPPED, RECORD, address_text, halves, mac_text

four = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(lambda t: IPv4Network(t, strict=False))
six = st.tuples(st.integers(0, 2**128 - 1), st.integers(0, 128)).map(lambda t: IPv6Network(t, strict=False))


def columns(addresses: list[str]) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array([halves(address) for address in addresses], np.uint64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def longest(networks: list[Network], address: str) -> int:
    """The slow way: every prefix is asked."""
    parsed = ip_address(address)
    fits = [
        (network.prefixlen, place)
        for place, network in enumerate(networks)
        if network.version == parsed.version and parsed in network
    ]
    return max(fits)[1] if fits else -1


@given(st.lists(st.one_of(four, six), max_size=12), st.ip_addresses())
def test_finds_what_asking_every_prefix_finds(networks: list[Network], other: IPv4Address | IPv6Address) -> None:
    addresses = [str(end) for network in networks for end in (network[0], network[-1])]
    addresses += [str(network[-1] + 1) for network in networks if network[-1].packed.strip(b"\xff")]
    addresses += ["0.0.0.0", "255.255.255.255", "::", "::1", "ffff:" * 7 + "ffff", str(other)]
    addresses = [address for address in addresses if not _hides_four(address)]
    found = PrefixMap(networks).find(*columns(addresses))
    assert found.tolist() == [longest(networks, address) for address in addresses]
    hi, lo = columns(addresses)
    many = PrefixMap(networks).find(np.resize(hi, 1_000), np.resize(lo, 1_000))  # by tables
    assert many.tolist() == np.resize(found, 1_000).tolist()


def test_more_split_prefixes_than_the_tables_hold_are_searched_for() -> None:
    networks: list[Network] = [IPv4Network((row << 16 | 7 << 8, 24)) for row in range(5_000)]
    lo = np.uint64(MAPPED) | np.arange(5_000, dtype=np.uint64) << np.uint64(16) | np.uint64(7 << 8 | 9)
    every = PrefixMap(networks)
    assert every.find(np.zeros_like(lo), lo).tolist() == list(range(5_000))
    assert set(every.find(np.zeros_like(lo), lo + np.uint64(256)).tolist()) == {-1}


def _hides_four(address: str) -> bool:
    """::ffff:192.0.2.1 is the same as 192.0.2.1 to us, and not to the slow way."""
    parsed = ip_address(address)
    return parsed.version == 6 and parsed.ipv4_mapped is not None


@pytest.mark.parametrize("text", ["192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "fe80::1"])
def test_an_address_comes_back_as_it_went_in(text: str) -> None:
    assert address_text(*halves(text)) == text


def test_names_sites_and_what_is_ours() -> None:
    places = [
        Place(IPv4Network("10.0.0.0/8"), "center"),
        Place(IPv4Network("10.9.0.0/16"), "rsud", protected=True),
        Place(IPv4Network("203.0.113.0/24"), title="provider"),
    ]
    networks = Networks(places, {halves("10.9.0.7"): "srv-rsud"})
    hi, lo = columns(["10.1.1.1", "10.9.0.7", "203.0.113.5", "198.51.100.1"])
    assert networks.own(hi, lo).tolist() == [True, True, False, False]
    assert networks.protected(hi, lo).tolist() == [False, True, False, False]
    assert [networks.site_of(*halves(a)) for a in ("10.9.0.7", "203.0.113.5", "198.51.100.1")] == ["rsud", "", ""]
    assert networks.name_of(*halves("10.9.0.7")) == "srv-rsud"
    assert networks.name_of(*halves("10.9.0.8")) == "10.9.0.8"


def test_without_prefixes_every_address_is_ours() -> None:
    hi, lo = columns(["198.51.100.1", "2001:db8::1"])
    assert Networks().own(hi, lo).all()
    assert Networks().protected(hi, lo).all()


def test_without_a_protected_prefix_all_of_ours_is_protected() -> None:
    networks = Networks([Place(ip_network("10.0.0.0/8"), "center"), Place(ip_network("192.0.2.0/24"))])
    hi, lo = columns(["10.0.0.1", "192.0.2.1", "198.51.100.1"])
    assert networks.protected(hi, lo).tolist() == [True, False, False]


def test_a_packets_part_of_a_record_is_two_cache_lines() -> None:
    assert RECORD.fields is not None
    assert RECORD.fields["reply_bytes"][1] == 128
    assert RECORD.itemsize == 168


def test_macs_are_written_in_pairs() -> None:
    assert mac_text(0x0200_5E10_0001) == "02:00:5e:10:00:01"
