"""The whole page of a daemon that reads this host and recorded devices: one meaning a metric, and promtool reads it."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.daemon import daemon, write_config
from tests.support.responder import recorded, recorded_devices
from tests.support.served import served
from tests.support.waiting import eventually_sync

pytestmark = pytest.mark.skipif(not recorded_devices(), reason="the recorded devices are absent")

SHOULD_BE_0 = (
    "netmon_exposition_conflicting_families",
    "netmon_exposition_duplicate_series",
    "netmon_exposition_malformed_tables",
    "netmon_exposition_registry_errors_total",
)
MIB_LABELS = "label names should be written in 'snake_case' not 'camelCase'"  # ifName is spelled as its MIB spells it
NAMES = {"netmon_interface_speed_bits_per_second", "netmon_counter_discontinuities_total"}  # lines are told in bits
LINT = 3  # promtool's exit status for a page that it can read and would have written otherwise


def number(page: str, start: str) -> float | None:
    """Return the value of the first series that begins so; the page is too long to be parsed for each question."""
    line = re.search(rf"^{re.escape(start)}.* (\S+)$", page, re.MULTILINE)
    return float(line[1]) if line else None


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the page once every recorded device is on it, and once more, since a page counts its own conflicts."""
    devices = recorded_devices()
    with served(*map(recorded, devices)) as addresses:
        folder = tmp_path_factory.mktemp("page")
        directory, port = write_config(folder, dict(zip(devices, addresses, strict=True)))
        with daemon(directory, port) as running:
            running.wait_ready()
            paths = [f"/targets/{device}/metrics" for device in devices]
            eventually_sync(lambda: all(running.get(path)[0] == 200 for path in paths), within_s=30)
            eventually_sync(lambda: number(running.get("/metrics")[1], "node_load1{") is not None, within_s=30)
            yield running.get("/metrics")[1]


@pytest.mark.parametrize("metric", SHOULD_BE_0)
def test_a_host_and_devices_agree_on_every_metric(page: str, metric: str) -> None:
    for mib in ("linux", "HOST-RESOURCES-MIB"):
        assert re.search(rf'^netmon_memory_used_bytes{{.*mib="{mib}"', page, re.MULTILINE)
    assert number(page, metric) == 0


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_reads_the_page(page: str) -> None:
    result = subprocess.run(["promtool", "check", "metrics"], input=page.encode(), capture_output=True, check=False)
    assert result.returncode in {0, LINT}, result.stderr
    assert b"error while linting" not in result.stderr
    own = [line for line in result.stderr.decode().splitlines() if line.startswith("netmon_")]
    assert {line for line in own if not line.endswith(MIB_LABELS) and line.split()[0] not in NAMES} == set()


def test_netmon_tells_of_its_own_process_once(page: str) -> None:
    lines = [line for line in page.splitlines() if line.startswith("process_cpu_seconds_total")]
    assert len(lines) == 1
