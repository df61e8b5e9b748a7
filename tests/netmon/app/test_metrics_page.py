"""docs/metrics.md has every metric that netmon makes about itself, and none that it does not make."""

from pathlib import Path

import pytest

from collectors.traffic.flows.collector import FlowSource
from collectors.traffic.flows.settings import FlowListenSettings
from collectors.traffic.meter.meter import Meter
from collectors.traffic.meter.settings import MeterSettings
from netmon.api.networks import Networks
from netmon.app.traffic.capacities import CapacityTables
from netmon.app.traffic.metering import AgentCounters
from tests.support.own_metrics import named, own_metrics, shown

PAGE = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text()
TRAFFIC = PAGE.partition("\n## Traffic\n")[2].partition("\n## ")[0]
OWN = PAGE.partition("## netmon's own metrics\n")[2].partition("\n## What a page costs")[0]


async def test_the_page_has_what_the_code_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    families = await own_metrics(tmp_path, monkeypatch)
    there = {shown(family) for family in families}
    assert (sorted(there - named(OWN)), sorted(named(OWN) - there)) == ([], [])


async def test_every_metric_says_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    families = await own_metrics(tmp_path, monkeypatch)
    assert [family.name for family in families if len(family.documentation) < 10] == []


def test_the_page_has_what_a_stream_of_traffic_shows() -> None:
    sheets = [
        *Meter(MeterSettings(), Networks())._sheets.values(),
        AgentCounters(FlowSource(FlowListenSettings(), {}))._sheet,
        *CapacityTables()._sheets.values(),
    ]
    families = [(family, sheet) for sheet in sheets for family in sheet.families]
    assert sorted(named(TRAFFIC)) == sorted(family.name for family, _ in families)
    for family, sheet in families:
        row = next(line for line in TRAFFIC.splitlines() if f"`{family.name}`" in line)
        assert row.split("|")[2].strip() == ", ".join(f"`{name}`" for name in sheet.label_names)
        assert len(family.help) > 10
