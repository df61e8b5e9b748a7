"""`netmon generate prometheus` as a user calls it, accepted by promtool."""

import subprocess
from pathlib import Path

from tests.support.command import netmon
from tests.support.daemon import write_config


def test_promtool_accepts_what_it_writes(tmp_path: Path) -> None:
    directory, port = write_config(tmp_path, {})
    result = netmon("generate", "prometheus", "--config", directory, TEST_COMMUNITY="public")
    assert result.returncode == 0, result.stderr
    assert f"http://127.0.0.1:{port}/sd" in result.stdout
    file = tmp_path / "prometheus.yml"
    file.write_text(result.stdout, encoding="utf-8")
    checked = subprocess.run(["promtool", "check", "config", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_pages_of_sensor_and_collector_are_there_to_be_switched_on(tmp_path: Path) -> None:
    traffic = {"sensors": [{"interface": "eth1"}], "flows": {}, "flow_listen": ["0.0.0.0:19203"]}
    directory, _ = write_config(tmp_path, {}, {"traffic": traffic})
    result = netmon("generate", "prometheus", "--config", directory, TEST_COMMUNITY="public")
    assert result.returncode == 0, result.stderr
    begin = result.stdout.index("  # - job_name: netmon-traffic")
    assert '#     - targets: ["127.0.0.1:19102", "127.0.0.1:19203"]' in result.stdout[begin:]
    file = tmp_path / "prometheus.yml"
    file.write_text(result.stdout[:begin] + result.stdout[begin:].replace("  # ", "  "), encoding="utf-8")
    checked = subprocess.run(["promtool", "check", "config", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_bad_configuration_writes_nothing(tmp_path: Path) -> None:
    directory, _ = write_config(tmp_path, {}, {"nonsense": 1})
    result = netmon("generate", "prometheus", "--config", directory, TEST_COMMUNITY="public")
    assert (result.returncode, result.stdout) == (2, "")
    assert "netmon.yaml:" in result.stderr
