"""What other kernels and machines write differently."""

import pytest

from collectors.host.parts import NotSupported, Poll, read_files
from collectors.host.procfs.shape import Malformed
from netmon.api import Missing, PeerRefused, Reason
from tests.support.host_memory import FACTS, MemoryFiles, Series, read_part, series
from tests.support.host_tree import read_tree

DISKS, SNMP, SOFTNET = "proc/diskstats", "proc/net/snmp", "proc/net/softnet_stat"
OLD = read_tree("kernel_3_10")


def read(part: str, **changed: str) -> Series:
    """Read a part of the old kernel's files, some of which are changed (`proc__stat` for proc/stat)."""
    return series(read_part(part, OLD | {name.replace("__", "/"): text.encode() for name, text in changed.items()}))


def test_disks_of_3_10_have_no_discards_and_partitions_of_2_6_are_left_out() -> None:
    found = read("diskstats")
    assert {dict(labels)["device"] for _, labels in found} == {"sda"}
    assert found["node_disk_read_bytes_total", (("device", "sda"),)] == 2000 * 512
    assert found["node_disk_io_time_weighted_seconds_total", (("device", "sda"),)] == 0.09
    assert not any("discard" in name or "flush" in name for name, _ in found)


def test_disks_of_4_18_have_discards_and_no_flushes() -> None:
    found = read("diskstats", proc__diskstats="8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n")
    assert found["node_disk_discard_time_seconds_total", (("device", "sda"),)] == 0.015
    assert not any("flush" in name for name, _ in found)


def test_columns_that_a_coming_kernel_adds_are_ignored() -> None:
    sda = "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"
    assert read("diskstats", proc__diskstats=f"{sda}\n") == read("diskstats", proc__diskstats=f"{sda} 18 19 20\n")
    cpu = "cpu0 1 2 3 4 5 6 7 8 9 10"
    assert read("cpu", proc__stat=f"{cpu}\n") == read("cpu", proc__stat=f"{cpu} 11\n")


def test_a_cpu_line_of_2_6_has_fewer_modes() -> None:
    found = read("cpu", proc__stat="cpu 1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\n")
    assert {dict(labels)["mode"] for name, labels in found if name == "node_cpu_seconds_total"} == {
        *("user", "nice", "system", "idle", "iowait", "irq", "softirq")
    }
    assert not any(name == "node_cpu_guest_seconds_total" for name, _ in found)


def test_interfaces_without_a_space_after_the_colon_and_counters_beyond_53_bits() -> None:
    found = read("netdev")
    assert found["node_network_receive_bytes_total", (("device", "eth0"),)] == 2**53 + 1
    assert found["node_network_transmit_bytes_total", (("device", "eth0"),)] == 2**64 - 1
    assert found["node_network_receive_bytes_total", (("device", "eth0:1"),)] == 1


def test_without_pressure_the_part_is_not_supported() -> None:
    with pytest.raises(Exception, match="there is no /proc/pressure/cpu") as caught:
        read("pressure")
    assert caught.value.missing().reason is Reason.NOT_SUPPORTED  # type: ignore[attr-defined]  # a PeerError


def test_a_line_of_numbers_may_be_shorter_or_longer_than_its_names() -> None:
    found = read("netstat")
    assert found["node_netstat_TcpExt_ListenDrops", ()] == 5
    assert ("node_netstat_TcpExt_TCPTimeouts", ()) not in found
    assert found["node_netstat_IpExt_OutOctets", ()] == 8
    assert found["node_netstat_Tcp_MaxConn", ()] == -1


def test_softnet_of_3_10_has_ten_columns_and_numbers_its_lines() -> None:
    found = read("softnet")
    assert found["node_softnet_processed_total", (("cpu", "1"),)] == 11
    assert found["node_softnet_received_rps_total", (("cpu", "0"),)] == 3
    assert not any("flow_limit" in name for name, _ in found)


def test_softnet_of_5_10_names_the_cpu() -> None:
    words = "00000000 " * 12
    found = read("softnet", proc__net__softnet_stat=f"{words}00000004 00000000 00000000\n")
    assert {labels for _, labels in found} == {(("cpu", "4"),)}


def test_conntrack_adds_up_cpus_by_the_names_of_the_columns() -> None:
    found = read("conntrack")
    assert found["node_nf_conntrack_stat_insert_failed", ()] == 10
    assert found["node_nf_conntrack_stat_search_restart", ()] == 16


def test_pages_of_arm64_can_be_64_kilobytes() -> None:
    assert FACTS["@pagesize"] == b"65536\n"
    assert read("sockstat")["node_sockstat_TCP_mem_bytes", ()] == 5 * 65_536
    assert series(read_part("uname", read_tree("vm")))  # the fact says aarch64
    (labels,) = [dict(labels) for _, labels in series(read_part("uname", read_tree("vm")))]
    assert labels["machine"] == "aarch64"


def test_the_clock_of_the_kernel_in_its_units() -> None:
    found = read("timex")  # status 8256 holds STA_NANO and STA_UNSYNC
    assert found["node_timex_offset_seconds", ()] == -1.5e-6
    assert found["node_timex_frequency_adjustment_ratio", ()] == 1.000001
    assert found["node_timex_sync_status", ()] == 0
    assert found["node_timex_tick_seconds", ()] == 0.01
    assert found["node_timex_pps_jitter_seconds", ()] == 2e-6
    assert found["node_timex_pps_shift_seconds", ()] == 3
    assert found["node_timex_tai_offset_seconds", ()] == 37


def test_a_time_zone_and_the_clock() -> None:
    found = read("time")
    assert found["node_time_seconds", ()] == 1_700_000_100.25
    assert found["node_time_zone_offset_seconds", (("time_zone", "CET"),)] == 3600


@pytest.mark.parametrize(
    ("version", "number"),
    [("7.9", 7.9), ("12", 12.0), ("22.04.3", 22.04), ("rolling", None), ("", None), ("9" * 50, None)],
)
def test_a_distributions_version_is_a_number_where_it_is_one(version: str, number: float | None) -> None:
    found = read("os", **{"etc__os-release": f"NAME='A \\$b'\nID=x\n# a remark\nVERSION_ID=\"{version}\"\n"})
    versions = [value for (name, _), value in found.items() if name == "node_os_version"]
    assert versions == ([] if number is None else [number])
    assert {dict(labels)["name"] for _, labels in found} == {"A $b"}


def test_mount_points_with_spaces_and_mounts_over_mounts() -> None:
    found = read(
        "filesystem",
        proc__self__mounts="/dev/a /a\\040b\\134c ext4 rw,ro=x 0 0\n/dev/a /a\\040b\\134c ext4 rw 0 0\n"
        "proc /proc proc rw 0 0\n/dev/b /run/x ext4 rw 0 0\n/dev/c /data xfs ro,noatime 0 0\n",
    )
    mounts = {(dict(labels)["mountpoint"], value) for (name, labels), value in found.items() if "readonly" in name}
    assert mounts == {("/a b\\c", 0), ("/data", 1)}


@pytest.mark.parametrize(
    ("part", "path", "text", "problem"),
    [
        ("meminfo", "proc/meminfo", "MemFree: 1 kB\n", "/proc/meminfo: has no line `MemTotal: … kB`"),
        ("meminfo", "proc/meminfo", "MemTotal: 1 kB", "/proc/meminfo: ends in the middle of a line"),
        ("cpu", "proc/stat", "intr 1\n", "/proc/stat: has no line `cpu0 user nice system idle …`"),
        ("stat", "proc/stat", "cpu 1 2 3 4\n", "/proc/stat: has none of intr, ctxt, btime, processes"),
        ("netdev", "proc/net/dev", "a\nb\nnonsense\n", "/proc/net/dev: a line has no colon after the interface"),
        ("netdev", "proc/net/dev", "a\nb\neth0: 1 2\n", "/proc/net/dev: eth0 has 2 columns where there should be 16"),
        ("diskstats", DISKS, "8 0 a 1\n", f"/{DISKS}: a has 1 counters where there should be 11 or more"),
        ("netstat", SNMP, "Ip: A\nTcp: 1\n", f"/{SNMP}: the numbers of b'Ip:' are not on the line after its names"),
        ("softnet", SOFTNET, "1 2\n", f"/{SOFTNET}: a line has 2 columns where there should be 9 or more"),
        ("vmstat", "proc/vmstat", "pgfault 1\npgfault 2\n", "/proc/vmstat: tells one thing twice"),
        ("loadavg", "proc/loadavg", "0.1 0.2\n", "/proc/loadavg: a line has not as many fields as it should"),
        ("tcpstat", "proc/net/tcp", "head\n 0: A:1 B:2 FF 0:0\n", "/proc/net/tcp: 255 is no TCP state"),
    ],
)  # fmt: skip
def test_a_fault_says_where_and_what(part: str, path: str, text: str, problem: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_part(part, OLD | {path: text.encode()})
    assert str(caught.value) == problem


def test_an_attribute_that_is_no_number_is_missing_alone() -> None:
    files = read_tree("vm") | {"sys/class/net/eth0/mtu": b"many\n"}
    found = series(read_part("netclass", files))
    mtu = found["node_network_mtu_bytes", (("device", "eth0"),)]
    assert mtu == Missing(Reason.MALFORMED, "/sys/class/net/eth0/mtu: b'many\\n' is not a number")
    assert found["node_network_iface_id", (("device", "eth0"),)] == 4
    speed = found["node_network_speed_bytes", (("device", "eth0"),)]
    assert speed == Missing(Reason.NOT_SUPPORTED, "the driver knows no speed"), "-1 is no speed"


def test_files_for_root_alone_are_refused_to_others() -> None:
    files = MemoryFiles({"sys/class/powercap/intel-rapl:0/name": b"package-0\n"})
    files.denied = frozenset(("sys/class/powercap/intel-rapl:0/energy_uj", "sys/class/dmi/id/board_serial"))
    with pytest.raises(PeerRefused, match="no permission to read /sys/class/powercap/intel-rapl:0/energy_uj"):
        read_files("rapl", Poll(files, 1, 1))
    with pytest.raises(NotSupported, match="there is no /proc/mdstat"):
        read_files("mdadm", Poll(files, 1, 1))
