"""The unit as systemd itself reads it: `systemd-analyze` needs no running systemd."""

import re
import subprocess
from pathlib import Path

UNIT = Path("systemd/netmon.service")
EXPOSURE_MAX = 2.0


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_verify_finds_nothing_but_that_it_is_not_installed_here(tmp_path: Path) -> None:
    # verify wants the executable and the manual page to be there; everything else of the unit is as it ships.
    shipped = UNIT.read_text(encoding="utf-8")
    here = re.sub(r"/opt/netmon/bin/netmon", "/bin/true", shipped)
    unit = tmp_path / "netmon.service"
    unit.write_text(here, encoding="utf-8")
    result = analyze("verify", "--man=no", str(unit))
    assert (result.returncode, result.stderr) == (0, "")


def test_exposure_is_low() -> None:
    result = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX * 10:.0f}", str(UNIT))
    overall = re.search(r"Overall exposure level for netmon.service: ([\d.]+)", result.stdout)
    assert overall is not None, result.stdout + result.stderr
    assert float(overall[1]) <= EXPOSURE_MAX
    assert result.returncode == 0


def test_unit_says_what_the_daemon_relies_on() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    for needed in (
        "Type=notify",
        "DynamicUser=yes",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "StateDirectory=netmon",
    ):
        assert needed in lines
    assert any(line.startswith("WatchdogSec=") for line in lines)
    assert any(line.startswith("LoadCredential=") for line in lines)
