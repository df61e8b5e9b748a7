"""Sensors of parts: their names, their units whatever their scale, and what cannot be read now."""

import pytest

from collectors.snmp.answers import Cell
from netmon.api import Missing, Reason
from tests.support.librenms import samples_of
from tests.support.snmp_switch import TARGET, UP, Clock, asked_columns, collector, device, value
from tests.support.snmprec import Memory, Recording

PHYSICAL, SENSOR, ENTITY_CHANGED = "1.3.6.1.2.1.47.1.1.1.1", "1.3.6.1.2.1.99.1.1.1", "1.3.6.1.2.1.47.1.4.1.0"


def with_sensor(**more: Cell) -> Recording:
    values: dict[str, Cell] = {f"{PHYSICAL}.7.9": b"inlet", f"{PHYSICAL}.5.9": 8, ENTITY_CHANGED: 100}
    for column, cell in ((1, 8), (2, 9), (3, 1), (4, 254), (5, 1)):
        values[f"{SENSOR}.{column}.9"] = cell
    return device(**(values | more))


async def test_names_of_parts_are_read_once_until_the_device_says_that_they_changed() -> None:
    recorded = with_sensor()
    memory, clock = Memory(sw1=recorded), Clock(recorded)
    snmp = collector(memory, clock=clock)
    reading = await snmp.read(TARGET, ["entity"], 10)
    assert value(reading, "netmon_temperature_celsius", sensor="inlet") == 25.4
    assert {s.source for s in samples_of(reading) if s.metric == "netmon_temperature_celsius"} == {f"{SENSOR}.4.9"}
    since = len(memory.asked)
    clock.move(60)
    recorded.change(f"{SENSOR}.4.9", 260)
    assert value(await snmp.read(TARGET, ["entity"], 10), "netmon_temperature_celsius", sensor="inlet") == 26
    assert f"{PHYSICAL}.7" not in asked_columns(memory, since)
    clock.move(60)
    recorded.change(f"{PHYSICAL}.7.9", b"outlet")
    recorded.change(ENTITY_CHANGED, 200)
    assert value(await snmp.read(TARGET, ["entity"], 10), "netmon_temperature_celsius", sensor="outlet") == 26
    assert f"{PHYSICAL}.7" in asked_columns(memory, since)


async def test_names_of_parts_are_there_in_the_very_poll_that_notices_a_restart() -> None:
    recorded = with_sensor()
    memory, clock = Memory(sw1=recorded), Clock(recorded)
    snmp = collector(memory, clock=clock)
    await snmp.read(TARGET, ["entity"], 10)
    clock.move(60)
    recorded.change(UP, 700)
    assert value(await snmp.read(TARGET, ["entity"], 10), "netmon_temperature_celsius", sensor="inlet") == 25.4


async def test_a_sensor_that_cannot_be_read_now_is_missing_and_not_gone() -> None:
    recorded = with_sensor()
    recorded.change(f"{SENSOR}.5.9", 2)  # unavailable
    reading = await collector(Memory(sw1=recorded)).read(TARGET, ["entity"], 10)
    found = value(reading, "netmon_temperature_celsius", sensor="inlet")
    assert found == Missing(Reason.NOT_SUPPORTED, "the device says that it cannot read this now")


@pytest.mark.parametrize(
    ("name", "reading", "metric", "result"),  # reading: type, scale, precision, value
    [
        (b"Ethernet1 Rx Power Sensor", (14, 9, 2, -523), "netmon_optical_rx_power_dbm", -5.23),
        (b"Ethernet1 Tx Power Sensor", (14, 9, 2, -101), "netmon_optical_tx_power_dbm", -1.01),
        (b"DOM RX Power Sensor for Ethernet1", (6, 8, 3, 500), "netmon_optical_rx_power_dbm", -3.0103),
        (b"Transceiver Transmit Power Sensor", (6, 7, 0, 1000), "netmon_optical_tx_power_dbm", 0.0),
        (b"PSU 1 Input Power", (6, 9, 0, 250), "netmon_power_watts", 250),
        (b"PSU 1 power draw", (6, 9, 0, 250), "netmon_power_watts", 250),
        (b"Laser Bias Current Sensor", (5, 8, 2, 612), "netmon_optical_bias_amperes", 0.00612),
        (b"PSU 1 output current", (5, 9, 1, 35), "netmon_current_amperes", 3.5),
        (b"Fan 1", (10, 9, 0, 4200), "netmon_fan_speed_rpm", 4200),
        (b"12 V rail", (4, 8, 0, 12_050), "netmon_voltage_volts", 12.05),
        (b"Intake", (9, 9, 0, 45), "netmon_humidity_ratio", 0.45),
    ],
)
async def test_sensors_get_one_name_and_unit_whatever_their_scale(
    name: bytes, reading: tuple[int, int, int, int], metric: str, result: float
) -> None:
    recorded = with_sensor()
    recorded.change(f"{PHYSICAL}.7.9", name)
    for column, cell in enumerate(reading, 1):
        recorded.change(f"{SENSOR}.{column}.9", cell)
    found = await collector(Memory(sw1=recorded)).read(TARGET, ["entity"], 10)
    assert value(found, metric, sensor=name.decode()) == pytest.approx(result, abs=1e-3 if "dbm" in metric else 1e-9)
