"""Sites of many addresses at once are those of `Networks`, one by one."""

from ipaddress import ip_network

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from exporters.flowstore.columns import Callers
from exporters.flowstore.sites import Sites
from netmon.api.networks import Networks, Place
from netmon.api.traffic import MAPPED, halves

V4 = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(lambda each: ip_network(each, strict=False))
V6 = st.tuples(st.one_of(st.integers(0, 2**128 - 1), st.just(MAPPED), st.just(1)), st.integers(0, 128)).map(
    lambda each: ip_network((each[0].to_bytes(16, "big"), each[1]), strict=False)
)


def found(sites: Sites, hi: NDArray[np.uint64], lo: NDArray[np.uint64]) -> list[str]:
    callers, out = Callers(), np.empty(len(lo), np.uint32)
    sites.find(hi, lo, callers.numbers(sites), out)
    return list(map(callers.site, out.tolist()))


@given(st.lists(st.tuples(st.one_of(V4, V6), st.sampled_from(["", "a", "b", "c"])), max_size=8), st.data())
def test_as_networks_has_it(places: list[tuple[object, str]], data: st.DataObject) -> None:
    networks = Networks([Place(network, site) for network, site in places])  # type: ignore[arg-type]
    known = [int(network.network_address) | (MAPPED if network.version == 4 else 0) for network, _ in places]  # type: ignore[attr-defined]
    near = st.sampled_from([0, MAPPED, *known]).flatmap(
        lambda one: st.integers(max(0, one - 2), min(2**128 - 1, one + 2))
    )
    numbers = data.draw(st.lists(st.one_of(near, st.integers(0, 2**128 - 1)), min_size=1, max_size=20))
    hi = np.array([number >> 64 for number in numbers], np.uint64)
    lo = np.array([number & (2**64 - 1) for number in numbers], np.uint64)
    sites = Sites(networks)
    assert found(sites, hi, lo) == [networks.site_of(number >> 64, number & (2**64 - 1)) for number in numbers]


def test_an_office_in_another() -> None:
    sites = Sites(Networks([Place(ip_network("10.0.0.0/8"), "kota"), Place(ip_network("10.1.9.0/24"), "rsud")]))
    several = np.array([halves(each) for each in ("10.1.8.255", "10.1.9.0", "10.1.10.0", "11.0.0.0")], np.uint64)
    assert found(sites, several[:, 0].copy(), several[:, 1].copy()) == ["kota", "rsud", "kota", ""]
