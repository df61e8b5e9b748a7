"""The quantities that all kinds of target share."""

import pytest

from collectors.host.procfs.normal import CpuClock
from collectors.snmp.normal import NORMAL
from netmon.api import Missing, Reason, Table
from tests.support.host_memory import read_part, series
from tests.support.host_tree import read_tree

#          user nice system idle iowait irq softirq steal guest guest_nice
BEFORE = [100, 0, 50, 800, 50, 0, 0, 0, 0, 0]
NO_PORT = (("ifIndex", ""), ("ifName", ""))
RESTARTED = Missing(Reason.DISCONTINUITY, "the CPU was restarted, or no tick passed since the last reading")
SHARED = [
    ("vm", "meminfo"),
    ("vm", "netdev"),
    ("vm", "filesystem"),
    ("vm", "cpu"),
    ("server", "hwmon"),
    ("server", "thermal_zone"),
]


def ratio(table: Table) -> object:
    return table.columns[0][0]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([150, 0, 75, 900, 75, 0, 0, 0, 0, 0], (50 + 25) / 200),
        ([100, 0, 50, 900, 50, 0, 0, 0, 0, 0], 0.0),
        ([200, 0, 50, 800, 50, 0, 0, 0, 99, 0], 1.0),  # a guest's time is part of user's
        (BEFORE, RESTARTED),
        ([9, 0, 5, 80, 5, 0, 0, 0, 0, 0], RESTARTED),
        ([1, 2, 3, 4], Missing(Reason.FIRST)),
    ],
)
def test_utilization_is_the_share_that_was_not_idle(after: list[int], expected: object) -> None:
    clock = CpuClock()
    clock.utilization({"0": BEFORE}, 1)
    found = ratio(clock.utilization({"0": after}, 2))
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_a_counter_that_steps_back_a_little_stays_and_one_of_a_restarted_cpu_starts_anew() -> None:
    clock = CpuClock()
    clock.utilization(clock.steady({"0": BEFORE, "1": BEFORE}), 1)
    back = [101, 0, 50, 799, 49, 0, 0, 0, 0, 0]
    anew = [1, 0, 1, 10, 0, 0, 0, 0, 0, 0]
    assert clock.steady({"0": back, "1": anew}) == {"0": [101, 0, 50, 800, 50, 0, 0, 0, 0, 0], "1": anew}


@pytest.mark.parametrize(("tree", "part"), SHARED)
def test_names_kinds_help_labels_and_limits_are_those_of_snmp(tree: str, part: str) -> None:
    shared = [t for t in read_part(part, read_tree(tree)) if t.families[0].name.startswith("netmon_")]
    assert shared
    for table in shared:
        for family in table.families:
            normal = NORMAL[family.name]
            assert (family.kind, family.help, family.upper_limit, family.lower_limit) == (
                normal.kind,
                normal.help,
                normal.upper_limit,
                normal.lower_limit,
            )
            assert table.label_names == normal.labels


def test_sensors_with_their_chips_own_limits() -> None:
    found = series(read_part("hwmon", read_tree("server")))
    labels = (*NO_PORT, ("mib", "linux"), ("sensor", "nvme_nvme0 Composite"))
    assert found["netmon_temperature_celsius", labels] == 38.85
    assert found["netmon_temperature_upper_limit_celsius", labels] == 84.85
    assert found["netmon_temperature_lower_limit_celsius", labels] == -273.15
    fan = (*NO_PORT, ("mib", "linux"), ("sensor", "platform_nct6775_656 fan1"))
    assert found["netmon_fan_speed_rpm", fan] == 1098
    assert found["netmon_fan_speed_lower_limit_rpm", fan] == 200
    upper = found["netmon_fan_speed_upper_limit_rpm", fan]
    assert isinstance(upper, Missing)
    assert upper.reason is Reason.NOT_SUPPORTED
    humidity = (*NO_PORT, ("mib", "linux"), ("sensor", "power_meter humidity1"))
    assert found["netmon_humidity_ratio", humidity] == 0.453


def test_storage_is_full_when_an_ordinary_user_can_write_no_more() -> None:
    found = series(read_part("filesystem", read_tree("vm")))  # 1000 bytes, 400 free, 300 of them for everyone
    labels = (("mib", "linux"), ("mountpoint", "/"), ("storage", "/dev/vda"))
    assert found["netmon_storage_used_bytes", labels] == 600
    assert found["netmon_storage_size_bytes", labels] == 900


def test_swap_is_told_where_there_is_some() -> None:
    found = series(read_part("meminfo", read_tree("kernel_3_10")))
    assert found["netmon_memory_used_bytes", (("mib", "linux"), ("pool", "swap"))] == 30 * 1024
    assert found["netmon_memory_size_bytes", (("mib", "linux"), ("pool", "swap"))] == 50 * 1024
    assert found["netmon_memory_used_bytes", (("mib", "linux"), ("pool", "ram"))] == (1000 - 100 - 200 - 300) * 1024
    pools = {labels for name, labels in series(read_part("meminfo", read_tree("vm"))) if "pool" in dict(labels)}
    assert {dict(labels)["pool"] for labels in pools} == {"ram"}
