"""The units as systemd itself reads them: `systemd-analyze` needs no running systemd."""

import re
import subprocess
from pathlib import Path

import pytest

from netmon.app.catalog import Role

ROLES = {
    "netmon.service": Role.ALL,
    "netmon-core.service": Role.CORE,
    "netmon-poller.service": Role.POLLER,
    "netmon-sensor.service": Role.SENSOR,
    "netmon-flow-collector.service": Role.FLOW_COLLECTOR,
}
UNITS = sorted(Path("systemd").glob("*.service"))
EXPOSURE_MAX = 2.0

each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


def settings(unit: Path) -> list[str]:
    """Return the lines of a unit that say something."""
    return [line for line in unit.read_text(encoding="utf-8").splitlines() if line and line[0] not in "#["]


def test_there_is_a_unit_for_each_role() -> None:
    assert {unit.name for unit in UNITS} == set(ROLES)
    assert set(ROLES.values()) == set(Role)


@each_unit
def test_verify_finds_nothing_but_that_it_is_not_installed_here(unit: Path, tmp_path: Path) -> None:
    # verify wants the executable and the manual page to be there; everything else of the unit is as it ships.
    shipped = unit.read_text(encoding="utf-8")
    here = re.sub(r"/opt/netmon/bin/netmon", "/bin/true", shipped)
    copy = tmp_path / unit.name
    copy.write_text(here, encoding="utf-8")
    result = analyze("verify", "--man=no", str(copy))
    assert (result.returncode, result.stderr) == (0, "")


@each_unit
def test_exposure_is_low(unit: Path) -> None:
    result = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX * 10:.0f}", str(unit))
    overall = re.search(rf"Overall exposure level for {re.escape(unit.name)}: ([\d.]+)", result.stdout)
    assert overall is not None, result.stdout + result.stderr
    assert float(overall[1]) <= EXPOSURE_MAX
    assert result.returncode == 0


@each_unit
def test_unit_says_what_the_daemon_relies_on(unit: Path) -> None:
    lines = settings(unit)
    for needed in (
        "Type=notify",
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "StateDirectory=netmon",
        "UMask=0077",
    ):
        assert needed in lines
    assert any(line.startswith("WatchdogSec=") for line in lines)
    assert any(line.startswith("LoadCredential=") for line in lines)
    capabilities = "CAP_NET_RAW" if ROLES[unit.name] is Role.SENSOR else ""
    assert [line for line in lines if "Capabilit" in line] == [
        f"CapabilityBoundingSet={capabilities}",
        f"AmbientCapabilities={capabilities}",
    ]
    assert ("PrivateUsers=yes" in lines) == (not capabilities)
    assert ("CacheDirectory=netmon" in lines) == (ROLES[unit.name].captures or ROLES[unit.name].takes_flows)
    families = next(line for line in lines if line.startswith("RestrictAddressFamilies="))
    assert "AF_UNIX" in families  # sd_notify, the link and the control socket
    assert ("AF_PACKET" in families) == (ROLES[unit.name] is Role.SENSOR)


@each_unit
def test_it_runs_its_role(unit: Path) -> None:
    start = next(line for line in settings(unit) if line.startswith("ExecStart="))
    role = re.search(r"--role (\S+)", start)
    assert Role(role[1] if role else "all") is ROLES[unit.name]


def test_all_meet_as_one_user_in_one_directory() -> None:
    shared = [
        {
            line
            for line in settings(Path("systemd") / name)
            if line.startswith(("User=", "StateDirectory", "DynamicUser"))
        }
        for name in ROLES
    ]
    expected = {"User=netmon", "DynamicUser=yes", "StateDirectory=netmon", "StateDirectoryMode=0700"}
    assert shared == [expected] * len(ROLES)


def test_one_daemon_or_two_but_not_both() -> None:
    for name, others in (
        ("netmon.service", "netmon-core.service netmon-poller.service"),
        ("netmon-core.service", "netmon.service"),
        ("netmon-poller.service", "netmon.service"),
    ):
        assert f"Conflicts={others}" in settings(Path("systemd") / name)


def test_a_daemon_that_keeps_has_time_to_stop() -> None:
    # messages under way 5 s, Alertmanagers 3 s, requests at the control socket 3 s, polls 1.5 s, the last commit 1 s
    for name in ("netmon.service", "netmon-core.service"):
        assert "TimeoutStopSec=30" in settings(Path("systemd") / name)
