"""The examples of docs/alertmanager.md are what they say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from exporters.alertmanager.settings import AlertmanagerSettings
from exporters.heartbeat.settings import HeartbeatSettings

DOCUMENT = Path("docs/alertmanager.md")


def block(title: str) -> str:
    """Return the YAML block that begins with this comment."""
    (found,) = re.findall(rf"```yaml\n# {re.escape(title)}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return str(found)


def test_alertmanagers_configuration(tmp_path: Path) -> None:
    if shutil.which("amtool") is None:
        pytest.skip("amtool is not installed")
    path = tmp_path / "alertmanager.yml"
    path.write_text(block("alertmanager.yml"))
    checked = subprocess.run(["amtool", "check-config", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_our_own() -> None:
    text = block("netmon.yaml").replace("_file: /etc/netmon/alertmanager.password", ": x")
    found = yaml.safe_load(text.replace("url_file: /etc/netmon/heartbeat.url", "url: https://ping.example.net/x"))
    settings = AlertmanagerSettings.model_validate(found["alertmanager"])
    assert [server.label for server in settings.servers] == ["127.0.0.1:9093", "province"]
    assert len(HeartbeatSettings.model_validate(found["heartbeat"]).pings) == 1


def test_every_metric_is_described() -> None:
    from prometheus_client import CollectorRegistry

    from exporters.alertmanager.metrics import Metrics
    from exporters.heartbeat.heartbeat import Metrics as HeartMetrics

    registry = CollectorRegistry()
    Metrics(registry)
    HeartMetrics(registry)
    text = DOCUMENT.read_text()
    for family in registry.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        assert name in text, name
