"""What the simulated devices answer: consistent, plausible, and moving."""

from itertools import pairwise

import pytest

from collectors.snmp import oid
from collectors.snmp.ber import Tag, header
from netmon.demo.devices import view_of
from netmon.demo.layout import Kind
from netmon.demo.machine import Machine
from netmon.demo.mib import MibView
from netmon.demo.mibs.ups import Battery
from tests.support import demo

NOW = 1_795_000_000.0
NAMES = list(demo.ring().layout.nodes)
IF, IFX, SENSOR, UCD = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1", "1.3.6.1.2.1.99.1.1.1", "1.3.6.1.4.1.2021"
LLDP_REM = "1.0.8802.1.1.2.1.4.1.1"


def view(name: str) -> MibView:
    return view_of(demo.ring(), demo.ring().node(name))


def value(mib: MibView, name: str, at: float = NOW) -> int | bytes:
    position = mib.find(oid.encode(oid.parse(name)))
    assert position is not None, name
    tlv = mib.value(position, at)
    tag, start, stop = header(tlv, 0, len(tlv))
    if tag in (Tag.OCTET_STRING, Tag.OBJECT_IDENTIFIER, Tag.OPAQUE):
        return tlv[start:stop]
    return int.from_bytes(tlv[start:stop], "big", signed=tag == Tag.INTEGER)


def number(mib: MibView, name: str, at: float = NOW) -> int:
    found = value(mib, name, at)
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_value_is_in_the_range_of_its_type(name: str) -> None:
    mib = view(name)
    assert len(mib) > 100
    most = {Tag.COUNTER32: 2**32, Tag.GAUGE32: 2**32, Tag.TIME_TICKS: 2**32, Tag.COUNTER64: 2**64}
    for at in range(len(mib)):
        tlv = mib.value(at, NOW)
        tag, start, stop = header(tlv, 0, len(tlv))
        assert stop == len(tlv)
        if tag == Tag.INTEGER:
            assert stop - start <= 4, oid.text(oid.decode(mib.names[at]))
        elif tag in most:
            assert 0 <= int.from_bytes(tlv[start:stop], "big", signed=True) < most[Tag(tag)]


@pytest.mark.parametrize("name", NAMES)
def test_both_counters_of_a_quantity_agree(name: str) -> None:
    mib = view(name)
    for port in demo.ring().node(name).ports:
        for narrow, wide in ((10, 6), (11, 7), (16, 10), (17, 11)):
            whole = number(mib, f"{IFX}.{wide}.{port.index}")
            assert number(mib, f"{IF}.{narrow}.{port.index}") == whole % 2**32
        for narrow, wide in ((2, 8), (3, 9), (4, 12), (5, 13)):
            assert number(mib, f"{IFX}.{narrow}.{port.index}") == number(mib, f"{IFX}.{wide}.{port.index}") % 2**32
        assert value(mib, f"{IFX}.1.{port.index}") == port.name.encode()


@pytest.mark.parametrize("name", NAMES)
def test_counters_never_fall(name: str) -> None:
    mib = view(name)
    moments = [NOW + 7.5 * i for i in range(20)]
    moved = 0
    for at in range(len(mib)):
        if mib.value(at, NOW)[0] == Tag.COUNTER64:
            totals = [int.from_bytes(mib.value(at, moment)[2:], "big") for moment in moments]
            assert all(later >= earlier for earlier, later in pairwise(totals)) or _is_gauge(mib.names[at])
            moved += totals[-1] > totals[0]
    assert moved


def _is_gauge(name: bytes) -> bool:
    return oid.text(oid.decode(name)).startswith(f"{UCD}.4.")  # CounterBasedGauge64 shares Counter64's tag


def test_idle_ports_are_down_and_silent() -> None:
    mib, node = view("acc-rsud"), demo.ring().node("acc-rsud")
    states = {port.index: number(mib, f"{IF}.8.{port.index}") for port in node.ports}
    down = [index for index, state in states.items() if state == 2]
    assert 1 <= len(down) <= 12
    assert all(number(mib, f"{IFX}.6.{index}") == 0 for index in down)
    assert states[25] == states[26] == 1


def test_sensors_say_what_the_ring_knows() -> None:
    mib, light = view("acc-rsud"), demo.ring().light("acc-rsud", "Te1/1/1", NOW)
    scaled = {1: (8, light.celsius, 10), 2: (4, light.volts, 100), 3: (5, light.bias_ma, 10)}
    scaled |= {4: (14, light.tx_dbm, 100), 5: (14, light.rx_dbm, 100)}
    for sensor, (kind, truth, factor) in scaled.items():
        index = 2250 + sensor
        assert number(mib, f"{SENSOR}.1.{index}") == kind
        assert number(mib, f"{SENSOR}.4.{index}") == round(truth * factor)
        assert 10 ** number(mib, f"{SENSOR}.3.{index}") == factor
        assert number(mib, f"1.3.6.1.2.1.47.1.1.1.1.4.{index}") == 225  # in the transceiver
    assert number(mib, "1.3.6.1.2.1.47.1.1.1.1.4.225") == 125  # in the port
    assert value(mib, "1.3.6.1.2.1.47.1.3.2.1.2.125.0") == oid.encode(oid.parse("1.3.6.1.2.1.2.2.1.1.25"))


def test_neighbours_are_those_at_the_other_ends() -> None:
    mib = view("acc-rsud")
    assert value(mib, f"{LLDP_REM}.9.0.25.1") == b"acc-dinkes"
    assert value(mib, f"{LLDP_REM}.7.0.25.1") == b"Te1/1/2"
    assert value(mib, f"{LLDP_REM}.9.0.26.1") == b"acc-disdik"
    core = view("core-kominfo")
    assert value(core, f"{LLDP_REM}.9.0.5.1") == b"web-portal"
    assert value(core, f"{LLDP_REM}.5.0.1.1") == value(view("acc-dinkes"), "1.0.8802.1.1.2.1.3.2.0")


def test_a_server_is_busy_with_its_traffic() -> None:
    ring = demo.ring()
    node = ring.node("simrs")
    machine = Machine(ring, node)
    hours = [NOW + 1_800 * i for i in range(48)]
    busy = [machine.busy(at, 60) for at in hours]
    assert 0.05 < min(busy) < max(busy) < 0.9
    assert max(busy) > 1.5 * min(busy)
    spent = machine.busy_s(NOW) - machine.busy_s(NOW - 60)
    assert spent / 60 == pytest.approx(machine.busy(NOW, 60), rel=1e-3)


def test_processor_time_adds_up() -> None:
    mib, cpus = view("simrs"), number(view("simrs"), f"{UCD}.11.67.0")
    modes = (50, 51, 52, 53, 54, 56, 61)

    def ticks(at: float) -> int:
        return sum(number(mib, f"{UCD}.11.{mode}.0", at) for mode in modes)

    grown = (ticks(NOW + 100) - ticks(NOW)) % 2**32
    assert grown == pytest.approx(100 * 100 * cpus, rel=0.001)


def test_disks_fill_slowly_and_both_mibs_agree() -> None:
    ring, name = demo.ring(), "simrs"
    machine = Machine(ring, ring.node(name))
    for at, disk in enumerate(machine.disks):
        used = [machine.disk_used(disk, NOW + 3_600 * hour) for hour in range(24 * 14)]
        assert all(0.2 * disk.size < one < 0.9 * disk.size for one in used)
        steps = [b - a for a, b in pairwise(used)]
        assert sum(step > 0 for step in steps) > 0.9 * len(steps)
        mib = view(name)
        in_host = number(mib, f"1.3.6.1.2.1.25.2.3.1.6.{31 + at}") * 4096
        low, high = (number(mib, f"{UCD}.9.1.{column}.{at + 1}") for column in (15, 16))
        assert (high * 2**32 + low) * 1024 == pytest.approx(in_host, abs=4096)


def test_a_battery_is_tested_on_sunday_and_recovers() -> None:
    ring = demo.ring()
    battery = Battery(ring, ring.layout.of(Kind.UPS)[0])
    week = [NOW + 60 * minute for minute in range(7 * 1440)]
    on_battery = [at for at in week if battery.on_battery(at)]
    assert len(on_battery) == 4
    assert battery.charge(on_battery[0] - 60) == pytest.approx(100, abs=0.1)
    assert 90 < battery.charge(on_battery[-1]) < 96
    assert battery.charge(on_battery[-1] + 4 * 3600) > 99.5
