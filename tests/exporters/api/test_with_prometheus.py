"""A real Prometheus evaluates a rule and sends its alerts here, with a password: they fire, and are resolved."""

import asyncio
import shutil
from pathlib import Path

import bcrypt
import pytest
import yaml
from prometheus_client import CollectorRegistry, Gauge

from exporters.prometheus.exporter import PrometheusExporter
from exporters.prometheus.settings import WebSettings
from exporters.prometheus.webconfig import WebConfig
from netmon.api import Severity, State
from tests.support.api import Api
from tests.support.exposition import ANY_PORT, serving
from tests.support.prometheus import prometheus
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")

RULES = {
    "groups": [
        {
            "name": "test",
            "rules": [
                {
                    "alert": "TooWarm",
                    "expr": "room_celsius > 30",
                    "labels": {"severity": "critical"},
                    "annotations": {"summary": "{{ $labels.room }} has {{ $value }} °C", "summary_id": "Terlalu panas"},
                }
            ],
        }
    ]
}


def config(address: str, folder: Path) -> str:
    login = {"basic_auth": {"username": "prom", "password": "secret"}}
    targets = {"static_configs": [{"targets": [address]}]}
    (folder / "rules.yml").write_text(yaml.safe_dump(RULES), encoding="utf-8")
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(folder / "rules.yml")],
            "alerting": {"alertmanagers": [{"api_version": "v2"} | login | targets]},
            "scrape_configs": [{"job_name": "room", "metrics_path": "/-/metrics"} | login | targets],
        }
    )


async def test_an_alert_of_prometheus_fires_and_is_resolved(tmp_path: Path) -> None:
    api, registry = Api(), CollectorRegistry()
    room = Gauge("room_celsius", "Temperature.", ["room"], registry=registry).labels("dc")
    room.set(35)
    users = {"prom": bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()}
    web = WebConfig.model_validate({"basic_auth_users": users})
    exporter = PrometheusExporter(
        WebSettings.model_validate({"listen": ANY_PORT}), registry, web_config=lambda: web, mounts={"/api/": api.app}
    )
    async with serving(exporter):
        address = exporter.addresses[0]
        start = prometheus(config(address, tmp_path), tmp_path, "--rules.alert.resend-delay=1s")
        await asyncio.to_thread(start.__enter__)
        try:
            await eventually(lambda: api.counted("netmon_api_received_alerts_total") >= 3, 30)
            (alert,) = api.desk.alerts()
            assert (alert.rule, alert.target, alert.severity) == ("TooWarm", address, Severity.CRITICAL)
            assert (alert.state, alert.source, alert.summary) == (State.FIRING, "prom", "dc has 35 °C")
            assert alert.summaries == {"id": "Terlalu panas"}
            assert (alert.labels["job"], alert.labels["room"]) == ("room", "dc")
            room.set(20)
            await eventually(lambda: api.desk.alerts()[0].state is State.RESOLVED, 30)
        finally:
            await asyncio.to_thread(start.__exit__, None, None, None)
    assert len(api.desk.alerts()) == 1
    assert api.counted("netmon_api_received_alerts_total") == api.counted("netmon_api_stored_alerts_total")
