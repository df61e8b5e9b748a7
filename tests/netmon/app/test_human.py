import pytest

from netmon.api import Missing, Reason, Value
from netmon.app.human import duration, reading, scaled, written


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("netmon_interface_speed_bits_per_second", 10_000_000_000, "10 Gbit/s"),
        ("netmon_interface_receive_bytes_total", 1_234_567, "1.23 MB"),
        ("netmon_memory_used_bytes", 512 * 2**20, "512 MiB"),
        ("netmon_memory_used_bytes", 0, "0 B"),
        ("netmon_cpu_utilization_ratio", 0.125, "12.5 %"),
        ("netmon_temperature_celsius", 41, "41.0 °C"),
        ("netmon_optical_rx_power_dbm", -7.345, "-7.34 dBm"),
        ("netmon_device_uptime_seconds", 93_784, "1 d 2 h"),
        ("netmon_optical_bias_amperes", 0.0063, "6.3 mA"),
        ("netmon_fan_speed_rpm", 5400, "5400 rpm"),
        ("netmon_interface_up", 1, "1"),
        ("netmon_some_number", 0.25, "0.25"),
        ("netmon_temperature_celsius", Missing(Reason.INVALID), "(invalid)"),
    ],
)
def test_units_follow_from_the_name(metric: str, value: Value | Missing, text: str) -> None:
    assert reading(metric, value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (59.5, "59.5 s"),
        (60, "1 min"),
        (3_700, "1 h 1 min"),
        (172_800, "2 d"),
        (-90, "-1 min 30 s"),
    ],
)
def test_durations_have_their_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(999, "999 B"), (999.6, "1 kB"), (1000, "1 kB"), (1e21, "1000 EB"), (-1500, "-1.5 kB")]
)
def test_prefixes_change_where_the_digits_do(value: float, text: str) -> None:
    assert scaled(value, "B") == text


@pytest.mark.parametrize(("text", "indonesian"), [("6,000", "6.000"), ("1.23 GB", "1,23 GB"), ("1,234.5", "1.234,5")])
def test_a_number_takes_its_languages_separators(text: str, indonesian: str) -> None:
    assert written(text, "en") == text
    assert written(text, "id") == indonesian
