"""What a flood needs of memory is there before the first packet."""

from types import SimpleNamespace
from typing import cast

import pytest

from collectors.traffic.flowtable.table import FlowTable
from netmon.api import Target
from netmon.api.networks import Networks
from netmon.app.settings.traffic import TrafficSettings
from netmon.app.traffic.build import build_collector, build_sensor
from netmon.app.traffic.stream import Source, Stream
from rules.traffic.tables.tables import Tables

SMALL = TrafficSettings.model_validate(
    {"table": {"flows": 4_096, "begun_rows": 4_096, "ended_rows": 4_096}, "tables": {"rows": 4_096, "kept": 16}}
)


def test_a_sensor_takes_it_when_it_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    source = cast("Source", SimpleNamespace(name="eth0", counts={}, open=lambda: taken.append("opened")))
    target = Target("eth0", "localhost", "", "sensor")
    monkeypatch.setattr(Tables, "touch", lambda _: taken.append("tables"))
    monkeypatch.setattr(FlowTable, "touch", lambda _: taken.append("flows"))
    sensor = Stream(source, build_sensor(SMALL, Networks([])), target)
    assert taken == []
    sensor.open()
    assert taken == ["opened", "tables", "flows"]
    Stream(source, build_collector(SMALL, Networks([])), target).open()
    assert taken == ["opened", "tables", "flows", "opened"]
