"""The past of a world that has just begun: what ages, when it is at its end, and how Prometheus is told."""

import shutil
from pathlib import Path

import pytest

from netmon.demo.curves import DAY_S
from netmon.demo.machine import Machine
from netmon.demo.past import STEP_S, Past, write
from netmon.demo.ring import Ring
from netmon.demo.wear import PAST_DAYS, Wear
from tests.support import demo

NOW = 1_795_312_345.0


@pytest.fixture
def ring() -> Ring:
    ring = Ring(demo.settings().inventory)
    ring.wear = Wear(ring.layout, NOW)
    return ring


def days_until(reached: list[bool]) -> int:
    return reached.index(True)


def test_a_laser_ages_until_its_receiver_complains_in_some_weeks(ring: Ring) -> None:
    assert ring.wear is not None
    assert ring.wear.laser is not None
    peer = ring.layout.peer(ring.wear.laser)
    assert peer is not None
    light = [ring.light(*peer, NOW + day * DAY_S).rx_dbm for day in range(-PAST_DAYS, 39)]
    assert light[0] - light[PAST_DAYS] == pytest.approx(0.04 * PAST_DAYS, abs=0.5)
    assert 14 <= days_until([dbm < -18 for dbm in light[PAST_DAYS:]]) <= 35
    old, new = ring.light(*ring.wear.laser, NOW), Ring(demo.settings().inventory).light(*ring.wear.laser, NOW)
    assert old.tx_dbm < new.tx_dbm - 9
    assert old.bias_ma > new.bias_ma + 9
    assert old.rx_dbm == new.rx_dbm  # the other way is as it was


def test_a_database_fills_its_disk_in_three_weeks_and_comes_round_again(ring: Ring) -> None:
    machine = Machine(ring, ring.node("basisdata"))
    disk = next(disk for disk in machine.disks if disk.path == "/srv")
    used = [machine.disk_used(disk, NOW + day * DAY_S) / disk.size for day in range(-PAST_DAYS, 60)]
    assert max(used[:PAST_DAYS]) < 0.83
    assert 15 <= days_until([share > 0.95 for share in used[PAST_DAYS:]]) <= 25
    assert max(used) < 0.99
    assert min(used[PAST_DAYS + 20 :]) < 0.5


def test_the_past_is_one_of_hours_and_names_what_the_page_names(ring: Ring, tmp_path: Path) -> None:
    write(ring, NOW, tmp_path / "past.txt")
    lines = (tmp_path / "past.txt").read_text("utf-8").splitlines()
    assert lines[-1] == "# EOF"
    mine = [line for line in lines if 'instance="acc-dpupr"' in line and 'ifName="Te1/1/1"' in line]
    assert len(mine) == PAST_DAYS * DAY_S // STEP_S
    head, value, at = mine[-1].rsplit(" ", 2)
    assert head.startswith('netmon_optical_rx_power_dbm{instance="acc-dpupr",job="snmp",site="dpupr",sensor="Ten')
    assert float(value) == round(ring.light("acc-dpupr", 25, float(at)).rx_dbm, 2)
    assert float(at) == NOW - STEP_S


async def test_prometheus_is_told_once_and_the_world_keeps_its_age(ring: Ring, tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    past = Past(tmp_path, NOW)
    assert await past.tell(ring, tmp_path / "data")
    blocks = {path.name for path in (tmp_path / "data").iterdir()}
    assert 1 < len(blocks) < 10
    again = Past(tmp_path, NOW + 5 * DAY_S)
    assert (again.anchor, again.told) == (NOW, True)
    assert await again.tell(ring, tmp_path / "data")
    assert {path.name for path in (tmp_path / "data").iterdir()} == blocks


def test_a_file_that_is_damaged_begins_the_world_anew(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text("{", "utf-8")
    assert Past(tmp_path, NOW).anchor == NOW
    assert Past(tmp_path, NOW + 9).anchor == NOW
