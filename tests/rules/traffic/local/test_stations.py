"""Where machines are, which are new, and who is the root."""

import numpy as np
import pytest

from netmon.api import Finding, Severity
from netmon.api.networks import Networks
from netmon.api.traffic import MAC_SEEN, Second, halves
from rules.traffic.local.mac_flapping import MacFlapping
from rules.traffic.local.new_device import NewDevice
from rules.traffic.local.settings import MacFlappingSettings, NewDeviceSettings, SpanningTreeSettings
from rules.traffic.local.spanning_tree import SpanningTree
from tests.support.local_frames import bpdu, said
from tests.support.local_talk import Timed, play

HOST, EVIL = 0x0200_0000_0010, 0x0200_0000_0066
A_HOST = halves("10.0.0.10")
ROOT, BRIDGE, TAKER = "00:11:22:00:00:01", "00:11:22:00:00:02", "02:00:00:00:00:66"

Seen = tuple[int, int, int]  # MAC address, VLAN, interface


def stations(windows: list[list[Seen]]) -> list[Second]:
    found = []
    for start, rows in enumerate(windows):
        macs = np.array([(mac, vlan, port, 3, *A_HOST) for mac, vlan, port in rows], MAC_SEEN)
        found.append(Second(float(start), float(start + 1), macs=macs))
    return found


def flapping(windows: list[list[Seen]]) -> list[Finding]:
    rule = MacFlapping(MacFlappingSettings(), Networks())
    return [finding for second in stations(windows) for finding in rule.observe(second)]


def test_a_station_that_goes_to_and_fro_between_interfaces() -> None:
    found = flapping([[(HOST, 0, 1 + n // 3 % 2)] for n in range(30)] + [[] for _ in range(200)])
    assert found[0].severity is Severity.WARNING
    assert found[0].evidence["target"] == "interfaces 1 and 2"
    assert found[0].target == "10.0.0.10"
    assert found[0].at == 13  # the fourth move
    assert found[-1].cleared


def test_a_station_that_speaks_from_two_vlans_with_one_address() -> None:
    assert flapping([[(HOST, 10 + n % 2, 1)] for n in range(10)])[0].evidence["target"] == "VLANs 10 and 11"


@pytest.mark.parametrize(
    "windows",
    [
        [[(HOST, 0, 1)]] * 30 + [[(HOST, 0, 2)]] * 30 + [[(HOST, 0, 1)]] * 30,  # roaming, and back
        [[(HOST, 0, n)] for n in range(30)],  # ever further
        [[(HOST, 10, 1), (HOST, 20, 1)] for _ in range(30)],  # a router on a stick
        [[(HOST, 0, 1), (HOST, 0, 2)] if n % 2 else [(HOST, 0, 1)] for n in range(3)],  # seen twice
        [[(HOST, 0, 1 + n // 25 % 2)] for n in range(200)],  # each 25 s: 3 in the window
        [[(0x0000_5E00_0107, 0, 1 + n % 2)] for n in range(30)],  # a virtual router
    ],
)
def test_moves_that_are_ordinary(windows: list[list[Seen]]) -> None:
    assert flapping(windows) == []


def test_new_devices_on_a_protected_vlan() -> None:
    rule = NewDevice(NewDeviceSettings(protected_vlans=(10,), learning_s=5), Networks())
    windows: list[list[Seen]] = [[(HOST, 10, 1), (EVIL, 20, 1)]] * 6 + [
        [(HOST, 10, 1)],
        [(EVIL, 10, 1)],
        [(EVIL, 10, 1)],
    ]
    found = [finding for second in stations(windows) for finding in rule.observe(second)]
    assert len(found) == 1
    assert found[0].evidence["device_mac"] == "02:00:00:00:00:66"
    assert found[0].evidence["technique"] == "T1200"
    assert found[0].severity is Severity.WARNING

    again = NewDevice(NewDeviceSettings(protected_vlans=(10,), learning_s=5), Networks())
    again.restore(rule.save())
    seconds = stations([*([[]] * 20), [(HOST, 10, 1), (EVIL, 10, 1)], [(HOST + 1, 10, 1)]])
    assert [finding.evidence["device_mac"] for second in seconds for finding in again.observe(second)] == [
        "02:00:00:00:00:11"
    ]
    with pytest.raises(ValueError, match="another layout"):
        again.restore({"devices": np.zeros(1, "u8")})


def test_many_new_devices_at_once_are_one_matter() -> None:
    rule = NewDevice(NewDeviceSettings(protected_vlans=(0,), learning_s=1.5), Networks())
    windows: list[list[Seen]] = [[(HOST, 0, 1)], [], [(EVIL + n, 0, 1) for n in range(500)]]
    (found,) = [finding for second in stations(windows) for finding in rule.observe(second)]
    assert found.severity is Severity.ERROR
    assert found.summary.startswith("500 new MAC addresses")
    assert found.summaries["id"].startswith("500 alamat MAC baru")


def test_no_vlan_is_protected_by_default() -> None:
    rule = NewDevice(NewDeviceSettings(), Networks())
    frames = [(float(n * 40_000), said(f"02:00:00:00:00:{n + 16:x}", "10.0.0.9")) for n in range(4)]
    for at, octets in frames:
        assert play(rule, [(at, octets)]) == []


def tree(**settings: object) -> SpanningTree:
    return SpanningTree(SpanningTreeSettings.model_validate(settings), Networks())


def hellos(start: float, stop: float, root: str = ROOT, priority: int = 8192) -> list[Timed]:
    return [(start + 2 * n, bpdu(BRIDGE, root, priority)) for n in range(int((stop - start) / 2))]


def test_a_bridge_that_takes_over_as_root() -> None:
    attack = [(60 + 2.0 * n, bpdu(TAKER, TAKER, 0)) for n in range(30)]
    found = play(tree(), [*hellos(0, 60), *attack], until=500)
    assert found[0].severity is Severity.ERROR
    assert found[0].evidence["root_mac"] == TAKER
    assert found[0].evidence["former_root_mac"] == ROOT
    assert found[0].evidence["root_priority"] == 0
    assert found[0].at <= 61
    assert found[-1].cleared


def test_a_bridge_that_starts_takes_nothing_over_and_the_next_best_takes_over_when_the_root_is_gone() -> None:
    starts = [(20 + n / 10, bpdu(TAKER, TAKER, 32768)) for n in range(5)]
    assert play(tree(), [*hellos(0, 60), *starts]) == []
    found = play(tree(), [*hellos(0, 60), *hellos(90, 120, BRIDGE, 32768)])
    assert {finding.severity for finding in found} == {Severity.WARNING}


def test_the_root_of_the_settings() -> None:
    assert play(tree(roots=[ROOT]), hellos(0, 20)) == []
    assert play(tree(roots=[BRIDGE]), hellos(0, 20))[0].evidence["how"] == "takeover"


def test_one_topology_change_is_ordinary_and_a_storm_is_not() -> None:
    """The root repeats the flag for 35 s (802.1D: forward delay and maximum age)."""
    one = [(100 + 2.0 * n, bpdu(BRIDGE, ROOT, 8192, change=1, version=0)) for n in range(17)]
    assert play(tree(), [*hellos(0, 100), *one, *hellos(134, 200)]) == []
    storm = [(10 + 20.0 * n, bpdu(BRIDGE, ROOT, 8192, change=1)) for n in range(12)]
    found = play(tree(), [*hellos(0, 300), *storm])
    assert found[0].evidence["how"] == "changes"
    assert found[0].severity is Severity.WARNING


def test_a_flood_of_bpdus() -> None:
    flood = [(30 + n / 500, bpdu(TAKER, ROOT, 8192)) for n in range(500)]
    found = play(tree(), [*hellos(0, 60), *flood])
    assert found[0].severity is Severity.CRITICAL
    assert found[0].evidence["source"] == TAKER


def test_roots_learned_outlive_a_restart() -> None:
    first = tree()
    assert play(first, hellos(0, 20)) == []
    second = tree()
    second.restore(first.save())
    assert play(second, [*hellos(0, 20), (20.0, bpdu(TAKER, TAKER, 0))])[0].evidence["how"] == "takeover"
    with pytest.raises(ValueError, match="another layout"):
        second.restore({"trees": np.zeros(1, "u8")})
