"""What the simulated routers export, read by the real decoder: both protocols, and octets that add up to the ports'."""

import numpy as np
import pytest
from numpy.typing import NDArray

from collectors.traffic.flows.datagrams import DATAGRAM, Datagrams
from collectors.traffic.flows.netflow.decoder import NetFlow
from netmon.api.networks import Networks
from netmon.api.traffic import RECORD
from netmon.app.traffic.build import networks_of
from netmon.demo.exports import INTERVAL_S, Exporter
from netmon.demo.layout import Kind
from netmon.demo.packets.stage import places_of
from netmon.demo.ring import Ring
from netmon.demo.story import Story, troubles
from tests.support import demo

NOW = 1_795_000_000.0
MONDAY_MORNING = 1_794_796_200.0  # 09:30 there


def decoded(datagrams: list[bytes], at: float, exporter: int) -> NDArray[np.void]:
    index = np.zeros(len(datagrams), DATAGRAM)
    index["length"] = [len(each) for each in datagrams]
    index["at"] = np.cumsum(index["length"]) - index["length"]
    index["exporter"], index["received_ns"] = exporter, int(at * 1e9)
    return NetFlow().decode(Datagrams(np.frombuffer(b"".join(datagrams), np.uint8), index)).copy()


def exported(ring: Ring, at: float) -> list[NDArray[np.void]]:
    places = places_of(demo.settings().inventory)
    cores = ring.layout.of(Kind.CORE)
    exporters = [Exporter(ring, core, places, ipfix=number > 0) for number, core in enumerate(cores)]
    return [decoded(list(one.datagrams(at)), at, number) for number, one in enumerate(exporters, 1)]


@pytest.mark.parametrize("at", [NOW, MONDAY_MORNING])
def test_flows_add_up_to_what_the_offices_ports_carry(at: float) -> None:
    ring = demo.ring()
    networks = networks_of(demo.settings().inventory)
    records = np.concatenate(exported(ring, at))
    assert len(records) == 2 * 7 * len(ring.layout.of(Kind.ACCESS))
    sites = _sites(networks, records)
    for office in ring.layout.of(Kind.ACCESS):
        ports = [port.index for port in office.ports if not port.optic and not port.virtual]
        loads = [ring.load(office.name, index, at) for index in ports]
        true = sum(load.in_bps + load.out_bps for load in loads) * INTERVAL_S / 8
        assert records["bytes"][sites == office.site].sum() == pytest.approx(true, rel=1e-3), office.name


def _sites(networks: Networks, records: NDArray[np.void]) -> NDArray[np.str_]:
    """Return the office of each record: whichever end is in one."""
    found = []
    for record in records:
        ends = [("source_hi", "source_lo"), ("destination_hi", "destination_lo")]
        names = [networks.site_of(int(record[hi]), int(record[lo])) for hi, lo in ends]
        found.append(next(name for name in names if name not in {"", "kominfo", "setda"}))
    return np.array(found)


def test_both_protocols_tell_the_same_things() -> None:
    for records in exported(demo.ring(), NOW):
        assert records.dtype == RECORD
        assert len(records)
        assert (records["packets"] > 0).all()
        assert records["start_ns"] == pytest.approx((NOW - INTERVAL_S) * 1e9, abs=2e6)
        assert records["end_ns"] == pytest.approx(NOW * 1e9, abs=2e6)
        assert set(records["protocol"]) == {6, 17}
        assert (records["in_interface"] > 0).all()
        asked = records[::2]
        answered = records[1::2]
        assert (asked["source_lo"] == answered["destination_lo"]).all()
        assert (asked["out_interface"] == answered["in_interface"]).all()


def test_each_datagram_fits_an_ethernet_and_counts_on() -> None:
    ring, places = demo.ring(), places_of(demo.settings().inventory)
    for number, core in enumerate(ring.layout.of(Kind.CORE)):
        exporter = Exporter(ring, core, places, ipfix=number > 0)
        datagrams = [datagram for turn in range(3) for datagram in exporter.datagrams(NOW + turn * INTERVAL_S)]
        assert max(map(len, datagrams)) <= 1_472
        source = NetFlow()
        index = np.zeros(len(datagrams), DATAGRAM)
        index["length"] = [len(each) for each in datagrams]
        index["at"] = np.cumsum(index["length"]) - index["length"]
        index["exporter"] = 1
        source.decode(Datagrams(np.frombuffer(b"".join(datagrams), np.uint8), index))
        (domain,) = source.domains()
        assert domain.datagrams == len(datagrams)
        assert (domain.missed, domain.resets, domain.repeated) == (0, 0, 0)


def test_what_is_cut_off_exports_nothing() -> None:
    ring = Ring(demo.settings().inventory)
    used = [(node.name, port.index) for node in ring.layout.nodes.values() for port in node.ports]
    ring.story = Story(troubles(ring.layout, [socket for socket in used if ring.traffic.carries(socket)]), NOW)
    networks = networks_of(demo.settings().inventory)
    before, during = (set(_sites(networks, np.concatenate(exported(ring, NOW + second)))) for second in (1, 100))
    assert before - during == {"dishub", "kec-cibening"}
