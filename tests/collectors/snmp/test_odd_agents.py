"""What agents in the field make of the standard MIBs: a table of small answers, and what is made of them."""

from collections.abc import Mapping
from typing import TypeAlias

import pytest
from pydantic import SecretStr

from collectors.snmp import oid
from collectors.snmp.answers import Cell
from collectors.snmp.collector import SnmpCollector
from collectors.snmp.settings import CommunityCredential, SnmpSettings
from netmon.api import Missing, Reason, Sample, Target
from tests.support.librenms import samples_of
from tests.support.profiles import shipped
from tests.support.snmprec import Memory, Recording

Expected: TypeAlias = Mapping[str, "int | float | Reason | None"]
"""Metric → the value of its only series, why it is missing, or None where there must be no series."""

UP = "1.3.6.1.2.1.1.3.0"
IF, X = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
STORAGE, RAM, DISK = "1.3.6.1.2.1.25.2.3.1", "1.3.6.1.2.1.25.2.1.2", "1.3.6.1.2.1.25.2.1.4"
LOAD, DATE = "1.3.6.1.2.1.25.3.3.1.2", "1.3.6.1.2.1.25.1.2.0"
PART, SENSOR = "1.3.6.1.2.1.47.1.1.1.1", "1.3.6.1.2.1.99.1.1.1"
UPS, UCD_MEMORY, UCD_DISK = "1.3.6.1.2.1.33.1", "1.3.6.1.4.1.2021.4", "1.3.6.1.4.1.2021.9.1"
SPEED, RECEIVED = "netmon_interface_speed_bits_per_second", "netmon_interface_receive_bytes_total"
USED, SIZE = "netmon_storage_used_bytes", "netmon_storage_size_bytes"
INVALID, NOT_SUPPORTED = Reason.INVALID, Reason.NOT_SUPPORTED


def port(**columns: Cell) -> dict[str, Cell]:
    """Return port 7 with these columns: i2 for column 2 of ifTable, x1 for column 1 of ifXTable."""
    return {f"{IF if name[0] == 'i' else X}.{name[1:]}.7": cell for name, cell in columns.items()}


def pointer(number: str) -> bytes:
    return oid.encode(oid.parse(number))


def disk(units: Cell, size: Cell, used: Cell, kind: str = DISK, name: bytes = b"/data") -> dict[str, Cell]:
    cells: tuple[Cell, ...] = (pointer(kind), name, units, size, used)
    return {f"{STORAGE}.{column}.3": cell for column, cell in enumerate(cells, 2)}


def sensor(kind: int, scale: Cell, precision: Cell, value: Cell, status: Cell = 1) -> dict[str, Cell]:
    cells = {f"{SENSOR}.{column}.9": cell for column, cell in enumerate((kind, scale, precision, value, status), 1)}
    return {f"{PART}.7.9": b"inlet"} | cells


CASES: dict[str, tuple[Mapping[str, Cell], Expected]] = {
    "ifTable alone": (
        port(i2=b"eth0", i5=100_000_000, i8=1, i10=5),
        {SPEED: 100_000_000, RECEIVED: 5, "ifInOctets": 5, "ifHCInOctets": None, "netmon_interface_up": 1},
    ),
    "ifXTable alone": (
        port(x1=b"eth0", x6=2**40, x15=1_000),
        {SPEED: 10**9, RECEIVED: 2**40, "ifHCInOctets": 2**40, "netmon_interface_up": None},
    ),
    "ifName lacking": (port(i2=b"eth0", i8=2, x15=0, i5=10_000_000), {SPEED: 10_000_000, "netmon_interface_up": 0}),
    "more than 4 Gbit/s": (port(i2=b"eth0", i5=2**32 - 1, x15=10_000), {SPEED: 10**10, "ifSpeed": 2**32 - 1}),
    "ifHighSpeed lacking": (port(i2=b"eth0", i5=10**9), {SPEED: 10**9, "ifHighSpeed": None}),
    "ifHighSpeed 0": (port(i2=b"eth0", i5=56_000, x15=0), {SPEED: 56_000, "ifHighSpeed": 0}),
    "both speeds 0": (port(i2=b"eth0", i5=0, x15=0), {SPEED: 0}),
    "ifSpeed negative": (port(i2=b"eth0", i5=-1, x15=1_000), {SPEED: 10**9, "ifSpeed": INVALID}),
    "status outside its enumeration": (port(i2=b"eth0", i8=0), {"ifOperStatus": 0, "netmon_interface_up": 0}),
    "status as text": (port(i2=b"eth0", i8=b"up"), {"ifOperStatus": INVALID, "netmon_interface_up": INVALID}),
    "allocation units of 0": (disk(0, 100, 50), {SIZE: INVALID, USED: INVALID, "hrStorageSize": 100}),
    "allocation units lacking": (
        {k: v for k, v in disk(1, 100, 50).items() if ".4.3" not in k},
        {SIZE: None, USED: None, "hrStorageUsed": 50},
    ),
    "size past 31 bits": (
        disk(4096, -1_744_830_464, 5),
        {SIZE: 2_550_136_832 * 4096, USED: 20_480, "hrStorageSize": 2_550_136_832},
    ),
    "used past 31 bits too": (disk(4096, -2, -3), {SIZE: (2**32 - 2) * 4096, USED: (2**32 - 3) * 4096}),
    "size past 32 bits": (disk(4096, 2**32, 5), {SIZE: INVALID, USED: 20_480}),
    "memory whose rows 6 and 7 are other things": (
        disk(1024, 1000, 500, RAM, b"Physical memory") | {f"{STORAGE}.6.6": 9_000, f"{STORAGE}.6.7": 9_000},
        {"netmon_memory_used_bytes": 500 * 1024, "netmon_memory_size_bytes": 1000 * 1024},
    ),
    "no processor load": ({f"{STORAGE[:-4]}.2.0": 1024}, {"hrMemorySize": 1024, "netmon_cpu_utilization_ratio": None}),
    "load past 100": ({f"{LOAD}.1": 101}, {"netmon_cpu_utilization_ratio": INVALID}),
    "date of 8 octets": ({DATE: bytes.fromhex("07b2010100000100")}, {"hrSystemDate": 1}),
    "date of 11 octets": ({DATE: bytes.fromhex("07b20101070001002b0700")}, {"hrSystemDate": 1}),
    "date of 7 octets": ({DATE: bytes.fromhex("07b20101000001")}, {"hrSystemDate": INVALID}),
    "date of month 0": ({DATE: bytes(8)}, {"hrSystemDate": INVALID}),
    "sensor unavailable": (
        sensor(8, 9, 0, 21, 2),
        {"netmon_temperature_celsius": NOT_SUPPORTED, "entPhySensorValue": 21, "entPhySensorOperStatus": 2},
    ),
    "sensor broken": (sensor(8, 9, 0, 21, 3), {"netmon_temperature_celsius": NOT_SUPPORTED}),
    "sensor past its range": (
        sensor(8, 9, 0, 1_000_000_000),
        {"netmon_temperature_celsius": NOT_SUPPORTED, "entPhySensorValue": NOT_SUPPORTED},
    ),
    "precision that is none": (sensor(8, 9, 77, 21), {"netmon_temperature_celsius": INVALID, "entPhySensorValue": 21}),
    "scale that is none": (sensor(8, 0, 0, 21), {"netmon_temperature_celsius": INVALID}),
    "precision below 0": (sensor(8, 9, -1, 2), {"netmon_temperature_celsius": 20}),
    "yotta": (sensor(7, 17, -8, 1), {"netmon_frequency_hertz": 1e32}),
    "humidity": (sensor(9, 9, 1, 455), {"netmon_humidity_ratio": 0.455}),
    "hertz": (sensor(7, 10, 1, 500), {"netmon_frequency_hertz": 50_000}),
    "rpm": (sensor(10, 9, 0, 4_200), {"netmon_fan_speed_rpm": 4_200}),
    "cubic metres a minute": (sensor(11, 9, 0, 3), {"entPhySensorValue": 3}),
    "truth": (sensor(12, 9, 0, 1), {"entPhySensorValue": 1}),
    "type that is none": (sensor(99, 9, 0, 3), {"entPhySensorValue": 3, "entPhySensorType": 99}),
    "optics in watts without light": (
        sensor(6, 9, 0, 0) | {f"{PART}.7.9": b"Te1/1 Receive Power Sensor"},
        {"netmon_optical_rx_power_dbm": INVALID, "netmon_power_watts": None},
    ),
    "UPS that measures little": (
        {f"{UPS}.2.3.0": -1, f"{UPS}.2.4.0": 65_535, f"{UPS}.2.5.0": 65_535, f"{UPS}.2.1.0": 2, f"{UPS}.4.1.0": 3}
        | {f"{UPS}.3.3.1.3.1": -1, f"{UPS}.3.3.1.2.1": 65_535, f"{UPS}.4.4.1.5.1": -1},
        {
            "netmon_ups_runtime_remaining_seconds": NOT_SUPPORTED,
            "netmon_ups_battery_charge_ratio": NOT_SUPPORTED,
            "netmon_ups_load_ratio": NOT_SUPPORTED,
            "upsInputVoltage": NOT_SUPPORTED,
            "upsInputFrequency": NOT_SUPPORTED,
            "netmon_ups_on_battery": 0,
            "upsBatteryStatus": 2,
        },
    ),
    "UPS without lines": ({f"{UPS}.2.4.0": 80}, {"netmon_ups_battery_charge_ratio": 0.8, "upsOutputVoltage": None}),
    "disk of 2 TiB and more in kB": (
        {f"{UCD_DISK}.2.1": b"/", f"{UCD_DISK}.6.1": -2, f"{UCD_DISK}.8.1": 2**31 - 1},
        {SIZE: (2**32 - 2) * 1024, USED: (2**31 - 1) * 1024},
    ),
    "disk whose size is in two halves": (
        {f"{UCD_DISK}.2.1": b"/", f"{UCD_DISK}.6.1": 2**31 - 1, f"{UCD_DISK}.11.1": 5, f"{UCD_DISK}.12.1": 2},
        {SIZE: (2 * 2**32 + 5) * 1024, "dskTotal": 2**31 - 1},
    ),
    "no memTotalReal": (
        {f"{UCD_MEMORY}.6.0": 100, f"{UCD_MEMORY}.14.0": 1, "1.3.6.1.4.1.2021.11.11.0": 75},
        {"memAvailReal": 100, "netmon_memory_used_bytes": None, "netmon_cpu_utilization_ratio": 0.25},
    ),
    "cache that is more than what is used": (
        {f"{UCD_MEMORY}.5.0": 1000, f"{UCD_MEMORY}.6.0": 100, f"{UCD_MEMORY}.14.0": 1, f"{UCD_MEMORY}.15.0": 950},
        {"netmon_memory_used_bytes": 900 * 1024, "netmon_memory_size_bytes": 1000 * 1024},
    ),
    "no sysUpTime": (
        {UP: b"", "1.3.6.1.2.1.1.1.0": b"a device", "1.3.6.1.2.1.1.5.0": b"core1"},
        {"netmon_device_info": 1, "netmon_device_uptime_seconds": INVALID},
    ),
}


async def read(values: Mapping[str, Cell], *parts: str) -> list[Sample]:
    found = {UP: 8_640_000, **values}
    recorded = Recording([(oid.parse(number), cell) for number, cell in found.items()])
    credentials = {"default": CommunityCredential(community=SecretStr("public"))}
    snmp = SnmpCollector(Memory(sw=recorded), shipped(), credentials, SnmpSettings())
    names = parts or tuple(profile.name for profile in shipped())
    return samples_of(await snmp.read(Target("sw", "192.0.2.1", "", "device"), names, 10))


@pytest.mark.parametrize("case", CASES)
async def test_what_is_made_of_odd_answers(case: str) -> None:
    values, expected = CASES[case]
    samples = await read(values)
    for metric, wanted in expected.items():
        found = [sample.value for sample in samples if sample.metric == metric]
        if wanted is None:
            assert found == [], metric
            continue
        assert len(found) == 1, (metric, found)
        got = found[0].reason if isinstance(found[0], Missing) else found[0]
        assert got == (wanted if isinstance(wanted, Reason) else pytest.approx(wanted)), metric


REM = "1.0.8802.1.1.2.1.4.1.1"


@pytest.mark.parametrize(
    ("subtype", "octets", "text"),
    [
        (1, b"chassis 7", "chassis 7"),
        (2, b"uplink", "uplink"),
        (3, b"backplane 1", "backplane 1"),
        (4, bytes.fromhex("001a2b3c4d5e"), "00:1A:2B:3C:4D:5E"),
        (4, b"00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5E"),
        (4, bytes.fromhex("001a2b"), "00:1A:2B:00:00:00"),
        (5, bytes((1, 192, 0, 2, 1)), "192.0.2.1"),
        (5, bytes((192, 0, 2, 1)), "192.0.2.1"),
        (5, bytes((2, 32, 1, 13, 184, *bytes(11), 1)), "2001:db8::1"),
        (5, b"\x06\x00", "0x0600"),
        (6, b"Gi0/1", "Gi0/1"),
        (7, b"core1", "core1"),
        (7, b"\x00\xff", "\\x00\\xff"),
        (0, b"what", "what"),
        (99, b"what\xe9", "what\\xe9"),
    ],
)
async def test_chassis_ids_of_every_subtype(subtype: int, octets: bytes, text: str) -> None:
    values: dict[str, Cell] = {f"{REM}.4.0.1.1": subtype, f"{REM}.5.0.1.1": octets, f"{REM}.9.0.1.1": b"there"}
    labels = [dict(s.labels) for s in await read(values, "lldp") if s.metric == "netmon_neighbor_info"]
    assert [each["remote_chassis"] for each in labels] == [text]


async def test_a_port_without_a_name_keeps_its_description() -> None:
    samples = await read(port(i2=b"eth0\0", i8=1), "if_mib")
    assert {s.labels for s in samples if s.metric == "ifOperStatus"} == {
        (("ifIndex", "7"), ("ifName", ""), ("ifAlias", ""), ("ifDescr", "eth0"))
    }
